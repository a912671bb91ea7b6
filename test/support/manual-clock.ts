import { type UnixSeconds, unixSeconds } from '../../oracle-node/core/units.ts'
import type { Clock } from '../../oracle-node/ports/clock.ts'

/** A clock that goes when it is told to, and like every clock never back. */
export function manualClock(start: number): Clock & { set(time: number): void } {
  let time: UnixSeconds = unixSeconds(start)
  return {
    now: () => time,
    set: (given) => {
      time = unixSeconds(Math.max(time, given))
    },
    stop: () => undefined,
  }
}
