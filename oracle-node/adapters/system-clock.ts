import { type UnixSeconds, unixSeconds } from '../core/units.ts'
import type { Clock } from '../ports/clock.ts'

/** The wall's time; while the wall is set back, the last time that was told. */
export function systemClock(): Clock {
  let latest: UnixSeconds = unixSeconds(0)
  return {
    now: () => {
      latest = unixSeconds(Math.max(latest, Math.floor(Date.now() / 1000)))
      return latest
    },
    stop: () => undefined,
  }
}
