import { featureVectorFault } from '../../oracle-node/core/feature-vector.ts'
import type { FeatureVector, RiskPrediction } from '../../oracle-node/core/prediction.ts'
import type { RiskModel } from '../../oracle-node/ports/model.ts'

/** Annualised volatility, value at risk, expected shortfall: the order of every model's outputs. */
export type Triple = readonly [number, number, number]

/** What a model's outputs are held between; both keep shortfall ≥ value at risk. */
export type Limits = { readonly floor: Triple; readonly cap: Triple }

/** √365: from a day's volatility to a year's. */
export const DAYS_ROOT: number = Math.sqrt(365)

/** Clamps raw outputs as the ONNX graphs do, Max with the floor and then Min with the cap. */
export function limited(raw: Triple, { floor, cap }: Limits): RiskPrediction {
  const clamp = (index: 0 | 1 | 2): number => Math.min(Math.max(raw[index], floor[index]), cap[index])
  return { volatility: clamp(0), valueAtRisk99: clamp(1), expectedShortfall99: clamp(2) }
}

/**
 * A pure formula in the shape of the port.
 * Its `predict` rejects a vector that does not follow the feature spec, with an error that says how.
 */
export function formulaModel(id: string, formula: (values: readonly number[]) => RiskPrediction): RiskModel {
  return {
    id,
    async predict(features: FeatureVector): Promise<RiskPrediction> {
      const fault = featureVectorFault(features)
      if (fault !== undefined) throw new Error(`model ${id}: ${fault}`)
      return formula(features.values)
    },
  }
}
