/**
 * What one honest node would have said of one asset at the end of each hour: row i is at `from + 3600 · i` (unix seconds), when the bar that
 * opened an hour before has closed. Ratios as in `HorizonRisk`, of the 24 h ahead.
 */
export type ForecastColumns = {
  readonly asset: string
  readonly forecaster: string
  readonly from: number
  /** 1 where the node judged; the other columns are NaN where it abstained. */
  readonly known: Uint8Array
  /** 1 where the baseline judged and not the model. */
  readonly fallback: Uint8Array
  readonly priceUsd: Float64Array
  readonly volatility: Float64Array
  readonly valueAtRisk50: Float64Array
  readonly valueAtRisk90: Float64Array
  readonly valueAtRisk95: Float64Array
  readonly valueAtRisk99: Float64Array
  readonly expectedShortfall99: Float64Array
  /** USD that can be sold before the price falls 2 %: the forecast of its 5 % quantile. */
  readonly depthUsd: Float64Array
  /** USD that can be sold then, by the same formula without the quantile: what the simulated market has. */
  readonly depthNowUsd: Float64Array
  /** The node's conformal calibration. */
  readonly lnMultiplier: Float64Array
}
