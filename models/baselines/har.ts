import { featureIndex } from '../../oracle-node/core/feature-spec.ts'
import type { RiskPrediction } from '../../oracle-node/core/prediction.ts'
import type { RiskModel } from '../../oracle-node/ports/model.ts'
import { formulaModel, type Limits, limited, type Triple } from './outputs.ts'

/** Weights of each feature in the three outputs; features not named weigh nothing. */
export type HarCoefficients = Limits & { readonly weights: Readonly<Record<string, Triple>> }

/**
 * Heterogeneous autoregression (Corsi 2009) on volatilities of several spans, linear and without intercept, so doubling every
 * return doubles every output. The value-at-risk column is a quantile regression (Koenker and Bassett 1978).
 */
export function harPrediction(values: readonly number[], coefficients: HarCoefficients): RiskPrediction {
  const raw: [number, number, number] = [0, 0, 0]
  for (const [name, weights] of Object.entries(coefficients.weights)) {
    const value = values[featureIndex(name)] ?? Number.NaN
    raw[0] += weights[0] * value
    raw[1] += weights[1] * value
    raw[2] += weights[2] * value
  }
  return limited(raw, coefficients)
}

/** The HAR formula as a model: the reference of `har-quantile.onnx`, and what runs where ONNX cannot. */
export function harModel(id: string, coefficients: HarCoefficients): RiskModel {
  return formulaModel(id, (values) => harPrediction(values, coefficients))
}
