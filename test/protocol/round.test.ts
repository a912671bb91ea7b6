import { describe, expect, test } from 'vitest'
import { fromHex, type Hex } from '../../oracle-node/core/bytes.ts'
import { commit, type Nonces, type SignerCommitment, signShare } from '../../oracle-node/core/threshold.ts'
import { type NodeIndex, nodeIndex } from '../../oracle-node/core/units.ts'
import { rebuildReport } from '../../oracle-node/protocol/check-proposal.ts'
import { leaderOf } from '../../oracle-node/protocol/committee.ts'
import type { CertificateMessage, ObservationMessage, ProposalMessage } from '../../oracle-node/protocol/messages.ts'
import { startRound, step } from '../../oracle-node/protocol/round.ts'
import type { RoundEffect, RoundEvent, RoundState } from '../../oracle-node/protocol/round-state.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { memberOf, NOW, nodesOf, observationOf, settingsOf, signedBy } from '../support/committee.ts'
import { signersOf } from '../support/committee-messages.ts'
import { groupSignature } from '../support/group-signature.ts'
import { seededRandom } from '../support/seeded-random.ts'

const ROUND = 11
const world = makeWorld(4)
const nodes = nodesOf(world)
const committee = settingsOf(world, nodeIndex(1)).committee
const leader = leaderOf(committee, ROUND, 0)
const followers = nodes.filter((node) => node !== leader)
const [follower, second, third] = followers as [NodeIndex, NodeIndex, NodeIndex]
const observations = nodes.map((node) => signedBy(world, observationOf(node, ROUND)))
const ownOf = (node: NodeIndex) => observations[node - 1] as (typeof observations)[number]

type Message = (RoundEvent & { kind: 'message' })['message']
const from = (node: NodeIndex, message: Message): RoundEvent => ({ kind: 'message', from: node, message, now: NOW })

/** Takes events one after the other at one member, and says what came of the last. */
function run(self: NodeIndex, events: readonly RoundEvent[], start: RoundState = startRound(ROUND)) {
  const settings = settingsOf(world, self)
  let state = start
  let effects: readonly RoundEffect[] = []
  for (const event of events) {
    const next = step(settings, state, event)
    state = next.state
    effects = next.effects
  }
  return { state, effects }
}

const kinds = (effects: readonly RoundEffect[]): string[] =>
  effects.map((effect) => (effect.kind === 'send' ? `send ${effect.message.kind} to ${effect.to}` : effect.kind))

/** Each member's commitments and nonces for the attempts of a test. */
function promise(node: NodeIndex, seed = 'a') {
  return commit(memberOf(world, node).secret, seededRandom(`${seed} of ${node}`).bytes)
}

describe('a member', () => {
  const own = ownOf(follower)
  const { commitment } = promise(follower)
  const ready: RoundEvent[] = [
    { kind: 'observed', signed: own },
    { kind: 'committed', attempt: 0, commitment },
  ]
  const others = signersOf(world, 'others').filter(({ node }) => node !== follower)
  const signers: SignerCommitment[] = [{ node: follower, ...commitment }, ...others.slice(0, 2)]
  const proposal: ProposalMessage = {
    kind: 'proposal',
    round: ROUND,
    attempt: 0,
    session: 0,
    observations,
    signers,
  }

  test('is patient from its own observation on, and shows it with a commitment to the leader', () => {
    expect(kinds(run(follower, ready.slice(0, 1)).effects)).toEqual(['timer', 'commit'])
    expect(kinds(run(follower, ready).effects)).toEqual([`send observation to ${leader}`])
  })

  test('promises nothing without an observation, or for an attempt that it has left', () => {
    expect(run(follower, ready.slice(1)).effects).toEqual([])
    const late: RoundEvent = { kind: 'committed', attempt: 3, commitment }
    expect(run(follower, [...ready, late]).effects).toEqual([])
  })

  test('signs a sound proposal once: a copy of it is not answered again', () => {
    const { state, effects } = run(follower, [...ready, from(leader, proposal)])
    expect(effects).toMatchObject([{ kind: 'sign', attempt: 0, session: 0, commitment, observations }])
    expect(state.locked?.digest).toMatch(/^0x[0-9a-f]{64}$/)
    expect(run(follower, [from(leader, proposal)], state).effects).toEqual([])
  })

  test('sends its share with the next commitment, and signs the same report under it', () => {
    const { state } = run(follower, [...ready, from(leader, proposal)])
    const next = promise(follower, 'next').commitment
    const made: RoundEvent = { kind: 'share-made', attempt: 0, session: 0, share: `0x${'1f'.repeat(32)}`, next }
    const answered = run(follower, [made], state)
    expect(kinds(answered.effects)).toEqual([`send share to ${leader}`])
    const again = { ...proposal, session: 1, signers: [{ node: follower, ...next }, ...others.slice(1, 3)] }
    expect(kinds(run(follower, [from(leader, again)], answered.state).effects)).toEqual(['sign'])
    const another = { ...again, observations: observations.filter((each) => each !== ownOf(leader)) }
    expect(run(follower, [from(leader, another)], answered.state).effects).toMatchObject([
      { message: { kind: 'refusal', reason: 'signed-another-report', session: 1 } },
    ])
  })

  const strange = promise(third, 'strange').commitment
  const [mine, one, two] = signers as [SignerCommitment, SignerCommitment, SignerCommitment]
  const forged = { ...ownOf(second), observation: observationOf(second, ROUND, { priceE8: 1n }) }
  test.each<readonly [string, string, NodeIndex, Partial<ProposalMessage>]>([
    ['from who does not lead', 'not-the-leader', second, {}],
    ['of an attempt that another leads', 'not-the-leader', leader, { attempt: 1 }],
    ['with too few signers', 'bad-signers', leader, { signers: [mine, one] }],
    ['with one signer twice', 'bad-signers', leader, { signers: [mine, one, one] }],
    ['with a signer who is no member', 'bad-signers', leader, { signers: [mine, one, { ...two, node: nodeIndex(9) }] }],
    ['without it among the signers', 'unknown-commitment', leader, { signers: others }],
    [
      'with another hiding commitment',
      'unknown-commitment',
      leader,
      { signers: [{ ...mine, hiding: strange.hiding }, one, two] },
    ],
    [
      'with another binding commitment',
      'unknown-commitment',
      leader,
      { signers: [{ ...mine, binding: strange.binding }, one, two] },
    ],
    [
      'with a forged observation',
      'bad-observation',
      leader,
      { observations: observations.map((each) => (each === ownOf(second) ? forged : each)) },
    ],
    ['of too few observations', 'no-report', leader, { observations: observations.slice(0, 2) }],
  ])('refuses a proposal %s: %s', (_, reason, sender, changes) => {
    const { state, effects } = run(follower, [...ready, from(sender, { ...proposal, ...changes })])
    expect(effects).toMatchObject([{ kind: 'send', to: sender, message: { kind: 'refusal', reason, session: 0 } }])
    expect(state.locked).toBeUndefined()
    // Its commitment is still open for a sound one.
    expect(kinds(run(follower, [from(leader, proposal)], state).effects)).toEqual(['sign'])
  })

  test('refuses a proposal when it saw nothing itself, or its clock is far off', () => {
    expect(run(follower, [from(leader, proposal)]).effects).toMatchObject([
      { message: { reason: 'unknown-commitment' } },
    ])
    const off: RoundEvent = { kind: 'message', from: leader, message: proposal, now: (NOW + 121) as typeof NOW }
    expect(run(follower, [...ready, off]).effects).toMatchObject([{ message: { reason: 'time-off' } }])
  })

  test('turns to the next leader when its patience is over, and tells it what it is bound to', () => {
    const { state } = run(follower, [...ready, from(leader, proposal)])
    const over: RoundEvent = { kind: 'timer', name: 'attempt', attempt: 0, session: 0 }
    const turned = run(follower, [over], state)
    expect(kinds(turned.effects)).toEqual(['timer', 'commit'])
    const shown = run(follower, [{ kind: 'committed', attempt: 1, commitment: strange }], turned.state)
    const to = leaderOf(committee, ROUND, 1)
    expect(shown.effects).toMatchObject([{ to, message: { kind: 'observation', attempt: 1, locked: observations } }])
    expect(run(follower, [over], turned.state).effects).toEqual([])
  })

  test('keeps its newest eight promises, however often it turns', () => {
    let state = run(follower, ready).state
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const fresh = promise(follower, `attempt ${attempt + 1}`).commitment
      const over: RoundEvent = { kind: 'timer', name: 'attempt', attempt, session: 0 }
      state = run(follower, [over, { kind: 'committed', attempt: attempt + 1, commitment: fresh }], state).state
    }
    expect([...state.promises.keys()]).toEqual([5, 6, 7, 8, 9, 10, 11, 12])
  })

  test('has no ear for another round', () => {
    const { state } = run(follower, ready)
    const other = run(follower, [from(leader, { ...proposal, round: ROUND + 1 })], state)
    expect(other).toEqual({ state, effects: [] })
  })

  test('without an observation turns to nobody', () => {
    const over: RoundEvent = { kind: 'timer', name: 'attempt', attempt: 0, session: 0 }
    expect(kinds(run(follower, [over]).effects)).toEqual(['timer'])
  })
})

describe('a leader', () => {
  const shown = (node: NodeIndex, changes: Partial<ObservationMessage> = {}): RoundEvent =>
    from(node, {
      kind: 'observation',
      round: ROUND,
      attempt: 0,
      signed: ownOf(node),
      commitment: promise(node).commitment,
      ...changes,
    })
  const collected: RoundEvent = { kind: 'timer', name: 'collect', attempt: 0, session: 0 }
  const three = [leader, follower, second].map((node) => shown(node))
  const proposed = run(leader, [...three, collected])
  const choice = rebuildReport(
    { ...settingsOf(world, leader), round: ROUND },
    observations.filter((each) => each !== ownOf(third)),
  )
  if (!choice.ok) throw new Error(choice.detail)

  /** The share of one member in a session of the state's lead, with the nonces of its promise. */
  function shareOf(node: NodeIndex, state: RoundState, session = 0, nonces: Nonces = promise(node).nonces): RoundEvent {
    const lead = state.leads.get(0)
    const signers = lead?.sessions[session]?.signers ?? []
    const digest = fromHex(lead?.choice?.digest ?? '0x')
    const share = signShare({ secret: memberOf(world, node).secret, keys: world.keys, nonces, signers, digest })
    const next = promise(node, `next ${session}`).commitment
    return from(node, { kind: 'share', round: ROUND, attempt: 0, session, share, next })
  }
  const wrongShare = (node: NodeIndex, session = 0): RoundEvent =>
    from(node, {
      kind: 'share',
      round: ROUND,
      attempt: 0,
      session,
      share: `0x${'01'.repeat(32)}`,
      next: promise(node, 'wrong').commitment,
    })

  test('that may have proposed before a restart gathers nothing, and still follows the others', () => {
    const resumed = startRound(ROUND, undefined, true)
    const heard = run(leader, [...three, collected], resumed)
    expect(heard.state.leads.size).toBe(0)
    const ahead = [follower, second].map((node) => shown(node, { attempt: committee.operators.length }))
    expect(run(leader, ahead, heard.state).state.attempt).toBe(committee.operators.length)
  })

  test('proposes at once with all observations, or with a quorum when the waiting is over', () => {
    const all = run(
      leader,
      nodes.map((node) => shown(node)),
    )
    expect(kinds(all.effects).filter((kind) => kind.startsWith('send proposal'))).toHaveLength(3)
    expect(kinds(run(leader, three).effects)).toEqual([])
    expect(kinds(proposed.effects).filter((kind) => kind.startsWith('send proposal'))).toHaveLength(3)
    expect(kinds(run(leader, [...three.slice(0, 2), collected]).effects)).toEqual([])
    expect(kinds(run(leader, [...three.slice(0, 2), collected, three[2] as RoundEvent]).effects)).toContain('timer')
  })

  test('listens to observations of its own attempts alone, once from each, and not of attempts far ahead', () => {
    expect(run(follower, [shown(second)]).effects).toEqual([])
    expect(kinds(run(leader, [shown(second)]).effects)).toEqual(['timer'])
    expect(run(leader, [shown(second), shown(second)]).effects).toEqual([])
    let { state } = run(leader, [shown(second)])
    for (let attempt = 4; attempt < 4_000; attempt += 4) state = run(leader, [shown(third, { attempt })], state).state
    expect(state.leads.size).toBeLessThanOrEqual(2)
  })

  test('names who brings an observation that is not its own or of other models', () => {
    const borrowed = run(leader, [shown(second, { signed: ownOf(third) })])
    expect(borrowed.effects).toMatchObject([{ kind: 'blame', node: second, reason: 'bad-observation' }])
    const other = signedBy(world, observationOf(second, ROUND, {}, { modelSet: `0x${'00'.repeat(32)}` }))
    const effects = run(leader, [shown(second, { signed: other })]).effects
    expect(effects).toMatchObject([{ kind: 'blame', node: second, reason: 'other-model-set' }])
  })

  test('makes the certificate of the last share, and brings it to everybody', () => {
    const shares = [leader, follower, second].map((node) => shareOf(node, proposed.state))
    const { state, effects } = run(leader, shares, proposed.state)
    expect(kinds(effects)).toEqual([...followers.map((node) => `send certificate to ${node}`), 'certified'])
    expect(effects.at(-1)).toMatchObject({ kind: 'certified', digest: choice.digest })
    expect(state.certificate?.signers).toEqual([leader, follower, second].toSorted())
  })

  test('leaves out who sent a wrong share, refused or is silent, and goes on with the rest when there are enough', () => {
    const refusal = from(follower, {
      kind: 'refusal',
      round: ROUND,
      attempt: 0,
      session: 0,
      reason: 'time-off',
      detail: '',
    })
    const silent: RoundEvent = { kind: 'timer', name: 'share', attempt: 0, session: 0 }
    const fourth = run(leader, [shareOf(leader, proposed.state), shareOf(second, proposed.state)], proposed.state).state
    for (const [event, reason] of [
      [wrongShare(follower), 'wrong-share'],
      [refusal, 'refused: time-off'],
      [silent, 'silent'],
    ] as const) {
      const accused = run(leader, [event], fourth)
      expect(accused.effects[0], reason).toMatchObject({ kind: 'blame', node: follower, reason })
      // The two others owe nothing and have promised anew; with the fourth they are a quorum.
      const later = run(leader, [event, shown(third)], fourth)
      const asked = later.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.to] : []))
      expect(asked.toSorted(), reason).toEqual([leader, second, third].toSorted())
    }
  })

  test('asks a silent one again once it has answered, and takes its late share for the first session', () => {
    const silent: RoundEvent = { kind: 'timer', name: 'share', attempt: 0, session: 0 }
    const answered = [leader, second].map((node) => shareOf(node, proposed.state))
    const waiting = run(leader, [...answered, silent], proposed.state)
    expect(kinds(waiting.effects)).toEqual(['blame'])
    const done = run(leader, [shareOf(follower, proposed.state)], waiting.state)
    expect(kinds(done.effects)).toContain('certified')
  })

  test('does not hear who owes it nothing: twice, of another session, not asked, left out, or before there is a choice', () => {
    const once = run(leader, [shareOf(leader, proposed.state)], proposed.state).state
    const unheard: ReadonlyArray<readonly [RoundState, RoundEvent]> = [
      [once, shareOf(leader, proposed.state)],
      [once, wrongShare(leader)],
      [proposed.state, wrongShare(follower, 7)],
      [proposed.state, wrongShare(third)],
      [run(leader, [wrongShare(follower)], proposed.state).state, wrongShare(follower)],
      [run(leader, three).state, wrongShare(follower)],
      [startRound(ROUND), wrongShare(follower)],
      [startRound(ROUND), collected],
      [startRound(ROUND), { kind: 'timer', name: 'share', attempt: 0, session: 0 }],
      [proposed.state, { kind: 'timer', name: 'share', attempt: 0, session: 5 }],
      [
        startRound(ROUND),
        from(third, { kind: 'refusal', round: ROUND, attempt: 0, session: 0, reason: 'no-report', detail: '' }),
      ],
    ]
    for (const [index, [state, event]] of unheard.entries()) {
      expect(run(leader, [event], state), `case ${index}`).toEqual({ state, effects: [] })
    }
  })

  test('goes on with the report that most are bound to, not with what it would choose itself', () => {
    const later = leaderOf(committee, ROUND, 1)
    const [a, b] = [observations.slice(0, 3), observations.slice(1)]
    const messages = nodes.map((node, index) => shown(node, { attempt: 1, locked: index === 0 ? a : b }))
    const { state } = run(later, messages)
    expect(state.leads.get(1)?.choice?.observations).toEqual(b)
    const tied = [0, 1].map((swap) => {
      const bound = nodes.map((node, index) => shown(node, { attempt: 1, locked: (index + swap) % 2 === 0 ? a : b }))
      return run(later, bound).state.leads.get(1)?.choice?.digest
    })
    expect(tied[0]).toBe(tied[1])
    // A lock that nobody can have signed binds nobody.
    const invalid = nodes.map((node) => shown(node, { attempt: 1, locked: observations.slice(0, 1) }))
    expect(run(later, invalid).state.leads.get(1)?.choice?.observations).toEqual(observations)
  })

  test('proposes nothing when the observations make no report', () => {
    const alone = nodes.map((node) => {
      const [value] = ownOf(node).observation.values
      const feed: Hex = `0x${String(node).repeat(64)}`
      const own = signedBy(
        world,
        observationOf(node, ROUND, {}, { values: value === undefined ? [] : [{ ...value, feed }] }),
      )
      return shown(node, { signed: own })
    })
    expect(kinds(run(leader, alone).effects)).toEqual([])
  })
})

describe('a certificate', () => {
  const rebuilt = rebuildReport({ ...settingsOf(world, leader), round: ROUND }, observations)
  if (!rebuilt.ok) throw new Error(rebuilt.detail)
  const signature = groupSignature(world, fromHex(rebuilt.digest), 'certificate')
  const certificate: CertificateMessage = {
    kind: 'certificate',
    round: ROUND,
    attempt: 0,
    leader,
    observations,
    signers: nodes.slice(0, 3),
    signature,
  }

  test('ends the round, whoever brings it', () => {
    for (const sender of followers) {
      const { state, effects } = run(follower, [from(sender, certificate)])
      expect(effects).toEqual([{ kind: 'certified', report: rebuilt.report, digest: rebuilt.digest, certificate }])
      expect(state.certificate).toEqual(certificate)
    }
  })

  test.each<readonly [string, Partial<CertificateMessage>]>([
    ['of another signature', { signature: groupSignature(world, new Uint8Array(32), 'other') }],
    ['of other observations', { observations: observations.slice(1) }],
    ['of too few observations', { observations: observations.slice(0, 2) }],
    ['of a leader who did not lead', { leader: follower }],
    ['of signers who are no quorum', { signers: nodes.slice(0, 2) }],
  ])('%s is its bringer’s fault and ends nothing', (_, changes) => {
    const { state, effects } = run(follower, [from(second, { ...certificate, ...changes })])
    expect(effects).toMatchObject([{ kind: 'blame', node: second, reason: 'bad-certificate' }])
    expect(state.certificate).toBeUndefined()
  })

  test('is given once to each member that still asks, and nothing else is heard after it', () => {
    const { state } = run(follower, [from(leader, certificate)])
    const asks = from(second, {
      kind: 'observation',
      round: ROUND,
      attempt: 0,
      signed: ownOf(second),
      commitment: promise(second).commitment,
    })
    const served = run(follower, [asks], state)
    expect(served.effects).toEqual([{ kind: 'send', to: second, message: certificate }])
    expect(run(follower, [asks], served.state).effects).toEqual([])
    const timer: RoundEvent = { kind: 'timer', name: 'attempt', attempt: 0, session: 0 }
    const other = from(third, { ...certificate, round: ROUND + 1 })
    for (const event of [timer, other, from(third, certificate)]) {
      expect(run(follower, [event], state)).toEqual({ state, effects: [] })
    }
  })
})
