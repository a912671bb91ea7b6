import fc from 'fast-check'
import { expect, test } from 'vitest'
import { combinePredictions } from '../../oracle-node/core/combine-predictions.ts'
import { InvariantError } from '../../oracle-node/core/errors.ts'

const ratio = fc.double({ min: 0, max: 1, noNaN: true })
const anyPrediction = fc
  .tuple(ratio, ratio, ratio)
  .map(([volatility, a, b]) => ({ volatility, valueAtRisk99: Math.min(a, b), expectedShortfall99: Math.max(a, b) }))

test('each field is the mean of its own, and lies between what was given', () => {
  const one = { volatility: 0.5, valueAtRisk99: 0.1, expectedShortfall99: 0.25 }
  const two = { volatility: 1, valueAtRisk99: 0.25, expectedShortfall99: 0.5 }
  expect(combinePredictions([one, two])).toEqual({
    volatility: 0.75,
    valueAtRisk99: 0.175,
    expectedShortfall99: 0.375,
  })
  fc.assert(
    fc.property(fc.array(anyPrediction, { minLength: 1, maxLength: 6 }), (predictions) => {
      const combined = combinePredictions(predictions)
      for (const field of ['volatility', 'valueAtRisk99', 'expectedShortfall99'] as const) {
        const given = predictions.map((each) => each[field])
        expect(combined[field]).toBeGreaterThanOrEqual(Math.min(...given) - 1e-12)
        expect(combined[field]).toBeLessThanOrEqual(Math.max(...given) + 1e-12)
      }
      expect(combined.expectedShortfall99).toBeGreaterThanOrEqual(combined.valueAtRisk99)
    }),
  )
})

test('no predictions have no mean', () => {
  expect(() => combinePredictions([])).toThrow(InvariantError)
})
