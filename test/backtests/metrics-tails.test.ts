import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blockBootstrap } from '../../backtests/metrics/bootstrap.ts'
import { christoffersen, conditionalCoverage, kupiec } from '../../backtests/metrics/coverage.ts'
import { erfc, studentTwoSided } from '../../backtests/metrics/distributions.ts'
import { murphyCurve } from '../../backtests/metrics/murphy.ts'
import { qlike } from '../../backtests/metrics/qlike.ts'
import {
  acerbiSzekely,
  acerbiSzekelyPValue,
  acerbiSzekelySeverity,
  fzLoss,
  pinballLoss,
} from '../../backtests/metrics/shortfall.ts'
import { seededRandom } from '../../data/synthetic/random.ts'
import { mean } from '../../oracle-node/core/stats.ts'

describe('conditional coverage', () => {
  test('it is the sum of independence and of coverage over the days after the first', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 2, maxLength: 200 }), (exceeded) => {
        const later = exceeded.slice(1)
        const exceedances = later.filter(Boolean).length
        const share = kupiec({ days: later.length, exceedances, expectedShare: 0.1 })
        const both = conditionalCoverage(exceeded, 0.1)
        expect(both.statistic).toBeCloseTo(christoffersen(exceeded).statistic + share.statistic, 8)
        expect(both.pValue).toBeGreaterThanOrEqual(0)
        expect(both.pValue).toBeLessThanOrEqual(1)
      }),
      { seed: 7 },
    )
  })

  test('days without an exceedance, and one on the last day alone, say nothing of independence', () => {
    const calm = new Array<boolean>(300).fill(false)
    expect(christoffersen(calm)).toEqual({ statistic: 0, pValue: 1 })
    expect(christoffersen([...calm, true])).toEqual({ statistic: 0, pValue: 1 })
    expect(conditionalCoverage(calm, 0.01).statistic).toBe(
      kupiec({ days: 299, exceedances: 0, expectedShare: 0.01 }).statistic,
    )
  })

  test('as many exceedances as promised are still told apart when they come in a row', () => {
    const exceeded = Array.from({ length: 500 }, (_, day) => day >= 100 && day < 105)
    expect(kupiec({ days: 500, exceedances: 5, expectedShare: 0.01 }).pValue).toBeGreaterThan(0.9)
    expect(conditionalCoverage(exceeded, 0.01).pValue).toBeLessThan(0.001)
  })
})

describe('Acerbi and Székely', () => {
  const calm = { loss: 0, valueAtRisk: 1, expectedShortfall: 2 }
  /** Losses as the forecasts say, with an exponential tail, times a factor. */
  const drawn = (name: string, factor: number) => {
    const random = seededRandom(name)
    return Array.from({ length: 250 }, () => {
      const beyond = random.uniform() < 0.05
      return { ...calm, loss: beyond ? (1 - Math.log(1 - random.uniform())) * factor : 0 }
    })
  }

  test('the first statistic looks at how bad days were, not at their number, and says nothing without one', () => {
    const worst = { ...calm, loss: 2 }
    expect(acerbiSzekelySeverity([calm, worst])).toBe(0)
    expect(acerbiSzekelySeverity(new Array(50).fill(worst))).toBe(0)
    expect(acerbiSzekelySeverity([calm, { ...calm, loss: 3 }])).toBe(-0.5)
    expect(acerbiSzekelySeverity([calm])).toBeUndefined()
  })

  test('p is small by chance alone as often as it says, and often when risk was understated', () => {
    const small = (factor: number): number => {
      const found = Array.from({ length: 100 }, (_, run) =>
        acerbiSzekelyPValue({ forecasts: drawn(`p ${run}`, factor), level: 0.95, tailShape: 0, draws: 200, seed: run }),
      )
      return found.filter((p) => p < 0.1).length
    }
    expect(small(1)).toBeGreaterThan(3)
    expect(small(1)).toBeLessThan(20)
    expect(small(2)).toBeGreaterThan(60)
  })

  test('a heavier tail is slower to blame', () => {
    const of = (tailShape: number): number =>
      acerbiSzekelyPValue({ forecasts: drawn('heavy', 1.7), level: 0.95, tailShape, draws: 2_000, seed: 1 })
    expect(of(0.5)).toBeGreaterThan(of(0))
  })
})

describe('the Murphy diagram', () => {
  test('its area is the mean pinball loss', () => {
    const values = fc.array(fc.tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 99 })), {
      minLength: 1,
      maxLength: 30,
    })
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 0.9, 0.99), (pairs, level) => {
        // Outcomes and quantiles are whole, so the curve is constant between whole thresholds.
        const curve = murphyCurve({
          outcomes: pairs.map(([outcome]) => outcome),
          quantiles: pairs.map(([, quantile]) => quantile),
          level,
          thresholds: Array.from({ length: 100 }, (_, threshold) => threshold),
        })
        const losses = pairs.map(([outcome, quantile]) => pinballLoss({ outcome, quantile, level }))
        expect(curve.reduce((sum, each) => sum + each, 0)).toBeCloseTo(mean(losses), 9)
      }),
      { seed: 8 },
    )
  })

  test('lists of different lengths and a NaN are refused', () => {
    const given = { outcomes: [1], quantiles: [1], level: 0.9, thresholds: [0] }
    expect(() => murphyCurve({ ...given, quantiles: [] })).toThrow(/1 outcomes but 0 quantiles/)
    expect(() => murphyCurve({ ...given, thresholds: [Number.NaN] })).toThrow(/NaN at 0/)
  })
})

describe('what is not a number', () => {
  test('is refused by every metric', () => {
    const bad = { loss: Number.NaN, valueAtRisk: 1, expectedShortfall: 2 }
    expect(() => acerbiSzekely([bad], 0.99)).toThrow(/NaN at 0/)
    expect(() => acerbiSzekelySeverity([bad])).toThrow(/NaN at 0/)
    expect(() => fzLoss({ ...bad, loss: 1, expectedShortfall: 0 }, 0.99)).toThrow(/positive, got 0/)
    expect(() => pinballLoss({ outcome: 1, quantile: Number.POSITIVE_INFINITY, level: 0.9 })).toThrow(/Infinity at 1/)
    expect(() => qlike({ realizedVariance: Number.POSITIVE_INFINITY, forecastVariance: 1 })).toThrow(/positive/)
    const nothing = { days: 5, blockDays: 2, draws: 3, seed: 1, statistic: () => Number.NaN }
    expect(() => blockBootstrap(nothing)).toThrow(/bootstrapped statistic.* NaN/)
  })
})

describe('tail probabilities', () => {
  test('the series and the fraction of erfc meet, and its halves add up to two', () => {
    expect(erfc(2) / erfc(2 - 2 ** -50)).toBeCloseTo(1, 12)
    fc.assert(
      fc.property(fc.double({ min: 0, max: 30, noNaN: true }), (x) => {
        expect(erfc(x) + erfc(-x)).toBe(2)
        expect(erfc(x)).toBeGreaterThanOrEqual(erfc(x + 0.01))
      }),
      { seed: 9 },
    )
    expect(erfc(40)).toBe(0)
  })

  test('Student’s t falls with the distance from zero, for one degree as arctan says', () => {
    for (const t of [0, 1e-9, 0.5, 1, 3, 1e6, 1e200]) {
      expect(studentTwoSided(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(t), 12)
      expect(studentTwoSided(-t, 1)).toBe(studentTwoSided(t, 1))
    }
    expect(() => studentTwoSided(1, 0)).toThrow(/got 0/)
  })
})
