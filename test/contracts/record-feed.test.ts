import { type Contract, Interface } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aaveArtifact, plimsollArtifact } from '../../contracts/script/artifacts.ts'
import { deployFeeds, FEED_FIELDS, type FeedField } from '../../contracts/script/deploy-plimsoll.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { RECORD_LAYOUT } from '../../oracle-node/core/record.ts'
import { contractAt, revertOf, view } from './chain.ts'
import { startWorld, type World } from './market-fixture.ts'
import { GENESIS, sampleRecord } from './samples.ts'
import './timeouts.ts'

const T = GENESIS + 1_000
let world: World
let feeds: Record<FeedField, Contract>

beforeAll(async () => {
  world = await startWorld()
  await world.report(T)
  const oracle = String(world.oracle.target)
  const deployed = (await deployFeeds(world.devnet.admin, { oracle, assets: ['WETH'] }))['WETH']
  const abi = [
    ...(plimsollArtifact('src/feeds/RecordFeed.sol', 'RecordFeed').abi as readonly { type: string }[]),
    ...(plimsollArtifact('src/IRiskOracle.sol', 'IRiskOracle').abi as readonly { type: string }[]).filter(
      ({ type }) => type === 'error',
    ),
  ]
  feeds = Object.fromEntries(
    FEED_FIELDS.map((field) => [field, contractAt(world.devnet, deployed?.[field] ?? '', abi)]),
  ) as Record<FeedField, Contract>
})
afterAll(() => world.devnet.close())

test('each field is answered with its unit and name', async () => {
  const record = sampleRecord()
  for (const [index, field] of FEED_FIELDS.entries()) {
    const [key] = RECORD_LAYOUT[index] ?? ['priceE8']
    expect(await view(feeds[field], 'latestAnswer'), field).toBe(BigInt(record[key]))
  }
  const decimals = await Promise.all(FEED_FIELDS.map((field) => view(feeds[field], 'decimals')))
  expect(decimals).toEqual([8n, 4n, 4n, 4n, 0n, 4n, 4n, 4n])
  expect(await view(feeds.price, 'description')).toBe('WETH/USD price')
  const names = await Promise.all(FEED_FIELDS.map((field) => view(feeds[field], 'description')))
  expect(new Set(names).size).toBe(FEED_FIELDS.length)
  expect(await view(feeds.price, 'version')).toBe(1n)
})

test('both of the Chainlink interfaces give the latest round, and only that', async () => {
  // A round is named by the time of its observation.
  const wanted = [BigInt(T), 200_000_000_000n, BigInt(T), BigInt(T), BigInt(T)]
  expect(Array.from((await view(feeds.price, 'latestRoundData')) as Iterable<unknown>)).toEqual(wanted)
  expect(Array.from((await view(feeds.price, 'getRoundData', T)) as Iterable<unknown>)).toEqual(wanted)
  expect(await view(feeds.price, 'getAnswer', T)).toBe(200_000_000_000n)
  expect(await view(feeds.price, 'getTimestamp', T)).toBe(BigInt(T))
  expect(await view(feeds.price, 'latestTimestamp')).toBe(BigInt(T))
  expect(await view(feeds.price, 'latestRound')).toBe(BigInt(T))
  for (const method of ['getRoundData', 'getAnswer', 'getTimestamp']) {
    expect(await revertOf(feeds.price, method, 0), method).toBe(`RoundNotKept(0, ${T})`)
  }
})

test('a report that leaves the feed out does not make its answer newer', async () => {
  await world.reportWithoutWeth(T + 900)
  expect(await view(world.oracle, 'latestRound')).toBe(2n)
  const [roundId, , , updatedAt, answeredInRound] = (await view(feeds.price, 'latestRoundData')) as bigint[]
  expect([roundId, updatedAt, answeredInRound]).toEqual([BigInt(T), BigInt(T), BigInt(T)])
})

test("Aave's own oracle takes the price", async () => {
  const oracle = contractAt(world.devnet, world.market.oracle, aaveArtifact('misc/AaveOracle.sol', 'AaveOracle').abi)
  expect(await view(oracle, 'getAssetPrice', world.weth)).toBe(200_000_000_000n)
})

test('a time cannot be deployed as a value', async () => {
  const { abi, bytecode } = plimsollArtifact('src/feeds/RecordFeed.sol', 'RecordFeed')
  for (const field of [8, 9]) {
    const args = new Interface(abi).encodeDeploy([world.oracle.target, feedOf('WETH'), field, 'WETH/USD'])
    const call = world.devnet.provider.send('eth_call', [{ data: bytecode + args.slice(2) }])
    await expect(call).rejects.toThrow(new Interface(abi).encodeErrorResult('NotAValue', [field]))
  }
})

test('a stale record is not answered', async () => {
  await world.devnet.warp(T + 3_601)
  for (const method of ['latestAnswer', 'latestRoundData', 'latestTimestamp']) {
    expect(await revertOf(feeds.price, method), method).toBe(`StaleRecord(${feedOf('WETH')}, ${T}, ${T + 3_600})`)
  }
})

test('the smallest consumer lends the price less the expected shortfall', async () => {
  const { abi, bytecode } = plimsollArtifact('examples/BorrowLimit.sol', 'BorrowLimit')
  await world.report(T + 4_000)
  const deployment = await world.devnet.admin.sendTransaction({
    data: bytecode + new Interface(abi).encodeDeploy([world.oracle.target]).slice(2),
  })
  const receipt = await deployment.wait()
  const example = contractAt(world.devnet, receipt?.contractAddress ?? '', abi)
  expect(await view(example, 'limitE8', feedOf('WETH'))).toBe((200_000_000_000n * 9_200n) / 10_000n)
})
