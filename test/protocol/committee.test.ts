import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Hex } from '../../oracle-node/core/bytes.ts'
import { InvariantError } from '../../oracle-node/core/errors.ts'
import {
  type Committee,
  faultyOf,
  isSignerSet,
  leaderOf,
  membersOf,
  quorumOf,
  transmissionPosition,
} from '../../oracle-node/protocol/committee.ts'

const committeeOf = (size: number, epoch = 1): Committee => ({
  epoch,
  operators: Array.from({ length: size }, (_, index): Hex => `0x${String(index + 1).padStart(40, '0')}`),
})
const anyPlace = fc.record({
  size: fc.integer({ min: 4, max: 100 }),
  epoch: fc.integer({ min: 1, max: 1_000 }),
  round: fc.nat(),
  attempt: fc.integer({ min: 0, max: 2 ** 40 }),
})

describe('the leader', () => {
  test('passes by every member once in n attempts, whatever the round', () => {
    fc.assert(
      fc.property(anyPlace, ({ size, epoch, round, attempt }) => {
        const committee = committeeOf(size, epoch)
        const leaders = committee.operators.map((_, index) => leaderOf(committee, round, attempt + index))
        expect(leaders.toSorted((a, b) => a - b)).toEqual(membersOf(committee))
      }),
    )
  })

  test('of rounds is spread evenly over the members', () => {
    for (const size of [4, 7, 31]) {
      const committee = committeeOf(size)
      const rounds = size * 400
      const led = new Array<number>(size).fill(0)
      for (let round = 0; round < rounds; round += 1) {
        const leader = leaderOf(committee, round, 0)
        led[leader - 1] = (led[leader - 1] ?? 0) + 1
      }
      // χ² of n − 1 degrees of freedom: five standard deviations above its mean is far past chance.
      const chi2 = led.reduce((sum, count) => sum + (count - 400) ** 2 / 400, 0)
      expect(chi2).toBeLessThan(size - 1 + 5 * Math.sqrt(2 * (size - 1)))
    }
  })

  test('that fails is followed by any other, and not by its neighbour alone', () => {
    const committee = committeeOf(7)
    const rounds = Array.from({ length: 600 }, (_, round) => round)
    const followers = rounds
      .filter((round) => leaderOf(committee, round, 0) === 3)
      .map((round) => leaderOf(committee, round, 1))
    expect(new Set(followers)).toEqual(new Set([1, 2, 4, 5, 6, 7]))
  })

  test('is drawn anew in another epoch', () => {
    const sequence = (epoch: number): number[] =>
      Array.from({ length: 40 }, (_, round) => leaderOf(committeeOf(4, epoch), round, 0))
    expect(sequence(1)).not.toEqual(sequence(2))
    expect(sequence(1)).toEqual(sequence(1))
  })

  test('of nobody is a bug', () => {
    expect(() => leaderOf({ epoch: 1, operators: [] }, 1, 0)).toThrow(InvariantError)
  })
})

test('members transmit one after the other, the round’s first leader first', () => {
  fc.assert(
    fc.property(anyPlace, ({ size, epoch, round }) => {
      const committee = committeeOf(size, epoch)
      const positions = membersOf(committee).map((node) => transmissionPosition(committee, round, node))
      expect(positions.toSorted((a, b) => a - b)).toEqual(positions.map((_, index) => index))
      expect(transmissionPosition(committee, round, leaderOf(committee, round, 0))).toBe(0)
    }),
    // Each place is a whole shuffle: 10,000 hashes for a committee of 100.
    { numRuns: 30 },
  )
})

test('signers are a quorum of different members, no more, no fewer and nobody else', () => {
  const committee = committeeOf(7)
  expect(isSignerSet(committee, [7, 1, 3, 2, 5])).toBe(true)
  for (const wrong of [[], [1, 2, 3, 4], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 4], [1, 2, 3, 4, 8], [0, 1, 2, 3, 4]]) {
    expect(isSignerSet(committee, wrong), wrong.join()).toBe(false)
  }
})

test.each([
  [4, 1, 3],
  [5, 1, 4],
  [6, 1, 4],
  [7, 2, 5],
  [31, 10, 21],
  [100, 33, 67],
])('of %d members %d may fail, and %d are a quorum', (size, faulty, quorum) => {
  expect([faultyOf(committeeOf(size)), quorumOf(committeeOf(size))]).toEqual([faulty, quorum])
})
