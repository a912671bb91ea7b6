import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { faultyMax, quorum } from '../../../oracle-node/core/quorum.ts'
import { type NodeIndex, nodeIndex } from '../../../oracle-node/core/units.ts'
import type { Outcome } from '../../../oracle-node/protocol/ceremony/outcome.ts'
import { generationSettings } from '../../../oracle-node/protocol/ceremony/settings.ts'
import {
  type Cheat,
  makeOperators,
  type NetworkOptions,
  numbers,
  outcomesOf,
  runNetwork,
} from '../../support/ceremony-network.ts'
import { CHEATS, falseComplaint, twoFacedVoter } from '../../support/cheating-dealers.ts'
import { signsTogether } from '../../support/group-signing.ts'
import { type SeededRandom, seededRandom } from '../../support/seeded-random.ts'

type Rest = Omit<NetworkOptions, 'settings' | 'operators'>

function generate(members: number, random: SeededRandom, rest: Rest = {}) {
  const operators = makeOperators(members, random)
  const settings = generationSettings({ epoch: 1, number: 1, operators: operators.map(({ address }) => address) })
  return runNetwork({ settings, operators, ...rest }, random)
}

/** All have one key, and any quorum of them signs under it. */
function expectOneKey(outcomes: readonly Outcome[], random: SeededRandom): Outcome {
  const [first] = outcomes
  if (first === undefined) throw new Error('an outcome')
  for (const { keys, dealers } of outcomes) {
    expect(keys).toEqual(first.keys)
    expect(dealers).toEqual(first.dealers)
  }
  const secrets = outcomes.flatMap(({ secret }) => (secret === undefined ? [] : [secret]))
  expect(secrets).toHaveLength(outcomes.length)
  const { threshold } = first.keys
  expect(signsTogether(first.keys, secrets.slice(0, threshold), random)).toBe(true)
  expect(signsTogether(first.keys, secrets.slice(-threshold), random)).toBe(true)
  return first
}

test('a committee of any size comes to one key of all its dealers, whatever is lost and whoever crashes on the way', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 10 }),
      fc.integer(),
      fc.double({ min: 0, max: 0.3, noNaN: true }),
      fc.constantFrom(0, 0.01),
      (members, seed, loss, crashes) => {
        const random = seededRandom(`generation ${seed}`)
        const result = generate(members, random, { loss, crashes })
        const outcome = expectOneKey(outcomesOf(result, numbers(members)), random)
        expect(outcome.keys.threshold).toBe(quorum(members))
        expect(outcome.faults).toEqual([])
        // Nobody is left out for its letters having been lost: they are said again.
        expect(outcome.dealers).toEqual(numbers(members))
      },
    ),
    { numRuns: 12, seed: 7 },
  )
}, 120_000)

describe('a dealer that', () => {
  test.each(Object.entries(CHEATS))(
    '%s is named and left out, and the others have a key',
    (name, { cheat, reason }) => {
      for (const [members, party] of [
        [4, 1],
        [4, 3],
        [7, 2],
      ] as const) {
        const random = seededRandom(`${name} ${members}`)
        const cheater = nodeIndex(party)
        const honest = numbers(members).filter((each) => each !== cheater)
        const result = generate(members, random, { cheats: new Map([[cheater, cheat]]), loss: 0.1 })
        const outcomes = outcomesOf(result, honest)
        const outcome = expectOneKey(outcomes, random)
        if (reason.source === '^$') {
          expect(outcome.dealers).toContain(cheater)
          continue
        }
        expect(outcome.dealers).toEqual(honest)
        for (const { excluded } of outcomes) {
          expect(excluded).toHaveLength(1)
          expect(excluded[0]).toMatchObject({ party: cheater, reason: expect.stringMatching(reason) })
        }
      }
    },
  )

  test.each(['right point', 'other point'] as const)(
    'complains falsely with the %s is the one that is named',
    (lie) => {
      const random = seededRandom(`false complaint ${lie}`)
      const [liar, victim] = [nodeIndex(4), nodeIndex(2)]
      const result = generate(7, random, { cheats: new Map([[liar, falseComplaint(victim, lie)]]) })
      const honest = numbers(7).filter((each) => each !== liar)
      const outcome = expectOneKey(outcomesOf(result, honest), random)
      expect(outcome.dealers).toEqual(honest)
      expect(outcome.faults).toEqual([expect.objectContaining({ party: liar, kind: 'false-complaint' })])
    },
  )
})

test('f members that are away cost the others their patience and no more; the key has no part of theirs', () => {
  for (const members of [4, 7, 10]) {
    const random = seededRandom(`absent ${members}`)
    const absent = new Set(numbers(members).slice(0, faultyMax(members)))
    const result = generate(members, random, { absent, loss: 0.1 })
    const present = numbers(members).filter((each) => !absent.has(each))
    const outcome = expectOneKey(outcomesOf(result, present), random)
    expect(outcome.dealers).toEqual(present)
    expect(outcome.excluded.map(({ party }) => party)).toEqual([...absent])
  }
})

test('more than f absent members, and there is no key', () => {
  const random = seededRandom('too few')
  const result = generate(4, random, { absent: new Set([nodeIndex(1), nodeIndex(2)]), until: 20_000 })
  for (const { outcome } of result.machines.values()) expect(outcome).toBeUndefined()
})

test('any f members that cheat in any ways together never split the others', () => {
  const ways: Cheat[] = [
    ...Object.values(CHEATS).map(({ cheat }) => cheat),
    falseComplaint(nodeIndex(5), 'right point'),
    twoFacedVoter,
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(4, 5, 7, 8, 10),
      fc.integer(),
      fc.array(fc.constantFrom(...ways), { minLength: 3, maxLength: 3 }),
      fc.constantFrom(0, 0.005),
      (members, seed, chosen, crashes) => {
        const random = seededRandom(`cheats ${seed}`)
        const first = random.below(members)
        const cheats = new Map<NodeIndex, Cheat>()
        for (let index = 0; index < faultyMax(members); index += 1)
          cheats.set(nodeIndex(((first + index) % members) + 1), chosen[index] as Cheat)
        const result = generate(members, random, { cheats, loss: 0.1, crashes })
        const honest = numbers(members).filter((each) => !cheats.has(each))
        const outcome = expectOneKey(outcomesOf(result, honest), random)
        for (const each of honest) expect(outcome.dealers).toContain(each)
        for (const { party } of outcome.faults) expect(honest).not.toContain(party)
      },
    ),
    { numRuns: 15, seed: 11 },
  )
}, 240_000)
