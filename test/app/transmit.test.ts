import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Certified } from '../../oracle-node/app/round-driver.ts'
import { transmitter } from '../../oracle-node/app/transmit.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { type NodeIndex, nodeIndex } from '../../oracle-node/core/units.ts'
import type { Chain, Sent, TransmissionNotice } from '../../oracle-node/ports/chain.ts'
import { leaderOf, transmissionPosition } from '../../oracle-node/protocol/committee.ts'
import { GENESIS, sampleReport } from '../contracts/samples.ts'
import { type MemoryChain, memoryChain } from '../support/memory-chain.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'

const ROUND = 7
const TURN_MS = 3_000
const committee = { epoch: 1, operators: [1, 2, 3, 4].map((each) => `0x${String(each).padStart(40, '0')}` as const) }
const nodes = [1, 2, 3, 4].map(nodeIndex)
const leader = leaderOf(committee, ROUND, 0)
const certified: Certified = {
  report: sampleReport({ round: ROUND, time: GENESIS + 900 }, { WETH: {}, WBTC: {} }),
  digest: `0x${'11'.repeat(32)}`,
  certificate: {
    kind: 'certificate',
    round: ROUND,
    attempt: 0,
    leader,
    observations: [],
    signers: nodes.slice(0, 3),
    signature: `0x${'02'.repeat(65)}`,
  },
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Members that got the same certificate, each with its own handle on the chain. */
function start(chain: MemoryChain, members = nodes, fails: Partial<Record<number, () => Sent | undefined>> = {}) {
  return members.map((self) => {
    const telemetry = memoryTelemetry()
    const handle: Chain = chain.handle(`node ${self}`, fails[self])
    const running = transmitter({ self, committee, chain: handle, telemetry, transmitMs: TURN_MS })
    running.transmit(certified)
    return { self, telemetry, running }
  })
}

const inTurn = (position: number): NodeIndex =>
  nodes.find((node) => transmissionPosition(committee, ROUND, node) === position) ?? leader
const pass = (turns: number): Promise<unknown> => vi.advanceTimersByTimeAsync(turns * TURN_MS + 10)

test('the leader sends at once, and nobody pays a second time', async () => {
  const chain = memoryChain()
  start(chain)
  await pass(0)
  expect(chain.sent).toEqual([{ sender: `node ${leader}`, call: 'update', ok: true }])
  await pass(5)
  expect(chain.sent).toHaveLength(1)
})

test('a standby takes over in its turn when the leader is dead, and the next ones stand by', async () => {
  const chain = memoryChain()
  start(
    chain,
    nodes.filter((node) => node !== leader),
  )
  await pass(0.9)
  expect(chain.sent).toEqual([])
  await pass(0.1)
  expect(chain.sent).toEqual([{ sender: `node ${inTurn(1)}`, call: 'update', ok: true }])
  await pass(5)
  expect(chain.sent).toHaveLength(1)
})

test('a standby takes over when the leader’s transaction never lands, after the leader tried three times', async () => {
  const chain = memoryChain()
  const lost = (): Sent => ({ ok: false, reason: 'timeout', retry: true })
  const members = start(chain, nodes, { [leader]: lost, [inTurn(1)]: lost })
  await pass(4)
  expect(chain.sent.map(({ sender, ok }) => [sender, ok])).toEqual([
    ...[1, 2, 3].map(() => [`node ${leader}`, false]),
    ...[1, 2, 3].map(() => [`node ${inTurn(1)}`, false]),
    [`node ${inTurn(2)}`, true],
  ])
  const telemetry = members.find(({ self }) => self === leader)?.telemetry
  expect(telemetry?.counted('plimsoll_transactions_total', { purpose: 'update', outcome: 'failed' })).toBe(3)
})

test('a revert is final: it is not tried again, and nothing is synced on it', async () => {
  const chain = memoryChain([feedOf('WETH')])
  start(chain, [leader], { [leader]: () => ({ ok: false, reason: 'InvalidSignature()', retry: false }) })
  await pass(1)
  expect(chain.sent).toEqual([{ sender: `node ${leader}`, call: 'update', ok: false }])
})

test('one lost transaction is sent again by the same member', async () => {
  const chain = memoryChain()
  let lost = 1
  start(chain, nodes, {
    [leader]: () => {
      lost -= 1
      return lost >= 0 ? { ok: false, reason: 'timeout', retry: true } : undefined
    },
  })
  await pass(3)
  expect(chain.sent.map(({ sender, ok }) => [sender, ok])).toEqual([
    [`node ${leader}`, false],
    [`node ${leader}`, true],
  ])
})

describe('the steward', () => {
  test('is synced for each feed of the report with a market that waits for it, once', async () => {
    const chain = memoryChain([feedOf('WETH'), feedOf('USDC')])
    start(chain)
    await pass(5)
    expect(chain.sent.map(({ call, ok }) => [call, ok])).toEqual([
      ['update', true],
      [`sync ${feedOf('WETH')}`, true],
    ])
  })

  test('is synced by a standby when the member before it stored the report and died', async () => {
    const chain = memoryChain([feedOf('WETH')])
    await chain.handle('dead leader').update(certified.report, certified.certificate.signature)
    start(
      chain,
      nodes.filter((node) => node !== leader),
    )
    await pass(5)
    expect(chain.sent.map(({ sender, call }) => [sender, call])).toEqual([
      ['dead leader', 'update'],
      [`node ${inTurn(1)}`, `sync ${feedOf('WETH')}`],
    ])
  })

  test('is synced for the other feeds though one sync reverts, and by the next member for that one', async () => {
    const chain = memoryChain([feedOf('WBTC'), feedOf('WETH')])
    let calls = 0
    start(chain, nodes, {
      [leader]: () => {
        calls += 1
        return calls === 2 ? { ok: false, reason: 'Paused()', retry: false } : undefined
      },
    })
    await pass(5)
    expect(chain.sent.filter(({ call }) => call.startsWith('sync')).map(({ sender, ok }) => [sender, ok])).toEqual([
      [`node ${leader}`, false],
      [`node ${leader}`, true],
      [`node ${inTurn(1)}`, true],
    ])
  })
})

test('a chain that does not answer is an error in the log, and the next in line goes on', async () => {
  const chain = memoryChain()
  const telemetry = memoryTelemetry()
  const broken: Chain = {
    ...chain.handle('broken'),
    latestRound: () => Promise.reject(new Error('connection refused')),
  }
  transmitter({ self: leader, committee, chain: broken, telemetry, transmitMs: TURN_MS }).transmit(certified)
  start(chain, [inTurn(1)])
  await pass(2)
  expect(telemetry.lines).toMatchObject([{ level: 'error', event: 'transmission-failed', fields: { round: ROUND } }])
  expect(chain.sent).toEqual([{ sender: `node ${inTurn(1)}`, call: 'update', ok: true }])
})

test('a member that stops sends nothing more', async () => {
  const chain = memoryChain()
  const [standby] = start(chain, [inTurn(2)])
  standby?.running.stop()
  await pass(5)
  expect(chain.sent).toEqual([])
})

test('what happens to a transaction on its way is logged and counted by outcome, after its call returned too', () => {
  const telemetry = memoryTelemetry()
  const listeners: Array<(notice: TransmissionNotice) => void> = []
  const telling: Chain = {
    ...memoryChain().handle('telling'),
    onTransmission: (listener) => void listeners.push(listener),
  }
  transmitter({ self: leader, committee, chain: telling, telemetry, transmitMs: TURN_MS })
  const happened = [
    ['transaction-replaced', 'replaced'],
    ['transaction-replaced', 'replaced'],
    ['transaction-reorged', 'reorged'],
    ['transaction-resent', 'resent'],
    ['transaction-pending-found', 'pending-found'],
    ['nonce-taken', 'nonce-taken'],
  ] as const
  for (const [name] of happened) for (const tell of listeners) tell({ name, purpose: 'update', nonce: 9 })
  expect(telemetry.lines.map(({ event }) => event)).toEqual(happened.map(([name]) => name))
  expect(telemetry.lines[0]).toMatchObject({ level: 'warn', fields: { purpose: 'update', nonce: 9 } })
  const counted = (outcome: string): number =>
    telemetry.counted('plimsoll_transactions_total', { purpose: 'update', outcome })
  expect(['replaced', 'reorged', 'resent', 'pending-found', 'nonce-taken', 'mined'].map(counted)).toEqual([
    2, 1, 1, 1, 1, 0,
  ])
})

test('whose turn it is does not hang on the attempt that a certificate names, which nobody signed', async () => {
  const chain = memoryChain()
  const running = transmitter({
    self: leader,
    committee,
    chain: chain.handle('first'),
    telemetry: memoryTelemetry(),
    transmitMs: TURN_MS,
  })
  running.transmit({ ...certified, certificate: { ...certified.certificate, attempt: 3, leader: inTurn(3) } })
  await pass(0)
  expect(chain.sent).toHaveLength(1)
})

test('a race that another won is no failure: the steward is called all the same', async () => {
  const chain = memoryChain([feedOf('WETH')])
  const mine = chain.handle('slow')
  const raced: Chain = {
    ...mine,
    update: async (report, signature) => {
      await chain.handle('fast, and gone').update(report, signature)
      return mine.update(report, signature)
    },
  }
  transmitter({ self: leader, committee, chain: raced, telemetry: memoryTelemetry(), transmitMs: TURN_MS }).transmit(
    certified,
  )
  await pass(1)
  expect(chain.sent).toEqual([
    { sender: 'fast, and gone', call: 'update', ok: true },
    { sender: 'slow', call: 'update', ok: false },
    { sender: 'slow', call: `sync ${feedOf('WETH')}`, ok: true },
  ])
})
