import onnxProto from 'onnx-proto'
import { invariant } from '../../../oracle-node/core/errors.ts'
import { HEAD, type Layer, LN_CORRECTION_MAX, type MlpWeights, parametersOf, TAIL, TAIL_SUMS } from './network.ts'

const { onnx } = onnxProto
type NodeProto = InstanceType<typeof onnx.NodeProto>
type TensorProto = InstanceType<typeof onnx.TensorProto>

export type MlpFragment = { readonly nodes: readonly NodeProto[]; readonly initializers: readonly TensorProto[] }

export type MlpNames = {
  /** Standardised inputs, doubles, [batch, width]. */
  readonly input: string
  /** For each horizon its base deviation, [batch, 1], and what comes of it, [batch, 6]: the members of an `MlpForecast` in their order. */
  readonly horizons: ReadonlyArray<{ readonly base: string; readonly output: string }>
  /** Begins the name of everything else. */
  readonly prefix: string
}

/**
 * The part of an ONNX graph that calculates `mlpForecast` of every row and horizon, in doubles and operators that onnxruntime has for them
 * at opset 13; for Softplus it has none, so that is made of others.
 */
export function mlpNodes(weights: MlpWeights, names: MlpNames): MlpFragment {
  parametersOf(weights)
  const { horizons, layers } = weights
  invariant(names.horizons.length === horizons, `${names.horizons.length} horizons are named, the net has ${horizons}`)
  const graph = emptyGraph(names.prefix)
  const last = layers.at(-1)
  invariant(last !== undefined, 'a net has layers')
  const hidden = layers.slice(0, -1).reduce((input, layer, index) => {
    return graph.node('Relu', [affine(graph, input, layer, `hidden_${index}`)], `hidden_${index}_active`)
  }, names.input)
  const constants = {
    zero: graph.constant('zero', [1, 1], [0]),
    one: graph.constant('one', [1, 1], [1]),
    least: graph.constant('correction_min', [1, 1], [-LN_CORRECTION_MAX]),
    most: graph.constant('correction_max', [1, 1], [LN_CORRECTION_MAX]),
    sums: graph.constant('sums', [TAIL - 1, TAIL], TAIL_SUMS),
  }
  const factors = correctionFactors(graph, hidden, { last, horizons, constants })
  for (const [horizon, { base, output }] of names.horizons.entries()) {
    const columns = (from: number, count: number): Layer => columnsOf(last, horizon * HEAD + from, count)
    const named = (name: string): string => `${horizon}_${name}`
    const factor = graph.column(factors, horizon, named('factor'))
    const sigma = graph.node('Mul', [base, factor], named('sigma'))
    const first = affine(graph, hidden, columns(1, 1), named('first'))
    const steps = softplus(
      graph,
      affine(graph, hidden, columns(2, HEAD - 2), named('steps')),
      constants,
      named('steps'),
    )
    const rises = graph.node('MatMul', [steps, constants.sums], named('rises'))
    const tail = graph.node('Add', [first, rises], named('tail'))
    graph.concat([sigma, graph.node('Mul', [sigma, tail], named('scaled'))], output)
  }
  return { nodes: graph.nodes, initializers: graph.initializers }
}

/**
 * exp of every horizon's held correction, [batch, horizons], and one column more where that is odd: the runtime takes doubles by twos in Exp
 * and the odd last one by other code, whose last bit may differ, so that a row's place in a batch would show.
 */
function correctionFactors(
  graph: Graph,
  hidden: string,
  {
    last,
    horizons,
    constants,
  }: {
    readonly last: Layer
    readonly horizons: number
    readonly constants: { readonly least: string; readonly most: string }
  },
): string {
  const even = Array.from({ length: horizons + (horizons % 2) }, (_, index) => (index % horizons) * HEAD)
  const picked = even.map((column) => columnsOf(last, column, 1))
  const layer: Layer = {
    inputs: last.inputs,
    outputs: even.length,
    weight: Array.from({ length: last.inputs }, (_, row) =>
      picked.map(({ weight }) => weight[row] ?? Number.NaN),
    ).flat(),
    bias: picked.flatMap(({ bias }) => bias),
  }
  const floored = graph.node('Max', [affine(graph, hidden, layer, 'corrections'), constants.least], 'floored')
  return graph.node('Exp', [graph.node('Min', [floored, constants.most], 'held')], 'factors')
}

/** Nodes and constants as they are added; each adding gives the name to read it by. */
type Graph = {
  readonly nodes: NodeProto[]
  readonly initializers: TensorProto[]
  readonly node: (opType: string, input: readonly string[], name: string) => string
  readonly concat: (input: readonly string[], output: string) => void
  readonly column: (of: string, place: number, name: string) => string
  readonly constant: (name: string, dims: readonly number[], values: readonly number[]) => string
}

function emptyGraph(prefix: string): Graph {
  const nodes: NodeProto[] = []
  const initializers: TensorProto[] = []
  return {
    nodes,
    initializers,
    node(opType, input, name) {
      const output = `${prefix}_${name}`
      nodes.push(onnx.NodeProto.create({ opType, name: output, input: [...input], output: [output] }))
      return output
    },
    column(of, place, name) {
      const [output, index] = [`${prefix}_${name}`, `${prefix}_${name}_place`]
      const rawData = new Uint8Array(8)
      new DataView(rawData.buffer).setBigInt64(0, BigInt(place), true)
      initializers.push(
        onnx.TensorProto.create({ name: index, dims: [1], dataType: onnx.TensorProto.DataType.INT64, rawData }),
      )
      const axis = onnx.AttributeProto.create({ name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: 1 })
      nodes.push(
        onnx.NodeProto.create({
          opType: 'Gather',
          name: output,
          input: [of, index],
          output: [output],
          attribute: [axis],
        }),
      )
      return output
    },
    concat(input, output) {
      const axis = onnx.AttributeProto.create({ name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: 1 })
      nodes.push(
        onnx.NodeProto.create({
          opType: 'Concat',
          name: output,
          input: [...input],
          output: [output],
          attribute: [axis],
        }),
      )
    },
    constant(name, dims, values) {
      const dataType = onnx.TensorProto.DataType.DOUBLE
      const tensor = { name: `${prefix}_${name}`, dims: [...dims], dataType, rawData: bytes(values) }
      initializers.push(onnx.TensorProto.create(tensor))
      return tensor.name
    },
  }
}

function affine(graph: Graph, input: string, { inputs, outputs, weight, bias }: Layer, name: string): string {
  const constants = [
    graph.constant(`${name}_weight`, [inputs, outputs], weight),
    graph.constant(`${name}_bias`, [1, outputs], bias),
  ]
  return graph.node('Gemm', [input, ...constants], name)
}

/** max(x, 0) + ln(1 + e^−|x|), which no x overflows. */
function softplus(
  graph: Graph,
  x: string,
  { zero, one }: { readonly zero: string; readonly one: string },
  name: string,
): string {
  const named = (part: string): string => `${name}_${part}`
  const distance = graph.node('Neg', [graph.node('Abs', [x], named('size'))], named('distance'))
  const above = graph.node('Add', [graph.node('Exp', [distance], named('small')), one], named('above'))
  const rest = graph.node('Log', [above], named('rest'))
  return graph.node('Add', [graph.node('Max', [x, zero], named('positive')), rest], named('softplus'))
}

/** A layer with some of another's outputs. */
function columnsOf({ inputs, outputs, weight, bias }: Layer, from: number, count: number): Layer {
  const rows = Array.from({ length: inputs }, (_, row) =>
    weight.slice(row * outputs + from, row * outputs + from + count),
  )
  return { inputs, outputs: count, weight: rows.flat(), bias: bias.slice(from, from + count) }
}

/** Little-endian, as ONNX asks, whatever the machine. */
function bytes(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8))
  for (const [index, value] of values.entries()) view.setFloat64(index * 8, value, true)
  return new Uint8Array(view.buffer)
}
