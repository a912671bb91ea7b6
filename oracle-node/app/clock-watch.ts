import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeIndex, UnixSeconds } from '../core/units.ts'
import type { Clock } from '../ports/clock.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import { type ClockSettings, ClockSkew, type ClockVerdict } from '../protocol/clock-skew.ts'
import type { Observer } from './observe-round.ts'

/** An endpoint that takes longer holds up no round: what it says counts in the next. */
const BLOCK_TIME_MS = 1_000

export type ClockWatch = {
  heard(from: NodeIndex, sentAt: UnixSeconds): void
  verdict(): ClockVerdict
  /** An observer that judges nothing while the clock is off. */
  guard(observe: Observer): Observer
}

/**
 * Holds the node's clock against its peers' and the chain's; says once when it is off and once when it is in step again.
 * @param blockTime The newest block's time; what fails of it says nothing.
 */
export function clockWatch(
  settings: ClockSettings & { readonly clock: Clock; readonly telemetry: Telemetry },
  blockTime: () => Promise<UnixSeconds>,
): ClockWatch {
  const { clock, telemetry } = settings
  const skew = new ClockSkew(settings)
  let wasOff = false
  const verdict = (): ClockVerdict => {
    const found = skew.verdict(clock.now())
    if (found.kind === 'unknown') return found
    telemetry.gauge('plimsoll_clock_offset_seconds', found.offsetSeconds)
    const isOff = found.kind === 'off'
    if (isOff !== wasOff) {
      const event = isOff ? 'clock-off' : 'clock-in-step'
      telemetry.log(isOff ? 'error' : 'info', event, { ...found, toleranceSeconds: settings.toleranceSeconds })
    }
    wasOff = isOff
    return found
  }
  return {
    heard: (from, sentAt) => {
      skew.heard(from, sentAt, clock.now())
      verdict()
    },
    verdict,
    guard: (observe) => async (round, now) => {
      const looked = blockTime().then(
        (time) => skew.chainSaw(time, clock.now()),
        () => undefined,
      )
      await Promise.race([looked, sleep(BLOCK_TIME_MS, undefined, { ref: false })])
      return verdict().kind === 'off' ? undefined : observe(round, now)
    },
  }
}
