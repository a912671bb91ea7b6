import { invariant } from './errors.ts'

/**
 * The value at rank ⌈q·n⌉ of n (at least 1): always one of the values given, never an average that nobody measured.
 * Any order of the same values gives the same answer.
 * @throws {InvariantError} on no values, a value that is not finite, or q outside 0..1.
 */
export function quantile(values: readonly number[], q: number): number {
  invariant(q >= 0 && q <= 1, `a quantile's level is 0..1, got ${q}`)
  const sorted = sortedFinite(values)
  return at(sorted, Math.max(0, Math.ceil(q * sorted.length) - 1))
}

/**
 * The median: the middle value, or the mean of the two in the middle.
 * @throws {InvariantError} on no values or one that is not finite.
 */
export function median(values: readonly number[]): number {
  const sorted = sortedFinite(values)
  const upper = sorted.length >> 1
  return sorted.length % 2 === 1 ? at(sorted, upper) : (at(sorted, upper - 1) + at(sorted, upper)) / 2
}

/** The arithmetic mean, summed in the order given. @throws {InvariantError} on no values. */
export function mean(values: readonly number[]): number {
  invariant(values.length > 0, 'no mean of no values')
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function sortedFinite(values: readonly number[]): Float64Array {
  invariant(values.length > 0, 'no quantile of no values')
  const sorted = new Float64Array(values.length)
  for (const [index, value] of values.entries()) {
    invariant(Number.isFinite(value), 'a quantile needs finite values')
    sorted[index] = value
  }
  return sorted.sort()
}

function at(values: Float64Array, index: number): number {
  const value = values[index]
  invariant(value !== undefined, `index ${index} of ${values.length}`)
  return value
}
