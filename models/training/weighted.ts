import { invariant } from '../../oracle-node/core/errors.ts'

/** One weight a sample, so that every asset weighs one in all. */
export function assetWeights(samples: readonly { readonly asset: string }[]): Float64Array {
  const counts = new Map<string, number>()
  for (const { asset } of samples) counts.set(asset, (counts.get(asset) ?? 0) + 1)
  return Float64Array.from(samples, ({ asset }) => 1 / (counts.get(asset) ?? Number.NaN))
}

/** The least value up to which at least `level` of the weight lies. */
export function weightedQuantile(values: Float64Array, weights: Float64Array, level: number): number {
  return weightedQuantiles(values, weights, [level])[0] ?? Number.NaN
}

/** The quantiles of several levels, sorted once. */
export function weightedQuantiles(values: Float64Array, weights: Float64Array, levels: readonly number[]): number[] {
  invariant(
    values.length > 0 && values.length === weights.length,
    'a weighted quantile needs values with a weight each',
  )
  const order = ascending(values)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return levels.map((level) => {
    const enough = level * total
    let below = 0
    for (let place = 0; place < order.length; place++) {
      const index = order[place] ?? 0
      below += weights[index] ?? 0
      if (below >= enough) return values[index] ?? Number.NaN
    }
    return values[order.at(-1) ?? 0] ?? Number.NaN
  })
}

const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS
/** Of a 32-bit half: the last digit has ten bits. */
const HALF_SHIFTS = [0, DIGIT_BITS, 2 * DIGIT_BITS]

/**
 * The places of the values in ascending order, equal ones as they come: a radix sort over the bits of the numbers, several times as fast as
 * sorting by comparison.
 */
export function ascending(values: Float64Array): Uint32Array {
  let order = new Uint32Array(values.length)
  for (let index = 0; index < order.length; index++) order[index] = index
  let spare = new Uint32Array(values.length)
  for (const half of sortableHalves(values)) {
    for (const shift of HALF_SHIFTS) {
      sortByDigit(half, shift, order, spare)
      ;[order, spare] = [spare, order]
    }
  }
  return order
}

/** Puts the places of `from` into `to` in the order of one digit of their words, equal digits as they come. */
function sortByDigit(words: Uint32Array, shift: number, from: Uint32Array, to: Uint32Array): void {
  const next = new Uint32Array(DIGITS)
  for (let index = 0; index < words.length; index++) {
    const digit = ((words[index] ?? 0) >>> shift) & (DIGITS - 1)
    next[digit] = (next[digit] ?? 0) + 1
  }
  let before = 0
  for (let digit = 0; digit < DIGITS; digit++) {
    const size = next[digit] ?? 0
    next[digit] = before
    before += size
  }
  for (let place = 0; place < from.length; place++) {
    const index = from[place] ?? 0
    const digit = ((words[index] ?? 0) >>> shift) & (DIGITS - 1)
    const target = next[digit] ?? 0
    to[target] = index
    next[digit] = target + 1
  }
}

/** Where a number's upper word is among its two, which depends on the machine. */
const UPPER = new Uint32Array(Float64Array.of(-0).buffer)[0] === 0 ? 1 : 0

/**
 * The lower and upper words of each number's bits, changed so that they are in order as whole numbers: of a negative one every bit is turned, of
 * others the sign alone. −0 becomes 0 first.
 */
function sortableHalves(values: Float64Array): [low: Uint32Array, high: Uint32Array] {
  const low = new Uint32Array(values.length)
  const high = new Uint32Array(values.length)
  const words = new Uint32Array(values.map((value) => value + 0).buffer)
  for (let index = 0; index < values.length; index++) {
    const upper = words[2 * index + UPPER] ?? 0
    const turned = upper >>> 31 === 1 ? 0xffff_ffff : 0
    high[index] = upper ^ (turned | 0x8000_0000)
    low[index] = (words[2 * index + 1 - UPPER] ?? 0) ^ turned
  }
  return [low, high]
}

/** The weighted mean of the values that are chosen. @throws {InvariantError} when none is. */
export function weightedMean(values: Float64Array, weights: Float64Array, chosen: (index: number) => boolean): number {
  let sum = 0
  let total = 0
  for (const [index, value] of values.entries()) {
    if (!chosen(index)) continue
    sum += value * (weights[index] ?? Number.NaN)
    total += weights[index] ?? Number.NaN
  }
  invariant(total > 0, 'a weighted mean needs a value')
  return sum / total
}
