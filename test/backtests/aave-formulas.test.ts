import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  closeFactor,
  compoundedInterest,
  healthFactor,
  linearInterest,
  liquidation,
  variableBorrowRate,
} from '../../backtests/lending/aave.ts'

const YEAR = 365 * 86_400
const CURVE = { optimalUtilisation: 0.8, base: 0, slope1: 0.038, slope2: 0.8 }

describe('interest', () => {
  // At a rate of 1 a second, (1 + 1)^n: the series has four terms, so that it is exact up to 3 and lacks the last of 2^4.
  test('compounds by four terms of the binomial series', () => {
    expect([0, 1, 2, 3, 4].map((seconds) => compoundedInterest(YEAR, seconds))).toEqual([1, 2, 4, 8, 15])
  })

  // n = 31 536 000, x = 0.1 / n: 1 + 0.1 + 0.005·(1 − 1/n) + 0.000 166 6…·(1 − 1/n)(1 − 2/n).
  test('of 10 % for a year is 10.516 66 % compounded and 10 % linear', () => {
    expect(compoundedInterest(0.1, YEAR)).toBeCloseTo(1.105_166_666_491, 11)
    expect(linearInterest(0.1, YEAR)).toBeCloseTo(1.1, 15)
    expect(linearInterest(0.1, YEAR / 4)).toBeCloseTo(1.025, 15)
  })

  test('compounded lies between linear and continuous, and grows with rate and time', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-4, max: 2, noNaN: true }),
        fc.integer({ min: 1, max: YEAR }),
        fc.integer({ min: 60, max: YEAR }),
        (rate, seconds, more) => {
          const factor = compoundedInterest(rate, seconds)
          expect(factor).toBeGreaterThanOrEqual(linearInterest(rate, seconds) - Number.EPSILON)
          expect(factor).toBeLessThanOrEqual(Math.exp((rate * seconds) / YEAR) * (1 + Number.EPSILON))
          expect(compoundedInterest(rate, seconds + more)).toBeGreaterThan(factor)
          expect(compoundedInterest(2 * rate, seconds + 60)).toBeGreaterThan(compoundedInterest(rate, seconds + 60))
        },
      ),
    )
  })
})

describe('the borrow rate', () => {
  test('is base and slopes at the points that define it', () => {
    const of = (utilisation: number): number => variableBorrowRate({ ...CURVE, base: 0.01 }, utilisation)
    expect(of(0)).toBe(0.01)
    expect(of(0.4)).toBeCloseTo(0.029, 15)
    expect(of(0.8)).toBeCloseTo(0.048, 15)
    expect(of(0.9)).toBeCloseTo(0.448, 15)
    expect(of(1)).toBeCloseTo(0.848, 15)
  })

  test('has one slope where the kink is at an end', () => {
    const straight = { base: 0.01, slope1: 0.02, slope2: 0.5 }
    expect(variableBorrowRate({ ...straight, optimalUtilisation: 1 }, 1)).toBe(0.03)
    expect(variableBorrowRate({ ...straight, optimalUtilisation: 0 }, 0)).toBe(0.01)
    expect(variableBorrowRate({ ...straight, optimalUtilisation: 0 }, 0.5)).toBeCloseTo(0.28, 15)
  })

  test('never falls as more is borrowed', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(share, share, share, (optimalUtilisation, a, b) => {
        const curve = { ...CURVE, optimalUtilisation: 0.01 + 0.98 * optimalUtilisation }
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        expect(variableBorrowRate(curve, high)).toBeGreaterThanOrEqual(variableBorrowRate(curve, low))
      }),
    )
  })
})

describe('health', () => {
  test('is collateral at its threshold over debt', () => {
    expect(healthFactor({ collateralUsd: 2_000, debtUsd: 1_000, liquidationThresholdBps: 8_000 })).toBe(1.6)
    expect(healthFactor({ collateralUsd: 0, debtUsd: 1, liquidationThresholdBps: 8_000 })).toBe(0)
    expect(healthFactor({ collateralUsd: 0, debtUsd: 0, liquidationThresholdBps: 8_000 })).toBe(Infinity)
  })

  test('lets half be closed above 0.95, all at it and below', () => {
    expect([0.999, 0.950_001, 0.95, 0.5, 0].map(closeFactor)).toEqual([0.5, 0.5, 1, 1, 1])
  })
})

describe('a liquidation', () => {
  /** 10 tokens against 900 units, a bonus of 5 % of which the protocol takes a tenth. */
  const POSITION = { collateral: 10, debt: 900, debtPriceUsd: 1, bonusBps: 500, protocolFeeBps: 1_000 }

  test('above 0.95 repays half and takes its value with the bonus', () => {
    const done = liquidation({ ...POSITION, collateralPriceUsd: 100, healthFactor: 0.98, debtToCover: Infinity })
    // 450 / 100 · 1.05, and a tenth of the 0.225 over 4.5.
    expect(done.debtCovered).toBe(450)
    expect(done.collateralSeized).toBeCloseTo(4.725, 12)
    expect(done.protocolFee).toBeCloseTo(0.0225, 12)
  })

  test('below it repays all, and less where less is offered', () => {
    const parts = { ...POSITION, collateralPriceUsd: 100, healthFactor: 0.94 }
    const all = liquidation({ ...parts, debtToCover: 900 })
    expect(all.debtCovered).toBe(900)
    expect(all.collateralSeized).toBeCloseTo(9.45, 12)
    expect(all.protocolFee).toBeCloseTo(0.045, 12)
    const third = liquidation({ ...parts, debtToCover: 300 })
    expect(third.debtCovered).toBe(300)
    expect(third.collateralSeized).toBeCloseTo(3.15, 12)
  })

  test('takes all there is where the collateral does not reach, and repays what that is worth', () => {
    const done = liquidation({ ...POSITION, collateralPriceUsd: 80, healthFactor: 0.7, debtToCover: Infinity })
    // 900 / 80 · 1.05 = 11.8125 of 10: 800 USD pay for 761.90, and the rest of the debt stays.
    expect(done.collateralSeized).toBe(10)
    expect(done.debtCovered).toBeCloseTo(761.904_761_9, 6)
    expect(done.protocolFee).toBeCloseTo(0.1 * (10 - 10 / 1.05), 12)
  })

  test('counts the debt at its own price', () => {
    const parts = { ...POSITION, collateralPriceUsd: 100, healthFactor: 0.9, debtToCover: 400, protocolFeeBps: 0 }
    const done = liquidation({ ...parts, debtPriceUsd: 0.5 })
    expect(done.collateralSeized).toBeCloseTo(2.1, 12)
    expect(done.protocolFee).toBe(0)
  })

  test('of a sound position is a bug of the caller', () => {
    const parts = { ...POSITION, collateralPriceUsd: 100, debtToCover: 1 }
    expect(() => liquidation({ ...parts, healthFactor: 1 })).toThrow(/cannot be liquidated/)
    expect(() => liquidation({ ...parts, healthFactor: Number.NaN })).toThrow(/NaN cannot be liquidated/)
  })

  test('never takes more than there is, and always pays exactly the bonus', () => {
    const positive = (max: number): fc.Arbitrary<number> => fc.double({ min: 1e-3, max, noNaN: true })
    const anyPosition = fc.record({
      collateral: positive(1e6),
      debt: positive(1e9),
      collateralPriceUsd: positive(1e5),
      debtPriceUsd: fc.double({ min: 0.1, max: 2, noNaN: true }),
      bonusBps: fc.integer({ min: 1, max: 2_000 }),
      protocolFeeBps: fc.integer({ min: 0, max: 10_000 }),
      healthFactor: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      debtToCover: positive(1e9),
    })
    fc.assert(
      fc.property(anyPosition, (parts) => {
        const { debtCovered, collateralSeized, protocolFee } = liquidation(parts)
        const little = 1 + 1e-12
        expect(collateralSeized).toBeLessThanOrEqual(parts.collateral)
        expect(debtCovered).toBeLessThanOrEqual(
          Math.min(parts.debtToCover, parts.debt * closeFactor(parts.healthFactor)) * little,
        )
        const paid = debtCovered * parts.debtPriceUsd * (1 + parts.bonusBps / 10_000)
        expect((collateralSeized * parts.collateralPriceUsd) / paid).toBeCloseTo(1, 9)
        expect(protocolFee).toBeGreaterThanOrEqual(0)
        expect(protocolFee).toBeLessThanOrEqual((collateralSeized * parts.bonusBps) / 10_000)
      }),
    )
  })
})
