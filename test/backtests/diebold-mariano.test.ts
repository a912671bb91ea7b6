import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dieboldMariano, longRunVariance, pooledDieboldMariano } from '../../backtests/metrics/diebold-mariano.ts'
import { seededRandom } from '../../data/synthetic/random.ts'

const SEED = 20_240_808

function noise(name: string, days: number, drift = 0): number[] {
  const random = seededRandom(name)
  return Array.from({ length: days }, () => random.normal() + drift)
}

describe('Diebold and Mariano', () => {
  test('the better forecast first gives a negative statistic, and the other way round the same with the sign turned', () => {
    const differences = noise('better', 500, -0.3)
    const ours = dieboldMariano(differences)
    expect(ours.statistic).toBeLessThan(-3)
    expect(ours.pValue).toBeLessThan(0.001)
    const turned = dieboldMariano(differences.map((difference) => -difference))
    expect(turned.statistic).toBe(-ours.statistic)
    expect(turned.pValue).toBe(ours.pValue)
  })

  test('of forecasts that are equally good about one in twenty is told apart at 5 %', () => {
    const runs = Array.from({ length: 400 }, (_, run) => dieboldMariano(noise(`equal ${run}`, 200)).pValue < 0.05)
    const share = runs.filter(Boolean).length / runs.length
    expect(share).toBeGreaterThan(0.02)
    expect(share).toBeLessThan(0.09)
  })

  test('days that hang together make the test careful', () => {
    let carried = 0
    const persistent = noise('persistent', 1_000).map((shock) => {
      carried = 0.8 * carried + shock
      return carried
    })
    const careless = dieboldMariano(persistent, { lagDays: 0 })
    expect(dieboldMariano(persistent).standardError).toBeGreaterThan(1.7 * careless.standardError)
  })

  test('the unit of the loss does not matter, and the variance is never negative', () => {
    const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 9, maxLength: 40 })
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 8 }), (differences, lagDays) => {
        expect(longRunVariance(differences, lagDays)).toBeGreaterThanOrEqual(-1e-9)
        fc.pre(new Set(differences).size > 1)
        const { statistic, pValue } = dieboldMariano(differences, { lagDays })
        const scaled = dieboldMariano(
          differences.map((difference) => difference * 8),
          { lagDays },
        )
        expect(scaled.statistic).toBe(statistic)
        expect(pValue).toBeGreaterThanOrEqual(0)
        expect(pValue).toBeLessThanOrEqual(1)
      }),
      { seed: SEED },
    )
  })

  test('the lag is the whole cube root of the days unless told', () => {
    for (const [days, lagDays] of [
      [26, 2],
      [27, 3],
      [63, 3],
      [64, 4],
      [1_000, 10],
    ] as const)
      expect(dieboldMariano(noise('lag', days)).lagDays).toBe(lagDays)
  })

  test('the small-sample correction makes a few days count for less', () => {
    const differences = noise('few', 20, -0.5)
    const plain = dieboldMariano(differences)
    const corrected = dieboldMariano(differences, { smallSample: true })
    expect(corrected.pValue).toBeGreaterThan(plain.pValue)
    expect(Math.abs(corrected.statistic)).toBeLessThan(Math.abs(plain.statistic))
  })

  test('forecasts that never differ are equal, those that always differ by the same are refused, and so is a NaN', () => {
    expect(dieboldMariano([0, 0, 0, 0])).toMatchObject({ statistic: 0, pValue: 1 })
    expect(() => dieboldMariano(new Array(10).fill(0.1))).toThrow(/on each of 10 days/)
    expect(() => dieboldMariano([1, Number.NaN, 2])).toThrow(/got NaN at 1/)
    expect(() => dieboldMariano([1])).toThrow(/two days/)
    expect(() => dieboldMariano([1, 2, 3], { lagDays: 3 })).toThrow(/below the 3 days, got 3/)
  })
})

describe('Diebold and Mariano over a panel', () => {
  const common = noise('common', 300, -0.05)
  const panel = common.flatMap((difference, time) => Array.from({ length: 20 }, () => ({ time, difference })))

  test('twenty assets that move as one tell no more than one', () => {
    const one = dieboldMariano(common)
    const pooled = pooledDieboldMariano(panel)
    expect(pooled.days).toBe(300)
    expect(pooled.statistic).toBeCloseTo(one.statistic, 9)
  })

  test('days are taken by their time, whatever the order of the rows, and each weighs the same', () => {
    const rows = [
      { time: 3, difference: 9 },
      { time: 1, difference: 1 },
      { time: 2, difference: 4 },
      { time: 1, difference: 3 },
      { time: 1, difference: 5 },
    ]
    expect(pooledDieboldMariano(rows, { lagDays: 1 })).toEqual(dieboldMariano([3, 4, 9], { lagDays: 1 }))
    expect(() => pooledDieboldMariano([{ time: Number.NaN, difference: 1 }])).toThrow(/times of a panel/)
  })
})
