import { invariant } from '../../oracle-node/core/errors.ts'

/** Rows of `width` numbers one after another, with a target and a weight a row. */
export type Rows = {
  readonly width: number
  readonly x: Float64Array
  readonly y: Float64Array
  readonly weight: Float64Array
}

/**
 * Linear quantile regression with coefficients that are not negative: the MM algorithm of Hunter and Lange (2000, "Quantile
 * regression via an MM algorithm"), whose every step is a weighted least squares. It uses only + − × ÷, in one order, so
 * the result is the same to the bit on every machine. Deviation from the paper: the step is solved under β ≥ 0.
 * @param smoothing the paper's ε, in units of y.
 */
export function fitQuantile(rows: Rows, level: number, smoothing = 1e-3, iterationsMax = 400): number[] {
  let beta = new Array<number>(rows.width).fill(1 / rows.width)
  for (let iteration = 0; iteration < iterationsMax; iteration++) {
    const next = solveWeighted(rows, beta, (target, fitted, weight) => {
      const residual = target - fitted
      const curvature = weight / (smoothing + Math.abs(residual))
      return { curvature, pull: curvature * target + weight * (2 * level - 1) }
    })
    const moved = largestChange(beta, next)
    beta = next
    if (moved < 1e-9) break
  }
  return beta
}

/**
 * A linear model m = xβ, β ≥ 0, of the standard deviation whose square minimises QLIKE = y²/m² − ln(y²/m²) − 1 (Patton 2011), by Fisher
 * scoring: working target (y² + m²)/(2m), weight 1/m².
 */
export function fitDeviation(rows: Rows, iterationsMax = 100): number[] {
  let beta = new Array<number>(rows.width).fill(1 / rows.width)
  for (let iteration = 0; iteration < iterationsMax; iteration++) {
    const next = solveWeighted(rows, beta, (target, fitted, weight) => {
      const curvature = weight / (fitted * fitted)
      return { curvature, pull: (curvature * (target * target + fitted * fitted)) / (2 * fitted) }
    })
    const moved = largestChange(beta, next)
    beta = next
    if (moved < 1e-9) break
  }
  return beta
}

type RowTerm = (target: number, fitted: number, weight: number) => { readonly curvature: number; readonly pull: number }

/** Minimises Σ curvature·(xβ)²/2 − pull·xβ over β ≥ 0, the terms taken at the present β. */
function solveWeighted(rows: Rows, beta: readonly number[], term: RowTerm): number[] {
  const { width, x, y, weight } = rows
  const gram = new Float64Array(width * width)
  const right = new Float64Array(width)
  for (let row = 0; row < y.length; row++) {
    let fitted = 0
    for (let j = 0; j < width; j++) fitted += value(x, row * width + j) * (beta[j] ?? 0)
    const { curvature, pull } = term(value(y, row), fitted, value(weight, row))
    for (let j = 0; j < width; j++) {
      const xj = value(x, row * width + j)
      right[j] = value(right, j) + pull * xj
      for (let k = 0; k <= j; k++) {
        gram[j * width + k] = value(gram, j * width + k) + curvature * xj * value(x, row * width + k)
      }
    }
  }
  for (let j = 0; j < width; j++) for (let k = 0; k < j; k++) gram[k * width + j] = value(gram, j * width + k)
  return finite(solveNonNegative(gram, right, beta))
}

/** Cyclic coordinate descent for min ½βᵀAβ − bᵀβ, β ≥ 0; A is positive definite, so it converges to the one minimum. */
export function solveNonNegative(gram: Float64Array, right: Float64Array, start: readonly number[]): number[] {
  const beta = [...start]
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
    let moved = 0
    for (let j = 0; j < beta.length; j++) {
      const next = bestCoordinate(gram, right, beta, j)
      moved = Math.max(moved, Math.abs(next - (beta[j] ?? 0)))
      beta[j] = next
    }
    // Also when it is NaN, which `finite` then reports.
    if (!(moved >= 1e-12)) break
  }
  return beta
}

/** Nearly parallel columns converge slowly; past this many sweeps the rest is below what a basis point shows. */
const SWEEPS_MAX = 20_000

/** The minimum along one coordinate, the others held. */
function bestCoordinate(gram: Float64Array, right: Float64Array, beta: readonly number[], j: number): number {
  const row = j * beta.length
  let slope = value(right, j)
  for (let k = 0; k < beta.length; k++) if (k !== j) slope -= value(gram, row + k) * (beta[k] ?? 0)
  const diagonal = value(gram, row + j)
  return diagonal === 0 ? 0 : Math.max(0, slope / diagonal)
}

function largestChange(before: readonly number[], after: readonly number[]): number {
  return after.reduce((most, each, index) => Math.max(most, Math.abs(each - (before[index] ?? 0))), 0)
}

/** Out of range reads NaN, which `finite` then finds; a check an element would cost more than the arithmetic. */
function value(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN
}

function finite(beta: number[]): number[] {
  invariant(beta.every(Number.isFinite), `a regression did not converge: ${beta.join(', ')}`)
  return beta
}
