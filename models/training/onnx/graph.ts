import onnxProto from 'onnx-proto'
import { invariant } from '../../../oracle-node/core/errors.ts'
import { FEATURE_COUNT, FEATURE_SPEC_HASH } from '../../../oracle-node/core/feature-spec.ts'

const { onnx } = onnxProto
type NodeProto = InstanceType<typeof onnx.NodeProto>
type TensorProto = InstanceType<typeof onnx.TensorProto>
type Attribute = InstanceType<typeof onnx.AttributeProto>

/** The oldest opset in which Max, Min, Log and Exp take doubles, so that any runtime since 2020 reads the files. */
export const OPSET = 13
const IR_VERSION = 7
/** Doubles: a stablecoin's squared hourly return is about 1e-10, and equal results to the TypeScript reference cost nothing. */
const DOUBLE = onnx.TensorProto.DataType.DOUBLE

/** The graph's one input, [batch, FEATURE_COUNT]. */
export const FEATURES = 'features'
/** The graph's one output, [batch, width]. */
export const PREDICTION = 'prediction'

/** Nodes and constants that another module made, to be joined to a graph. */
export type Fragment = { readonly nodes: readonly NodeProto[]; readonly initializers?: readonly TensorProto[] }

/**
 * A graph as it is put together, a part after another; each adding gives the name to read it by, and no name is given twice.
 *
 * Exp and Log must stand on an even number of columns. The runtime takes doubles by twos there and the odd last one by other code, whose last
 * bit may differ, so that in odd columns a vector's place in a batch would show in its result; in even ones each row is whole pairs.
 */
export type Graph = {
  readonly node: (opType: string, inputs: readonly string[], name: string, attributes?: Attributes) => string
  /** As `node`, where an operator gives several. */
  readonly nodes: (opType: string, inputs: readonly string[], names: readonly string[], attributes?: Attributes) => void
  readonly doubles: (name: string, dims: readonly number[], values: readonly number[]) => string
  readonly integers: (name: string, values: readonly number[]) => string
  readonly join: (fragment: Fragment) => void
  /** The file, once a node is named {@link PREDICTION}. */
  readonly encode: (parts: ModelParts) => Uint8Array
}

/** Whole numbers, or lists of them: all that our operators ask for. */
export type Attributes = Readonly<Record<string, number | readonly number[]>>

export type ModelParts = {
  readonly name: string
  /** Columns of {@link PREDICTION}. */
  readonly width: number
  /** Operator sets beside the default one, as the trees' nodes need. */
  readonly opsets?: ReadonlyArray<{ readonly domain: string; readonly version: number }>
}

export function emptyGraph(): Graph {
  const nodes: NodeProto[] = []
  const initializers: TensorProto[] = []
  const names = new Set<string>([FEATURES])
  const claim = (name: string): string => {
    invariant(!names.has(name), `the graph already has a part named ${name}`)
    names.add(name)
    return name
  }
  const constant = (tensor: {
    name: string
    dims: readonly number[]
    dataType: number
    rawData: Uint8Array
  }): string => {
    initializers.push(onnx.TensorProto.create({ ...tensor, dims: [...tensor.dims] }))
    return claim(tensor.name)
  }
  const add = (opType: string, input: readonly string[], output: readonly string[], attributes: Attributes): void => {
    const attribute = Object.entries(attributes).map(attributeOf)
    nodes.push(
      onnx.NodeProto.create({
        opType,
        name: output.join(' and '),
        input: [...input],
        output: output.map(claim),
        attribute,
      }),
    )
  }
  return {
    node(opType, inputs, name, attributes = {}) {
      add(opType, inputs, [name], attributes)
      return name
    },
    nodes: (opType, inputs, outputs, attributes = {}) => add(opType, inputs, outputs, attributes),
    doubles(name, dims, values) {
      const size = dims.reduce((product, dim) => product * dim, 1)
      invariant(size === values.length, `${name} has ${values.length} values for the shape [${dims.join(', ')}]`)
      return constant({ name, dims, dataType: DOUBLE, rawData: bytesOf(values) })
    },
    integers(name, values) {
      return constant({
        name,
        dims: [values.length],
        dataType: onnx.TensorProto.DataType.INT64,
        rawData: integerBytesOf(values),
      })
    },
    join(fragment) {
      for (const node of fragment.nodes) {
        for (const output of node.output) claim(output)
        nodes.push(node)
      }
      for (const tensor of fragment.initializers ?? []) {
        claim(tensor.name)
        initializers.push(tensor)
      }
    },
    encode({ name, width, opsets = [] }) {
      invariant(names.has(PREDICTION), `the graph ${name} has no part named ${PREDICTION}`)
      const model = onnx.ModelProto.create({
        irVersion: IR_VERSION,
        producerName: 'plimsoll',
        opsetImport: [{ domain: '', version: OPSET }, ...opsets],
        metadataProps: [{ key: 'featureSpec', value: FEATURE_SPEC_HASH }],
        graph: {
          name,
          input: [valueInfo(FEATURES, FEATURE_COUNT)],
          output: [valueInfo(PREDICTION, width)],
          initializer: initializers,
          node: nodes,
        },
      })
      return onnx.ModelProto.encode(model).finish()
    },
  }
}

function attributeOf([name, value]: readonly [string, number | readonly number[]]): Attribute {
  const type = onnx.AttributeProto.AttributeType
  return onnx.AttributeProto.create(
    typeof value === 'number' ? { name, type: type.INT, i: value } : { name, type: type.INTS, ints: [...value] },
  )
}

function valueInfo(name: string, width: number): object {
  return {
    name,
    type: { tensorType: { elemType: DOUBLE, shape: { dim: [{ dimParam: 'batch' }, { dimValue: width }] } } },
  }
}

/** Little-endian, as ONNX asks, whatever the machine. */
function bytesOf(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8))
  for (const [index, value] of values.entries()) view.setFloat64(index * 8, value, true)
  return new Uint8Array(view.buffer)
}

function integerBytesOf(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8))
  for (const [index, value] of values.entries()) view.setBigInt64(index * 8, BigInt(value), true)
  return new Uint8Array(view.buffer)
}
