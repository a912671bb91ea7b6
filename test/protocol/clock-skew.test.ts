import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { faultyMax } from '../../oracle-node/core/quorum.ts'
import { type NodeIndex, nodeIndex, type UnixSeconds, unixSeconds } from '../../oracle-node/core/units.ts'
import { ClockSkew } from '../../oracle-node/protocol/clock-skew.ts'

const NOW = unixSeconds(1_790_000_000)
const TOLERANCE = 60
const STALE = 3_600
const at = (seconds: number): UnixSeconds => unixSeconds(NOW + seconds)
const self = nodeIndex(1)

function skewOf(members: number): ClockSkew {
  return new ClockSkew({ self, members, toleranceSeconds: TOLERANCE, staleSeconds: STALE })
}

const others = (members: number): NodeIndex[] => Array.from({ length: members - 1 }, (_, index) => nodeIndex(index + 2))

/** Committee sizes, the true offset of this node, the delays of honest members' words and the lies of the others. */
const worlds = fc.integer({ min: 4, max: 31 }).chain((members) =>
  fc.record({
    members: fc.constant(members),
    delays: fc.array(fc.integer({ min: 0, max: 10 }), { minLength: members - 1, maxLength: members - 1 }),
    liars: fc.uniqueArray(fc.integer({ min: 0, max: members - 2 }), { maxLength: faultyMax(members) }),
    lies: fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { minLength: members - 1, maxLength: members - 1 }),
    offset: fc.integer({ min: -100_000, max: 100_000 }),
  }),
)

describe('liars, at most f,', () => {
  test('never make a clock that is in step look off, whoever is heard', () => {
    fc.assert(
      fc.property(worlds, fc.infiniteStream(fc.boolean()), ({ members, delays, liars, lies }, heard) => {
        const skew = skewOf(members)
        others(members).forEach((node, index) => {
          if (!heard.next().value) return
          skew.heard(node, at(-(liars.includes(index) ? (lies[index] ?? 0) : (delays[index] ?? 0))), NOW)
        })
        expect(skew.verdict(NOW).kind).not.toBe('off')
      }),
    )
  })

  test('never hide a clock that is off where all others are heard', () => {
    fc.assert(
      fc.property(worlds, ({ members, delays, liars, lies, offset }) => {
        const skew = skewOf(members)
        others(members).forEach((node, index) => {
          const ahead = liars.includes(index) ? (lies[index] ?? 0) : offset + (delays[index] ?? 0)
          skew.heard(node, at(-ahead), NOW)
        })
        const verdict = skew.verdict(NOW)
        if (offset > TOLERANCE + 10 || offset < -TOLERANCE - 10)
          expect(verdict).toMatchObject({ kind: 'off', by: 'peers' })
        if (Math.abs(offset) < TOLERANCE - 10) expect(verdict.kind).toBe('in-step')
      }),
    )
  })
})

test('a clock that is off is in step again within half the tolerance, not at its edge', () => {
  const skew = skewOf(4)
  const say = (ahead: number) => {
    for (const node of others(4)) skew.heard(node, at(-ahead), NOW)
    return skew.verdict(NOW).kind
  }
  expect([0, 60, 61, 60, 31, 30, 60, -61, -31, -30].map(say)).toEqual([
    'in-step',
    'in-step',
    'off',
    'off',
    'off',
    'in-step',
    'in-step',
    'off',
    'off',
    'in-step',
  ])
})

test('fewer voices than a quorum, or voices of long ago, say nothing', () => {
  const skew = skewOf(7)
  for (const node of others(7).slice(0, 3)) skew.heard(node, at(-500), NOW)
  expect(skew.verdict(NOW)).toEqual({ kind: 'unknown' })
  skew.heard(nodeIndex(7), at(-500), NOW)
  expect(skew.verdict(NOW)).toEqual({ kind: 'off', offsetSeconds: 500, by: 'peers' })
  expect(skew.verdict(at(STALE + 1))).toEqual({ kind: 'unknown' })
  // Set back by more than that, too: what it heard then is worthless.
  expect(skew.verdict(at(-STALE - 1))).toEqual({ kind: 'unknown' })
})

test('no member is heard twice, and no stranger and not the node itself', () => {
  const skew = skewOf(4)
  for (let each = 0; each < 50; each += 1) {
    skew.heard(nodeIndex(2), at(-500), NOW)
    skew.heard(self, at(-500), NOW)
    skew.heard(nodeIndex(5), at(-500), NOW)
  }
  expect(skew.verdict(NOW)).toEqual({ kind: 'unknown' })
})

describe('the chain', () => {
  test('shows a clock that is behind where too few members are heard', () => {
    const skew = skewOf(4)
    skew.chainSaw(at(60), NOW)
    expect(skew.verdict(NOW)).toEqual({ kind: 'unknown' })
    skew.chainSaw(at(61), NOW)
    expect(skew.verdict(NOW)).toEqual({ kind: 'off', offsetSeconds: -61, by: 'chain' })
    expect(skew.verdict(at(STALE + 1))).toEqual({ kind: 'unknown' })
  })

  test('says nothing when its newest block is old, and never overrules a quorum', () => {
    const skew = skewOf(4)
    skew.chainSaw(at(-100_000), NOW)
    expect(skew.verdict(NOW)).toEqual({ kind: 'unknown' })
    skew.chainSaw(at(100_000), NOW)
    for (const node of others(4)) skew.heard(node, NOW, NOW)
    expect(skew.verdict(NOW)).toEqual({ kind: 'in-step', offsetSeconds: 0 })
  })
})
