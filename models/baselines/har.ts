import { featureIndex } from '../../oracle-node/core/feature-spec.ts'
import { RISK_OUTPUT_COUNT } from '../../oracle-node/core/prediction.ts'
import type { RiskModel } from '../../oracle-node/ports/model.ts'
import { formulaModel, type Limits, limited } from './outputs.ts'

/** Weights of each feature in the twelve outputs; features not named weigh nothing. */
export type HarCoefficients = Limits & { readonly weights: Readonly<Record<string, readonly number[]>> }

/**
 * Heterogeneous autoregression (Corsi 2009) on volatilities of several spans, linear and without intercept, so doubling every
 * return doubles every output. The value-at-risk columns are quantile regressions (Koenker and Bassett 1978).
 */
export function harOutputs(values: readonly number[], coefficients: HarCoefficients): Float64Array {
  const raw = new Float64Array(RISK_OUTPUT_COUNT)
  for (const [name, weights] of Object.entries(coefficients.weights)) {
    const value = values[featureIndex(name)] ?? Number.NaN
    for (let output = 0; output < raw.length; output++) {
      raw[output] = (raw[output] ?? 0) + (weights[output] ?? Number.NaN) * value
    }
  }
  return limited(raw, coefficients)
}

/** The HAR formula as a model: the reference of its ONNX graph, and what runs where ONNX cannot. */
export function harModel(id: string, coefficients: HarCoefficients): RiskModel {
  return formulaModel(id, (values) => harOutputs(values, coefficients))
}
