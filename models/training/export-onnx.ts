import ln from '@stdlib/math-base-special-ln'
import onnxProto from 'onnx-proto'
import { FEATURE_COUNT, FEATURE_SPEC_HASH, featureIndex, RETURNS_OFFSET } from '../../oracle-node/core/feature-spec.ts'
import { type DepthCoefficients, SIGMA_EXPONENT, VOLUME_EXPONENT } from '../baselines/depth.ts'
import { type EwmaCoefficients, ewmaWeights } from '../baselines/ewma.ts'
import type { HarCoefficients } from '../baselines/har.ts'

const { onnx } = onnxProto

/** The oldest opset in which Max, Min, Log and Exp take doubles, so that any runtime since 2020 reads the files. */
export const OPSET = 13
const IR_VERSION = 7
/** Doubles: a stablecoin's squared hourly return is about 1e-10, and equal results to the TypeScript reference cost nothing. */
const DOUBLE = onnx.TensorProto.DataType.DOUBLE

type Constant = { readonly name: string; readonly dims: readonly number[]; readonly values: readonly number[] }
type Node = readonly [op: string, inputs: readonly string[], output: string]
type Graph = {
  readonly name: string
  readonly outputs: number
  readonly constants: readonly Constant[]
  readonly nodes: readonly Node[]
}

/** x·W, held between floor and cap. Output: volatility, value at risk, expected shortfall. */
export function harOnnx(coefficients: HarCoefficients): Uint8Array {
  const weights = new Array<number>(FEATURE_COUNT * 3).fill(0)
  for (const [name, triple] of Object.entries(coefficients.weights)) {
    for (const [output, weight] of triple.entries()) weights[featureIndex(name) * 3 + output] = weight
  }
  return encode({
    name: 'har-quantile',
    outputs: 3,
    constants: [{ name: 'weights', dims: [FEATURE_COUNT, 3], values: weights }, ...limits(coefficients)],
    nodes: [['MatMul', ['features', 'weights'], 'raw'], ...LIMIT_NODES],
  })
}

/** √(x²·w)·m, held between floor and cap; w is zero at every feature that is not a return. */
export function ewmaOnnx(coefficients: EwmaCoefficients): Uint8Array {
  const weights = new Array<number>(FEATURE_COUNT).fill(0)
  for (const [index, weight] of ewmaWeights(coefficients.decayPerDay).entries())
    weights[RETURNS_OFFSET + index] = weight
  return encode({
    name: 'ewma',
    outputs: 3,
    constants: [
      { name: 'weights', dims: [FEATURE_COUNT, 1], values: weights },
      { name: 'multipliers', dims: [1, 3], values: coefficients.multipliers },
      ...limits(coefficients),
    ],
    nodes: [
      ['Mul', ['features', 'features'], 'squares'],
      ['MatMul', ['squares', 'weights'], 'variance'],
      ['Sqrt', ['variance'], 'sigma'],
      ['MatMul', ['sigma', 'multipliers'], 'raw'],
      ...LIMIT_NODES,
    ],
  })
}

/** exp(constant + 2/3·ln volume − 4/3·ln σ) below a cap; columns of features are picked by one-hot products. */
export function depthOnnx(coefficients: DepthCoefficients): Uint8Array {
  const pick = (name: string): Constant => {
    const values = new Array<number>(FEATURE_COUNT).fill(0)
    values[featureIndex(name)] = 1
    return { name: `pick_${name}`, dims: [FEATURE_COUNT, 1], values }
  }
  const scalar = (name: string, value: number): Constant => ({ name, dims: [1, 1], values: [value] })
  const names = ['ln_usd_volume_24h', 'ln_usd_volume_7d', 'realized_24h', 'realized_7d']
  return encode({
    name: 'depth',
    outputs: 1,
    constants: [
      ...names.map(pick),
      scalar('sigma_floor', coefficients.sigmaFloor),
      scalar('volume_exponent', VOLUME_EXPONENT),
      scalar('sigma_exponent', SIGMA_EXPONENT),
      scalar('ln_scale', ln(coefficients.scale)),
      scalar('low_quantile_share', coefficients.lowQuantileShare),
      scalar('cap', coefficients.capUsd),
    ],
    nodes: [
      ...names.map((name): Node => ['MatMul', ['features', `pick_${name}`], name]),
      ['Min', ['ln_usd_volume_24h', 'ln_usd_volume_7d'], 'ln_volume'],
      ['Max', ['realized_24h', 'realized_7d', 'sigma_floor'], 'sigma'],
      ['Log', ['sigma'], 'ln_sigma'],
      ['Mul', ['ln_volume', 'volume_exponent'], 'volume_term'],
      ['Mul', ['ln_sigma', 'sigma_exponent'], 'sigma_term'],
      ['Add', ['ln_scale', 'volume_term'], 'partial'],
      ['Add', ['partial', 'sigma_term'], 'ln_depth'],
      ['Exp', ['ln_depth'], 'depth'],
      ['Mul', ['depth', 'low_quantile_share'], 'low_depth'],
      ['Min', ['low_depth', 'cap'], 'prediction'],
    ],
  })
}

const LIMIT_NODES: readonly Node[] = [
  ['Max', ['raw', 'floor'], 'floored'],
  ['Min', ['floored', 'cap'], 'prediction'],
]

function limits({ floor, cap }: Pick<HarCoefficients, 'floor' | 'cap'>): Constant[] {
  return [
    { name: 'floor', dims: [1, 3], values: floor },
    { name: 'cap', dims: [1, 3], values: cap },
  ]
}

function encode(graph: Graph): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: IR_VERSION,
    producerName: 'plimsoll',
    opsetImport: [{ domain: '', version: OPSET }],
    metadataProps: [{ key: 'featureSpec', value: FEATURE_SPEC_HASH }],
    graph: {
      name: graph.name,
      input: [valueInfo('features', FEATURE_COUNT)],
      output: [valueInfo('prediction', graph.outputs)],
      initializer: graph.constants.map(({ name, dims, values }) => ({
        name,
        dims: [...dims],
        dataType: DOUBLE,
        rawData: bytes(values),
      })),
      node: graph.nodes.map(([opType, input, output]) => ({
        opType,
        input: [...input],
        output: [output],
        name: output,
      })),
    },
  })
  return onnx.ModelProto.encode(model).finish()
}

function valueInfo(name: string, width: number): object {
  return {
    name,
    type: { tensorType: { elemType: DOUBLE, shape: { dim: [{ dimParam: 'batch' }, { dimValue: width }] } } },
  }
}

/** Little-endian, as ONNX asks, whatever the machine. */
function bytes(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8))
  for (const [index, value] of values.entries()) view.setFloat64(index * 8, value, true)
  return new Uint8Array(view.buffer)
}
