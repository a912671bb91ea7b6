import { RISK_OUTPUT_COUNT } from '../../../oracle-node/core/prediction.ts'
import { type LogHarCoefficients, sigmasOfInputs } from '../../baselines/log-har.ts'
import { logInputs } from '../../baselines/log-inputs.ts'
import { filteredOutputs } from '../../baselines/outputs.ts'
import { DEFAULT_RISK } from '../defaults.ts'
import { emptyGraph, PREDICTION } from '../onnx/graph.ts'
import { logHarSigmaNodes, logInputNodes } from '../onnx/log-har.ts'
import { sigmaNodes } from '../onnx/outputs.ts'
import type { FittedRisk } from '../risk-models.ts'
import { TREES_OPSET } from '../trees/onnx.ts'
import { type TreesModel, treesSigmaNodes, treesSigmasOf } from './trees.ts'

/**
 * The equal-weight mean of log-HAR and the trees upon it, output by output: what ships. One graph, since both begin with the same inputs and
 * the same deviations, and a call of the runtime costs more than either.
 */
export function logHarTrees(logHar: LogHarCoefficients, trees: TreesModel): FittedRisk {
  return {
    id: DEFAULT_RISK,
    coefficients: { mean: ['log-har', 'trees'] },
    outputs: (values) => {
      // Both begin with the same logarithms, which take longer than all that follows.
      const inputs = logInputs(values)
      const means = filteredOutputs(sigmasOfInputs(inputs, logHar), logHar.multipliers, logHar)
      const other = filteredOutputs(treesSigmasOf(inputs, trees), trees.multipliers, trees)
      for (let output = 0; output < means.length; output++) {
        means[output] = ((means[output] ?? Number.NaN) + (other[output] ?? Number.NaN)) / 2
      }
      return means
    },
    onnx: logHarTreesOnnx(logHar, trees),
  }
}

function logHarTreesOnnx(logHar: LogHarCoefficients, trees: TreesModel): Uint8Array {
  const graph = emptyGraph()
  const logs = logInputNodes(graph)
  const sigmas = logHarSigmaNodes(graph, logs, logHar)
  const linear = sigmaNodes(graph, sigmas, logHar, 'log_har_prediction')
  const corrected = sigmaNodes(graph, treesSigmaNodes(graph, logs, sigmas, trees), trees, 'trees_prediction')
  const sum = graph.node('Add', [linear, corrected], 'prediction_sum')
  graph.node('Mul', [sum, graph.doubles('mean_of_two', [], [0.5])], PREDICTION)
  return graph.encode({ name: DEFAULT_RISK, width: RISK_OUTPUT_COUNT, opsets: [TREES_OPSET] })
}
