import type { Binned } from './bins.ts'
import { LEAF, type Tree } from './ensemble.ts'
import { emptyHistogram, fillHistogram, type Histogram, subtractHistogram } from './histogram.ts'
import type { LeafRows, Objective, State } from './losses.ts'
import { bestSplit, type Shape, type Split } from './split.ts'

/** What all trees of a fit share, its buffers made once. */
export type Grove = {
  readonly binned: Binned
  readonly state: State
  readonly objective: Objective
  readonly shape: Shape
  readonly learningRate: number
  /** A pull a row, on a grid where sums are exact. */
  readonly pull: Float64Array
  readonly buffers: Buffers
}

type Buffers = {
  readonly rows: Int32Array
  readonly pull: Float64Array
  readonly weight: Float64Array
  /** Histograms that no node holds. */
  readonly free: Histogram[]
}

export function growBuffers(rows: number): Buffers {
  return { rows: new Int32Array(rows), pull: new Float64Array(rows), weight: new Float64Array(rows), free: [] }
}

/** The rows of a round, which growing puts in the order of leaves, and the features it may split on. */
type Sample = { readonly rows: Int32Array; readonly columns: Int32Array }

type Node = LeafRows & {
  readonly index: number
  readonly depth: number
  /** Between these a leaf's value must lie, so that no path breaks a monotone feature. */
  readonly low: number
  readonly high: number
  readonly histogram?: Histogram
  readonly split?: Split
}

type Draft = { [Field in keyof Tree]: number[] }

export type GrownTree = {
  readonly tree: Tree
  /** Which rows of the sample each leaf holds, and what it adds to them. */
  readonly leaves: readonly { readonly from: number; readonly to: number; readonly value: number }[]
}

/**
 * Grows one tree leaf by leaf, the leaf first whose split takes most off the loss (Shi 2007, "Best-first decision tree learning").
 * A monotone feature is kept by allowing its splits in one direction and by holding all leaves left and right of one at their own
 * side of the middle of the two values; deviation from a full search: gains are not calculated anew within such bounds.
 */
export function growTree(grove: Grove, sample: Sample): GrownTree {
  const draft: Draft = { feature: [], threshold: [], left: [], right: [], value: [] }
  const { leaves, depth } = grove.shape
  let open = [withSplit(grove, sample, rootOf(grove, sample, addNode(draft)))]
  while (open.length < leaves) {
    const chosen = mostGaining(open)
    if (chosen?.split === undefined) break
    const children = divide(grove, sample, draft, { ...chosen, split: chosen.split })
    const grows = open.length + 1 < leaves && chosen.depth + 1 < depth
    const next = grows ? withHistograms(grove, sample, chosen, children) : children
    if (!grows) release(grove, chosen)
    open = [...open.filter((node) => node !== chosen), ...next]
  }
  const grown = open.map((node) => {
    release(grove, node)
    const value = grove.learningRate * valueWithin(grove, node)
    draft.value[node.index] = value
    return { from: node.from, to: node.to, value }
  })
  return { tree: draft, leaves: grown }
}

function addNode(draft: Draft): number {
  draft.feature.push(LEAF)
  for (const field of ['threshold', 'left', 'right', 'value'] as const) draft[field].push(0)
  return draft.feature.length - 1
}

function rootOf({ pull, state }: Grove, { rows }: Sample, index: number): Node {
  let pulls = 0
  let weights = 0
  for (const row of rows) {
    pulls += pull[row] ?? Number.NaN
    weights += state.weight[row] ?? Number.NaN
  }
  const unbound = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  return { index, depth: 0, rows, from: 0, to: rows.length, pull: pulls, weight: weights, ...unbound }
}

/** The first of equals. */
function mostGaining(open: readonly Node[]): Node | undefined {
  let best: Node | undefined
  for (const node of open) if ((node.split?.gain ?? 0) > (best?.split?.gain ?? 0)) best = node
  return best
}

/** Puts the node's rows left and right of its split, each side in the order it had. */
function divide(grove: Grove, { rows }: Sample, draft: Draft, node: Node & { readonly split: Split }): [Node, Node] {
  const { feature, bin, pull, weight } = node.split
  const middle = partitionRows(grove, rows, node, { feature, bin })
  const [left, right] = [addNode(draft), addNode(draft)]
  draft.feature[node.index] = feature
  draft.threshold[node.index] = grove.binned.edges[feature]?.[bin] ?? Number.NaN
  draft.left[node.index] = left
  draft.right[node.index] = right
  const { low, high } = node
  const shared = { rows, depth: node.depth + 1, low, high }
  return bounded(grove, feature, [
    { ...shared, index: left, from: node.from, to: middle, pull, weight },
    { ...shared, index: right, from: middle, to: node.to, pull: node.pull - pull, weight: node.weight - weight },
  ])
}

function partitionRows(
  { binned, buffers }: Grove,
  rows: Int32Array,
  { from, to }: Node,
  { feature, bin }: { readonly feature: number; readonly bin: number },
): number {
  let left = from
  let right = 0
  for (let index = from; index < to; index++) {
    const row = rows[index] ?? 0
    if ((binned.bins[row * binned.width + feature] ?? 0) <= bin) rows[left++] = row
    else buffers.rows[right++] = row
  }
  rows.set(buffers.rows.subarray(0, right), left)
  return left
}

function bounded(grove: Grove, feature: number, [left, right]: [Node, Node]): [Node, Node] {
  const direction = grove.shape.monotone[feature] ?? 0
  if (direction === 0) return [left, right]
  const middle = (valueWithin(grove, left) + valueWithin(grove, right)) / 2
  return direction > 0
    ? [
        { ...left, high: middle },
        { ...right, low: middle },
      ]
    : [
        { ...left, low: middle },
        { ...right, high: middle },
      ]
}

function valueWithin({ objective, state }: Grove, node: Node): number {
  return Math.max(node.low, Math.min(node.high, objective.leafValue(node, state)))
}

/** The smaller child's rows are summed, the larger one's are what is left of the parent's. */
function withHistograms(grove: Grove, sample: Sample, parent: Node, [left, right]: [Node, Node]): [Node, Node] {
  const leftIsSmaller = left.to - left.from <= right.to - right.from
  const smaller = withHistogram(grove, sample, leftIsSmaller ? left : right)
  const rest = parent.histogram
  if (smaller.histogram === undefined || rest === undefined) return [left, right]
  subtractHistogram(rest, smaller.histogram, sample.columns)
  const larger = { ...(leftIsSmaller ? right : left), histogram: rest }
  const children: [Node, Node] = leftIsSmaller ? [smaller, larger] : [larger, smaller]
  return [findSplit(grove, sample, children[0]), findSplit(grove, sample, children[1])]
}

function withSplit(grove: Grove, sample: Sample, node: Node): Node {
  return findSplit(grove, sample, withHistogram(grove, sample, node))
}

function withHistogram({ binned, state, pull, buffers }: Grove, { rows, columns }: Sample, node: Node): Node {
  const histogram = buffers.free.pop() ?? emptyHistogram(binned.width)
  const { from, to } = node
  for (let index = from; index < to; index++) {
    const row = rows[index] ?? 0
    buffers.pull[index - from] = pull[row] ?? Number.NaN
    buffers.weight[index - from] = state.weight[row] ?? Number.NaN
  }
  fillHistogram(histogram, binned, columns, { rows, from, to, pull: buffers.pull, weight: buffers.weight })
  return { ...node, histogram }
}

function findSplit({ binned, objective, shape }: Grove, { columns }: Sample, node: Node): Node {
  const { histogram } = node
  if (histogram === undefined || node.weight < 2 * shape.weightMin) return node
  const split = bestSplit({ histogram, columns, edges: binned.edges, node, objective, shape })
  return split === undefined ? node : { ...node, split }
}

function release({ buffers }: Grove, { histogram }: Node): void {
  if (histogram !== undefined) buffers.free.push(histogram)
}
