import ln from '@stdlib/math-base-special-ln'
import { invariant } from '../../oracle-node/core/errors.ts'

/**
 * QLIKE of one variance forecast: v/F − ln(v/F) − 1, zero for a perfect one. It ranks forecasts rightly even though realised
 * variance is measured with noise (Patton 2011). Both in the same unit.
 * @throws {InvariantError} unless both are positive and finite.
 */
export function qlike(parts: { readonly realizedVariance: number; readonly forecastVariance: number }): number {
  const { realizedVariance, forecastVariance } = parts
  invariant(
    realizedVariance > 0 && forecastVariance > 0 && Number.isFinite(realizedVariance + forecastVariance),
    `QLIKE needs positive variances, got ${realizedVariance}, ${forecastVariance}`,
  )
  const ratio = realizedVariance / forecastVariance
  return ratio - ln(ratio) - 1
}
