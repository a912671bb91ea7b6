import { type Contract, type ContractTransactionReceipt, ZeroAddress } from 'ethers'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { deploy, plimsollArtifact } from '../../contracts/script/artifacts.ts'
import { deployOracle } from '../../contracts/script/deploy-plimsoll.ts'
import { type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import type { Domain } from '../../oracle-node/core/domain.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { packRecord } from '../../oracle-node/core/record.ts'
import { reportDigest } from '../../oracle-node/core/report.ts'
import { unixSeconds } from '../../oracle-node/core/units.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { contractAt, type Devnet, revertOf, startDevnet, view } from './chain.ts'
import { GENESIS, MODEL_SET, OBSERVATIONS_ROOT, sampleFeeds, sampleRecord, sampleReport } from './samples.ts'
import { abiReport, signedUpdate, testGroup } from './signing.ts'
import './timeouts.ts'

const group = testGroup(seededRandom('risk oracle'))
const artifact = plimsollArtifact('src/RiskOracle.sol', 'RiskOracle')
const WETH = feedOf('WETH')
const T = GENESIS + 100

let devnet: Devnet | undefined
let chain: Devnet
let oracle: Contract
let domain: Domain

beforeEach(async () => {
  await devnet?.close()
  chain = await startDevnet(GENESIS)
  devnet = chain
  const address = await deployOracle(chain.admin, { groupKeyX: group.x, groupKeyParity: group.parity, epoch: 1 })
  oracle = contractAt(chain, address, artifact.abi)
  domain = { chainId: 31_337n, oracle: address as Hex }
  await chain.warp(T)
})
afterAll(() => devnet?.close())

async function update(...args: unknown[]): Promise<ContractTransactionReceipt> {
  const sent = await oracle.getFunction('update').send(...args)
  const receipt = await sent.wait()
  if (receipt === null) throw new Error('the update was not mined')
  return receipt
}

test('a signed report is stored, and says so in events', async () => {
  const report = sampleReport({ round: 7, time: T }, { WETH: {}, WBTC: { priceE8: 6_000_000_000_000n } })
  const receipt = await update(...signedUpdate(group, domain, report))
  const events = receipt.logs.map((log) => oracle.interface.parseLog(log))
  expect(events.map((event) => [event?.name, ...(event?.args ?? [])])).toEqual([
    ['ReportAccepted', 7n, BigInt(T), toHex(reportDigest(domain, report)), MODEL_SET, OBSERVATIONS_ROOT],
    ...report.values.map(({ feed, record }) => ['RecordUpdated', feed, 7n, packRecord(record)]),
  ])
  for (const { feed, record } of report.values) expect(await view(oracle, 'read', feed)).toBe(packRecord(record))
  expect(await view(oracle, 'latestRound')).toBe(7n)
  expect(Array.from((await view(oracle, 'latestHeader')) as Iterable<unknown>)).toEqual([1n, 7n, BigInt(T)])
})

test('a replayed report is refused with its round', async () => {
  const args = signedUpdate(group, domain, sampleReport({ round: 7, time: T }))
  await update(...args)
  expect(await revertOf(oracle, 'update', ...args)).toBe('StaleRound(7, 7)')
})

test('a report of an older round is refused, however new its time', async () => {
  await update(...signedUpdate(group, domain, sampleReport({ round: 7, time: T })))
  const late = signedUpdate(group, domain, sampleReport({ round: 6, time: T + 1 }))
  expect(await revertOf(oracle, 'update', ...late)).toBe('StaleRound(6, 7)')
})

test('a report of a newer round must be of a newer time', async () => {
  await update(...signedUpdate(group, domain, sampleReport({ round: 7, time: T })))
  for (const time of [T, T - 1]) {
    const args = signedUpdate(group, domain, sampleReport({ round: 8, time }))
    expect(await revertOf(oracle, 'update', ...args)).toBe(`StaleTime(${time}, ${T})`)
  }
})

test('a report of another epoch is refused', async () => {
  const args = signedUpdate(group, domain, sampleReport({ round: 1, time: T, epoch: 2 }))
  expect(await revertOf(oracle, 'update', ...args)).toBe('WrongEpoch(2, 1)')
})

test('a time up to 15 minutes ahead is accepted, and not a second more', async () => {
  const latest = T + 900
  const good = signedUpdate(group, domain, sampleReport({ round: 1, time: latest }))
  expect(await revertOf(oracle, 'update', ...good)).toBeUndefined()
  const bad = signedUpdate(
    group,
    domain,
    sampleReport({ round: 1, time: latest + 1 }, { WETH: { observedAt: unixSeconds(T) } }),
  )
  expect(await revertOf(oracle, 'update', ...bad)).toBe(`FutureTime(${latest + 1}, ${latest})`)
  const record = sampleReport({ round: 1, time: T }, { WETH: { observedAt: unixSeconds(latest + 1) } })
  expect(await revertOf(oracle, 'update', ...signedUpdate(group, domain, record))).toBe(
    `FutureTime(${latest + 1}, ${latest})`,
  )
})

test('a record may not go back in time, nor come without a time', async () => {
  await update(...signedUpdate(group, domain, sampleReport({ round: 1, time: T })))
  const back = sampleReport({ round: 2, time: T + 1 }, { WETH: { observedAt: unixSeconds(T - 1) } })
  expect(await revertOf(oracle, 'update', ...signedUpdate(group, domain, back))).toBe(
    `RecordGoesBack(${WETH}, ${T - 1}, ${T})`,
  )
  const same = sampleReport({ round: 2, time: T + 1 }, { WETH: { observedAt: unixSeconds(T) } })
  expect(await revertOf(oracle, 'update', ...signedUpdate(group, domain, same))).toBeUndefined()
  const none = sampleReport({ round: 2, time: T + 1 }, { NEW: { observedAt: unixSeconds(0) } })
  expect(await revertOf(oracle, 'update', ...signedUpdate(group, domain, none))).toBe(
    `RecordGoesBack(${feedOf('NEW')}, 0, 1)`,
  )
})

test('feeds must be strictly ascending, from 1 to 64, one record each', async () => {
  const [a, b] = ['0x01', '0x02'].map((start) => `${start}${'00'.repeat(31)}`)
  const word = packRecord(sampleRecord({ observedAt: unixSeconds(T) }))
  const signature = { rx: 1, ry: 1, z: 1 }
  const base = abiReport(sampleReport({ round: 1, time: T }))
  const refuse = (feeds: unknown[], records: unknown[]): Promise<string | undefined> =>
    revertOf(oracle, 'update', { ...base, feeds, records }, signature)
  expect(await refuse([b, a], [word, word])).toBe(`UnsortedFeeds(${a}, ${b})`)
  expect(await refuse([a, a], [word, word])).toBe(`UnsortedFeeds(${a}, ${a})`)
  expect(await refuse([], [])).toBe('BadFeedCount(0, 64)')
  const many = sampleFeeds(65)
  expect(
    await refuse(
      many,
      many.map(() => word),
    ),
  ).toBe('BadFeedCount(65, 64)')
  expect(await refuse([a, b], [word])).toBe('LengthMismatch(1, 2)')
  expect(await refuse([a], [word, word])).toBe('LengthMismatch(2, 1)')
})

test('64 feeds fit one report', async () => {
  const values = sampleFeeds(64).map((feed) => ({ feed, record: sampleRecord({ observedAt: unixSeconds(T) }) }))
  const receipt = await update(...signedUpdate(group, domain, sampleReport({ round: 1, time: T, values })))
  expect(receipt.gasUsed).toBeLessThan(2_500_000n)
})

test('a signature of another group, chain or contract, or over another report, is refused with the digest needed', async () => {
  const report = sampleReport({ round: 1, time: T })
  const needed = `InvalidSignature(${toHex(reportDigest(domain, report))})`
  const [given, signature] = signedUpdate(group, domain, report)
  const other = testGroup(seededRandom('stranger'))
  const forged = [
    other.sign(reportDigest(domain, report)),
    group.sign(reportDigest({ ...domain, chainId: 1n }, report)),
    group.sign(reportDigest({ ...domain, oracle: ZeroAddress as Hex }, report)),
    group.sign(reportDigest(domain, { ...report, round: 2 })),
    { ...signature, z: signature.z ^ 1n },
    { rx: 0n, ry: 0n, z: 0n },
  ]
  for (const each of forged) expect(await revertOf(oracle, 'update', given, each)).toBe(needed)
  expect(await revertOf(oracle, 'update', given, signature)).toBeUndefined()
})

test('no field of a report can be changed after signing', async () => {
  const [given, signature] = signedUpdate(group, domain, sampleReport({ round: 1, time: T }))
  const changed = [
    { ...given, round: 2 },
    { ...given, time: T - 1 },
    { ...given, modelSet: OBSERVATIONS_ROOT },
    { ...given, observationsRoot: MODEL_SET },
    { ...given, feeds: [feedOf('WBTC')] },
    { ...given, records: given.records.map((record) => record + (1n << 200n)) },
    { ...given, feeds: [...given.feeds, `0x${'ff'.repeat(32)}`], records: [...given.records, ...given.records] },
  ]
  for (const each of changed) {
    expect(await revertOf(oracle, 'update', each, signature)).toMatch(/^InvalidSignature/)
  }
})

test('a refused report changes nothing', async () => {
  const [given, signature] = signedUpdate(group, domain, sampleReport({ round: 5, time: T }))
  await expect(update(given, { ...signature, z: 1n })).rejects.toThrow()
  expect(await view(oracle, 'latestRound')).toBe(0n)
  expect(await revertOf(oracle, 'read', WETH)).toBe(`UnknownFeed(${WETH})`)
})

test('a record is handed out until its last valid second, then read reverts and peek tells its age', async () => {
  const record = packRecord(sampleRecord({ observedAt: unixSeconds(T), validForSeconds: 600 }))
  await update(...signedUpdate(group, domain, sampleReport({ round: 1, time: T }, { WETH: { validForSeconds: 600 } })))
  await chain.warp(T + 600)
  expect(await view(oracle, 'read', WETH)).toBe(record)
  expect(Array.from((await view(oracle, 'peek', WETH)) as Iterable<unknown>)).toEqual([record, 600n, true])
  await chain.warp(T + 601)
  expect(await revertOf(oracle, 'read', WETH)).toBe(`StaleRecord(${WETH}, ${T}, ${T + 600})`)
  expect(Array.from((await view(oracle, 'peek', WETH)) as Iterable<unknown>)).toEqual([record, 601n, false])
})

test('a record from ahead of the chain has age 0', async () => {
  await update(...signedUpdate(group, domain, sampleReport({ round: 1, time: T + 300 })))
  const [, age, fresh] = (await view(oracle, 'peek', WETH)) as [bigint, bigint, boolean]
  expect([age, fresh]).toEqual([0n, true])
})

test('an unknown feed is refused by name', async () => {
  expect(await revertOf(oracle, 'read', WETH)).toBe(`UnknownFeed(${WETH})`)
  expect(await revertOf(oracle, 'peek', WETH)).toBe(`UnknownFeed(${WETH})`)
})

test('a group key that can verify nothing cannot be deployed', async () => {
  const order = 2n ** 256n - 432420386565659656852420866394968145599n
  const generator = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n
  const keys: ReadonlyArray<readonly [bigint, number]> = [
    [0n, 0],
    [order, 0],
    [2n ** 256n - 1n, 1],
    [group.x, 2],
    [group.x, 27],
    // 5 is the x coordinate of no point: 5^3 + 7 is not a square.
    [5n, 0],
    // The generator's secret is 1.
    [generator, 0],
  ]
  for (const [x, parity] of keys) {
    const deployment = deploy(chain.admin, artifact, [x, parity, 1])
    await expect(deployment, `${x}, ${parity}`).rejects.toThrow(/InvalidGroupKey|revert/)
  }
  const [x, parity] = (await view(oracle, 'groupKey')) as [bigint, bigint]
  expect([x, Number(parity)]).toEqual([group.x, group.parity])
})

test('the domain is published as ERC-5267 asks', async () => {
  const [, name, version, chainId, contract] = (await view(oracle, 'eip712Domain')) as unknown[]
  expect([name, version, chainId, contract]).toEqual(['Plimsoll', '1', 31_337n, await oracle.getAddress()])
})
