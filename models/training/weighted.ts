import { invariant } from '../../oracle-node/core/errors.ts'

/** One weight a sample, so that every asset weighs one in all. */
export function assetWeights(samples: readonly { readonly asset: string }[]): Float64Array {
  const counts = new Map<string, number>()
  for (const { asset } of samples) counts.set(asset, (counts.get(asset) ?? 0) + 1)
  return Float64Array.from(samples, ({ asset }) => 1 / (counts.get(asset) ?? Number.NaN))
}

/** The least value up to which at least `level` of the weight lies. */
export function weightedQuantile(values: Float64Array, weights: Float64Array, level: number): number {
  invariant(
    values.length > 0 && values.length === weights.length,
    'a weighted quantile needs values with a weight each',
  )
  const order = [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let below = 0
  for (const index of order) {
    below += weights[index] ?? 0
    if (below >= level * total) return values[index] ?? Number.NaN
  }
  return values[order.at(-1) ?? 0] ?? Number.NaN
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
