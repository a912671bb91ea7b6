import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { evmChain, updateArguments } from '../../oracle-node/adapters/evm-chain.ts'
import { packRecord } from '../../oracle-node/core/record.ts'
import { freePorts } from '../../oracle-node/devnet/processes.ts'
import { signedBy } from '../conformance/chain.ts'
import { GENESIS, sampleReport } from '../contracts/samples.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { DOMAIN } from '../support/committee.ts'

const world = makeWorld(4)
const report = sampleReport({ round: 3, time: GENESIS }, { WETH: {}, USDC: { priceE8: 100_000_000n } })
const signature = signedBy(world, DOMAIN, report)

function chainAt(rpcUrl: string) {
  const chain = evmChain({ rpcUrl, chainId: 31_337, oracle: DOMAIN.oracle, operatorKey: `0x${'1f'.repeat(32)}` })
  onTestFinished(() => chain.close())
  return chain
}

/** A server that answers every call with what the test says, as a broken or lying RPC does. */
async function rpc(answer: (method: string) => { result?: unknown; error?: object }): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const { id, method }: { id: number; method: string } = JSON.parse(body)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer(method) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a report goes to the contract as it was signed: feeds, packed records and R uncompressed', () => {
  const [header, point] = updateArguments(report, signature)
  expect(header).toMatchObject({ epoch: 1, round: 3, time: GENESIS, modelSet: report.modelSet })
  expect(header['feeds']).toEqual(report.values.map(({ feed }) => feed))
  expect(header['records']).toEqual(report.values.map(({ record }) => packRecord(record)))
  const { rx, ry, z } = point as { rx: bigint; ry: bigint; z: bigint }
  const p = 2n ** 256n - 2n ** 32n - 977n
  expect((ry * ry) % p).toBe((rx * rx * rx + 7n) % p)
  expect(signature).toBe(`0x${ry % 2n === 0n ? '02' : '03'}${hex(rx)}${hex(z)}`)
})

const hex = (value: bigint): string => value.toString(16).padStart(64, '0')

describe('a chain that', () => {
  test('is out of reach fails the call for now, not for good', async () => {
    const [port = 0] = await freePorts(1)
    const chain = chainAt(`http://127.0.0.1:${port}`)
    expect(await chain.update(report, signature)).toMatchObject({ ok: false, retry: true })
    await expect(chain.latestRound()).rejects.toThrow()
  })

  test('answers with an error of its own fails the call for now, in few words', async () => {
    const url = await rpc(() => ({ error: { code: -32_005, message: 'x'.repeat(5_000) } }))
    const sent = await chainAt(url).update(report, signature)
    expect(sent).toMatchObject({ ok: false, retry: true })
    expect(!sent.ok && sent.reason.length).toBeLessThanOrEqual(200)
  })

  test('answers nonsense is an error, not a round', async () => {
    const chain = chainAt(await rpc(() => ({ result: '0x' })))
    await expect(chain.latestRound()).rejects.toThrow()
    await expect(chain.checkCommittee(world.keys.groupKey, 1)).rejects.toThrow()
  })

  test('has no steward has nothing to sync', async () => {
    const chain = chainAt('http://127.0.0.1:1')
    const feed = report.values[0]?.feed ?? '0x'
    expect(await chain.needsSync(feed, GENESIS)).toBe(false)
    expect(await chain.sync(feed)).toEqual({ ok: false, reason: 'no market for it', retry: false })
  })
})
