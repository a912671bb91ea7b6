/** The pause after the first failure, at most. */
const BACKOFF_FIRST_MS = 1_000
/** A venue that is down for hours is asked about twice a minute. */
const BACKOFF_MAX_MS = 30_000

/**
 * How long to wait before the next attempt: somewhere between half and all of a bound that doubles with each failure, so that many
 * nodes which lost a venue at the same moment do not return at the same moment.
 * @param attempt Failures so far, from 0.
 * @param random In [0, 1).
 */
export function backoffMs(attempt: number, random: number): number {
  const bound = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 30))
  return Math.round((bound / 2) * (1 + random))
}
