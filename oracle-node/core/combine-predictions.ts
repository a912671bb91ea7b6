import type { HorizonRisk, RiskPrediction } from './prediction.ts'
import { mean } from './stats.ts'

/**
 * The equal-weight mean of predictions, field by field, in the order given. The mean of shortfalls is at least the mean of values at
 * risk when that holds for each. Equal weights beat estimated ones more often than not (Timmermann 2006, "Forecast combinations").
 * The outlook is there when every prediction has one.
 * @throws {InvariantError} on no predictions.
 */
export function combinePredictions(predictions: readonly RiskPrediction[]): RiskPrediction {
  const outlooks = predictions.flatMap(({ outlook }) => (outlook === undefined ? [] : [outlook]))
  return {
    volatility: mean(predictions.map((prediction) => prediction.volatility)),
    valueAtRisk99: mean(predictions.map((prediction) => prediction.valueAtRisk99)),
    expectedShortfall99: mean(predictions.map((prediction) => prediction.expectedShortfall99)),
    ...(outlooks.length < predictions.length
      ? {}
      : {
          outlook: {
            day: meanOf(outlooks.map(({ day }) => day)),
            hour: meanOf(outlooks.map(({ hour }) => hour)),
          },
        }),
  }
}

function meanOf(risks: readonly HorizonRisk[]): HorizonRisk {
  const of = (field: keyof HorizonRisk): number => mean(risks.map((risk) => risk[field]))
  return {
    volatility: of('volatility'),
    valueAtRisk50: of('valueAtRisk50'),
    valueAtRisk90: of('valueAtRisk90'),
    valueAtRisk95: of('valueAtRisk95'),
    valueAtRisk99: of('valueAtRisk99'),
    expectedShortfall99: of('expectedShortfall99'),
  }
}
