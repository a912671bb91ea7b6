import { describe, expect, test } from 'vitest'
import type { Hex } from '../../../oracle-node/core/bytes.ts'
import { type NodeIndex, nodeIndex } from '../../../oracle-node/core/units.ts'
import { type CeremonyStep, startCeremony, stepCeremony } from '../../../oracle-node/protocol/ceremony/ceremony.ts'
import {
  type Body,
  choiceHash,
  type Dealing,
  type Letter,
  signLetter,
} from '../../../oracle-node/protocol/ceremony/letters.ts'
import { progressOf } from '../../../oracle-node/protocol/ceremony/outcome.ts'
import { generationSettings } from '../../../oracle-node/protocol/ceremony/settings.ts'
import { type CeremonyState, letterFor } from '../../../oracle-node/protocol/ceremony/state.ts'
import { makeOperators, numbers } from '../../support/ceremony-network.ts'
import { seededRandom } from '../../support/seeded-random.ts'

/* One member, spoken to by three others whose every word is the test's. */

const random = seededRandom('agreement')
const operators = makeOperators(4, random)
const settings = generationSettings({ epoch: 1, number: 1, operators: operators.map(({ address }) => address) })
const timing = { patienceMs: 1_000, viewMs: 500, statusMs: 100 }
const SELF = nodeIndex(3)
const keyOf = (party: NodeIndex): Uint8Array => operators[party - 1]?.key as Uint8Array
const say = (party: number, body: Body): Letter =>
  signLetter(settings.id, nodeIndex(party), body, keyOf(nodeIndex(party)))

function begin(self: NodeIndex, kept: readonly Letter[] = [], now = 0): CeremonyStep {
  const secrets = { seed: new Uint8Array(32).fill(self), operatorKey: keyOf(self) }
  return startCeremony({ settings, timing, secrets, self, kept, now })
}

function hear(state: CeremonyState, letters: readonly Letter[], now: number): CeremonyStep {
  const message = { kind: 'ceremony-letters', ceremony: settings.id, letters } as const
  return stepCeremony(state, { kind: 'message', from: nodeIndex(1), message }, now)
}

const spoken = ({ effects }: CeremonyStep): Body[] =>
  effects.flatMap((effect) =>
    effect.kind === 'keep' ? effect.letters.filter(({ from }) => from === SELF).map(({ body }) => body) : [],
  )

/** Every member's hello and deal, as the members themselves write them. */
function everybodysDeals(): Letter[] {
  const started = numbers(4).map((self) => begin(self).state)
  const hellos = started.flatMap((state) => letterFor(state, 'hello', state.self)?.letter ?? [])
  const deals = started.flatMap((state) => letterFor(hear(state, hellos, 1).state, 'deal', state.self)?.letter ?? [])
  return [...hellos, ...deals]
}

const dealt = everybodysDeals()
const ready = hear(begin(SELF).state, dealt, 1).state
const choice: Dealing[] = numbers(4).map((party) => ({
  party,
  deal: letterFor(ready, 'deal', party)?.id as Hex,
}))
const other = choice.slice(1)
const hashOf = (dealers: readonly Dealing[]): Hex => choiceHash(settings.id, dealers)
const VIEW_0_MS = timing.patienceMs + timing.viewMs

/** In view 0 the whole choice was proposed and prevoted by three members; this one has precommitted it, and time goes on to view 1. */
function boundInViewOne(): CeremonyState {
  const value = hashOf(choice)
  const proposed = hear(ready, [say(1, { kind: 'proposal', view: 0, dealers: choice })], 2)
  expect(spoken(proposed)).toEqual([{ kind: 'prevote', view: 0, value }])
  const prevotes = [1, 2].map((party) => say(party, { kind: 'prevote', view: 0, value }))
  const prevoted = hear(proposed.state, prevotes, 3)
  expect(spoken(prevoted)).toEqual([{ kind: 'precommit', view: 0, value }])
  const turned = stepCeremony(prevoted.state, { kind: 'tick' }, 1 + VIEW_0_MS).state
  expect(turned.view).toBe(1)
  return turned
}

describe('a member that has precommitted', () => {
  test('prevotes no other choice in a later view', () => {
    const proposal = say(2, { kind: 'proposal', view: 1, dealers: other })
    expect(spoken(hear(boundInViewOne(), [proposal], 4_000))).toEqual([])
    // One that never was prevoted, whatever its leader says of it.
    const lying = say(2, { kind: 'proposal', view: 1, lockView: 0, dealers: other })
    expect(spoken(hear(boundInViewOne(), [lying], 4_000))).toEqual([])
    expect(spoken(hear(ready, [say(1, { kind: 'proposal', view: 0, dealers: other })], 2))).toHaveLength(1)
  })

  test('prevotes the same choice again, and another that a quorum prevoted since', () => {
    const again = say(2, { kind: 'proposal', view: 1, lockView: 0, dealers: choice })
    expect(spoken(hear(boundInViewOne(), [again], 4_000))).toEqual([
      { kind: 'prevote', view: 1, value: hashOf(choice) },
    ])
    const value = hashOf(other)
    const since = [
      say(2, { kind: 'proposal', view: 1, dealers: other }),
      ...[1, 2, 4].map((party) => say(party, { kind: 'prevote', view: 1, value })),
    ]
    // It can't have been prevoted by three had view 0 decided; this member still takes the quorum's word in the view after it.
    const held = hear({ ...boundInViewOne(), view: 2, viewAt: 4_000 }, since, 4_000)
    expect(spoken(held)).toContainEqual({ kind: 'proposal', view: 2, lockView: 1, dealers: other })
    expect(spoken(held)).toContainEqual({ kind: 'prevote', view: 2, value })
  })

  test('is bound to it after a restart too', () => {
    const bound = boundInViewOne()
    const kept = [...bound.letters.values()].flat().map(({ letter }) => letter)
    const restarted = begin(SELF, kept, 5_000)
    expect(restarted.effects).toEqual([])
    expect([...restarted.state.letters.keys()].toSorted()).toEqual([...bound.letters.keys()].toSorted())
    const turned = stepCeremony(restarted.state, { kind: 'tick' }, 5_000 + VIEW_0_MS).state
    expect(turned.view).toBe(1)
    expect(spoken(hear(turned, [say(2, { kind: 'proposal', view: 1, dealers: other })], 9_000))).toEqual([])
  })
})

describe('a letter', () => {
  const proposal: Body = { kind: 'proposal', view: 0, dealers: choice }

  test('that its sender did not sign, or signed for another ceremony, is not taken up', () => {
    const forged = signLetter(settings.id, nodeIndex(1), proposal, keyOf(nodeIndex(2)))
    expect(hear(ready, [forged], 2)).toEqual({ state: ready, effects: [] })
    const id = generationSettings({ epoch: 1, number: 2, operators: operators.map(({ address }) => address) }).id
    expect(id).not.toBe(settings.id)
    const elsewhere = signLetter(id, nodeIndex(1), proposal, keyOf(nodeIndex(1)))
    expect(hear(ready, [elsewhere], 2)).toEqual({ state: ready, effects: [] })
    const garbage: Letter = { ...say(1, proposal), signature: `0x${'1b'.repeat(65)}` }
    expect(hear(ready, [garbage], 2)).toEqual({ state: ready, effects: [] })
  })

  test('that is not its sender’s to write is not taken up', () => {
    const strange: Letter[] = [
      say(2, proposal),
      say(1, { ...proposal, view: 400 }),
      say(1, { kind: 'prevote', view: 100, value: hashOf(choice) }),
      say(1, { kind: 'hello', key: `0x02${'ff'.repeat(32)}` }),
      say(1, {
        kind: 'more',
        deal: hashOf(choice),
        share: { to: nodeIndex(5), key: `0x02${'11'.repeat(32)}`, text: `0x${'22'.repeat(32)}` },
      }),
      { ...say(1, proposal), from: nodeIndex(9) },
    ]
    for (const letter of strange) expect(hear(ready, [letter], 2)).toEqual({ state: ready, effects: [] })
  })

  test('that contradicts another of its sender is kept beside it as proof, and a third is not', () => {
    const value = hashOf(choice)
    const votes = [value, hashOf(other), `0x${'11'.repeat(32)}` as Hex].map((each) =>
      say(4, { kind: 'prevote', view: 0, value: each }),
    )
    const { state } = hear(ready, votes, 2)
    expect(state.letters.get('prevote/4/0')).toHaveLength(2)
    expect([...state.faults.values()]).toEqual([
      { party: 4, kind: 'two-versions', detail: 'signed two different letters of kind prevote' },
    ])
  })
})

test('more than f members in a later view take this one along; f do not', () => {
  const claim = (state: CeremonyState, from: number, view: number): CeremonyState => {
    const message = { kind: 'ceremony-status', ceremony: settings.id, view, done: false, has: [] } as const
    return stepCeremony(state, { kind: 'message', from: nodeIndex(from), message }, 10).state
  }
  expect(claim(ready, 1, 99).view).toBe(0)
  expect(claim(claim(ready, 1, 99), 2, 3).view).toBe(3)
  expect(claim(claim(claim(ready, 1, 99), 2, 3), 4, 5).view).toBe(5)
})

test('progress says what is waited for', () => {
  expect(progressOf(begin(SELF).state)).toMatchObject({ step: 'members', waitingFor: [1, 2, 4] })
  const someDeals = dealt.filter(({ from, body }) => body.kind === 'hello' || from !== 2)
  expect(progressOf(hear(begin(SELF).state, someDeals, 1).state)).toMatchObject({
    step: 'deals',
    waitingFor: [2],
    deals: { good: 3, all: 4, needed: 3 },
  })
  expect(progressOf(ready)).toMatchObject({ step: 'agreement', waitingFor: [1, 2, 3, 4] })
})
