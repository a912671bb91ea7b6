/**
 * Rounds values in place to multiples of one power of two, coarse enough that every sum of any of them is exact. Histograms
 * may then be added, and subtracted from one another, in any order and give the same bits, and an empty bin is exactly zero. The rounding
 * is at most 2^-52 of the sum of sizes, less than adding the values up as they were would have cost.
 */
export function snapToGrid(values: Float64Array): void {
  let size = 0
  for (let row = 0; row < values.length; row++) size += Math.abs(values[row] ?? Number.NaN)
  const scale = gridScale(size)
  for (let row = 0; row < values.length; row++) values[row] = Math.round((values[row] ?? Number.NaN) * scale) / scale
}

/** Sums stay under 2^53, with room for what rounding adds. */
const SUM_MAX = 2 ** 51
/** Past this the reciprocal is no longer exact; what is below it in size becomes 0. */
const SCALE_MAX = 2 ** 1000

/** The largest power of two by which `size` may be multiplied and stay under {@link SUM_MAX}. */
function gridScale(size: number): number {
  let scale = 1
  while (size * scale > SUM_MAX && scale > 1 / SCALE_MAX) scale /= 2
  while (size * scale * 2 <= SUM_MAX && scale < SCALE_MAX) scale *= 2
  return scale
}

/**
 * The least of the first `count` values up to which at least `level` of their weight lies, 0 < level < 1, by quickselect (Hoare 1961)
 * over weights: linear in the mean, where a sort in every leaf of every round would cost more than growing the tree. Reorders
 * both arrays.
 */
export function selectQuantile(values: Float64Array, weights: Float64Array, count: number, level: number): number {
  let total = 0
  for (let index = 0; index < count; index++) total += weights[index] ?? Number.NaN
  let missing = level * total
  let low = 0
  let high = count - 1
  while (low < high) {
    const pivot = medianOfThree(values[low] ?? 0, values[(low + high) >> 1] ?? 0, values[high] ?? 0)
    const parts = partition(values, weights, { low, high, pivot })
    if (parts.below >= missing) {
      high = parts.firstEqual - 1
    } else if (parts.below + parts.equal >= missing) {
      return pivot
    } else {
      missing -= parts.below + parts.equal
      low = parts.firstAbove
    }
  }
  return values[Math.min(low, count - 1)] ?? Number.NaN
}

type Parts = {
  readonly firstEqual: number
  readonly firstAbove: number
  /** Weights. */
  readonly below: number
  readonly equal: number
}

/** Below, equal and above the pivot, in this order: values that are equal many times over must not make it quadratic. */
function partition(
  values: Float64Array,
  weights: Float64Array,
  range: { readonly low: number; readonly high: number; readonly pivot: number },
): Parts {
  let firstEqual = range.low
  let firstAbove = range.high + 1
  let below = 0
  let equal = 0
  for (let index = range.low; index < firstAbove; ) {
    const value = values[index] ?? Number.NaN
    const weight = weights[index] ?? Number.NaN
    if (value < range.pivot) {
      below += weight
      swap(values, weights, index++, firstEqual++)
    } else if (value > range.pivot) {
      swap(values, weights, index, --firstAbove)
    } else {
      equal += weight
      index++
    }
  }
  return { firstEqual, firstAbove, below, equal }
}

function swap(values: Float64Array, weights: Float64Array, a: number, b: number): void {
  const value = values[a] ?? 0
  const weight = weights[a] ?? 0
  values[a] = values[b] ?? 0
  weights[a] = weights[b] ?? 0
  values[b] = value
  weights[b] = weight
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
}
