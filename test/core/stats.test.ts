import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mean, median, quantile } from '../../oracle-node/core/stats.ts'

const finite = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 50 })

describe('stats', () => {
  test('a quantile is one of the values, and enough of them lie at or below it', () => {
    fc.assert(
      fc.property(finite, fc.double({ noNaN: true, min: 0, max: 1 }), (values, level) => {
        const found = quantile(values, level)
        expect(values).toContain(found)
        expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(level * values.length)
        expect(values.filter((value) => value < found).length).toBeLessThanOrEqual(level * values.length)
      }),
    )
  })

  test('the median is the middle value, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 3, 100])).toBe(3.5)
  })

  test('the order of values changes neither median nor quantile', () => {
    fc.assert(
      fc.property(finite, (values) => {
        expect(median(values.toReversed())).toBe(median(values))
        expect(quantile(values.toReversed(), 0.9)).toBe(quantile(values, 0.9))
      }),
    )
  })

  test('nothing, a NaN or a level outside 0..1 is a bug of the caller', () => {
    expect(() => median([])).toThrow(/no values/)
    expect(() => mean([])).toThrow(/no values/)
    expect(() => median([1, Number.NaN])).toThrow(/finite/)
    expect(() => quantile([1], 1.5)).toThrow(/level/)
  })
})
