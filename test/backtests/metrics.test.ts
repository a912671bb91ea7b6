import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blockBootstrap } from '../../backtests/metrics/bootstrap.ts'
import { christoffersen, kupiec } from '../../backtests/metrics/coverage.ts'
import { qlike } from '../../backtests/metrics/qlike.ts'
import { acerbiSzekely, fzLoss, pinballLoss } from '../../backtests/metrics/shortfall.ts'
import { mean } from '../../oracle-node/core/stats.ts'

describe('metrics', () => {
  test('QLIKE is zero for a perfect forecast and worse for one too low than for one as much too high', () => {
    const of = (realizedVariance: number, forecastVariance: number): number =>
      qlike({ realizedVariance, forecastVariance })
    expect(of(4, 4)).toBe(0)
    expect(of(4, 2)).toBeGreaterThan(of(4, 8))
    expect(() => of(0, 1)).toThrow(/positive/)
  })

  // LR = 2·[240·ln(240/250 / .99) + 10·ln(10/250 / .01)]; χ²(1) beyond 6.635 has a p below 1 %.
  test('Kupiec’s ratio is its formula, and ten of 250 days beyond a 99 % quantile are too many', () => {
    const { statistic, pValue } = kupiec({ days: 250, exceedances: 10, expectedShare: 0.01 })
    expect(statistic).toBeCloseTo(2 * (240 * Math.log(0.96 / 0.99) + 10 * Math.log(4)), 9)
    expect(pValue).toBeLessThan(0.01)
  })

  test('a share that is as promised has p = 1, and a known point of χ² its p', () => {
    expect(kupiec({ days: 1_000, exceedances: 10, expectedShare: 0.01 }).pValue).toBeCloseTo(1, 5)
    expect(kupiec({ days: 100, exceedances: 0, expectedShare: 0.01 }).pValue).toBeCloseTo(0.1562, 3)
  })

  test('exceedances that come in a row are not independent, those apart are', () => {
    const days = Array.from({ length: 400 }, (_, day) => day >= 200 && day < 208)
    const apart = Array.from({ length: 400 }, (_, day) => day % 50 === 0)
    expect(christoffersen(days).pValue).toBeLessThan(0.01)
    expect(christoffersen(apart).pValue).toBeGreaterThan(0.3)
    expect(() => christoffersen([true])).toThrow(/two days/)
  })

  test('Acerbi and Székely’s statistic is zero when losses beyond are as many and as large as forecast', () => {
    const calm = { loss: 0, valueAtRisk: 1, expectedShortfall: 2 }
    const right = [...new Array(99).fill(calm), { ...calm, loss: 2 }]
    expect(acerbiSzekely(right, 0.99)).toBeCloseTo(0, 9)
    expect(acerbiSzekely([...right.slice(1), { ...calm, loss: 6 }], 0.99)).toBeLessThan(-0.7)
  })

  test('the FZ0 loss of the true pair is the least', () => {
    const losses = Array.from({ length: 1_000 }, (_, index) => (index + 1) / 1_000)
    const of = (valueAtRisk: number, expectedShortfall: number): number =>
      mean(losses.map((loss) => fzLoss({ loss, valueAtRisk, expectedShortfall }, 0.9)))
    const best = of(0.9, 0.95)
    for (const [a, b] of [
      [0.8, 0.95],
      [0.97, 0.98],
      [0.9, 0.99],
      [0.9, 0.91],
    ] as const)
      expect(of(a, b)).toBeGreaterThan(best)
  })

  test('pinball loss weighs a miss above by the level, one below by the rest', () => {
    expect(pinballLoss({ outcome: 2, quantile: 1, level: 0.9 })).toBeCloseTo(0.9)
    expect(pinballLoss({ outcome: 0, quantile: 1, level: 0.9 })).toBeCloseTo(0.1)
  })

  test('a bootstrap interval holds the mean of plain data, is the same each time, and shrinks with more days', () => {
    const interval = (days: number) => {
      const statistic = (drawn: readonly number[]): number => mean(drawn.map((day) => (day * 7_919) % 101))
      return blockBootstrap({ days, blockDays: 5, draws: 400, seed: 1, statistic })
    }
    const { low, high } = interval(1_000)
    expect(low).toBeLessThan(50)
    expect(high).toBeGreaterThan(50)
    expect(interval(1_000)).toEqual({ low, high })
    expect(high - low).toBeLessThan(interval(100).high - interval(100).low)
  })

  test('p-values are probabilities whatever the counts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (days, share) => {
        const { pValue } = kupiec({ days, exceedances: Math.floor(days * share), expectedShare: 0.01 })
        expect(pValue).toBeGreaterThanOrEqual(0)
        expect(pValue).toBeLessThanOrEqual(1)
      }),
    )
  })
})
