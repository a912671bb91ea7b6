import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stabilityIndex, weekShares } from '../../oracle-node/core/drift.ts'
import { WINDOW_HOURS } from '../../oracle-node/core/feature-spec.ts'

const SEED = { seed: 11 }
const BINS = 4
/** Shares that add up to 1, any of them 0. */
const anyShares = fc
  .array(fc.nat({ max: 1_000 }), { minLength: BINS, maxLength: BINS })
  .filter((counts) => counts.some((count) => count > 0))
  .map((counts) => counts.map((count) => count / counts.reduce((a, b) => a + b, 0)))
const anyWeek = fc.array(fc.double({ min: -0.1, max: 0.1, noNaN: true }), {
  minLength: WINDOW_HOURS,
  maxLength: WINDOW_HOURS,
})

describe('the population stability index', () => {
  test('is zero for equal spreads, never negative, and the same both ways round', () => {
    fc.assert(
      fc.property(anyShares, anyShares, (a, b) => {
        expect(stabilityIndex(a, a)).toBe(0)
        expect(stabilityIndex(a, b)).toBeGreaterThanOrEqual(0)
        expect(stabilityIndex(a, b)).toBeCloseTo(stabilityIndex(b, a), 12)
      }),
      SEED,
    )
  })

  test('grows on the straight way from one spread to another', () => {
    fc.assert(
      fc.property(anyShares, anyShares, fc.double({ min: 0, max: 1, noNaN: true }), (from, to, part) => {
        const between = (t: number) => from.map((share, bin) => share + t * ((to[bin] ?? 0) - share))
        expect(stabilityIndex(between(part), from)).toBeLessThanOrEqual(stabilityIndex(to, from) + 1e-12)
        expect(stabilityIndex(between(part / 2), from)).toBeLessThanOrEqual(stabilityIndex(between(part), from) + 1e-12)
      }),
      SEED,
    )
  })

  test('of a spread worked out by hand is that', () => {
    // (.6 − .5) ln(.6 / .5) + (.4 − .5) ln(.4 / .5), to ten digits.
    expect(stabilityIndex([0.6, 0.4], [0.5, 0.5])).toBeCloseTo(0.0405465108, 10)
    // An empty bin counts as 1/336: (1/336 − .5) ln(1/168) + .5 ln 2.
    expect(stabilityIndex([0, 1], [0.5, 0.5])).toBeCloseTo(2.8933056872, 10)
  })
})

describe('the spread of a week', () => {
  const edges = [0.1, 2, 4]

  test('adds up to 1, and does not change when every return is doubled or turned round', () => {
    fc.assert(
      fc.property(anyWeek, (returns) => {
        const shares = weekShares(returns, edges)
        expect(shares).toHaveLength(BINS)
        expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
        expect(
          weekShares(
            returns.map((r) => -2 * r),
            edges,
          ),
        ).toEqual(shares)
      }),
      SEED,
    )
  })

  test('tells a still week, a week of one jump and a week of even hours apart', () => {
    const week = (at: (hour: number) => number) => Array.from({ length: WINDOW_HOURS }, (_, hour) => at(hour))
    expect(
      weekShares(
        week(() => 0),
        edges,
      ),
    ).toEqual([1, 0, 0, 0])
    const once = weekShares(
      week((hour) => (hour === 50 ? -0.5 : 1e-4)),
      edges,
    )
    expect(once).toEqual([167 / 168, 0, 0, 1 / 168])
    expect(
      weekShares(
        week((hour) => (hour % 2 === 0 ? 0.01 : -0.01)),
        edges,
      ),
    ).toEqual([0, 1, 0, 0])
  })

  test('puts a value on an edge into the lower bin', () => {
    // Every hour is exactly 1.
    expect(weekShares([0.25, -0.25, 0.25, 0.25], [1, 2])).toEqual([1, 0, 0])
  })
})
