/**
 * One binary tree in flat arrays, node 0 its root. A row goes left where `x[feature] <= threshold`, as ONNX's BRANCH_LEQ does,
 * both doubles: a threshold lies between two values that training saw, so that no rounding stands between them.
 */
export type Tree = {
  /** {@link LEAF} at a leaf. */
  readonly feature: readonly number[]
  readonly threshold: readonly number[]
  readonly left: readonly number[]
  readonly right: readonly number[]
  /** What a leaf adds, the learning rate within; 0 at every other node. */
  readonly value: readonly number[]
}

/** A boosted sum of trees: plain numbers, so that it can be written as JSON and read again to the bit. */
export type TreeEnsemble = {
  readonly width: number
  readonly base: number
  readonly trees: readonly Tree[]
}

export const LEAF = -1

/**
 * The trees' sum, then the base, rounded once to float32: in this order and in doubles the runtime's operator adds them too, and its
 * output is a float32, so the two are equal to the bit. The rounding is at most 2^-24 of the value.
 * @throws {Error} when the row has not the ensemble's width, or a feature is NaN, which would go right without a word.
 */
export function predictTrees(ensemble: TreeEnsemble, row: ArrayLike<number>): number {
  if (row.length !== ensemble.width) {
    throw new Error(`a row of ${row.length} features was given, these trees need ${ensemble.width}`)
  }
  return predictAt(ensemble, row, 0)
}

/** As {@link predictTrees}, for rows one after another. @throws {Error} when they are not whole rows, or a feature is NaN. */
export function predictTreesBatch(ensemble: TreeEnsemble, x: Float64Array): Float64Array {
  const rows = x.length / ensemble.width
  if (!Number.isInteger(rows)) {
    throw new Error(`${x.length} features were given, these trees need a multiple of ${ensemble.width}`)
  }
  const out = new Float64Array(rows)
  for (let row = 0; row < rows; row++) out[row] = predictAt(ensemble, x, row * ensemble.width)
  return out
}

function predictAt(ensemble: TreeEnsemble, x: ArrayLike<number>, offset: number): number {
  for (let feature = 0; feature < ensemble.width; feature++) {
    if (Number.isNaN(x[offset + feature] ?? Number.NaN)) {
      throw new Error(`feature ${feature} of a row is NaN, trees need a number`)
    }
  }
  let sum = 0
  for (const tree of ensemble.trees) sum += treeValue(tree, x, offset)
  return Math.fround(sum + ensemble.base)
}

/** What one tree adds for the row that starts at `offset`. */
export function treeValue(tree: Tree, x: ArrayLike<number>, offset: number): number {
  const { feature, threshold, left, right, value } = tree
  let node = 0
  for (let split = feature[0] ?? LEAF; split !== LEAF; split = feature[node] ?? LEAF) {
    const goesLeft = (x[offset + split] ?? Number.NaN) <= (threshold[node] ?? Number.NaN)
    node = (goesLeft ? left[node] : right[node]) ?? Number.NaN
  }
  return value[node] ?? Number.NaN
}
