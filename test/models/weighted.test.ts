import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ascending, weightedQuantile } from '../../models/training/weighted.ts'

const numbers = fc.array(
  fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -0, 1, -1, 1e-310, -1e-310, Number.MAX_VALUE, -5e-324)),
  { minLength: 1, maxLength: 60 },
)

test('places are in ascending order of their values, equal ones as they came, minus zero being zero', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const expected = [...values.keys()].sort(
        (a, b) => Number((values[a] ?? 0) > (values[b] ?? 0)) - Number((values[a] ?? 0) < (values[b] ?? 0)) || a - b,
      )
      expect([...ascending(Float64Array.from(values))]).toEqual(expected)
    }),
    { seed: 1, numRuns: 500 },
  )
})

test('a quantile is the value at which the weight of it and of all lesser ones reaches the level', () => {
  fc.assert(
    fc.property(numbers, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, level) => {
      const weights = Float64Array.from(values, (_, index) => 1 + (index % 3))
      const found = weightedQuantile(Float64Array.from(values), weights, level)
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      const below = (isIn: (value: number) => boolean): number =>
        values.reduce((sum, value, index) => sum + (isIn(value) ? (weights[index] ?? 0) : 0), 0)
      expect(values.some((value) => value === found)).toBe(true)
      expect(below((value) => value <= found)).toBeGreaterThanOrEqual(level * total)
      expect(below((value) => value < found)).toBeLessThan(level * total)
    }),
    { seed: 2, numRuns: 500 },
  )
})
