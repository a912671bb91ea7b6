import { RISK_OUTPUT_COUNT } from '../../../oracle-node/core/prediction.ts'
import type { HarCoefficients } from '../../baselines/har.ts'
import { featureColumns } from './features.ts'
import { emptyGraph } from './graph.ts'
import { limitedNodes } from './outputs.ts'

/** `harModel` as a graph: the named features times their weights, between limits. */
export function harOnnx(coefficients: HarCoefficients): Uint8Array {
  const graph = emptyGraph()
  const names = Object.keys(coefficients.weights)
  const features = featureColumns(graph, names, 'regressors')
  const weights = graph.doubles(
    'weights',
    [names.length, RISK_OUTPUT_COUNT],
    Object.values(coefficients.weights).flat(),
  )
  limitedNodes(graph, graph.node('MatMul', [features, weights], 'raw'), coefficients)
  return graph.encode({ name: 'har-quantile', width: RISK_OUTPUT_COUNT })
}
