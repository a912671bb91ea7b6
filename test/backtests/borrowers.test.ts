import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BorrowersConfig, makeBorrowers, type UseDistribution } from '../../backtests/lending/borrowers.ts'

const CONFIG: BorrowersConfig = {
  count: 20_000,
  totalCollateral: 1_000_000,
  use: { distribution: 'beta', mean: 0.6, concentration: 8 },
  seed: 1,
}

/** Of four borrowers, by this code: what another machine must give. */
const GOLDEN = {
  collateral: [204079.42885692086, 122273.62226197458, 97092.02546015028, 576554.9234209544],
  use: [0.5418306413276895, 0.853955809697227, 0.6299101552185116, 0.7699347467680995],
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0)
const mean = (values: Float64Array): number => sum(values) / values.length
function variance(values: Float64Array): number {
  const middle = mean(values)
  return mean(values.map((value) => (value - middle) ** 2))
}
const sorted = (values: Float64Array): Float64Array => values.toSorted()

describe('borrowers', () => {
  test('of one seed are the same to the bit, on any machine, and of another seed others', () => {
    const { collateral, use } = makeBorrowers({ ...CONFIG, count: 4 })
    expect([...collateral]).toEqual(GOLDEN.collateral)
    expect([...use]).toEqual(GOLDEN.use)
    const other = makeBorrowers({ ...CONFIG, count: 4, seed: 2 })
    expect([...other.collateral]).not.toEqual([...collateral])
    expect([...other.use]).not.toEqual([...use])
  })

  test('bring the total together, and owe what follows from their use', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 1e-3, max: 1e12, noNaN: true }),
        fc.double({ min: 0.1, max: 50, noNaN: true }),
        fc.integer(),
        (count, totalCollateral, sizeTail, seed) => {
          const { collateral, use, debt } = makeBorrowers({ ...CONFIG, count, totalCollateral, sizeTail, seed })
          expect([collateral.length, use.length, debt.length]).toEqual([count, count, count])
          expect(sum(collateral) / totalCollateral).toBeCloseTo(1, 10)
          expect(collateral.every((size) => size >= 0 && Number.isFinite(size))).toBe(true)
          expect(use.every((each) => each >= 0 && each <= 1)).toBe(true)
          expect(debt.every(Number.isNaN)).toBe(true)
        },
      ),
      { seed: 31, numRuns: 200 },
    )
  })

  test('have the sizes of Pareto’s law: quantiles, and with the usual tail a few have most', () => {
    const tail = 3
    const sizes = sorted(makeBorrowers({ ...CONFIG, sizeTail: tail }).collateral)
    const ratio = (share: number): number => (sizes[Math.floor(share * sizes.length)] ?? 0) / (sizes[0] ?? 0)
    // The p-quantile over the least is (1 − p)^(−1/α).
    for (const share of [0.25, 0.5, 0.75, 0.9, 0.99]) {
      expect(ratio(share) / (1 - share) ** (-1 / tail), String(share)).toBeCloseTo(1, 1)
    }
    const shares = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => {
      const usual = sorted(makeBorrowers({ ...CONFIG, seed }).collateral)
      return sum(usual.subarray(0.8 * usual.length)) / sum(usual)
    })
    for (const share of shares) expect(share).toBeGreaterThan(0.7)
    expect(Math.max(...shares)).toBeLessThan(0.95)
  })

  test('of a range are no further apart than it, and nearly as far where there are many', () => {
    const { collateral } = makeBorrowers({ ...CONFIG, sizeRange: 50 })
    const sizes = sorted(collateral)
    const apart = (sizes.at(-1) ?? 0) / (sizes[0] ?? 0)
    expect(apart).toBeLessThanOrEqual(50 * (1 + 1e-12))
    expect(apart).toBeGreaterThan(40)
    expect(sum(collateral)).toBeCloseTo(1_000_000, 4)
    const equal = makeBorrowers({ ...CONFIG, count: 8, sizeRange: 1 })
    expect(new Set(equal.collateral)).toEqual(new Set([125_000]))
  })

  test.each([
    [0.6, 8],
    [0.05, 40],
    [0.9, 1],
    [0.5, 0.2],
    [0.35, 2.5],
  ])('of a beta of mean %d and concentration %d have its mean, variance and a third moment', (m, concentration) => {
    const { use } = makeBorrowers({ ...CONFIG, use: { distribution: 'beta', mean: m, concentration } })
    const spread = (m * (1 - m)) / (concentration + 1)
    // Five standard errors of a mean of 20 000; of a variance, by the widest that a ratio can have.
    expect(Math.abs(mean(use) - m)).toBeLessThan(5 * Math.sqrt(spread / CONFIG.count))
    expect(Math.abs(variance(use) - spread)).toBeLessThan((5 * 0.5 * Math.sqrt(spread)) / Math.sqrt(CONFIG.count))
    const [a, k] = [m * concentration, concentration]
    const third = (a * (a + 1) * (a + 2)) / (k * (k + 1) * (k + 2))
    const sixth = (third * (a + 3) * (a + 4) * (a + 5)) / ((k + 3) * (k + 4) * (k + 5))
    const error = Math.sqrt((sixth - third * third) / CONFIG.count)
    expect(Math.abs(mean(use.map((each) => each ** 3)) - third)).toBeLessThan(5 * error)
  })

  test('of a uniform lie evenly within it, and fixed ones are where they are fixed', () => {
    const { use } = makeBorrowers({ ...CONFIG, use: { distribution: 'uniform', from: 0.2, to: 0.8 } })
    expect(use.every((each) => each >= 0.2 && each < 0.8)).toBe(true)
    expect(mean(use)).toBeCloseTo(0.5, 2)
    expect(variance(use)).toBeCloseTo(0.03, 2)
    const fixed = makeBorrowers({ ...CONFIG, count: 50, use: { distribution: 'fixed', value: 0.7 } })
    expect(new Set(fixed.use)).toEqual(new Set([0.7]))
  })

  test('loopers are as many as they should be, and change nobody else', () => {
    const plain = makeBorrowers(CONFIG)
    const { use, collateral } = makeBorrowers({ ...CONFIG, loopers: { share: 0.1, use: 0.98 } })
    const loopers = use.filter((each) => each === 0.98).length
    expect(Math.abs(loopers - 2_000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.1 * 0.9))
    expect([...collateral]).toEqual([...plain.collateral])
    expect(use.every((each, index) => each === 0.98 || each === plain.use[index])).toBe(true)
    const all = makeBorrowers({ ...CONFIG, count: 100, loopers: { share: 1, use: 0.9 } })
    expect(new Set(all.use)).toEqual(new Set([0.9]))
  })

  test('another use leaves the sizes as they are', () => {
    const fixed = makeBorrowers({ ...CONFIG, use: { distribution: 'fixed', value: 0.5 } })
    expect([...fixed.collateral]).toEqual([...makeBorrowers(CONFIG).collateral])
  })

  const beta = (mean: number, concentration: number): UseDistribution => ({ distribution: 'beta', mean, concentration })
  test.each<[string, Partial<BorrowersConfig>, RegExp]>([
    ['none', { count: 0 }, /borrowers.count must be whole, 1 to 10000000, got 0/],
    ['half a one', { count: 1.5 }, /borrowers.count .* got 1.5/],
    ['no collateral', { totalCollateral: 0 }, /borrowers.totalCollateral must be above 0, got 0/],
    ['endless collateral', { totalCollateral: Number.POSITIVE_INFINITY }, /got Infinity/],
    ['no tail', { sizeTail: Number.NaN }, /borrowers.sizeTail must be 0.1 to 1000, got NaN/],
    ['a range below one', { sizeRange: 0.9 }, /borrowers.sizeRange must be at least 1, got 0.9/],
    ['a mean of all', { use: beta(1, 2) }, /borrowers.use.mean must be between 0 and 1, got 1/],
    ['no concentration', { use: beta(0.5, 0) }, /borrowers.use.concentration .* got 0/],
    ['use of more than all', { use: { distribution: 'fixed', value: 1.1 } }, /borrowers.use.value .* got 1.1/],
    [
      'a uniform upside down',
      { use: { distribution: 'uniform', from: 0.5, to: 0.4 } },
      /at least use.from, 0.5, got 0.4/,
    ],
    ['too many loopers', { loopers: { share: 2, use: 0.9 } }, /borrowers.loopers.share must be 0 to 1, got 2/],
    ['a broken seed', { seed: 0.1 }, /borrowers.seed must be a whole number, got 0.1/],
  ])('%s are refused, naming the field', (_, change, message) => {
    expect(() => makeBorrowers({ ...CONFIG, ...change })).toThrow(message)
    expect(() => makeBorrowers({ ...CONFIG, ...change })).toThrow(RangeError)
  })
})
