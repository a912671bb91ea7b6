import { describe, expect, onTestFinished, test } from 'vitest'
import { fromHex } from '../../oracle-node/core/bytes.ts'
import type { SignedObservation } from '../../oracle-node/core/observation.ts'
import { commit, verifySignature } from '../../oracle-node/core/threshold.ts'
import { type NodeIndex, nodeIndex } from '../../oracle-node/core/units.ts'
import type { JournalEntry } from '../../oracle-node/ports/journal.ts'
import { leaderOf } from '../../oracle-node/protocol/committee.ts'
import type { RoundMessage } from '../../oracle-node/protocol/messages.ts'
import { memberOf, observationOf, settingsOf, signedBy } from '../support/committee.ts'
import type { Tamper } from '../support/memory-transport.ts'
import { type RunningMember, startMember } from '../support/running-round.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { type Differences, isKind, nodes, roundLedBy, sealed, start, watched, world } from '../support/watched-round.ts'

const hidings = (disk: readonly JournalEntry[]): string[] =>
  disk.flatMap((entry) => (entry.kind === 'signing' ? [entry.commitment.hiding] : []))

test('four members complete rounds one after the other: one valid signature each, the same at every member', async () => {
  const { network } = watched()
  const members = nodes.map((node) => start(network, node))
  for (const round of [1, 2, 3]) {
    for (const { driver } of members) driver.begin(round)
    await expect
      .poll(() => members.every(({ certified }) => certified.length === round), { timeout: 10_000 })
      .toBe(true)
    const digests = new Set(members.map(({ certified }) => certified.at(-1)?.digest))
    expect(digests.size).toBe(1)
    for (const { certified } of members) {
      const { certificate, digest, report } = certified.at(-1) as (typeof certified)[number]
      expect(report.round).toBe(round)
      expect(verifySignature(world.keys.groupKey, fromHex(digest), certificate.signature)).toBe(true)
      expect(certificate.observations).toHaveLength(4)
    }
  }
  const spent = members.flatMap(({ disk }) => hidings(disk))
  expect(new Set(spent).size).toBe(spent.length)
  for (const { disk, telemetry, node } of members) {
    expect(disk.filter(({ kind }) => kind === 'observed').map(({ round }) => round)).toEqual([1, 2, 3])
    expect(disk.filter(({ kind }) => kind === 'certified').map(({ round }) => round)).toEqual([1, 2, 3])
    expect(telemetry.gauges.get('plimsoll_round')).toBe(3)
    expect(telemetry.counted('plimsoll_rounds_certified_total')).toBe(3)
    expect(telemetry.counted('plimsoll_blames_total'), `blames of ${node}`).toBe(0)
  }
})

test('a certificate for all goes out once where the transport can broadcast, and what is for one by the way to that one', async () => {
  const { network, sent } = watched()
  const broadcasts: Array<{ from: NodeIndex; message: unknown }> = []
  const members = nodes.map((node) => {
    const transport = network.join(node)
    const broadcast = async (message: unknown): Promise<void> => {
      broadcasts.push({ from: node, message })
      await Promise.all(nodes.filter((other) => other !== node).map((other) => transport.send(other, message)))
    }
    const member = startMember({ world, node, transport: { ...transport, broadcast } })
    onTestFinished(() => member.driver.stop())
    return member
  })
  for (const { driver } of members) driver.begin(1)
  await expect.poll(() => members.every(({ certified }) => certified.length === 1), { timeout: 10_000 }).toBe(true)
  const leader = leaderOf(settingsOf(world, nodeIndex(1)).committee, 1, 0)
  expect(broadcasts).toHaveLength(1)
  expect(broadcasts[0]?.from).toBe(leader)
  expect(isKind(broadcasts[0]?.message, 'certificate')).toBe(true)
  // What the broadcast itself brought, and nothing beside it.
  expect(sent(leader, 'certificate')).toHaveLength(3)
})

describe('a member that restarts in the midst of a round', () => {
  /** Runs a round until the member has written that it signs, with its share lost on the way, and ends that life. */
  async function firstLife(self: NodeIndex, round: number): Promise<{ disk: JournalEntry[]; others: RunningMember[] }> {
    const { network, sent } = watched(({ from, message }) =>
      from === self && isKind(message, 'share') ? undefined : message,
    )
    const disk: JournalEntry[] = []
    const member = start(network, self, { disk })
    const others = nodes.filter((node) => node !== self).map((node) => start(network, node))
    for (const { driver } of [member, ...others]) driver.begin(round)
    await expect.poll(() => sent(self, 'share').length, { timeout: 10_000 }).toBeGreaterThan(0)
    for (const { driver } of [member, ...others]) driver.stop()
    return { disk, others }
  }

  test('shows the observation it showed before, though the market has moved, and signs the same report or none', async () => {
    const leader = nodeIndex(2)
    const round = roundLedBy(leader)
    const self = nodeIndex(1)
    const { disk } = await firstLife(self, round)
    const [observed, locked] = [...disk]
    if (observed?.kind !== 'observed' || locked?.kind !== 'signing') throw new Error('it had observed and signed')
    const { network, letters } = watched()
    const moved = async () => observationOf(self, round, { priceE8: 201_000_000_000n })
    const member = start(network, self, { disk, seed: 'second life', observe: moved, settings: { attemptMs: 60_000 } })
    const answers = <K extends RoundMessage['kind']>(kind: K) =>
      letters.flatMap(({ message }) => (isKind(message, kind) ? [message] : []))
    const hostile = network.join(leader)
    hostile.onMessage(() => undefined)
    member.driver.begin(round)
    await expect.poll(() => answers('observation')).toHaveLength(1)
    const [shown] = answers('observation')
    expect(shown?.signed.signature).toBe(observed.signed.signature)

    const others = [nodeIndex(2), nodeIndex(3)].map((node) => {
      const { commitment } = commit(memberOf(world, node).secret, seededRandom(`signer ${node}`).bytes)
      return { node, ...commitment }
    })
    const propose = (session: number, observations: readonly SignedObservation[]) => {
      const mine = { node: self, ...shown?.commitment } as (typeof others)[number]
      const message = {
        kind: 'proposal',
        round,
        attempt: 0,
        session,
        observations,
        signers: [mine, ...others],
      } as const
      return hostile.send(self, sealed(leader, message))
    }
    const three = nodes.slice(1).map((node) => signedBy(world, observationOf(node, round)))
    await propose(0, three)
    await expect.poll(() => answers('refusal').map(({ reason }) => reason)).toEqual(['signed-another-report'])
    await propose(1, locked.observations)
    await expect.poll(() => answers('share')).toHaveLength(1)
    await propose(2, locked.observations)
    await expect.poll(() => answers('refusal').at(-1)).toMatchObject({ reason: 'unknown-commitment', session: 2 })
    expect(answers('share')).toHaveLength(1)
    expect(new Set(disk.flatMap((entry) => (entry.kind === 'signing' ? [entry.digest] : [])))).toEqual(
      new Set([locked.digest]),
    )
    expect(hidings(disk)).toHaveLength(2)
    expect(new Set(hidings(disk)).size).toBe(2)
  })

  test('proposes nothing in that round, though it leads it: it does not know what it proposed before', async () => {
    const self = nodeIndex(1)
    const round = roundLedBy(self)
    const disk: JournalEntry[] = []
    const first = start(watched().network, self, { disk })
    first.driver.begin(round)
    await expect.poll(() => disk.map(({ kind }) => kind)).toEqual(['observed'])
    first.driver.stop()
    const { network, sent } = watched()
    const settings = { attemptMs: 500 }
    const second = (node: NodeIndex) => (node === self ? { disk, seed: 'second life', settings } : { settings })
    const members = nodes.map((node) => start(network, node, second(node)))
    for (const { driver } of members) driver.begin(round)
    await expect.poll(() => members.every(({ certified }) => certified.length === 1), { timeout: 20_000 }).toBe(true)
    expect(sent(self, 'proposal')).toEqual([])
    const next = roundLedBy(self, round + 1)
    for (const { driver } of members) driver.begin(next)
    await expect.poll(() => sent(self, 'proposal').length, { timeout: 10_000 }).toBeGreaterThan(0)
  })

  test('helps the others end with the report that it was bound to', async () => {
    const round = roundLedBy(nodeIndex(3))
    const self = nodeIndex(4)
    const { disk } = await firstLife(self, round)
    const { network } = watched()
    const members = nodes.map((node) => start(network, node, node === self ? { disk, seed: 'second life' } : {}))
    for (const { driver } of members) driver.begin(round)
    await expect.poll(() => members.every(({ certified }) => certified.length === 1), { timeout: 20_000 }).toBe(true)
    const digests = new Set(disk.flatMap((entry) => (entry.kind === 'observed' ? [] : [entry.digest])))
    expect(digests.size).toBe(1)
  })

  test('gets the certificate of a round that ended without it', async () => {
    const { network } = watched()
    const [late, ...others] = nodes.map((node) => start(network, node, { settings: { attemptMs: 1_500 } }))
    const round = roundLedBy(nodeIndex(2))
    for (const { driver } of others) driver.begin(round)
    await expect.poll(() => others.every(({ certified }) => certified.length === 1), { timeout: 10_000 }).toBe(true)
    late?.driver.begin(round)
    await expect.poll(() => late?.certified.length, { timeout: 10_000 }).toBe(1)
    expect(late?.certified[0]?.digest).toBe(others[0]?.certified[0]?.digest)
  })
})

describe('no share leaves a member whose journal', () => {
  const self = nodeIndex(1)
  const withoutFourAtFirst: Tamper = ({ from, message }) =>
    from === 4 && isKind(message, 'observation') && message.attempt === 0 ? undefined : message

  test('could not write that it signs, and the others end without it', async () => {
    const { network, sent } = watched(withoutFourAtFirst)
    const failing: Differences = {
      journal: (journal) => ({
        ...journal,
        append: async (entry) => {
          if (entry.kind === 'signing') throw new Error('the disk is full')
          return journal.append(entry)
        },
      }),
    }
    const settings = { shareMs: 300, attemptMs: 1_000 }
    const members = nodes.map((node) => start(network, node, { ...(node === self ? failing : {}), settings }))
    const round = roundLedBy(nodeIndex(2))
    for (const { driver } of members) driver.begin(round)
    await expect.poll(() => members.every(({ certified }) => certified.length === 1), { timeout: 10_000 }).toBe(true)
    const asked = sent(nodeIndex(2), 'proposal').filter(({ to }) => to === self).length
    const failures = members[0]?.telemetry.lines.filter(({ event }) => event === 'signing-failed') ?? []
    expect(asked).toBeGreaterThan(0)
    expect(failures.length).toBeGreaterThanOrEqual(asked)
    expect(sent(self, 'share')).toEqual([])
    for (const { certified } of members) expect(certified[0]?.certificate.signers).toEqual([2, 3, 4])
  })

  test('has not written it yet', async () => {
    const { network, sent } = watched(withoutFourAtFirst)
    let release: (() => void) | undefined
    const slow: Differences = {
      journal: (journal) => ({
        ...journal,
        append: async (entry) => {
          if (entry.kind === 'signing') {
            await new Promise<void>((resolve) => {
              release = resolve
            })
          }
          return journal.append(entry)
        },
      }),
    }
    const settings = { shareMs: 60_000, attemptMs: 60_000 }
    const members = nodes.map((node) => start(network, node, { ...(node === self ? slow : {}), settings }))
    const round = roundLedBy(nodeIndex(2))
    for (const { driver } of members) driver.begin(round)
    await expect.poll(() => release, { timeout: 10_000 }).toBeDefined()
    await new Promise((wake) => setTimeout(wake, 150))
    expect(sent(self, 'share')).toEqual([])
    release?.()
    await expect.poll(() => members.every(({ certified }) => certified.length === 1), { timeout: 10_000 }).toBe(true)
    expect(sent(self, 'share')).toHaveLength(1)
  })

  test('could not write its observation: it shows none', async () => {
    const { network, sent } = watched()
    const member = start(network, self, {
      journal: (journal) => ({ ...journal, append: () => Promise.reject(new Error('the disk is full')) }),
    })
    member.driver.begin(roundLedBy(nodeIndex(1)))
    await expect.poll(() => member.telemetry.lines.map(({ event }) => event)).toContain('observing-failed')
    expect(sent(self, 'observation')).toEqual([])
  })
})

test('a message for the next round is kept and used when that round begins here', async () => {
  const { network } = watched()
  // Nobody asks twice in time, so the round ends only if what came early was kept.
  const settings = { attemptMs: 60_000 }
  const members = nodes.map((node) => start(network, node, { settings }))
  const leader = nodeIndex(2)
  const round = roundLedBy(leader, 10)
  for (const { driver, node } of members) driver.begin(node === leader ? round - 1 : round)
  await new Promise((wake) => setTimeout(wake, 200))
  members.find(({ node }) => node === leader)?.driver.begin(round)
  await expect.poll(() => members.every(({ certified }) => certified.length === 1), { timeout: 10_000 }).toBe(true)
})

test('a member that judges no asset says so, sends nothing, and still learns what the others decide', async () => {
  const { network, sent } = watched()
  const self = nodeIndex(3)
  const members = nodes.map((node) => start(network, node, node === self ? { observe: async () => undefined } : {}))
  const round = roundLedBy(nodeIndex(1))
  for (const { driver } of members) driver.begin(round)
  await expect.poll(() => members.every(({ certified }) => certified.length === 1), { timeout: 10_000 }).toBe(true)
  expect(sent(self, 'observation')).toEqual([])
  expect(members[2]?.driver.abstainedIn).toBe(round)
  expect(members[0]?.driver.abstainedIn).toBe(0)
})

test('an observer that fails costs its own node the round and is in its log', async () => {
  const { network } = watched()
  const self = nodeIndex(3)
  const failing = { observe: () => Promise.reject(new Error('the model broke')) }
  const members = nodes.map((node) => start(network, node, node === self ? failing : {}))
  const round = roundLedBy(nodeIndex(1))
  for (const { driver } of members) driver.begin(round)
  await expect.poll(() => members.every(({ certified }) => certified.length === 1), { timeout: 10_000 }).toBe(true)
  expect(members[2]?.telemetry.lines.find(({ event }) => event === 'observing-failed')?.fields['error']).toContain(
    'the model broke',
  )
})

test('what arrives for a round that is over, or from a slow observer of one, changes nothing', async () => {
  const { network, sent } = watched()
  const self = nodeIndex(1)
  let finish: (() => void) | undefined
  const member = start(network, self, {
    observe: async (round) => {
      if (round === 5) await new Promise<void>((resolve) => (finish = resolve))
      return observationOf(self, round)
    },
  })
  const peer = network.join(nodeIndex(2))
  member.driver.begin(5)
  member.driver.begin(6)
  await expect.poll(() => sent(self, 'observation').length + member.disk.length).toBeGreaterThan(0)
  finish?.()
  await peer.send(self, { kind: 'refusal', round: 5, attempt: 0, session: 0, reason: 'time-off', detail: '' })
  await expect.poll(() => member.disk.map(({ round }) => round)).toContain(5)
  expect(sent(self, 'observation').every(({ message }) => (message as RoundMessage).round === 6)).toBe(true)
})
