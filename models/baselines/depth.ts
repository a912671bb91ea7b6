import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { featureIndex } from '../../oracle-node/core/feature-spec.ts'
import { featureVectorFault } from '../../oracle-node/core/feature-vector.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import type { DepthModel } from '../../oracle-node/ports/model.ts'

export type DepthCoefficients = {
  /** Dimensionless but for the powers: depth = scale · volume^(2/3) · σ^(−4/3), in USD. */
  readonly scale: number
  /** Below this day's volatility depth no longer grows: a peg's book is not deep without end. */
  readonly sigmaFloor: number
  /** Share of today's depth that its 5 % quantile over the next 24 h is. */
  readonly lowQuantileShare: number
  /** The most that a record can hold. */
  readonly capUsd: number
}

/** Exponents of market microstructure invariance with linear impact (Kyle and Obizhaeva 2016). */
export const VOLUME_EXPONENT: number = 2 / 3
export const SIGMA_EXPONENT: number = -4 / 3

/** A market as the formula sees it: USD traded a day and volatility of a day. */
export type Activity = { readonly lnVolume: number; readonly sigma: number }

/**
 * USD that can be sold before the price falls 2 %, today. Invariance with linear impact says ΔP/P = κ·σ·W^(1/3)·X/V for X USD of
 * V USD a day, with W = V·σ; ΔP/P = 2 % solved for X gives X = (0.02/κ)·V^(2/3)·σ^(−4/3).
 */
export function depthNow(
  { lnVolume, sigma }: Activity,
  { scale, sigmaFloor }: Pick<DepthCoefficients, 'scale' | 'sigmaFloor'>,
): number {
  return exp(ln(scale) + VOLUME_EXPONENT * lnVolume + SIGMA_EXPONENT * ln(Math.max(sigma, sigmaFloor)))
}

/**
 * The smaller of the day's and the week's mean volume, and the larger of their volatilities, so that a panic's volume does not count as
 * liquidity and one quiet day does not hide a wild week.
 */
export function activityOf(values: readonly number[]): Activity {
  const at = (name: string): number => values[featureIndex(name)] ?? Number.NaN
  return {
    lnVolume: Math.min(at('ln_usd_volume_24h'), at('ln_usd_volume_7d')),
    sigma: Math.max(at('realized_24h'), at('realized_7d')),
  }
}

/** The formula as a model: the reference of `depth.onnx`, and what runs where ONNX cannot. */
export function depthModel(id: string, coefficients: DepthCoefficients): DepthModel {
  const predict = async (features: FeatureVector): Promise<number> => {
    const fault = featureVectorFault(features)
    if (fault !== undefined) throw new Error(`model ${id}: ${fault}`)
    return Math.min(
      depthNow(activityOf(features.values), coefficients) * coefficients.lowQuantileShare,
      coefficients.capUsd,
    )
  }
  return { id, predict, predictBatch: (vectors) => Promise.all(vectors.map(predict)) }
}
