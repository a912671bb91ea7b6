import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { DAYS_ROOT, HOURS_ROOT } from '../../models/baselines/outputs.ts'
import { featureIndex, RETURNS_OFFSET, WINDOW_HOURS } from '../../oracle-node/core/feature-spec.ts'
import { predictionOf, RISK_OUTPUTS, type RiskPrediction } from '../../oracle-node/core/prediction.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import type { HourFeatures } from './hourly-features.ts'

/** The prediction of one hour after another, asked in the order of time. */
export type Predict = (hour: HourFeatures) => RiskPrediction

/** How many deviations each output lies at, in the order of `RISK_OUTPUTS`, when log returns are normal: φ(2.326)/.01 for the shortfall. */
const NORMAL: Readonly<Record<Exclude<(typeof RISK_OUTPUTS)[number], 'volatility'>, number>> = {
  valueAtRisk99: 2.3263478740408408,
  expectedShortfall99: 2.6652142203457623,
  valueAtRisk50: 0,
  valueAtRisk90: 1.2815515655446004,
  valueAtRisk95: 1.6448536269514722,
}

const DECAY_PER_HOUR = exp(ln(0.94) / 24)

/**
 * RiskMetrics (1996): σ² ← .94 σ² + .06 r² a day, in steps of an hour, over all of the past and not the seven days of a vector; the first value
 * is the mean of the first week. After a hole that no vector reaches across it begins anew.
 */
export function ewmaRule(): Predict {
  let variance = Number.NaN
  let until = Number.NEGATIVE_INFINITY
  return ({ features: { values }, end }) => {
    const hours = (end - until) / SECONDS_PER_HOUR
    const isNew = hours > WINDOW_HOURS
    if (isNew) variance = meanSquare(values)
    for (let place = isNew ? values.length : values.length - hours; place < values.length; place++) {
      const r = values[place] ?? Number.NaN
      variance = DECAY_PER_HOUR * variance + (1 - DECAY_PER_HOUR) * (r * r)
    }
    until = end
    return normalPrediction(Math.sqrt(24 * variance))
  }
}

const WEEK_RANGE = featureIndex('parkinson_7d')

/** The volatility of a week by Parkinson's (1980) estimator from highs and lows, as SmartLTV takes it. */
export function rangeRule(): Predict {
  return ({ features: { values } }) => normalPrediction(values[WEEK_RANGE] ?? Number.NaN)
}

/**
 * The tail of normal log returns without drift as losses of the price, 1 − e^(−kσ): exact for quantiles. Of the shortfall it is the loss at the
 * mean log return beyond the quantile, a trifle above the mean loss (Jensen), so a rule is never made to look more daring than it is.
 */
function normalPrediction(sigma: number): RiskPrediction {
  const horizon = (deviation: number, root: number): number[] =>
    RISK_OUTPUTS.map((output) => (output === 'volatility' ? deviation * root : 1 - exp(-NORMAL[output] * deviation)))
  return predictionOf([...horizon(sigma, DAYS_ROOT), ...horizon(sigma / Math.sqrt(24), HOURS_ROOT)])
}

function meanSquare(values: readonly number[]): number {
  let sum = 0
  for (let place = RETURNS_OFFSET; place < values.length; place++) {
    const r = values[place] ?? Number.NaN
    sum += r * r
  }
  return sum / WINDOW_HOURS
}
