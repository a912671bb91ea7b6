import { expect, onTestFinished, test } from 'vitest'
import { parseSealedMessage, sealedToWire } from '../../oracle-node/adapters/sealed-wire.ts'
import { DEVIATION_TOLERANCE } from '../../oracle-node/core/out-of-range.ts'
import { signShareStatement } from '../../oracle-node/core/statements.ts'
import { commit } from '../../oracle-node/core/threshold.ts'
import type { NodeIndex } from '../../oracle-node/core/units.ts'
import { leaderOf } from '../../oracle-node/protocol/committee.ts'
import { verifyEvidence } from '../../oracle-node/protocol/evidence.ts'
import type { RoundMessage } from '../../oracle-node/protocol/messages.ts'
import { type SealedMessage, type ShareSeal, sealProposal } from '../../oracle-node/protocol/seal.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { memberOf, nodesOf, observationOf, settingsOf, signedBy } from '../support/committee.ts'
import { memoryNetwork } from '../support/memory-transport.ts'
import { type MemberOptions, type RunningMember, startMember } from '../support/running-round.ts'
import { seededRandom } from '../support/seeded-random.ts'

const world = makeWorld(4)
const nodes = nodesOf(world)
const { committee, domain } = settingsOf(world, nodes[0] as NodeIndex)
const ROUND = 5
const [leader, second, third, fourth] = nodes.map((_, attempt) => leaderOf(committee, ROUND, attempt)) as [
  NodeIndex,
  NodeIndex,
  NodeIndex,
  NodeIndex,
]
const operatorKey = (node: NodeIndex): Uint8Array => memberOf(world, node).operatorKey

type Twist = (sealed: SealedMessage, to: NodeIndex) => SealedMessage | undefined

/** Begins a round of real members, in which one of them says something else than the protocol has it say. */
function beginRound(liar: NodeIndex, twist: Twist, of: (node: NodeIndex) => Partial<MemberOptions> = () => ({})) {
  const network = memoryNetwork(({ from, to, message }) => {
    if (from !== liar) return message
    const parsed = parseSealedMessage(message)
    if (!parsed.ok) throw new Error(parsed.detail)
    const twisted = twist(parsed.message, to)
    return twisted && sealedToWire(twisted)
  })
  const members = nodes.map((node) => startMember({ world, node, transport: network.join(node), ...of(node) }))
  onTestFinished(() => {
    for (const { driver } of members) driver.stop()
  })
  for (const { driver } of members) driver.begin(ROUND)
  return { members, honest: members.filter(({ node }) => node !== liar) }
}

const allCertified = (members: readonly RunningMember[]) =>
  expect.poll(() => members.every(({ certified }) => certified.length === 1), { timeout: 15_000 }).toBe(true)

/** What members found, each of it proven to who was not there. */
function accusations(members: readonly RunningMember[]): string[] {
  const found = members.flatMap(({ evidence }) => evidence)
  for (const each of found) expect(verifyEvidence(each, DEVIATION_TOLERANCE)).toBe('proven')
  return [...new Set(found.map(({ subject, claim }) => `${claim.kind} ${subject.node}`))]
}

test('an honest round leaves no evidence, and every proposal and share in it is sealed', async () => {
  const sealed: SealedMessage[] = []
  const keep: Twist = (message) => {
    sealed.push(message)
    return message
  }
  const { members } = beginRound(leader, keep)
  await allCertified(members)
  await new Promise((wake) => setTimeout(wake, 50))
  expect(accusations(members)).toEqual([])
  const seals = (kind: RoundMessage['kind']) =>
    sealed.filter(({ message }) => message.kind === kind).map(({ seal }) => seal?.kind)
  expect(new Set(seals('proposal'))).toEqual(new Set(['proposal']))
  expect(new Set(seals('certificate'))).toEqual(new Set([undefined]))
})

test('a member that shows two members two observations is proven to', async () => {
  const { members, honest } = beginRound(third, (sealed) => sealed)
  const signed = signedBy(world, observationOf(third, ROUND, { priceE8: 200_000_000_001n }))
  const { commitment } = commit(memberOf(world, third).secret, seededRandom('two faces').bytes)
  const message = { kind: 'observation', round: ROUND, attempt: 1, signed, commitment } as const
  await members.find(({ node }) => node === third)?.transport.send(second, sealedToWire({ message }))
  await allCertified(honest)
  await expect.poll(() => accusations(honest), { timeout: 5_000 }).toEqual([`observer-equivocation ${third}`])
})

test('a leader that splits its followers is proven to, by what they tell the next one', async () => {
  const split: Twist = (sealed, to) => {
    const { message } = sealed
    if (message.kind === 'certificate') return undefined
    if (message.kind !== 'proposal' || message.attempt !== 0 || to === second) return sealed
    const fewer = { ...message, observations: message.observations.slice(0, 3) }
    return { message: fewer, seal: sealProposal({ committee, domain }, leader, fewer, operatorKey(leader)) }
  }
  const { honest } = beginRound(leader, split, () => ({ settings: { attemptMs: 600, shareMs: 200 } }))
  await expect.poll(() => accusations(honest), { timeout: 15_000 }).toEqual([`leader-equivocation ${leader}`])
})

test.each([
  ['signs a wrong share is proven to', true, [`invalid-share ${third}`]],
  ['sends one that it did not sign is named, and no more', false, []],
])('a member that %s', async (_, signs, expected) => {
  const wrong: Twist = ({ message, seal }) => {
    if (message.kind !== 'share' || seal?.kind !== 'share') return { message, seal }
    const bad = { ...message, share: `0x${'01'.repeat(32)}` } as const
    return { message: bad, seal: signs ? resealed(third, bad, seal) : seal }
  }
  // With one of four silent the others are a quorum, so that the liar is asked.
  const { members } = beginRound(third, wrong, (node) => (node === fourth ? { observe: async () => undefined } : {}))
  const judge = members.find(({ node }) => node === leader) as RunningMember
  await expect
    .poll(() => judge.telemetry.counted('plimsoll_blames_total', { node: String(third), reason: 'wrong-share' }), {
      timeout: 10_000,
    })
    .toBe(1)
  await new Promise((wake) => setTimeout(wake, 50))
  expect(accusations([judge])).toEqual(expected)
})

/** The statement of a share, signed again by the operator that it is of. */
function resealed(node: NodeIndex, message: RoundMessage & { kind: 'share' }, seal: ShareSeal): ShareSeal {
  const { digest, commitmentsHash, groupCommitment } = seal
  const { round, attempt, session, share } = message
  const made = { digest, commitmentsHash, groupCommitment, share }
  const statement = { epoch: committee.epoch, round, attempt, session, node, ...made }
  return { ...seal, signature: signShareStatement(domain, statement, operatorKey(node)) }
}

test('a member that lies beyond all measure is proven to by the report that the others certify', async () => {
  const far = async (round: number) => observationOf(third, round, { priceE8: 1n })
  const { members } = beginRound(
    third,
    (sealed) => sealed,
    (node) => (node === third ? { observe: far } : {}),
  )
  await expect.poll(() => accusations(members), { timeout: 10_000 }).toEqual([`deviation ${third}`])
})

test('a proposal that its leader did not sign is answered by nobody, and the next leader ends the round', async () => {
  const unsigned: Twist = ({ message, seal }) => ({ message, seal: message.kind === 'proposal' ? undefined : seal })
  const { honest } = beginRound(leader, unsigned, () => ({ settings: { attemptMs: 500 } }))
  await allCertified(honest)
  expect(honest.map(({ certified }) => certified[0]?.certificate.leader)).not.toContain(leader)
  const rejected = honest.flatMap(({ telemetry }) =>
    telemetry.lines.filter(({ event }) => event === 'message-rejected'),
  )
  expect(String(rejected[0]?.fields['detail'])).toContain('operator did not sign')
  expect(accusations(honest)).toEqual([])
})
