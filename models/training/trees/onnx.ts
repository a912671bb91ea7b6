import onnxProto from 'onnx-proto'
import { LEAF, type Tree, type TreeEnsemble } from './ensemble.ts'

const { onnx } = onnxProto
type NodeProto = InstanceType<typeof onnx.NodeProto>
type Attribute = InstanceType<typeof onnx.AttributeProto>

/**
 * The operator set that a model with these nodes has to import beside the default one: version 3 is the first whose thresholds, leaves and
 * base may be doubles, and version 5 deprecates the operator.
 */
export const TREES_OPSET = { domain: 'ai.onnx.ml', version: 3 } as const

/**
 * The nodes that calculate {@link predictTrees} in an ONNX graph: TreeEnsembleRegressor over a double input [batch, width], and
 * a Cast of its float32 output to double, [batch, 1]. Thresholds and input are doubles and compared as they are, and the runtime adds
 * the trees up in doubles too, so one rounding to float32, of at most 2^-24 of the value, is all that the graph loses.
 */
export function treesNodes(
  ensemble: TreeEnsemble,
  names: { readonly input: string; readonly output: string },
): readonly NodeProto[] {
  const sum = `${names.output}_float32`
  return [
    onnx.NodeProto.create({
      opType: 'TreeEnsembleRegressor',
      domain: TREES_OPSET.domain,
      name: sum,
      input: [names.input],
      output: [sum],
      attribute: attributesOf(ensemble),
    }),
    onnx.NodeProto.create({
      opType: 'Cast',
      name: names.output,
      input: [sum],
      output: [names.output],
      attribute: [integer('to', onnx.TensorProto.DataType.DOUBLE)],
    }),
  ]
}

/** The operator refuses an ensemble without a tree; this one adds nothing. */
const NO_TREE: Tree = { feature: [LEAF], threshold: [0], left: [0], right: [0], value: [0] }

function attributesOf({ base, trees: grown }: TreeEnsemble): Attribute[] {
  const trees = grown.length === 0 ? [NO_TREE] : grown
  const nodes = trees.flatMap((tree, treeId) => tree.feature.map((feature, id) => ({ tree, treeId, feature, id })))
  const leaves = nodes.filter(({ feature }) => feature === LEAF)
  const of = (field: 'threshold' | 'left' | 'right' | 'value', among: typeof nodes): number[] =>
    among.map(({ tree, id }) => tree[field][id] ?? Number.NaN)
  const ids = (among: typeof nodes): number[] => among.map(({ id }) => id)
  const treeIds = (among: typeof nodes): number[] => among.map(({ treeId }) => treeId)
  return [
    integer('n_targets', 1),
    doubles('base_values_as_tensor', [base]),
    integers('nodes_treeids', treeIds(nodes)),
    integers('nodes_nodeids', ids(nodes)),
    integers(
      'nodes_featureids',
      nodes.map(({ feature }) => Math.max(feature, 0)),
    ),
    strings(
      'nodes_modes',
      nodes.map(({ feature }) => (feature === LEAF ? 'LEAF' : 'BRANCH_LEQ')),
    ),
    doubles('nodes_values_as_tensor', of('threshold', nodes)),
    integers('nodes_truenodeids', of('left', nodes)),
    integers('nodes_falsenodeids', of('right', nodes)),
    integers('target_treeids', treeIds(leaves)),
    integers('target_nodeids', ids(leaves)),
    integers(
      'target_ids',
      leaves.map(() => 0),
    ),
    doubles('target_weights_as_tensor', of('value', leaves)),
  ]
}

const TYPE = onnx.AttributeProto.AttributeType

function integer(name: string, value: number): Attribute {
  return onnx.AttributeProto.create({ name, type: TYPE.INT, i: value })
}

function integers(name: string, values: readonly number[]): Attribute {
  return onnx.AttributeProto.create({ name, type: TYPE.INTS, ints: [...values] })
}

function strings(name: string, values: readonly string[]): Attribute {
  const encoder = new TextEncoder()
  return onnx.AttributeProto.create({ name, type: TYPE.STRINGS, strings: values.map((each) => encoder.encode(each)) })
}

/** Little-endian, as ONNX asks, whatever the machine. */
function doubles(name: string, values: readonly number[]): Attribute {
  const view = new DataView(new ArrayBuffer(values.length * 8))
  for (const [index, value] of values.entries()) view.setFloat64(index * 8, value, true)
  const tensor = {
    dims: [values.length],
    dataType: onnx.TensorProto.DataType.DOUBLE,
    rawData: new Uint8Array(view.buffer),
  }
  return onnx.AttributeProto.create({ name, type: TYPE.TENSOR, t: tensor })
}
