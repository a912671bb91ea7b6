import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs } from '../../../oracle-node/adapters/venues/backoff.ts'

test('the pause is between half and all of a bound that doubles from a second to thirty', () => {
  expect([0, 1, 2, 3, 4, 5, 50].map((attempt) => backoffMs(attempt, 0))).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000,
  ])
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
      const pause = backoffMs(attempt, random)
      const least = backoffMs(attempt, 0)
      expect(pause).toBeGreaterThanOrEqual(least)
      expect(pause).toBeLessThanOrEqual(2 * least)
      expect(pause).toBeLessThanOrEqual(30_000)
    }),
  )
})
