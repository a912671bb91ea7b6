import { Wallet } from 'ethers'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { evmChain } from '../../oracle-node/adapters/evm-chain.ts'
import type { FeeOptions } from '../../oracle-node/adapters/evm-sender.ts'
import { toHex } from '../../oracle-node/core/bytes.ts'
import type { Report } from '../../oracle-node/core/report.ts'
import type { Chain, TransmissionNotice } from '../../oracle-node/ports/chain.ts'
import { signedBy } from '../conformance/chain.ts'
import { GENESIS, sampleReport } from '../contracts/samples.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { memberOf, nodesOf } from '../support/committee.ts'
import { type LocalChain, localChain } from '../support/local-chain.ts'

const world = makeWorld(4)
const [first] = nodesOf(world)
if (first === undefined) throw new Error('a committee has members')
const operatorKey = toHex(memberOf(world, first).operatorKey)
const operator = new Wallet(operatorKey).address
const GWEI = 1_000_000_000n
const FAST: FeeOptions = { priorityFeeGwei: 1, bumpAfterMs: 600, giveUpAfterMs: 8_000, confirmations: 3 }

let local: LocalChain
let chain: Chain & { close(): void }
let notices: TransmissionNotice[]
let round = 0
const opened: Array<{ close(): void }> = []

beforeAll(async () => {
  local = await localChain(world, GENESIS)
})
afterAll(() => local?.close())
beforeEach(async () => {
  chain = open(FAST)
  notices = []
  chain.onTransmission?.((notice) => notices.push(notice))
  await rpc('evm_setAutomine', false)
})
afterEach(async () => {
  for (const each of opened.splice(0)) each.close()
  await rpc('evm_setAutomine', true)
  await mine()
})

function open(fees: FeeOptions): Chain & { close(): void } {
  const { chainId, oracle } = local.deployment
  const opening = evmChain({ rpcUrl: local.rpcUrl, chainId, oracle, operatorKey, fees })
  opened.push(opening)
  return opening
}

const rpc = (method: string, ...parameters: unknown[]): Promise<unknown> => local.provider.send(method, parameters)
const mine = (): Promise<unknown> => rpc('evm_mine')

type Pending = { readonly hash: string; readonly nonce: number; readonly maxFee: bigint; readonly tip: bigint }

/** The operator's transactions that wait to be mined. */
async function pending(): Promise<Pending[]> {
  const waiting = (await rpc('eth_pendingTransactions')) as Array<Record<string, string>>
  return waiting
    .filter((each) => each['from']?.toLowerCase() === operator.toLowerCase())
    .map((each) => ({
      hash: String(each['hash']),
      nonce: Number(each['nonce']),
      maxFee: BigInt(each['maxFeePerGas'] ?? 0),
      tip: BigInt(each['maxPriorityFeePerGas'] ?? 0),
    }))
}

async function onePending(where: (each: Pending) => boolean = () => true): Promise<Pending> {
  return vi.waitFor(
    async () => {
      const [found, ...more] = (await pending()).filter(where)
      if (found === undefined || more.length > 0) throw new Error('there is not one such transaction')
      return found
    },
    { timeout: 8_000, interval: 50 },
  )
}

async function signed(): Promise<[Report, `0x${string}`]> {
  round += 1
  const time = ((await local.provider.getBlock('latest'))?.timestamp ?? GENESIS) + 1
  const report = sampleReport({ round, time }, { WETH: {} })
  const domain = { chainId: BigInt(local.deployment.chainId), oracle: local.deployment.oracle }
  return [report, signedBy(world, domain, report)]
}

const named = (name: TransmissionNotice['name']): TransmissionNotice[] => notices.filter((each) => each.name === name)

test('a stuck transaction is outbid under its own nonce, and the replacement is what is mined', async () => {
  const sending = chain.update(...(await signed()))
  const stuck = await onePending()
  const replacement = await onePending(({ hash }) => hash !== stuck.hash)
  expect(replacement.nonce).toBe(stuck.nonce)
  expect(replacement.maxFee * 8n).toBeGreaterThanOrEqual(stuck.maxFee * 9n)
  expect(replacement.tip * 8n).toBeGreaterThanOrEqual(stuck.tip * 9n)
  await mine()
  const sent = await sending
  expect(sent).toMatchObject({ ok: true, transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
  expect(sent.ok && sent.transaction).not.toBe(stuck.hash)
  expect(await chain.latestRound()).toBe(round)
  expect(named('transaction-replaced')[0]).toMatchObject({ purpose: 'update', nonce: stuck.nonce })
}, 30_000)

test('a fee spike that leaves the offer behind is outbid', async () => {
  const sending = chain.update(...(await signed()))
  const cheap = await onePending()
  await rpc('hardhat_setNextBlockBaseFeePerGas', `0x${(cheap.maxFee * 3n).toString(16)}`)
  await mine()
  // The block of the spike left it out.
  expect((await pending()).map(({ nonce }) => nonce)).toEqual([cheap.nonce])
  const dear = await onePending(({ maxFee }) => maxFee > cheap.maxFee * 3n)
  expect(dear.nonce).toBe(cheap.nonce)
  await mine()
  expect(await sending).toMatchObject({ ok: true })
}, 30_000)

test('a transaction that the endpoint dropped is sent again', async () => {
  const sending = chain.update(...(await signed()))
  const { hash, nonce } = await onePending()
  await rpc('hardhat_dropTransaction', hash)
  expect(await pending()).toEqual([])
  const again = await onePending()
  expect(again).toMatchObject({ hash, nonce })
  expect(named('transaction-resent')).toHaveLength(1)
  await mine()
  expect(await sending).toMatchObject({ ok: true, transaction: hash })
}, 30_000)

test('a transaction that a re-org took away is brought back', async () => {
  const before = await rpc('evm_snapshot')
  const sending = chain.update(...(await signed()))
  await onePending()
  await mine()
  expect(await sending).toMatchObject({ ok: true })
  expect(await chain.latestRound()).toBe(round)
  await rpc('evm_revert', before)
  expect(await chain.latestRound()).toBe(round - 1)
  await onePending()
  expect(named('transaction-reorged')).toHaveLength(1)
  await mine()
  expect(await chain.latestRound()).toBe(round)
}, 30_000)

test('a transaction that is deep enough is left alone, even by a re-org', async () => {
  const before = await rpc('evm_snapshot')
  const sending = chain.update(...(await signed()))
  await onePending()
  await mine()
  await sending
  await mine()
  await mine()
  // Long enough for the next look, which are a second apart at most.
  await new Promise((wake) => setTimeout(wake, 1_500))
  await rpc('evm_revert', before)
  await new Promise((wake) => setTimeout(wake, 1_500))
  expect(await pending()).toEqual([])
  round -= 1
}, 30_000)

test('a transaction of the key that was pending at the start is noticed and replaced, not queued behind', async () => {
  const stranger = new Wallet(operatorKey, local.provider)
  const fees = { maxFeePerGas: 40n * GWEI, maxPriorityFeePerGas: 20n * GWEI }
  const old = await stranger.sendTransaction({ to: operator, ...fees })
  const sending = chain.update(...(await signed()))
  const mine1 = await onePending(({ hash }) => hash !== old.hash)
  expect(mine1.nonce).toBe(old.nonce)
  expect(named('transaction-pending-found')).toHaveLength(1)
  await mine()
  expect(await sending).toMatchObject({ ok: true })
}, 30_000)

test('a node that starts again finds its own stuck update, and replaces it', async () => {
  const call = await signed()
  const lost = open({ ...FAST, bumpAfterMs: 60_000 })
  void lost.update(...call)
  const stuck = await onePending()
  lost.close()
  const sending = chain.update(...call)
  const replacement = await onePending(({ hash }) => hash !== stuck.hash)
  expect(replacement.nonce).toBe(stuck.nonce)
  expect(named('transaction-pending-found')).toHaveLength(1)
  await mine()
  expect(await sending).toMatchObject({ ok: true })
  expect(await chain.latestRound()).toBe(round)
}, 30_000)

test('a nonce that another process with the key used is noticed, and the report is sent under the next one', async () => {
  const sending = chain.update(...(await signed()))
  const mineFirst = await onePending()
  const fees = { maxFeePerGas: 200n * GWEI, maxPriorityFeePerGas: 100n * GWEI }
  const taker = new Wallet(operatorKey, local.provider)
  await taker.sendTransaction({ to: operator, nonce: mineFirst.nonce, gasLimit: 21_000n, ...fees })
  await mine()
  const second = await onePending()
  expect(second.nonce).toBe(mineFirst.nonce + 1)
  expect(named('nonce-taken')).toHaveLength(1)
  await mine()
  expect(await sending).toMatchObject({ ok: true })
}, 30_000)

test('a transaction that the ceiling keeps out is given up in bounded time, and says at what fee', async () => {
  const capped = open({ ...FAST, maxFeeGwei: 3, giveUpAfterMs: 1_500 })
  await rpc('hardhat_setNextBlockBaseFeePerGas', `0x${(10n * GWEI).toString(16)}`)
  await mine()
  const sent = await capped.update(...(await signed()))
  expect(sent).toEqual({ ok: false, reason: 'not mined within 1.5 s at up to 3 gwei a gas', retry: false })
  expect((await pending()).every(({ maxFee }) => maxFee <= 3n * GWEI)).toBe(true)
  for (const { hash } of await pending()) await rpc('hardhat_dropTransaction', hash)
  round -= 1
}, 30_000)
