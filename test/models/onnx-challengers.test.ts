import { describe, expect, test } from 'vitest'
import { logHarSigmas } from '../../models/baselines/log-har.ts'
import { LOG_INPUTS, logInputs } from '../../models/baselines/log-inputs.ts'
import { limited } from '../../models/baselines/outputs.ts'
import { mlpForecast, mlpFunction, weightsOf } from '../../models/training/mlp/network.ts'
import { mlpNodes } from '../../models/training/mlp/onnx.ts'
import { columns } from '../../models/training/onnx/features.ts'
import { emptyGraph, type Graph, PREDICTION } from '../../models/training/onnx/graph.ts'
import { logHarSigmaNodes, logInputNodes } from '../../models/training/onnx/log-har.ts'
import { limitedNodes } from '../../models/training/onnx/outputs.ts'
import { predictTrees, type TreeEnsemble } from '../../models/training/trees/ensemble.ts'
import { TREES_OPSET, treesNodes } from '../../models/training/trees/onnx.ts'
import { uniforms } from '../../models/training/trees/random.ts'
import { onnxRiskModel } from '../../oracle-node/adapters/onnx-model.ts'
import { type FeatureVector, predictionOf, RISK_OUTPUT_COUNT } from '../../oracle-node/core/prediction.ts'
import { expectNear } from './onnx-near.ts'
import { LIMITS, LOG_HAR, MULTIPLIERS, runner, walkVectors } from './onnx-samples.ts'

const WIDTH = LOG_INPUTS.length
const vectors = walkVectors(300)

/** Stumps on every input, at cuts that the vectors lie on both sides of. */
function stumps(seed: number, base: number): TreeEnsemble {
  const uniform = uniforms(seed)
  const rows = vectors.map(({ values }) => logInputs(values))
  const trees = LOG_INPUTS.map((_, feature) => {
    const row = rows[Math.floor(uniform() * rows.length)]
    const cut = (row?.[feature] ?? Number.NaN) + 1e-3
    return {
      feature: [feature, -1, -1],
      threshold: [cut, 0, 0],
      left: [1, 0, 0],
      right: [2, 0, 0],
      value: [0, base * 0.02 * uniform(), base * 0.02 * uniform()],
    }
  })
  return { width: WIDTH, base, trees }
}

/** Each row's deviation under every output of its horizon, [batch, 12]. */
function sigmaOfOutputs(graph: Graph, sigmas: string): string {
  const half = RISK_OUTPUT_COUNT / 2
  const places = Array.from({ length: RISK_OUTPUT_COUNT }, (_, output) => (output < half ? 0 : 1))
  return columns(graph, { of: sigmas, places, name: 'sigma_each' })
}

describe('a challenger’s graph, put together of the shared parts,', () => {
  test('with trees for multipliers says what its parts say, in a batch as alone', async () => {
    const ensembles = MULTIPLIERS.map((multiplier, output) => stumps(output + 1, multiplier))
    const graph = emptyGraph()
    const inputs = logInputNodes(graph)
    const multipliers = ensembles.map((ensemble, output) => {
      const name = `trees_${output}`
      graph.join({ nodes: treesNodes(ensemble, { input: inputs, output: name }) })
      return name
    })
    const sigmas = sigmaOfOutputs(graph, logHarSigmaNodes(graph, inputs, LOG_HAR))
    const multiplier = graph.node('Concat', multipliers, 'multiplier', { axis: 1 })
    limitedNodes(graph, graph.node('Mul', [sigmas, multiplier], 'raw'), LIMITS)
    const bytes = graph.encode({ name: 'trees', width: RISK_OUTPUT_COUNT, opsets: [TREES_OPSET] })

    const model = await onnxRiskModel('trees', bytes)
    const answers = await model.predictBatch(vectors)
    const run = await runner(bytes)
    for (const [row, features] of vectors.entries()) {
      const x = logInputs(features.values)
      const [day, hour] = logHarSigmas(features.values, LOG_HAR)
      const raw = ensembles.map((ensemble, output) => (output < 6 ? day : hour) * predictTrees(ensemble, x))
      const expected = limited(Float64Array.from(raw), LIMITS)
      const given = await run([features])
      for (const [output, each] of expected.entries()) {
        expectNear(given[output] ?? Number.NaN, each, 1e-12 * Math.abs(each))
      }
      expect(answers[row]).toEqual(predictionOf(given))
      if (row < 20) expect(await model.predict(features)).toEqual(answers[row])
    }
  })

  test('with a net says what its parts say', async () => {
    const uniform = uniforms(9)
    const sizes = [WIDTH, 8, 12]
    const parameters = WIDTH * 8 + 8 + 8 * 12 + 12
    const weights = weightsOf(
      sizes,
      Float64Array.from({ length: parameters }, () => 0.4 * (uniform() - 0.5)),
    )
    const graph = emptyGraph()
    const inputs = logInputNodes(graph)
    const sigmas = logHarSigmaNodes(graph, inputs, LOG_HAR)
    const horizons = ['day', 'hour'].map((horizon, place) => ({
      base: columns(graph, { of: sigmas, places: [place], name: `${horizon}_base` }),
      output: `${horizon}_forecast`,
    }))
    graph.join(mlpNodes(weights, { input: inputs, horizons, prefix: 'net' }))
    graph.node('Concat', ['day_forecast', 'hour_forecast'], PREDICTION, { axis: 1 })
    const run = await runner(graph.encode({ name: 'net', width: RISK_OUTPUT_COUNT }))
    const net = mlpFunction(weights)
    const expected = (features: FeatureVector): number[] => {
      const bases = logHarSigmas(features.values, LOG_HAR)
      return net(logInputs(features.values)).flatMap((output, horizon) =>
        Object.values(mlpForecast(output, bases[horizon === 0 ? 0 : 1])),
      )
    }
    const given = await run(vectors)
    for (const [row, features] of vectors.entries()) {
      for (const [output, each] of expected(features).entries()) {
        expectNear(given[row * 12 + output] ?? Number.NaN, each, 1e-9 * Math.abs(each))
      }
      expect(await run([features])).toEqual(given.slice(row * 12, row * 12 + 12))
    }
  })
})

describe('a graph', () => {
  test('takes no name twice, no constant of another size than its shape, and is not written without an end', () => {
    const graph = emptyGraph()
    const one = graph.doubles('one', [1, 1], [1])
    expect(() => graph.doubles('one', [1], [1])).toThrow('already has a part named one')
    expect(() => graph.node('Exp', [one], 'features')).toThrow('already has a part named features')
    expect(() =>
      graph.join({ nodes: treesNodes({ width: 1, base: 0, trees: [] }, { input: one, output: 'one' }) }),
    ).toThrow('already has a part named one')
    expect(() => graph.doubles('two', [2, 2], [1, 2])).toThrow('two has 2 values for the shape [2, 2]')
    expect(() => graph.encode({ name: 'half', width: 1 })).toThrow('half has no part named prediction')
  })
})
