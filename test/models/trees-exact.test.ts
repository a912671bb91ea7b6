import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { binFeatures } from '../../models/training/trees/bins.ts'
import { predictTreesBatch } from '../../models/training/trees/ensemble.ts'
import { selectQuantile, snapToGrid } from '../../models/training/trees/exact.ts'
import { fitTrees } from '../../models/training/trees/fit.ts'
import { sampleOf, uniforms } from '../../models/training/trees/random.ts'
import { weightedQuantile } from '../../models/training/weighted.ts'
import { fitOf } from './trees-samples.ts'

type Row = { readonly x: readonly number[]; readonly y: number; readonly weight: number }
type Cut = { readonly gain: number; readonly left: Row[]; readonly right: Row[] }

const sum = (rows: readonly Row[], of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0)

/** The best cut over every value of every feature, each looked at anew: what histograms have to find. */
function bestCut(rows: readonly Row[], l2: number): Cut | undefined {
  const score = (part: readonly Row[]): number =>
    sum(part, ({ y, weight }) => y * weight) ** 2 / (sum(part, ({ weight }) => weight) + l2)
  let best: Cut | undefined
  for (const [feature] of (rows[0]?.x ?? []).entries()) {
    for (const { x } of rows) {
      const left = rows.filter((row) => (row.x[feature] ?? 0) <= (x[feature] ?? 0))
      const right = rows.filter((row) => !left.includes(row))
      if (right.length === 0) continue
      const gain = score(left) + score(right) - score(rows)
      if (gain > 1e-12 * score(rows) && gain > (best?.gain ?? 0)) best = { gain, left, right }
    }
  }
  return best
}

/** Leaves of the greedy tree: the leaf first that gains most. */
function greedyLeaves(rows: readonly Row[], leaves: number, l2: number): (readonly Row[])[] {
  let open: (readonly Row[])[] = [rows]
  while (open.length < leaves) {
    const cuts = open.map((part) => ({ part, cut: bestCut(part, l2) }))
    const most = cuts.reduce((best, each) => ((each.cut?.gain ?? 0) > (best.cut?.gain ?? 0) ? each : best))
    if (most.cut === undefined) break
    open = [...open.filter((part) => part !== most.part), most.cut.left, most.cut.right]
  }
  return open
}

test('a tree from histograms is the tree from trying every cut', () => {
  const feature = fc.tuple(
    fc.integer({ min: 0, max: 6 }),
    fc.integer({ min: -3, max: 3 }),
    fc.integer({ min: 0, max: 1 }),
  )
  const features = fc.array(feature, { minLength: 2, maxLength: 24 })
  const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 })
  fc.assert(
    fc.property(features, seed, fc.integer({ min: 2, max: 7 }), (places, from, leaves) => {
      // No round numbers: of two cuts that gain the same, either would be right.
      const uniform = uniforms(from)
      const drawn = places.map((x): Row => ({ x, y: uniform() * 20 - 10, weight: 1 + Math.floor(uniform() * 4) }))
      const total = sum(drawn, ({ weight }) => weight)
      const mean = sum(drawn, ({ y, weight }) => y * weight) / total
      // As the fit sees them: residuals, and weights of mean 1.
      const rows = drawn.map((each) => ({ ...each, y: each.y - mean, weight: (each.weight * drawn.length) / total }))
      const expected = new Map<Row, number>()
      for (const leaf of greedyLeaves(rows, leaves, 0.5)) {
        const value = sum(leaf, ({ y, weight }) => y * weight) / (sum(leaf, ({ weight }) => weight) + 0.5)
        for (const each of leaf) expected.set(each, mean + value)
      }
      const x = Float64Array.from(drawn.flatMap((each) => each.x))
      const y = Float64Array.from(drawn, (each) => each.y)
      const weight = Float64Array.from(drawn, (each) => each.weight)
      const fitted = predictTreesBatch(fitTrees(fitOf({ x, y, weight }, { leaves, l2: 0.5 })), x)
      for (const [index, each] of rows.entries()) expect(fitted[index]).toBeCloseTo(expected.get(each) ?? Number.NaN, 5)
    }),
    { numRuns: 300, seed: 17 },
  )
})

describe('bins', () => {
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 60 })
  const binned = (x: Float64Array, binsMax: number, weight = new Float64Array(x.length).fill(1)) =>
    binFeatures({ x, width: 1, weight, binsMax })

  test('part exactly what their thresholds part, and every value where there are bins enough', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 80 }), (drawn, binsMax) => {
        const { bins, edges } = binned(Float64Array.from(drawn), binsMax)
        const [thresholds = new Float64Array()] = edges
        expect(thresholds.length).toBeLessThan(binsMax)
        for (const [row, value] of drawn.entries()) {
          for (const [bin, threshold] of thresholds.entries()) expect((bins[row] ?? 0) <= bin).toBe(value <= threshold)
        }
        const distinct = new Set(drawn.map((each) => each + 0)).size
        if (distinct <= binsMax) expect(new Set(bins).size).toBe(distinct)
      }),
      { numRuns: 300, seed: 5 },
    )
  })

  test('hold like weights, whatever the values between them', () => {
    const x = Float64Array.from({ length: 10_000 }, (_, row) => row * row)
    const weight = Float64Array.from(x, (_, row) => 1 + (row % 5))
    const { bins } = binned(x, 20, weight)
    const held = new Float64Array(20)
    for (const [row, bin] of bins.entries()) held[bin] = (held[bin] ?? 0) + (weight[row] ?? 0)
    expect(Math.max(...held) / Math.min(...held)).toBeLessThan(1.02)
  })
})

test('a selected quantile is the sorted one', () => {
  const pair = fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 1, max: 9 }))
  const level = fc.double({ min: 0.01, max: 0.99, noNaN: true })
  fc.assert(
    fc.property(fc.array(pair, { minLength: 1, maxLength: 50 }), level, (drawn, share) => {
      const values = Float64Array.from(drawn, ([value]) => value)
      const weights = Float64Array.from(drawn, ([, weight]) => weight)
      const sorted = weightedQuantile(values, weights, share)
      expect(selectQuantile(values.slice(), weights.slice(), drawn.length, share)).toBe(sorted)
    }),
    { numRuns: 500, seed: 3 },
  )
})

test('values on the grid are near what they were, and add up to the same bits in any order', () => {
  const number = fc.double({ min: -1e6, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 80 }), (drawn) => {
      const snapped = Float64Array.from(drawn)
      snapToGrid(snapped)
      const size = drawn.reduce((total, each) => total + Math.abs(each), 0)
      for (const [index, value] of drawn.entries()) {
        expect(Math.abs(value - (snapped[index] ?? Number.NaN))).toBeLessThanOrEqual(size / 2 ** 50 + 2 ** -1000)
      }
      const add = (values: Float64Array): number => values.reduce((total, each) => total + each, 0)
      expect(add(snapped.toSorted())).toBe(add(snapped))
      expect(add(snapped.toReversed())).toBe(add(snapped))
    }),
    { numRuns: 300, seed: 8 },
  )
})

test('a sample has the share that was asked for, rising and without repetition, and no place is favoured', () => {
  const uniform = uniforms(4)
  const times = new Float64Array(20)
  for (let round = 0; round < 4_000; round++) {
    const sample = sampleOf(20, 0.3, uniform)
    expect([...new Set(sample)]).toEqual([...sample.toSorted()])
    expect(sample.length).toBe(6)
    for (const index of sample) times[index] = (times[index] ?? 0) + 1
  }
  // Five deviations of a binomial count.
  for (const each of times) expect(Math.abs(each - 1_200)).toBeLessThan(5 * Math.sqrt(4_000 * 0.3 * 0.7))
})
