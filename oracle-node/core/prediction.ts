import { invariant } from './errors.ts'

/** What models eat: the features of one asset at one time, in the order of models/feature-spec.json. */
export type FeatureVector = {
  /** sha256 (hex) of the feature spec that the values follow; a model refuses any other. */
  readonly specHash: string
  readonly values: readonly number[]
}

/** The loss over one horizon, 1 − price ratio, as a ratio of the price: its quantiles and the mean beyond the last. */
export type HorizonRisk = {
  /** Annualised standard deviation of log returns over the horizon, as a ratio (0.65 is 65 %). */
  readonly volatility: number
  readonly valueAtRisk50: number
  readonly valueAtRisk90: number
  readonly valueAtRisk95: number
  readonly valueAtRisk99: number
  readonly expectedShortfall99: number
}

/** Floats still; `core/score.ts` ends them. */
export type RiskPrediction = {
  /** Annualised standard deviation of log returns over the next 24 h, as a ratio (0.65 is 65 %). */
  readonly volatility: number
  /** 99 % quantile of the loss over 24 h, as a ratio of the price. */
  readonly valueAtRisk99: number
  /** Mean loss beyond that quantile, as a ratio of the price. */
  readonly expectedShortfall99: number
  /** The same for both horizons, with the other quantiles; the fallback's baseline does without. */
  readonly outlook?: { readonly day: HorizonRisk; readonly hour: HorizonRisk }
}

/** What a risk model puts out, in order. */
export const RISK_OUTPUTS = [
  'volatility',
  'valueAtRisk99',
  'expectedShortfall99',
  'valueAtRisk50',
  'valueAtRisk90',
  'valueAtRisk95',
] as const
/** First the six of the next 24 h, then the six of the next hour. */
export const RISK_OUTPUT_COUNT: number = 2 * RISK_OUTPUTS.length

/** A model's outputs as a prediction. @throws {InvariantError} unless there are {@link RISK_OUTPUT_COUNT}. */
export function predictionOf(outputs: ArrayLike<number>): RiskPrediction {
  invariant(outputs.length === RISK_OUTPUT_COUNT, `${outputs.length} outputs, ${RISK_OUTPUT_COUNT} were needed`)
  const day = horizonOf(outputs, 0)
  const { volatility, valueAtRisk99, expectedShortfall99 } = day
  return {
    volatility,
    valueAtRisk99,
    expectedShortfall99,
    outlook: { day, hour: horizonOf(outputs, RISK_OUTPUTS.length) },
  }
}

function horizonOf(outputs: ArrayLike<number>, offset: number): HorizonRisk {
  const at = (index: number): number => outputs[offset + index] ?? Number.NaN
  return {
    volatility: at(0),
    valueAtRisk50: at(3),
    valueAtRisk90: at(4),
    valueAtRisk95: at(5),
    valueAtRisk99: at(1),
    expectedShortfall99: at(2),
  }
}
