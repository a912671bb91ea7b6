import { invariant } from '../../../oracle-node/core/errors.ts'
import { binFeatures } from './bins.ts'
import { checkFit } from './check.ts'
import { type Tree, type TreeEnsemble, treeValue } from './ensemble.ts'
import { snapToGrid } from './exact.ts'
import { type Grove, growBuffers, growTree } from './grow.ts'
import { type Objective, objectiveOf, type TreeLoss } from './losses.ts'
import { sampleOf, uniforms } from './random.ts'
import type { Direction } from './split.ts'

/** Rows of features one after another, with a target and a weight a row. */
export type TreeRows = { readonly x: Float64Array; readonly y: Float64Array; readonly weight: Float64Array }

export type FitTrees = TreeRows & {
  readonly width: number
  readonly loss: TreeLoss
  /** Trees at most. */
  readonly rounds: number
  /** What is added of each tree: Friedman's shrinkage. */
  readonly learningRate: number
  /** Leaves a tree at most. */
  readonly leaves: number
  /** Splits from root to leaf at most; unset, only `leaves` bounds a tree. */
  readonly depth?: number
  /** The least weight of a leaf, as a share of all weight; where rows are drawn, of `rowShare` of it. */
  readonly leafWeightMin: number
  /** Bins a feature at most, up to 256. */
  readonly bins: number
  /** So many rows of mean weight that ask for no change are thought to lie in every leaf. */
  readonly l2: number
  /** The share of features that each tree may split on. */
  readonly featureShare: number
  /** The share of rows that each tree is grown on (Friedman 2002, "Stochastic gradient boosting"). */
  readonly rowShare: number
  readonly seed: number
  readonly validation?: TreeRows
  /** Rounds without a lower validation loss after which training stops; the trees up to the lowest one are kept. */
  readonly patience?: number
  /** A direction a feature. */
  readonly monotone?: readonly Direction[]
}

export type RoundReport = {
  /** From 1. */
  readonly round: number
  readonly rounds: number
  /** The weighted mean loss over the validation rows. */
  readonly validationLoss?: number
}

/**
 * Gradient boosting of regression trees on histograms (Friedman 2001; Ke et al. 2017, "LightGBM"). The same input gives the
 * same bits on every machine: + − × ÷, exp and ln of fixed code, sums exact on a grid or in one order, a generator from the seed.
 * @throws {Error} when the input cannot be trained on; see {@link checkFit}.
 */
export function fitTrees(fit: FitTrees, onRound: (report: RoundReport) => void = () => {}): TreeEnsemble {
  checkFit(fit)
  const grove = groveOf(fit)
  const { objective, state } = grove
  const base = objective.base(state.y, state.weight)
  state.fitted.fill(base)
  const watch = validationOf(fit, objective, base)
  const uniform = uniforms(fit.seed)
  const trees: Tree[] = []
  let best = { round: 0, loss: watch.loss() }
  for (let round = 1; round <= fit.rounds; round++) {
    const tree = boost(fit, grove, uniform)
    trees.push(tree)
    const loss = watch.add(tree)
    onRound({ round, rounds: fit.rounds, ...(loss === undefined ? {} : { validationLoss: loss }) })
    if (fit.patience === undefined || loss === undefined) continue
    if (loss < (best.loss ?? Number.POSITIVE_INFINITY)) best = { round, loss }
    if (round - best.round >= fit.patience) break
  }
  const kept = fit.patience === undefined ? trees : trees.slice(0, best.round)
  const ensemble = { width: fit.width, base, trees: kept }
  invariant(hasNumbers(ensemble), 'trees were fitted whose values are no numbers')
  return ensemble
}

function groveOf(fit: FitTrees): Grove {
  const { y, weight: given, width } = fit
  const rows = y.length
  const total = given.reduce((sum, each) => sum + each, 0)
  const weight = given.map((each) => (each / total) * rows)
  snapToGrid(weight)
  const inRound = Math.max(1, Math.round(rows * fit.rowShare))
  return {
    binned: binFeatures({ x: fit.x, width, weight, binsMax: fit.bins }),
    state: { y, weight, fitted: new Float64Array(rows) },
    objective: objectiveOf(fit.loss, fit.l2, rows),
    shape: {
      leaves: fit.leaves,
      depth: fit.depth ?? Number.POSITIVE_INFINITY,
      weightMin: Math.max(fit.leafWeightMin * inRound, Number.MIN_VALUE),
      monotone: fit.monotone ?? [],
    },
    learningRate: fit.learningRate,
    pull: new Float64Array(rows),
    buffers: growBuffers(rows),
  }
}

/** Grows one tree and adds it to what is fitted, for the rows that it did not see too. */
function boost(fit: FitTrees, grove: Grove, uniform: () => number): Tree {
  const { state, objective, pull } = grove
  objective.pulls(state, pull)
  snapToGrid(pull)
  const rows = sampleOf(state.y.length, fit.rowShare, uniform)
  const columns = sampleOf(fit.width, fit.featureShare, uniform)
  const unseen = complementOf(rows, state.y.length)
  const { tree, leaves } = growTree(grove, { rows, columns })
  for (const { from, to, value } of leaves) {
    for (let index = from; index < to; index++) addTo(state.fitted, rows[index] ?? -1, value)
  }
  for (const row of unseen) addTo(state.fitted, row, treeValue(tree, fit.x, row * fit.width))
  return tree
}

function addTo(fitted: Float64Array, row: number, value: number): void {
  fitted[row] = (fitted[row] ?? Number.NaN) + value
}

/** What of 0 … count − 1 is not among the rising `rows`. */
function complementOf(rows: Int32Array, count: number): Int32Array {
  const rest = new Int32Array(count - rows.length)
  let next = 0
  for (let row = 0; row < count; row++) {
    if (rows[row - next] !== row) rest[next++] = row
  }
  return rest
}

type Watch = {
  readonly loss: () => number | undefined
  /** The loss once the tree is added. */
  readonly add: (tree: Tree) => number | undefined
}

function validationOf({ validation, width }: FitTrees, objective: Objective, base: number): Watch {
  if (validation === undefined) return { loss: () => undefined, add: () => undefined }
  const { x, y, weight } = validation
  const fitted = new Float64Array(y.length).fill(base)
  const total = weight.reduce((sum, each) => sum + each, 0)
  const loss = (): number => {
    let sum = 0
    for (let row = 0; row < y.length; row++) {
      sum += ((weight[row] ?? Number.NaN) / total) * objective.loss(y[row] ?? Number.NaN, fitted[row] ?? Number.NaN)
    }
    return sum
  }
  const add = (tree: Tree): number => {
    for (let row = 0; row < y.length; row++) addTo(fitted, row, treeValue(tree, x, row * width))
    return loss()
  }
  return { loss, add }
}

function hasNumbers({ base, trees }: TreeEnsemble): boolean {
  return Number.isFinite(base) && trees.every(({ value }) => value.every(Number.isFinite))
}
