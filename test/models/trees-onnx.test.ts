import onnxProto from 'onnx-proto'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { predictTrees, predictTreesBatch, type TreeEnsemble } from '../../models/training/trees/ensemble.ts'
import { fitTrees } from '../../models/training/trees/fit.ts'
import type { TreeLoss } from '../../models/training/trees/losses.ts'
import { TREES_OPSET, treesNodes } from '../../models/training/trees/onnx.ts'
import { uniforms } from '../../models/training/trees/random.ts'
import { fitOf, sampleRows } from './trees-samples.ts'

const { onnx } = onnxProto
const WIDTH = 6

/** x → y, one thread, as the node runs its models. */
async function open(ensemble: TreeEnsemble): Promise<(x: Float64Array) => Promise<number[]>> {
  const info = (name: string, width: number): object => ({
    name,
    type: {
      tensorType: {
        elemType: onnx.TensorProto.DataType.DOUBLE,
        shape: { dim: [{ dimParam: 'batch' }, { dimValue: width }] },
      },
    },
  })
  const model = onnx.ModelProto.create({
    irVersion: 7,
    opsetImport: [{ domain: '', version: 13 }, TREES_OPSET],
    graph: {
      name: 'trees',
      input: [info('x', WIDTH)],
      output: [info('y', 1)],
      node: [...treesNodes(ensemble, { input: 'x', output: 'y' })],
    },
  })
  const session = await InferenceSession.create(onnx.ModelProto.encode(model).finish(), {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'basic',
  })
  return async (x) => {
    const { y } = await session.run({ x: new Tensor('float64', x, [x.length / WIDTH, WIDTH]) })
    expect(y?.type).toBe('float64')
    return y?.data instanceof Float64Array ? [...y.data] : []
  }
}

function trained(loss: TreeLoss): TreeEnsemble {
  const rows = sampleRows({
    count: 3_000,
    width: WIDTH,
    seed: 31,
    target: ([a = 0, b = 0, c = 0], chance) => (a + b * c) * chance * 1e-3,
  })
  return fitTrees(fitOf(rows, { loss, rounds: 120, learningRate: 0.1, leaves: 31, l2: 1, leafWeightMin: 0.002 }))
}

/** Random rows, and rows at thresholds and a rounding beside them, where a comparison in float32 would go astray. */
function rowsFor(ensemble: TreeEnsemble, count: number): Float64Array {
  const uniform = uniforms(77)
  const cuts = ensemble.trees.flatMap(({ feature, threshold }) =>
    feature.flatMap((each, node) => (each < 0 ? [] : [{ feature: each, threshold: threshold[node] ?? Number.NaN }])),
  )
  const x = Float64Array.from({ length: count * WIDTH }, uniform)
  for (let row = 0; row < count; row += 2) {
    const cut = cuts[Math.floor(uniform() * cuts.length)]
    if (cut !== undefined) x[row * WIDTH + cut.feature] = cut.threshold * (1 + (row % 3) * 2 ** -50)
  }
  return x
}

describe('trees in onnxruntime', () => {
  test.each<TreeLoss>([{ kind: 'quantile', level: 0.99 }, { kind: 'qlike' }, { kind: 'squared' }])(
    'give the bits that they give in TypeScript, in one batch and row by row: $kind',
    async (loss) => {
      const ensemble = trained(loss)
      const x = rowsFor(ensemble, 1_000)
      const expected = [...predictTreesBatch(ensemble, x)]
      expect(new Set(expected).size).toBeGreaterThan(500)
      const run = await open(ensemble)
      expect(await run(x)).toEqual(expected)
      for (let row = 0; row < 100; row++) {
        const one = x.slice(row * WIDTH, (row + 1) * WIDTH)
        expect(await run(one)).toEqual([predictTrees(ensemble, one)])
      }
    },
  )

  test('may be none at all: the base remains', async () => {
    const run = await open({ width: WIDTH, base: 0.25, trees: [] })
    expect(await run(new Float64Array(WIDTH))).toEqual([0.25])
  })

  test('are within one rounding to float32 of their sum in doubles', () => {
    const ensemble = trained({ kind: 'qlike' })
    const x = rowsFor(ensemble, 200)
    for (let row = 0; row < 200; row++) {
      const one = x.slice(row * WIDTH, (row + 1) * WIDTH)
      // With the value itself for a base, what is left of the other base and the trees is their exact sum.
      const given = predictTrees(ensemble, one)
      const rest = predictTrees({ ...ensemble, base: ensemble.base - given }, one)
      expect(Math.abs(rest)).toBeLessThanOrEqual(Math.abs(given) * 2 ** -24)
    }
  })
})
