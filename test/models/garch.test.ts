import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  filteredGarchVariance,
  type GarchShape,
  garchPersistence,
  garchWindowVariance,
  garchWindowWeights,
  meanSquare,
  nextGarchVariance,
  summedGarchVariance,
} from '../../models/baselines/garch.ts'
import { FEATURE_COUNT, RETURNS_OFFSET, WINDOW_HOURS } from '../../oracle-node/core/feature-spec.ts'
import vector from '../vectors/garch-dem-gbp.json' with { type: 'json' }

/** Any stationary shape, by persistence, share of news and share of it that falls weigh. */
const anyShape: fc.Arbitrary<GarchShape> = fc
  .tuple(fc.double({ min: 0, max: 0.9999 }), fc.double({ min: 0, max: 1 }), fc.double({ min: 0, max: 1 }))
  .filter((parts) => !parts.some(Number.isNaN))
  .map(([persistence, news, down]) => {
    const [up, fall] = [2 * persistence * news * (1 - down), 2 * persistence * news * down]
    return { alpha: up, gamma: fall - up, beta: persistence * (1 - news) }
  })
  .filter((shape) => garchPersistence(shape) < 1)
const anyWindow: fc.Arbitrary<Float64Array> = fc
  .array(fc.integer({ min: -2_000, max: 2_000 }), { minLength: WINDOW_HOURS, maxLength: WINDOW_HOURS })
  .map((ticks) => Float64Array.from(ticks, (each) => each / 1e5))
  .filter((returns) => meanSquare(returns, 0) > 0)
const runs = { seed: 7, numRuns: 200 }

/** The forecast's sum step by step: through the window, and then along the expected variances. */
function plainSum(shape: GarchShape, returns: Float64Array, hours: number): number {
  const target = meanSquare(returns, 0)
  const persistence = garchPersistence(shape)
  const coefficients = { ...shape, omega: (1 - persistence) * target }
  let variance = target
  for (const r of returns) variance = nextGarchVariance(coefficients, variance, r)
  let sum = 0
  for (let hour = 0; hour < hours; hour++) {
    sum += variance
    variance = coefficients.omega + persistence * variance
  }
  return sum
}

/** A feature vector that has these returns, and nothing else that counts. */
function featuresOf(returns: Float64Array): number[] {
  const values = new Array<number>(FEATURE_COUNT).fill(Number.NaN)
  for (const [index, r] of returns.entries()) values[RETURNS_OFFSET + index] = r
  return values
}

describe('the window weights', () => {
  test('give the recursion that starts at the window’s mean square and targets it', () => {
    fc.assert(
      fc.property(anyShape, anyWindow, fc.constantFrom(1, 2, 24, 168), (shape, returns, hours) => {
        const plain = plainSum(shape, returns, hours)
        const weighed = garchWindowVariance(featuresOf(returns), garchWindowWeights(shape, hours))
        expect(Math.abs(weighed / plain - 1)).toBeLessThan(1e-12)
      }),
      runs,
    )
  })

  test('are one for each hour, and none makes a variance negative', () => {
    fc.assert(
      fc.property(anyShape, fc.integer({ min: 1, max: 48 }), (shape, hours) => {
        const { squares, negativeSquares } = garchWindowWeights(shape, hours)
        expect([squares.length, negativeSquares.length]).toEqual([WINDOW_HOURS, WINDOW_HOURS])
        for (const [index, weight] of squares.entries()) {
          expect(weight).toBeGreaterThanOrEqual(-1e-15)
          expect(weight + (negativeSquares[index] ?? Number.NaN)).toBeGreaterThanOrEqual(-1e-15)
        }
      }),
      runs,
    )
  })

  test('let a fall count for more than a rise of the same size, and the last hour for most', () => {
    const weights = garchWindowWeights({ alpha: 0.05, gamma: 0.1, beta: 0.88 }, 24)
    const rise = new Float64Array(WINDOW_HOURS)
    rise[WINDOW_HOURS - 1] = 0.01
    const old = rise.toReversed()
    const variance = (returns: Float64Array): number => garchWindowVariance(featuresOf(returns), weights)
    expect(variance(rise.map((r) => -r))).toBeGreaterThan(1.5 * variance(rise))
    expect(variance(rise)).toBeGreaterThan(2 * variance(old))
  })

  test('without news are the window’s mean square for every hour ahead', () => {
    const returns = Float64Array.from({ length: WINDOW_HOURS }, (_, index) => (index % 7) / 100)
    const variance = garchWindowVariance(featuresOf(returns), garchWindowWeights({ alpha: 0, gamma: 0, beta: 0.9 }, 24))
    expect(variance / (24 * meanSquare(returns, 0))).toBeCloseTo(1, 13)
  })

  test('are refused for a shape that does not come back to its mean', () => {
    expect(() => garchWindowWeights({ alpha: 0.1, gamma: 0.1, beta: 0.85 }, 24)).toThrow(/below 1, got 1/)
  })
})

describe('the forecast', () => {
  test.each(['garch', 'gjr'] as const)('of the next step and day is that of another implementation: %s', (kind) => {
    const { nextVariance, nextDaySum, ...coefficients } = vector.independent[kind]
    const returns = Float64Array.from(vector.returns)
    const next = filteredGarchVariance({ returns, mean: 0, coefficients, start: 'presample' })
    expect(next / nextVariance).toBeCloseTo(1, 12)
    expect(summedGarchVariance(coefficients, next, 24) / nextDaySum).toBeCloseTo(1, 12)
  })

  test('in closed form is the sum of the expected variances', () => {
    fc.assert(
      fc.property(anyShape, fc.integer({ min: 1, max: 300 }), (shape, horizon) => {
        const coefficients = { ...shape, omega: 0.5 }
        let [variance, sum] = [3, 0]
        for (let step = 0; step < horizon; step++) {
          sum += variance
          variance = 0.5 + garchPersistence(shape) * variance
        }
        expect(Math.abs(summedGarchVariance(coefficients, 3, horizon) / sum - 1)).toBeLessThan(1e-10)
      }),
      runs,
    )
  })

  test('starts as it is told, about the mean that it is told', () => {
    const filter = {
      returns: Float64Array.of(3, 1),
      mean: 2,
      coefficients: { omega: 1, alpha: 0.2, gamma: 0.2, beta: 0.4 },
    }
    // s² = 1: σ²₁ is 1, or 1 + .7; a rise and a fall of 1 add .2 and .4.
    expect(filteredGarchVariance({ ...filter, start: 'sample' })).toBeCloseTo(1 + 0.4 + 0.4 * (1 + 0.2 + 0.4), 14)
    expect(filteredGarchVariance({ ...filter, start: 'presample' })).toBeCloseTo(1 + 0.4 + 0.4 * (1.2 + 0.4 * 1.7), 14)
  })

  test('is refused without returns, or without a mean to come back to', () => {
    const coefficients = { omega: 1, alpha: 0.5, gamma: 0, beta: 0.5 }
    const filter = { returns: new Float64Array(0), mean: 0, coefficients, start: 'sample' } as const
    expect(() => filteredGarchVariance(filter)).toThrow(/at least one/)
    expect(() => summedGarchVariance(coefficients, 1, 24)).toThrow(/below 1, got 1/)
  })
})
