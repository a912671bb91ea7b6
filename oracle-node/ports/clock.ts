import type { UnixSeconds } from '../core/units.ts'

/** The market's time: the wall's when live, the recording's in a replay. It never goes back. */
export type Clock = {
  now(): UnixSeconds
  stop(): void
}
