import type { FeatureVector, RiskPrediction } from '../core/prediction.ts'

/**
 * A risk model. The same features give the same prediction on one machine; across CPUs the last bits may differ. A batch gives what each
 * vector alone gives, in order, in one call.
 */
export type RiskModel = {
  readonly id: string
  predict(features: FeatureVector): Promise<RiskPrediction>
  predictBatch(vectors: readonly FeatureVector[]): Promise<readonly RiskPrediction[]>
}

/** A liquidity model: the 5 % quantile over the next 24 h of the USD that can be sold before the price falls 2 %. */
export type DepthModel = {
  readonly id: string
  predict(features: FeatureVector): Promise<number>
  predictBatch(vectors: readonly FeatureVector[]): Promise<readonly number[]>
}
