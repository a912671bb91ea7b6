import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { word } from '../../../oracle-node/core/bytes.ts'
import { quorum } from '../../../oracle-node/core/quorum.ts'
import type { PublicKeys, SecretShare } from '../../../oracle-node/core/threshold.ts'
import { type NodeIndex, nodeIndex } from '../../../oracle-node/core/units.ts'
import { type CeremonySettings, resharingSettings } from '../../../oracle-node/protocol/ceremony/settings.ts'
import {
  makeOperators,
  type NetworkOptions,
  numbers,
  type Operator,
  outcomesOf,
  runNetwork,
} from '../../support/ceremony-network.ts'
import { CHEATS } from '../../support/cheating-dealers.ts'
import { dealtKeys } from '../../support/dealt-keys.ts'
import { signsTogether } from '../../support/group-signing.ts'
import { type SeededRandom, seededRandom } from '../../support/seeded-random.ts'

type Old = {
  readonly operators: readonly Operator[]
  readonly keys: PublicKeys
  readonly secrets: readonly SecretShare[]
}

/** A committee with a key, dealt: how it came by it is another test's matter. */
function oldCommittee(members: number, random: SeededRandom): Old {
  const { keys, secrets } = dealtKeys(members, random)
  return { operators: makeOperators(members, random), keys, secrets }
}

type Rest = Omit<NetworkOptions, 'settings' | 'operators' | 'shares'> & { readonly lost?: readonly NodeIndex[] }

/** Reshares to the old members that stay and so many new ones; `lost` old members no longer have their shares. */
function reshare(old: Old, next: readonly Operator[], random: SeededRandom, { lost = [], ...rest }: Rest = {}) {
  const settings = resharingSettings({
    epoch: 2,
    number: 1,
    operators: next.map(({ address }) => address),
    from: { operators: old.operators.map(({ address }) => address), keys: old.keys },
  })
  const shares = new Map(
    settings.parties.flatMap(({ dealer }, index) => {
      const secret = old.secrets.find(({ node }) => node === dealer)
      return secret === undefined || lost.includes(secret.node) ? [] : [[nodeIndex(index + 1), secret] as const]
    }),
  )
  const operators = [...new Set([...next, ...old.operators])]
  return { settings, result: runNetwork({ settings, operators, shares, ...rest }, random) }
}

function partyOf({ parties }: CeremonySettings, operator: Operator | undefined): NodeIndex {
  return nodeIndex(parties.findIndex(({ operator: address }) => address === operator?.address) + 1)
}

test('a key goes from any committee to any other, with some members in common or none, and stays the key', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 8 }),
      fc.integer({ min: 4, max: 8 }),
      fc.integer({ min: 0, max: 8 }),
      fc.integer(),
      fc.constantFrom(0, 0.005),
      (before, after, common, seed, crashes) => {
        const random = seededRandom(`resharing ${seed}`)
        const old = oldCommittee(before, random)
        const staying = old.operators.slice(0, Math.min(common, after))
        // New members come first, so that those who stay get other numbers.
        const next = [...makeOperators(after - staying.length, random), ...staying]
        const { result } = reshare(old, next, random, { loss: 0.1, crashes })
        const outcomes = outcomesOf(result, numbers(after))
        const [{ keys } = { keys: old.keys }] = outcomes
        expect(keys.groupKey).toBe(old.keys.groupKey)
        expect([keys.members, keys.threshold]).toEqual([after, quorum(after)])
        const secrets = outcomes.flatMap(({ secret }) => secret ?? [])
        expect(secrets).toHaveLength(after)
        expect(signsTogether(keys, secrets.slice(0, keys.threshold), random)).toBe(true)
        expect(signsTogether(keys, secrets.slice(-keys.threshold), random)).toBe(true)
        for (const { secret } of outcomesOf(result, numbers(result.machines.size)).slice(after))
          expect(secret).toBeUndefined()
      },
    ),
    { numRuns: 10, seed: 5 },
  )
}, 120_000)

describe('a refresh', () => {
  test('gives the same members new shares of the same key, and old shares do not go with new ones', () => {
    const random = seededRandom('refresh')
    const old = oldCommittee(4, random)
    const { result } = reshare(old, old.operators, random)
    const outcomes = outcomesOf(result, numbers(4))
    const keys = outcomes[0]?.keys as PublicKeys
    const fresh = outcomes.map(({ secret }) => secret as SecretShare)
    expect(keys.groupKey).toBe(old.keys.groupKey)
    expect(signsTogether(old.keys, old.secrets.slice(0, 3), random)).toBe(true)
    expect(signsTogether(keys, fresh.slice(0, 3), random)).toBe(true)
    // A thief who has f old shares and gets as many new ones as it likes, short of a quorum, has nothing.
    for (const stale of numbers(4)) {
      const mixed = fresh.map((secret) => (secret.node === stale ? (old.secrets[stale - 1] as SecretShare) : secret))
      const three = mixed.filter(({ node }) => node !== (stale % 4) + 1)
      expect(signsTogether(keys, three, random)).toBe(false)
      expect(signsTogether(old.keys, three, random)).toBe(false)
      expect(fresh[stale - 1]?.share).not.toEqual(old.secrets[stale - 1]?.share)
    }
  })

  test('brings a member that lost its share back, and needs nothing from it', () => {
    const random = seededRandom('recovery')
    for (const members of [4, 7]) {
      const old = oldCommittee(members, random)
      const lost = nodeIndex(2)
      const { result } = reshare(old, old.operators, random, { lost: [lost], loss: 0.1 })
      const outcomes = outcomesOf(result, numbers(members))
      const [first] = outcomes
      expect(first?.keys.groupKey).toBe(old.keys.groupKey)
      expect(first?.excluded).toEqual([{ party: lost, reason: 'sent no deal' }])
      const secrets = outcomes.flatMap(({ secret }) => secret ?? [])
      expect(secrets.some(({ node }) => node === lost)).toBe(true)
      const { keys } = first ?? { keys: old.keys }
      expect(signsTogether(keys, secrets.slice(0, keys.threshold), random)).toBe(true)
    }
  })
})

describe('an old member that', () => {
  const ways = Object.entries(CHEATS).filter(([name]) => name !== 'deals to one member alone')
  test.each(ways)('%s is named, and the others hand the key over', (name, { cheat, reason }) => {
    const random = seededRandom(`resharing ${name}`)
    const old = oldCommittee(4, random)
    // The cheat leaves.
    const next = [...makeOperators(2, random), ...old.operators.slice(1)]
    const leaver = nodeIndex(6)
    const { settings, result } = reshare(old, next, random, { cheats: new Map([[leaver, cheat]]), loss: 0.1 })
    expect(partyOf(settings, old.operators[0])).toBe(leaver)
    const outcomes = outcomesOf(result, numbers(5))
    for (const { keys, excluded } of outcomes) {
      expect(keys.groupKey).toBe(old.keys.groupKey)
      expect(excluded).toEqual([{ party: leaver, reason: expect.stringMatching(reason) }])
    }
    const secrets = outcomes.flatMap(({ secret }) => secret ?? [])
    expect(signsTogether(outcomes[0]?.keys as PublicKeys, secrets.slice(0, 4), random)).toBe(true)
  })

  test('deals another secret than its share is named', () => {
    const random = seededRandom('another secret')
    const old = oldCommittee(4, random)
    const wrong = { ...old, secrets: old.secrets.map((each) => (each.node === 3 ? { ...each, share: word(5) } : each)) }
    const { result } = reshare(wrong, old.operators, random)
    const honest = numbers(4).filter((each) => each !== 3)
    for (const { keys, excluded } of outcomesOf(result, honest)) {
      expect(keys.groupKey).toBe(old.keys.groupKey)
      expect(excluded).toEqual([{ party: 3, reason: 'deals another secret than its share of the key' }])
    }
  })
})

test('fewer old shares than the key needs, and nothing is handed over', () => {
  const random = seededRandom('too few shares')
  const old = oldCommittee(4, random)
  const { result } = reshare(old, old.operators, random, { lost: [nodeIndex(1), nodeIndex(2)], until: 20_000 })
  for (const { outcome } of result.machines.values()) expect(outcome).toBeUndefined()
})
