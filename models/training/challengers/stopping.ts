import type { Sample } from '../dataset.ts'
import { HORIZON_SECONDS } from '../series.ts'

/** What a learner sees, and the later part on which it is stopped. */
export type Stopping = { readonly fitted: readonly Sample[]; readonly watched: readonly Sample[] }

/** The last fifth of the samples: a year at least once five are there, so that a quiet summer does not decide. */
const WATCHED_SHARE = 0.2

/**
 * Parts training samples by time, not by chance: neighbouring samples overlap and assets fall together, so a random part would be known before.
 * The day before the watched part is purged, since labels reach a day ahead.
 * @throws {Error} when either part is empty.
 */
export function partForStopping(samples: readonly Sample[]): Stopping {
  const times = Float64Array.from(samples, ({ time }) => time).sort()
  const start = times[Math.floor(times.length * (1 - WATCHED_SHARE))] ?? Number.NaN
  const fitted = samples.filter(({ time }) => time + HORIZON_SECONDS <= start)
  const watched = samples.filter(({ time }) => time >= start)
  if (fitted.length === 0 || watched.length === 0) {
    throw new Error(
      `${samples.length} samples part into ${fitted.length} to fit and ${watched.length} to watch; give some days of them`,
    )
  }
  return { fitted, watched }
}
