import { invariant } from '../../oracle-node/core/errors.ts'
import { solveNonNegative } from './non-negative.ts'

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
  const { y, weight } = rows
  return iterated(rows, 1e-9, iterationsMax, ({ fitted, curvature, pull }) => {
    for (let row = 0; row < y.length; row++) {
      const target = value(y, row)
      const own = value(weight, row)
      const bend = own / (smoothing + Math.abs(target - value(fitted, row)))
      curvature[row] = bend
      pull[row] = bend * target + own * (2 * level - 1)
    }
  })
}

/**
 * A linear model m = xβ, β ≥ 0, of the standard deviation whose square minimises QLIKE = y²/m² − ln(y²/m²) − 1 (Patton 2011), by Fisher
 * scoring: working target (y² + m²)/(2m), weight 1/m².
 */
export function fitDeviation(rows: Rows, iterationsMax = 100): number[] {
  const { y, weight } = rows
  return iterated(rows, 1e-9, iterationsMax, ({ fitted, curvature, pull }) => {
    for (let row = 0; row < y.length; row++) {
      const target = value(y, row)
      const own = value(fitted, row)
      const bend = value(weight, row) / (own * own)
      curvature[row] = bend
      pull[row] = (bend * (target * target + own * own)) / (2 * own)
    }
  })
}

/** What a step is made of, a number a row: xβ, and the terms that are taken at it. */
type Terms = { readonly fitted: Float64Array; readonly curvature: Float64Array; readonly pull: Float64Array }

/** Minimises Σ curvature·(xβ)²/2 − pull·xβ over β ≥ 0, the terms taken at the present β, until β moves no more. */
function iterated(rows: Rows, tolerance: number, iterationsMax: number, setTerms: (terms: Terms) => void): number[] {
  const columns = columnsOf(rows)
  const vector = (): Float64Array => new Float64Array(rows.y.length)
  const terms: Terms = { fitted: vector(), curvature: vector(), pull: vector() }
  let beta = new Array<number>(rows.width).fill(1 / rows.width)
  for (let iteration = 0; iteration < iterationsMax; iteration++) {
    fitRows(columns, beta, terms.fitted)
    setTerms(terms)
    const next = finite(solveNonNegative(gramOf(columns, terms.curvature), rightOf(columns, terms.pull), beta))
    const moved = largestChange(beta, next)
    beta = next
    if (moved < tolerance) break
  }
  return beta
}

/** Columns one after another in memory are several times as fast as rows: each sum stays in a register. */
function columnsOf({ width, x, y }: Rows): Float64Array[] {
  return Array.from({ length: width }, (_, column) => Float64Array.from(y, (_y, row) => value(x, row * width + column)))
}

function fitRows(columns: readonly Float64Array[], beta: readonly number[], fitted: Float64Array): void {
  fitted.fill(0)
  for (let from = 0; from < columns.length; from += 4) {
    const [a, b, c, d] = fourColumns(columns, from)
    // A column past the last has no weight, and adding nothing changes no sum.
    const [ofA = 0, ofB = 0, ofC = 0, ofD = 0] = beta.slice(from, from + 4)
    for (let row = 0; row < fitted.length; row++) {
      let sum = value(fitted, row)
      sum += value(a, row) * ofA
      sum += value(b, row) * ofB
      sum += value(c, row) * ofC
      sum += value(d, row) * ofD
      fitted[row] = sum
    }
  }
}

/** XᵀCX, summed in the order of the rows. */
function gramOf(columns: readonly Float64Array[], curvature: Float64Array): Float64Array {
  const width = columns.length
  const gram = new Float64Array(width * width)
  for (let j = 0; j < width; j += 2) {
    for (let k = 0; k <= j + 1; k += 4) {
      const sums = eightProducts(curvature, columns, j, k)
      for (let place = 0; place < 8; place++) {
        const [row, column] = [j + (place >> 2), k + (place & 3)]
        if (row >= width || column > row) continue
        gram[row * width + column] = value(sums, place)
        gram[column * width + row] = value(sums, place)
      }
    }
  }
  return gram
}

/** Σ curvature·column·column of two columns with four: a processor waits for one sum's addition, and not for that of another. */
function eightProducts(curvature: Float64Array, columns: readonly Float64Array[], j: number, k: number): Float64Array {
  const [first, second] = fourColumns(columns, j)
  const [a, b, c, d] = fourColumns(columns, k)
  let [firstA, firstB, firstC, firstD, secondA, secondB, secondC, secondD] = [0, 0, 0, 0, 0, 0, 0, 0]
  for (let row = 0; row < curvature.length; row++) {
    const bend = value(curvature, row)
    const one = bend * value(first, row)
    const two = bend * value(second, row)
    const ofA = value(a, row)
    const ofB = value(b, row)
    const ofC = value(c, row)
    const ofD = value(d, row)
    firstA += one * ofA
    firstB += one * ofB
    firstC += one * ofC
    firstD += one * ofD
    secondA += two * ofA
    secondB += two * ofB
    secondC += two * ofC
    secondD += two * ofD
  }
  return Float64Array.of(firstA, firstB, firstC, firstD, secondA, secondB, secondC, secondD)
}

function rightOf(columns: readonly Float64Array[], pull: Float64Array): Float64Array {
  const right = new Float64Array(columns.length)
  for (let j = 0; j < columns.length; j += 4) {
    right.set(fourProducts(pull, columns, j).subarray(0, Math.min(4, columns.length - j)), j)
  }
  return right
}

/** Σ factor·column of four columns from one on, at once. */
function fourProducts(factor: Float64Array, columns: readonly Float64Array[], from: number): Float64Array {
  const [a, b, c, d] = fourColumns(columns, from)
  let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0]
  for (let row = 0; row < factor.length; row++) {
    const own = value(factor, row)
    sumA += own * value(a, row)
    sumB += own * value(b, row)
    sumC += own * value(c, row)
    sumD += own * value(d, row)
  }
  return Float64Array.of(sumA, sumB, sumC, sumD)
}

type Four = readonly [Float64Array, Float64Array, Float64Array, Float64Array]

/** Four columns from one on; past the last, the last again. */
function fourColumns(columns: readonly Float64Array[], from: number): Four {
  const column = (offset: number): Float64Array =>
    columns[Math.min(from + offset, columns.length - 1)] ?? new Float64Array()
  return [column(0), column(1), column(2), column(3)]
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
