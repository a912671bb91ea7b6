import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { selectQuantile } from './exact.ts'

/**
 * What the trees' sum f is fitted to, a row's target being y:
 * - quantile: the pinball loss max(level·(y − f), (level − 1)·(y − f)), whose minimum is the quantile (Koenker and Bassett 1978).
 * - qlike: y·exp(−f) + f, y a realised variance and f the logarithm of the variance: Patton's (2011) QLIKE up to terms without f.
 * - squared: (y − f)²/2.
 */
export type TreeLoss =
  | { readonly kind: 'quantile'; readonly level: number }
  | { readonly kind: 'qlike' }
  | { readonly kind: 'squared' }

/** The rows of one leaf, as a leaf's value is made of them. */
export type LeafRows = {
  readonly rows: Int32Array
  readonly from: number
  readonly to: number
  /** Their summed pull and weight. */
  readonly pull: number
  readonly weight: number
}

/** Targets, weights (on a grid, 1 in the mean) and the present f of every row. */
export type State = { readonly y: Float64Array; readonly weight: Float64Array; readonly fitted: Float64Array }

/** A loss as boosting needs it. A row's pull is what a leaf sums beside its weight. */
export type Objective = {
  /** The constant that minimises the loss. */
  readonly base: (y: Float64Array, weight: Float64Array) => number
  readonly pulls: (state: State, out: Float64Array) => void
  /** What a leaf takes off the loss, up to terms that are the same however a node is split. */
  readonly score: (pull: number, weight: number) => number
  /** What is added to f in a leaf, before the learning rate. */
  readonly leafValue: (leaf: LeafRows, state: State) => number
  readonly loss: (y: number, fitted: number) => number
}

/** @param l2 a penalty in rows of mean weight: so many rows without a pull are thought to lie in every leaf. */
export function objectiveOf(loss: TreeLoss, l2: number, rowsMax: number): Objective {
  switch (loss.kind) {
    case 'quantile':
      return quantile(loss.level, l2, rowsMax)
    case 'qlike':
      return qlike(l2)
    case 'squared':
      return squared(l2)
  }
}

/** A pull is the weighted residual, a leaf's value its shrunken mean. */
function squared(l2: number): Objective {
  return {
    base: weightedMean,
    pulls({ y, weight, fitted }, out) {
      for (let row = 0; row < y.length; row++) out[row] = at(weight, row) * (at(y, row) - at(fitted, row))
    },
    score: (pull, weight) => (pull * pull) / (weight + l2),
    leafValue: ({ pull, weight }) => pull / (weight + l2),
    loss: (y, fitted) => ((y - fitted) * (y - fitted)) / 2,
  }
}

/**
 * Trees grow on the gradient, whose steps have two heights, and each leaf then takes the quantile of its own residuals: LAD boosting of Friedman (2001,
 * "Greedy function approximation", algorithm 3) at any level. The penalty enters where trees split and not what leaves add.
 */
function quantile(level: number, l2: number, rowsMax: number): Objective {
  const residuals = new Float64Array(rowsMax)
  const weights = new Float64Array(rowsMax)
  return {
    base: (y, weight) => selectQuantile(y.slice(), weight.slice(), y.length, level),
    pulls({ y, weight, fitted }, out) {
      for (let row = 0; row < y.length; row++) {
        out[row] = at(weight, row) * (at(y, row) < at(fitted, row) ? level - 1 : level)
      }
    },
    score: (pull, weight) => (pull * pull) / (weight + l2),
    leafValue({ rows, from, to }, { y, weight, fitted }) {
      for (let index = from; index < to; index++) {
        const row = rows[index] ?? -1
        residuals[index - from] = at(y, row) - at(fitted, row)
        weights[index - from] = at(weight, row)
      }
      return selectQuantile(residuals, weights, to - from, level)
    },
    loss: (y, fitted) => (y - fitted) * (y < fitted ? level - 1 : level),
  }
}

/**
 * A pull is w·y·exp(−f), so that pull over weight is the ratio of realised to fitted variance, whose logarithm is the leaf's exact minimum.
 * Newton's step is its first order, and runs off to −weight/pull where nothing moved; so splits are scored by the exact loss too.
 */
function qlike(l2: number): Objective {
  return {
    base: (y, weight) => ln(weightedMean(y, weight)),
    pulls({ y, weight, fitted }, out) {
      for (let row = 0; row < y.length; row++) out[row] = at(weight, row) * at(y, row) * exp(-at(fitted, row))
    },
    score: (pull, weight) => -(weight + l2) * ln((pull + l2) / (weight + l2)),
    leafValue: ({ pull, weight }) => ln((pull + l2) / (weight + l2)),
    loss: (y, fitted) => y * exp(-fitted) + fitted,
  }
}

function weightedMean(y: Float64Array, weight: Float64Array): number {
  let sum = 0
  let total = 0
  for (let row = 0; row < y.length; row++) {
    sum += at(weight, row) * at(y, row)
    total += at(weight, row)
  }
  return sum / total
}

/** Out of range reads NaN, which the fit's last check finds. */
function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN
}
