import { JsonRpcProvider, Wallet } from 'ethers'
import hre from 'hardhat'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { deployRegistry } from '../../contracts/script/deploy-plimsoll.ts'
import { evmPeerDirectory, readCommittee, registerPeer } from '../../oracle-node/adapters/evm-peer-directory.ts'
import type { Hex } from '../../oracle-node/core/bytes.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'

const KEYS = [1, 2, 3, 4].map((each) => Uint8Array.from({ length: 32 }, () => each))
const OPERATORS = KEYS.map((key) => new Wallet(`0x${Buffer.from(key).toString('hex')}`).address.toLowerCase() as Hex)

let provider: JsonRpcProvider
let rpcUrl: string
let registry: Hex
let stop: () => Promise<void>
beforeAll(async () => {
  const server = await hre.network.createServer({ network: 'devnet' }, '127.0.0.1', 0)
  const { port } = await server.listen()
  rpcUrl = `http://127.0.0.1:${port}`
  provider = new JsonRpcProvider(rpcUrl, undefined, { staticNetwork: true, cacheTimeout: -1 })
  const signer = await provider.getSigner(0)
  registry = (await deployRegistry(signer, { epoch: 1, operators: OPERATORS })) as Hex
  for (const to of OPERATORS) await (await signer.sendTransaction({ to, value: 10n ** 18n })).wait()
  stop = async () => {
    provider.destroy()
    await server.close()
  }
})
afterAll(() => stop())

const operators = OPERATORS.map((operator, index) => ({ node: nodeIndex(index + 1), operator }))
const options = () => ({ rpcUrl, chainId: 31_337, registry, operators, telemetry: memoryTelemetry() })
const register = (index: number, ...addresses: string[]) =>
  registerPeer({ ...options(), operatorKey: KEYS[index] as Uint8Array, addresses })

test('operators register themselves, and the directory follows: who joins, moves and leaves', async () => {
  const first = await register(0, '/ip4/192.0.2.1/tcp/4001')
  const directory = await evmPeerDirectory({ ...options(), pollMs: 50 })
  onTestFinished(() => directory.close())
  expect(directory.peers()).toEqual([{ node: 1, peerId: first.peerId, addresses: ['/ip4/192.0.2.1/tcp/4001'] }])
  let changes = 0
  directory.onChange(() => {
    changes += 1
  })
  const third = await register(2, '/dns4/three.example/tcp/4001', '/dns4/three.example/tcp/443/wss')
  await expect.poll(() => directory.peers().map(({ node }) => node)).toEqual([1, 3])
  expect(directory.peers()[1]?.peerId).toBe(third.peerId)
  await register(0, '/ip4/192.0.2.2/tcp/4001')
  await expect.poll(() => directory.peers()[0]?.addresses).toEqual(['/ip4/192.0.2.2/tcp/4001'])
  expect(changes).toBe(2)
})

test('a committee is read in the order of its numbers', async () => {
  expect(await readCommittee({ ...options(), epoch: 1 })).toEqual(operators)
})

test('only the operators asked for are looked at, under the numbers given', async () => {
  const { peerId } = await register(3, '/ip4/192.0.2.4/tcp/4001')
  const asked = [{ node: nodeIndex(9), operator: OPERATORS[3] as Hex }]
  const directory = await evmPeerDirectory({ ...options(), operators: asked })
  onTestFinished(() => directory.close())
  expect(directory.peers()).toEqual([{ node: 9, peerId, addresses: ['/ip4/192.0.2.4/tcp/4001'] }])
})

test('registering what stands already costs nothing', async () => {
  const first = await register(1, '/ip4/192.0.2.7/tcp/1')
  expect(first.transaction).toMatch(/^0x[0-9a-f]{64}$/)
  expect(await register(1, '/ip4/192.0.2.7/tcp/1')).toEqual({ peerId: first.peerId, transaction: undefined })
})

describe('at the start, it is an error that says so', () => {
  test('when no committee was appointed', async () => {
    await expect(readCommittee({ ...options(), epoch: 2 })).rejects.toThrow(
      `can't read the committee from the registry ${registry} at ${rpcUrl}: no committee was appointed for epoch 2`,
    )
  })

  test('when there is no registry at the address, or nobody answers', async () => {
    const nowhere = `0x${'11'.repeat(20)}` as const
    await expect(readCommittee({ ...options(), epoch: 1, registry: nowhere })).rejects.toThrow(
      /can't read the committee/,
    )
    await expect(evmPeerDirectory({ ...options(), rpcUrl: 'http://127.0.0.1:1' })).rejects.toThrow(
      /can't read the committee/,
    )
  }, 20_000)
})

test('while the registry does not answer, who was known stays known, and the log says so', async () => {
  const server = await hre.network.createServer({ network: 'devnet' }, '127.0.0.1', 0)
  const { port } = await server.listen()
  const local = new JsonRpcProvider(`http://127.0.0.1:${port}`, undefined, { staticNetwork: true, cacheTimeout: -1 })
  const signer = await local.getSigner(0)
  const own = (await deployRegistry(signer, { epoch: 1, operators: OPERATORS })) as Hex
  await (await signer.sendTransaction({ to: OPERATORS[0] ?? '', value: 10n ** 18n })).wait()
  const there = { ...options(), rpcUrl: `http://127.0.0.1:${port}`, registry: own }
  await registerPeer({ ...there, operatorKey: KEYS[0] as Uint8Array, addresses: ['/ip4/192.0.2.1/tcp/1'] })
  const directory = await evmPeerDirectory({ ...there, pollMs: 50 })
  onTestFinished(() => directory.close())
  local.destroy()
  await server.close()
  await expect
    .poll(() => there.telemetry.lines.map(({ event }) => event), { timeout: 15_000 })
    .toContain('registry-unreachable')
  expect(directory.peers()).toHaveLength(1)
}, 30_000)
