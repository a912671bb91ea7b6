import { unixSeconds } from '../core/units.ts'
import type { Clock } from '../ports/clock.ts'

/** The wall's time. */
export function systemClock(): Clock {
  return { now: () => unixSeconds(Math.floor(Date.now() / 1000)), stop: () => undefined }
}
