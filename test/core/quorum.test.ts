import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InvariantError } from '../../oracle-node/core/errors.ts'
import { faultyMax, quorum } from '../../oracle-node/core/quorum.ts'

test.for(Array.from({ length: 97 }, (_, index) => index + 4))(
  'of %i members, two quorums share an honest one, a quorum outvotes its liars, and f silent members stop none',
  (members) => {
    const faulty = faultyMax(members)
    expect(3 * faulty + 1).toBeLessThanOrEqual(members)
    expect(2 * quorum(members) - members, 'what two quorums share at least').toBeGreaterThan(faulty)
    expect(quorum(members)).toBeGreaterThanOrEqual(2 * faulty + 1)
    expect(quorum(members)).toBeLessThanOrEqual(members - faulty)
  },
)

test('of 3f + 1 members a quorum is 2f + 1', () => {
  for (let faulty = 0; faulty <= 33; faulty += 1) expect(quorum(3 * faulty + 1)).toBe(2 * faulty + 1)
})

test('f is the largest with n ≥ 3f + 1, and no smaller quorum would do', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), (members) => {
      const faulty = faultyMax(members)
      expect(3 * (faulty + 1) + 1).toBeGreaterThan(members)
      expect(2 * (quorum(members) - 1) - members).toBeLessThanOrEqual(faulty)
    }),
  )
})

test('a committee has a whole number of members, one at least', () => {
  for (const wrong of [0, -1, 1.5, Number.NaN]) expect(() => faultyMax(wrong)).toThrow(InvariantError)
})
