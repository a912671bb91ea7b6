import type { PolicyDecision, PolicyView } from '../policies/policy.ts'

/**
 * A policy of one's own: half of Aave's distance from the forecast, and never a change smaller than half a percent. `knob` is the factor on the
 * forecast's expected shortfall.
 */
export function policy({ record, current }: PolicyView, knob: number): PolicyDecision {
  if (record === undefined) return current
  const wanted = Math.round(Math.max(0, 9_000 - knob * record.expectedShortfall99Bps))
  const threshold = Math.min(8_800, Math.max(4_000, wanted))
  if (Math.abs(threshold - current.liquidationThresholdBps) < 50) return current
  const down = Math.max(threshold, current.liquidationThresholdBps - 100)
  const next =
    threshold < current.liquidationThresholdBps ? down : Math.min(threshold, current.liquidationThresholdBps + 25)
  const reason = `expected shortfall is ${record.expectedShortfall99Bps} bps`
  return {
    ...current,
    liquidationThresholdBps: next,
    ltvBps: Math.max(0, next - 300),
    reasons: { liquidationThresholdBps: reason, ltvBps: reason },
  }
}
