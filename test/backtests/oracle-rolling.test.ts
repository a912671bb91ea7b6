import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { forwardMinimum, rollingMean, rollingSumOfSquares } from '../../backtests/oracle/rolling.ts'

const columns = fc.float64Array({ maxLength: 80, noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 })
const windows = fc.integer({ min: 1, max: 30 })

/** One window after another, each from its own values. */
function naive(values: Float64Array, window: number, of: (each: Float64Array) => number): number[] {
  return Array.from(values, (_, index) =>
    index + 1 < window ? Number.NaN : of(values.subarray(index + 1 - window, index + 1)),
  )
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0)
const squares = (values: Float64Array): number => values.reduce((total, value) => total + value * value, 0)

function expectNear(given: Float64Array, expected: readonly number[], scale: (index: number) => number): void {
  expect(given).toHaveLength(expected.length)
  for (const [index, value] of expected.entries()) {
    if (Number.isNaN(value)) expect(given[index]).toBeNaN()
    else expect(Math.abs((given[index] ?? Number.NaN) - value)).toBeLessThanOrEqual(1e-13 * scale(index))
  }
}

describe('windows over columns', () => {
  test('sums of squares and means are those of each window by itself', () => {
    fc.assert(
      fc.property(columns, windows, (values, window) => {
        const sizes = naive(values, window, (each) => sum(each.map(Math.abs)))
        const expected = naive(values, window, squares)
        expectNear(rollingSumOfSquares(values, window), expected, (index) => expected[index] ?? 0)
        const means = naive(values, window, (each) => sum(each) / window)
        expectNear(rollingMean(values, window), means, (index) => sizes[index] ?? 0)
      }),
    )
  })

  test('the least of the values ahead is that of each window by itself, to the bit', () => {
    fc.assert(
      fc.property(columns, windows, (values, window) => {
        const expected = Array.from(values, (_, index) =>
          index + window < values.length ? Math.min(...values.subarray(index + 1, index + 1 + window)) : Number.NaN,
        )
        expect(Array.from(forwardMinimum(values, window))).toEqual(expected)
      }),
    )
  })

  test('what has left the window leaves no trace, however large it was and however long ago', () => {
    const values = new Float64Array(10_000).fill(1e-8)
    values[50] = 1e12
    values[60] = Number.NaN
    const sums = rollingSumOfSquares(values, 24)
    expect(sums[9_999]).toBeCloseTo(24e-16, 28)
    expect(sums[84]).toBeCloseTo(24e-16, 28)
    expect(sums[83]).toBeNaN()
    expect(rollingMean(values, 24)[84]).toBeCloseTo(1e-8, 20)
    expect(forwardMinimum(values, 24)[60]).toBe(1e-8)
    expect(forwardMinimum(values, 24)[59]).toBeNaN()
  })

  test.each([0, -1, 1.5, Number.NaN])('a window of %d is refused', (window) => {
    for (const kernel of [rollingSumOfSquares, rollingMean, forwardMinimum]) {
      expect(() => kernel(Float64Array.of(1, 2), window)).toThrow(/a window is a whole number/)
    }
  })
})
