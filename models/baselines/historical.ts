import { featureIndex, RETURNS_OFFSET, WINDOW_HOURS } from '../../oracle-node/core/feature-spec.ts'
import type { RiskPrediction } from '../../oracle-node/core/prediction.ts'
import { mean, quantile } from '../../oracle-node/core/stats.ts'
import { DAYS_ROOT } from './outputs.ts'

const HORIZON_HOURS = 24

/**
 * Plain historical simulation: the losses of the 145 overlapping days within the window, their 99 % quantile and the mean from
 * there on; volatility is the window's. Needs no fit, so it is the bar that a fitted model must clear.
 */
export function historicalPrediction(values: readonly number[]): RiskPrediction {
  const returns = values.slice(RETURNS_OFFSET)
  const losses: number[] = []
  let sum = 0
  for (let hour = 0; hour < WINDOW_HOURS; hour++) {
    sum += returns[hour] ?? Number.NaN
    if (hour >= HORIZON_HOURS) sum -= returns[hour - HORIZON_HOURS] ?? Number.NaN
    // 1 − e^r < −r: a log loss never understates, and needs no exponential.
    if (hour >= HORIZON_HOURS - 1) losses.push(Math.min(1, Math.max(0, -sum)))
  }
  const valueAtRisk99 = quantile(losses, 0.99)
  const beyond = losses.filter((loss) => loss >= valueAtRisk99)
  return {
    volatility: (values[featureIndex('realized_7d')] ?? Number.NaN) * DAYS_ROOT,
    valueAtRisk99,
    expectedShortfall99: mean(beyond),
  }
}
