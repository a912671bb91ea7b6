import { Contract } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deploy, plimsollArtifact } from '../../contracts/script/artifacts.ts'
import { type ChainReader, chainReader } from '../../oracle-node/adapters/pools/json-rpc.ts'
import { aggregatorFeed } from '../../oracle-node/adapters/reference-feed.ts'
import { parseReference, type Reference, referenceDeviation } from '../../oracle-node/core/reference.ts'
import { type UnixSeconds, unixSeconds } from '../../oracle-node/core/units.ts'
import { SHARED_DATA } from '../data/shared-data.ts'
import { csvRows } from '../support/csv-rows.ts'
import { type JsonRpcChain, jsonRpcChain } from '../support/json-rpc-chain.ts'
import { type PricedMarket, pricedMarket } from '../support/priced-market.ts'

const START = 1_700_000_000
const TIMEOUT_MS = 5_000
let chain: JsonRpcChain
let reader: ChainReader
beforeAll(async () => {
  chain = await jsonRpcChain(START)
  reader = chainReader({ rpcUrl: chain.rpcUrl, timeoutMs: TIMEOUT_MS })
})
afterAll(async () => {
  reader.close()
  await chain.close()
})

async function read(address: string, now: number, maxAgeSeconds = 3_600): Promise<Reference> {
  const fetched = await aggregatorFeed(reader, { address, timeoutMs: TIMEOUT_MS }).fetch()
  if (!fetched.ok) throw new Error(fetched.detail)
  const parsed = parseReference(fetched.raw, unixSeconds(now), maxAgeSeconds)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.reference
}

async function outcome(address: string, now: UnixSeconds): Promise<string> {
  const fetched = await aggregatorFeed(reader, { address, timeoutMs: TIMEOUT_MS }).fetch()
  if (!fetched.ok) return fetched.reason
  const parsed = parseReference(fetched.raw, now, 3_600)
  return parsed.ok ? 'accepted' : parsed.reason
}

describe("Chainlink's aggregator for tests, from its own package", () => {
  let feed: Contract
  let address = ''
  beforeAll(async () => {
    const artifact = plimsollArtifact('harness/ChainlinkAggregator.sol', 'ChainlinkAggregator')
    address = (await deploy(chain.signer, artifact, [8, 190_818_855_732n])).address
    feed = new Contract(address, artifact.abi, chain.signer)
  })
  const round = async (id: bigint, answer: bigint, updatedAt: number): Promise<void> => {
    await (await feed.getFunction('updateRoundData').send(id, answer, updatedAt, 1)).wait()
  }

  test('its first round is read', async () => {
    const now = await chain.now()
    expect(await read(address, now)).toEqual({
      price: 1908.18855732,
      updatedAt: now,
      roundId: 1n,
      description: 'v0.8/tests/MockV3Aggregator.sol',
    })
  })

  test('recorded rounds of Chainlink’s ETH/USD feed are read as they were', async () => {
    const rows = csvRows(`${SHARED_DATA}oracle/chainlink_ETHUSD_round_rounds_20230405_20240129.csv.gz`)
    for (const row of rows.filter((_, index) => index % 500 === 0)) {
      const [time, id] = [Number(row['ts']), BigInt(row['roundId'] ?? '')]
      await round(id, BigInt(row['answer'] ?? ''), time)
      const reference = await read(address, time + 30)
      expect(reference).toMatchObject({ updatedAt: time, roundId: id })
      expect(Math.abs(referenceDeviation(Number(row['price']), reference))).toBeLessThan(1e-5)
    }
  })

  test('an answer of nothing, of the future and of long ago are named', async () => {
    const now = unixSeconds(START + 10_000)
    await round(7n, 0n, now)
    expect(await outcome(address, now)).toBe('malformed')
    await round(8n, -5n, now)
    expect(await outcome(address, now)).toBe('malformed')
    await round(9n, 5n, now + 60)
    expect(await outcome(address, now)).toBe('from-the-future')
    await round(10n, 5n, now - 3_601)
    expect(await outcome(address, now)).toBe('stale')
    await round(11n, 5n, 0)
    expect(await outcome(address, now)).toBe('empty')
    await round(12n, 5n, now)
    expect(await outcome(address, now)).toBe('accepted')
  })
})

describe('our own feeds', () => {
  let priced: PricedMarket
  beforeAll(async () => {
    priced = await pricedMarket(chain)
  })

  test('speak the same, and refuse while their record is stale', async () => {
    const time = (await chain.now()) + 1_000
    await priced.report(time)
    const reference = await read(priced.feeds['WETH'] ?? '', time)
    expect(reference).toEqual({ price: 2_000, updatedAt: time, roundId: BigInt(time), description: 'WETH/USD price' })
    await chain.warp(time + 3_601)
    expect(await outcome(priced.feeds['WETH'] ?? '', unixSeconds(time + 3_601))).toBe('refused')
  })
})

test('an address that is no feed is refused, and a dead endpoint unreachable', async () => {
  const now = unixSeconds(START)
  expect(await outcome('0x00000000000000000000000000000000000000AA', now)).toBe('refused')
  const dead = chainReader({ rpcUrl: 'http://127.0.0.1:1', timeoutMs: 500 })
  const feed = aggregatorFeed(dead, { address: '0x00000000000000000000000000000000000000AA', timeoutMs: 500 })
  expect(await feed.fetch()).toMatchObject({ ok: false, reason: 'unreachable' })
  dead.close()
})
