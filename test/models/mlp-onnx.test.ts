import onnxProto from 'onnx-proto'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { type MlpWeights, mlpForecast, mlpFunction, weightsOf } from '../../models/training/mlp/network.ts'
import { mlpNodes } from '../../models/training/mlp/onnx.ts'
import { plainGradients } from '../../models/training/mlp/plain.ts'
import { trainMlp } from '../../models/training/mlp/train.ts'
import { uniforms } from '../../models/training/trees/random.ts'
import { fitOf, knownRows, WIDTH } from './mlp-samples.ts'

const { onnx } = onnxProto

/** Inputs and bases → six numbers a row and horizon, one thread, as the node runs its models. */
async function open(
  weights: MlpWeights,
): Promise<(x: Float64Array, bases: readonly Float64Array[]) => Promise<number[][]>> {
  const info = (name: string, width: number): object => ({
    name,
    type: {
      tensorType: {
        elemType: onnx.TensorProto.DataType.DOUBLE,
        shape: { dim: [{ dimParam: 'batch' }, { dimValue: width }] },
      },
    },
  })
  const horizons = Array.from({ length: weights.horizons }, (_, each) => ({ base: `b${each}`, output: `y${each}` }))
  const { nodes, initializers } = mlpNodes(weights, { input: 'x', horizons, prefix: 'net' })
  const model = onnx.ModelProto.create({
    irVersion: 7,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'mlp',
      input: [info('x', weights.width), ...horizons.map(({ base }) => info(base, 1))],
      output: horizons.map(({ output }) => info(output, 6)),
      initializer: [...initializers],
      node: [...nodes],
    },
  })
  const session = await InferenceSession.create(onnx.ModelProto.encode(model).finish(), {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'basic',
  })
  return async (x, bases) => {
    const count = x.length / weights.width
    const column = (each: number): Tensor => new Tensor('float64', bases[each] ?? new Float64Array(), [count, 1])
    const feeds = Object.fromEntries(horizons.map(({ base }, each) => [base, column(each)]))
    const outputs = await session.run({ x: new Tensor('float64', x, [count, weights.width]), ...feeds })
    return horizons.map(({ output }) => {
      expect(outputs[output]?.type).toBe('float64')
      const data = outputs[output]?.data
      return data instanceof Float64Array ? [...data] : []
    })
  }
}

async function expectEqual(weights: MlpWeights, x: Float64Array, count: number): Promise<void> {
  const uniform = uniforms(41)
  const bases = Array.from({ length: weights.horizons }, () =>
    Float64Array.from({ length: count }, () => 1e-4 + uniform()),
  )
  const given = await (await open(weights))(x, bases)
  const net = mlpFunction(weights)
  for (let row = 0; row < count; row++) {
    const outputs = net(x.subarray(row * weights.width, (row + 1) * weights.width))
    for (const [horizon, output] of outputs.entries()) {
      const expected = Object.values(mlpForecast(output, bases[horizon]?.[row] ?? Number.NaN))
      // A quantile near 0 is the small difference of large sums: what is compared is its error beside the deviation.
      const [size = Number.NaN] = expected
      for (const [index, each] of expected.entries()) {
        const apart = Math.abs((given[horizon]?.[row * 6 + index] ?? Number.NaN) - each)
        expect(apart / Math.max(size, Math.abs(each))).toBeLessThan(1e-9)
      }
    }
  }
}

describe('a net in onnxruntime', () => {
  test('gives what it gives in TypeScript, once trained', async () => {
    const weights = trainMlp(fitOf(knownRows(2_000, 31), { epochs: 10 }), plainGradients)
    await expectEqual(weights, knownRows(1_000, 32).x, 1_000)
  })

  test('and at weights and inputs that reach every bound: corrections held, steps vast and none', async () => {
    const uniform = uniforms(33)
    const draw = (size: number): number => size * (2 * uniform() - 1)
    const weights = weightsOf(
      [WIDTH, 4, 5, 18],
      Float64Array.from({ length: 149 }, () => draw(10)),
    )
    const x = Float64Array.from({ length: 600 }, () => draw(10))
    const steps = mlpFunction(weights)
    const seen = Array.from({ length: 200 }, (_, row) => steps(x.subarray(row * WIDTH, (row + 1) * WIDTH))).flat()
    expect(new Set(seen.map(({ lnCorrection }) => Math.sign(lnCorrection))).size).toBe(2)
    expect(seen.some(({ tail }) => tail[1] - tail[0] > 800)).toBe(true)
    expect(seen.some(({ tail }) => tail[1] === tail[0])).toBe(true)
    await expectEqual(weights, x, 200)
  })

  test('is refused where a horizon has no name', () => {
    const weights = weightsOf([3, 4, 12], new Float64Array(76))
    expect(() => mlpNodes(weights, { input: 'x', horizons: [{ base: 'b', output: 'y' }], prefix: 'p' })).toThrow(
      '1 horizons are named, the net has 2',
    )
  })
})
