import { expect, test } from 'vitest'
import { type Commitment, commit, type SignerCommitment } from '../../oracle-node/core/threshold.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { memberOf, observationOf, signedBy } from '../support/committee.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { isKind, nodes, roundLedBy, sealed, start, watched, world } from '../support/watched-round.ts'

type Signer = SignerCommitment

test('a member that floods another with messages of rounds to come does not push out what honest ones say early', async () => {
  const { network } = watched()
  const settings = { attemptMs: 60_000 }
  const leader = nodeIndex(2)
  const liar = nodeIndex(4)
  const round = roundLedBy(leader, 10)
  const flooding = network.join(liar)
  const members = nodes.filter((node) => node !== liar).map((node) => start(network, node, { settings }))
  members.find(({ node }) => node === leader)?.driver.begin(round - 1)
  const refusal = { kind: 'refusal', attempt: 0, session: 0, reason: 'time-off', detail: '' }
  for (let each = 0; each < 300; each += 1) await flooding.send(leader, { ...refusal, round: round + 1_000 })
  for (const { driver, node } of members) if (node !== leader) driver.begin(round)
  await new Promise((wake) => setTimeout(wake, 100))
  members.find(({ node }) => node === leader)?.driver.begin(round)
  await expect.poll(() => members.every(({ certified }) => certified.length === 1), { timeout: 10_000 }).toBe(true)
})

test('garbage from peers is counted by sender, answered by nothing, and the round ends all the same', async () => {
  const { network, letters } = watched()
  const liar = nodeIndex(4)
  const flooding = network.join(liar)
  const members = nodes.filter((node) => node !== liar).map((node) => start(network, node))
  const round = roundLedBy(nodeIndex(2))
  const garbage = [
    null,
    7,
    'x',
    [],
    {},
    { kind: 'share' },
    { kind: 'proposal', round, attempt: -1 },
    { kind: 'x'.repeat(1_000) },
  ]
  for (const { driver } of members) driver.begin(round)
  for (const { node } of members) for (const message of garbage) await flooding.send(node, message)
  await expect.poll(() => members.every(({ certified }) => certified.length === 1), { timeout: 10_000 }).toBe(true)
  for (const { telemetry } of members) {
    expect(telemetry.counted('plimsoll_messages_rejected_total', { node: '4' })).toBe(garbage.length)
    for (const { fields } of telemetry.lines.filter(({ event }) => event === 'message-rejected')) {
      expect(String(fields['detail']).length).toBeLessThanOrEqual(300)
    }
  }
  // Only the round's own messages go to it, since it is still a member.
  expect(letters.filter(({ to, message }) => to === liar && !isKind(message, 'certificate'))).toEqual([])
})

test.each([
  ['of one', (mine: Signer) => [mine]],
  ['of one three times', (mine: Signer) => [mine, mine, mine]],
  ['with one who is no member', (mine: Signer, other: Signer) => [mine, other, { ...other, node: nodeIndex(77) }]],
  ['of three with one commitment', (mine: Signer) => [1, 2, 3].map((node) => ({ ...mine, node: nodeIndex(node) }))],
])('a leader’s signer list %s does not stop a member, and no commitment is signed under twice', async (_, listOf) => {
  const { network, letters, sent } = watched()
  const leader = nodeIndex(2)
  const self = nodeIndex(1)
  const round = roundLedBy(leader)
  const member = start(network, self, { settings: { attemptMs: 60_000 } })
  const hostile = network.join(leader)
  hostile.onMessage(() => undefined)
  member.driver.begin(round)
  await expect.poll(() => sent(self, 'observation')).toHaveLength(1)
  const [shown] = letters.flatMap(({ message }) => (isKind(message, 'observation') ? [message] : []))
  const other = commit(memberOf(world, leader).secret, seededRandom('other').bytes).commitment
  const signers = listOf({ node: self, ...(shown?.commitment as Commitment) }, { node: leader, ...other })
  const observations = nodes.map((node) => signedBy(world, observationOf(node, round)))
  for (const session of [0, 1]) {
    await hostile.send(self, sealed(leader, { kind: 'proposal', round, attempt: 0, session, observations, signers }))
  }
  await expect
    .poll(() => letters.flatMap(({ message }) => (isKind(message, 'refusal') ? [message.session] : [])))
    .toContain(1)
  expect(member.disk.filter(({ kind }) => kind === 'signing').length).toBeLessThanOrEqual(1)
  expect(sent(self, 'share').length).toBeLessThanOrEqual(1)
})
