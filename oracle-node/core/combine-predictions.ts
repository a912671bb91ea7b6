import type { RiskPrediction } from './prediction.ts'
import { mean } from './stats.ts'

/**
 * The equal-weight mean of predictions, field by field, in the order given. The mean of shortfalls is at least the mean of values at
 * risk when that holds for each. Equal weights beat estimated ones more often than not (Timmermann 2006, "Forecast combinations").
 * @throws {InvariantError} on no predictions.
 */
export function combinePredictions(predictions: readonly RiskPrediction[]): RiskPrediction {
  return {
    volatility: mean(predictions.map((prediction) => prediction.volatility)),
    valueAtRisk99: mean(predictions.map((prediction) => prediction.valueAtRisk99)),
    expectedShortfall99: mean(predictions.map((prediction) => prediction.expectedShortfall99)),
  }
}
