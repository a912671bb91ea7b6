/** What models eat: the features of one asset at one time, in the order of models/feature-spec.json. */
export type FeatureVector = {
  /** sha256 (hex) of the feature spec that the values follow; a model refuses any other. */
  readonly specHash: string
  readonly values: readonly number[]
}

/** Floats still; `core/score.ts` ends them. */
export type RiskPrediction = {
  /** Annualised standard deviation of log returns over the next 24 h, as a ratio (0.65 is 65 %). */
  readonly volatility: number
  /** 99 % quantile of the loss over 24 h, as a ratio of the price. */
  readonly valueAtRisk99: number
  /** Mean loss beyond that quantile, as a ratio of the price. */
  readonly expectedShortfall99: number
}
