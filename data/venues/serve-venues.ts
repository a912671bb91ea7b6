import type { VenueId } from '../../oracle-node/core/market.ts'
import type { History } from '../recorded/history.ts'
import type { FaultKind } from './faults.ts'
import { startVenues, type Venues } from './venues.ts'

export type ServedVenues = Venues & {
  /** Unix seconds, with a fraction, that the servers show. */
  now(): number
}

/** Faster than this, a minute bar passes between two looks. */
export const SPEED_MAX = 3_600

/**
 * Replays a history on its own clock: one server a venue, REST and WebSocket, as {@link startVenues} makes them. At the end of the
 * data the clock stands still.
 * @param options.from where the replay starts, in unix seconds; the history's first possible moment when absent.
 * @param options.speed how many times faster than real time, above 0 and at most {@link SPEED_MAX}; 1 when absent.
 * @param options.venues those to serve; all that the history has markets of when absent.
 * @param options.faults what is wrong from the beginning, by venue; `faults.set` changes it later.
 * @param options.host on which to listen; loopback when absent.
 * @param options.port of the first venue, the others on those after it; free ones when absent.
 * @param options.milliseconds a clock to run on; the process's own when absent.
 * @throws {Error} when the start is outside the data, the speed is impossible, or the history has no market of a venue that is named.
 */
export async function serveVenues(options: {
  readonly history: History
  readonly from?: number
  readonly speed?: number
  readonly venues?: readonly VenueId[]
  readonly faults?: Readonly<Partial<Record<VenueId, FaultKind>>>
  readonly host?: string
  readonly port?: number
  readonly milliseconds?: () => number
}): Promise<ServedVenues> {
  const { history, speed = 1, faults = {}, milliseconds = () => performance.now(), from, ...rest } = options
  if (!(speed > 0 && speed <= SPEED_MAX)) {
    throw new Error(`a replay runs 1 to ${SPEED_MAX} times as fast as real time, or slower, not ${speed}`)
  }
  const missing = options.venues?.find((venue) => history.markets(venue).length === 0)
  if (missing !== undefined) throw new Error(`the history has no market of ${missing}; leave it out`)
  const { period } = history
  const start = from ?? period.from
  if (!(start >= period.from && start < period.to)) {
    throw new Error(
      `a replay cannot start at ${isoOf(start)}: the data go from ${isoOf(period.from)} to ${isoOf(period.to)}`,
    )
  }
  const began = milliseconds()
  const now = (): number => Math.min(period.to, start + ((milliseconds() - began) / 1_000) * speed)
  const venues = await startVenues({ ...rest, history, now })
  for (const [venue, fault] of Object.entries(faults)) venues.faults.set(venue as VenueId, fault)
  return { ...venues, now }
}

function isoOf(seconds: number): string {
  const date = new Date(seconds * 1_000)
  return Number.isNaN(date.getTime()) ? `${seconds}` : date.toISOString()
}
