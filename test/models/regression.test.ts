import { describe, expect, test } from 'vitest'
import { solveNonNegative } from '../../models/training/non-negative.ts'
import { fitDeviation, fitQuantile, type Rows } from '../../models/training/regression.ts'
import { assetWeights, weightedMean, weightedQuantile } from '../../models/training/weighted.ts'

function generator(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 0) / 2 ** 32
  }
}

/** y = u·(2·x₁ + 0·x₂), u uniform on (0, 1): its q-quantile given x is 2·q·x₁. */
function uniformRows(count: number): Rows {
  const next = generator(11)
  const x = new Float64Array(count * 2)
  const y = new Float64Array(count)
  for (let row = 0; row < count; row++) {
    const first = 0.5 + next()
    x.set([first, 0.5 + next()], row * 2)
    y[row] = next() * 2 * first
  }
  return { width: 2, x, y, weight: new Float64Array(count).fill(1) }
}

describe('regressions', () => {
  test('quantile regression finds the coefficients that made the data', () => {
    const beta = fitQuantile(uniformRows(20_000), 0.9)
    expect(beta[0]).toBeCloseTo(1.8, 1)
    expect(beta[1]).toBeLessThan(0.05)
  })

  test('the share of rows at or below a fitted quantile is its level', () => {
    const rows = uniformRows(20_000)
    const [a = 0, b = 0] = fitQuantile(rows, 0.99)
    const below = rows.y.filter((y, row) => y <= a * (rows.x[row * 2] ?? 0) + b * (rows.x[row * 2 + 1] ?? 0)).length
    expect(below / rows.y.length).toBeGreaterThan(0.987)
    expect(below / rows.y.length).toBeLessThan(0.993)
  })

  test('no coefficient is negative, though the best free one would be', () => {
    const rows = uniformRows(2_000)
    const tilted = { ...rows, y: rows.y.map((y, row) => Math.max(0.01, y - (rows.x[row * 2 + 1] ?? 0))) }
    for (const beta of [fitQuantile(tilted, 0.5), fitDeviation(tilted)]) {
      expect(beta.every((each) => each >= 0)).toBe(true)
      expect(beta[1]).toBe(0)
    }
  })

  test('the deviation of one column is the root of the mean of squared ratios, as QLIKE’s minimum is', () => {
    const y = Float64Array.from([1, 2, 3, 5])
    const x = Float64Array.from([1, 1, 2, 2])
    const rows = { width: 1, x, y, weight: new Float64Array(4).fill(1) }
    expect(fitDeviation(rows)[0]).toBeCloseTo(Math.sqrt((1 + 4 + 9 / 4 + 25 / 4) / 4), 8)
  })

  test('the same rows give the same bits', () => {
    expect(fitQuantile(uniformRows(3_000), 0.95)).toEqual(fitQuantile(uniformRows(3_000), 0.95))
  })

  test('a solved system with positive answers is the plain solution', () => {
    const beta = solveNonNegative(Float64Array.from([2, 1, 1, 3]), Float64Array.from([4, 7]), [0, 0])
    expect(beta[0]).toBeCloseTo(1, 9)
    expect(beta[1]).toBeCloseTo(2, 9)
  })

  test('rows that are no numbers stop the fit', () => {
    const rows = { width: 1, x: Float64Array.of(Number.NaN), y: Float64Array.of(1), weight: Float64Array.of(1) }
    expect(() => fitDeviation(rows)).toThrow(/converge/)
  })
})

describe('weights', () => {
  test('each asset weighs one in all', () => {
    expect([...assetWeights([{ asset: 'a' }, { asset: 'b' }, { asset: 'a' }])]).toEqual([0.5, 1, 0.5])
  })

  test('a weighted quantile counts weights and not rows', () => {
    const values = Float64Array.from([3, 1, 2])
    expect(weightedQuantile(values, Float64Array.from([1, 1, 8]), 0.5)).toBe(2)
    expect(weightedQuantile(values, Float64Array.from([8, 1, 1]), 0.5)).toBe(3)
    expect(weightedMean(values, Float64Array.from([1, 3, 5]), (index) => index < 2)).toBe(1.5)
    expect(() => weightedMean(values, values, () => false)).toThrow(/needs a value/)
  })
})
