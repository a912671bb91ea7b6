import { featureVectorFault } from '../../oracle-node/core/feature-vector.ts'
import type { FeatureVector, RiskPrediction } from '../../oracle-node/core/prediction.ts'
import { predictionOf, RISK_OUTPUT_COUNT, RISK_OUTPUTS } from '../../oracle-node/core/prediction.ts'
import type { RiskModel } from '../../oracle-node/ports/model.ts'

/** What each of the twelve outputs is held between; both keep the quantiles of a horizon in order. */
export type Limits = { readonly floor: readonly number[]; readonly cap: readonly number[] }

/** √365: from a day's volatility to a year's. */
export const DAYS_ROOT: number = Math.sqrt(365)
/** √8760: from an hour's volatility to a year's. */
export const HOURS_ROOT: number = Math.sqrt(8_760)

/** Standard deviations of log returns over the next 24 h and over the next hour: what the scale of every output rests on. */
export type Sigmas = readonly [day: number, hour: number]

/** A forecast of scale, and how many scales each output is: filtered historical simulation (Barone-Adesi 1999). */
export function filteredOutputs([day, hour]: Sigmas, multipliers: readonly number[], limits: Limits): Float64Array {
  const outputs = new Float64Array(RISK_OUTPUT_COUNT)
  for (let index = 0; index < outputs.length; index++) {
    const sigma = index < RISK_OUTPUTS.length ? day : hour
    outputs[index] = sigma * (multipliers[index] ?? Number.NaN)
  }
  return limited(outputs, limits)
}

/** Clamps raw outputs as the ONNX graphs do, Max with the floor and then Min with the cap. */
export function limited(raw: Float64Array, { floor, cap }: Limits): Float64Array {
  return raw.map((value, index) => Math.min(Math.max(value, floor[index] ?? Number.NaN), cap[index] ?? Number.NaN))
}

/**
 * A pure formula in the shape of the port.
 * Its `predict` rejects a vector that does not follow the feature spec, with an error that says how.
 */
export function formulaModel(id: string, formula: (values: readonly number[]) => ArrayLike<number>): RiskModel {
  const predict = async (features: FeatureVector): Promise<RiskPrediction> => {
    const fault = featureVectorFault(features)
    if (fault !== undefined) throw new Error(`model ${id}: ${fault}`)
    return predictionOf(formula(features.values))
  }
  return { id, predict, predictBatch: (vectors) => Promise.all(vectors.map(predict)) }
}
