import { invariant } from '../../oracle-node/core/errors.ts'
import { requireFinite } from './finite.ts'

/**
 * The Murphy diagram of a quantile forecast (Ehm, Gneiting, Jordan and Krüger 2016): at each threshold θ the mean elementary score, which is
 * level where quantile ≤ θ < outcome, 1 − level where outcome ≤ θ < quantile, and zero else: what a lender pays who acts at θ on the forecast.
 * Every consistent loss of a quantile is a mixture of these, so a forecast whose curve is nowhere above another's is better by all of them,
 * not only by the one that was picked. The area below the curve is the mean pinball loss.
 */
export function murphyCurve(parts: {
  readonly outcomes: readonly number[]
  readonly quantiles: readonly number[]
  readonly level: number
  readonly thresholds: readonly number[]
}): readonly number[] {
  const { outcomes, quantiles, level, thresholds } = parts
  invariant(outcomes.length > 0, 'a Murphy diagram needs outcomes')
  invariant(outcomes.length === quantiles.length, `${outcomes.length} outcomes but ${quantiles.length} quantiles`)
  invariant(level > 0 && level < 1, `a level is between 0 and 1, got ${level}`)
  for (const values of [outcomes, quantiles, thresholds]) requireFinite('a Murphy diagram', values)
  return thresholds.map((threshold) => {
    let under = 0
    let over = 0
    for (const [day, outcome] of outcomes.entries()) {
      const acted = threshold < (quantiles[day] ?? Number.NaN)
      const due = threshold < outcome
      if (due && !acted) under++
      if (acted && !due) over++
    }
    return (level * under + (1 - level) * over) / outcomes.length
  })
}
