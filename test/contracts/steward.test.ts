import type { Contract, ContractTransactionReceipt } from 'ethers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aaveArtifact } from '../../contracts/script/artifacts.ts'
import { assetConfig } from '../../contracts/script/deploy-plimsoll.ts'
import { DEFAULT_ASSETS } from '../../contracts/script/market-defaults.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import {
  type Bounds,
  type LendingParameters,
  nextParameters,
  PARAMETERS,
  type Parameter,
  REASONS,
} from '../../oracle-node/core/policy.ts'
import { DEFAULT_POLICY, defaultBounds } from '../../oracle-node/core/policy-defaults.ts'
import { bps } from '../../oracle-node/core/units.ts'
import { readParameters } from './aave.ts'
import { contractAt, revertOf, view } from './chain.ts'
import { seedWorld, startWorld, type World } from './market-fixture.ts'
import { GENESIS, sampleRecord } from './samples.ts'
import './timeouts.ts'

const QUARTER_HOUR = 900
/** Of a crash: 15 % expected shortfall and a fifth of the depth. */
const CRASH = { expectedShortfall99Bps: bps(1_500), depthUsd: 10_000_000 }
const WETH = DEFAULT_ASSETS.find(({ symbol }) => symbol === 'WETH')
if (WETH === undefined) throw new Error('the defaults list WETH')
const BOUNDS = defaultBounds(WETH)

let world: World
let time: number
beforeEach(async () => {
  world = await startWorld()
  time = GENESIS + 1_000
})
afterEach(() => world.devnet.close())

/** Reports the next quarter of an hour and syncs WETH; returns the steward's events by parameter. */
async function round(changes: Parameters<World['report']>[1] = {}): Promise<Record<string, string>> {
  time += QUARTER_HOUR
  await world.report(time, changes)
  return eventsOf(await sync())
}

async function sync(): Promise<ContractTransactionReceipt> {
  const receipt = await (await world.steward.getFunction('sync').send(world.weth)).wait()
  if (receipt === null) throw new Error('the sync was not mined')
  return receipt
}

/** `{ ltv: 'ParameterMoved from→to target reason', … }`. */
function eventsOf(receipt: ContractTransactionReceipt): Record<string, string> {
  const found: Record<string, string> = {}
  for (const log of receipt.logs) {
    const event = log.address === world.steward.target ? world.steward.interface.parseLog(log) : null
    if (event === null) continue
    const parameter = PARAMETERS[Number(event.args['parameter'])] ?? 'none'
    const reason = REASONS[Number(event.args['reason'])]
    const { from, to, target } = event.args.toObject(true)
    found[parameter] = event.name === 'ParameterMoved' ? `${from}→${to} for ${target}: ${reason}` : `held: ${reason}`
  }
  return found
}

function parameters(): Promise<LendingParameters> {
  return readParameters(world.devnet, world.market, 'WETH')
}

/** Replaces WETH's bounds in part. */
async function configure(changes: Partial<Record<Parameter, Partial<Bounds>>>): Promise<void> {
  const bounds = Object.fromEntries(PARAMETERS.map((name) => [name, { ...BOUNDS[name], ...changes[name] }]))
  const asset = { symbol: 'WETH', policy: DEFAULT_POLICY, bounds: bounds as Record<Parameter, Bounds> }
  await (await world.steward.getFunction('configure').send(world.weth, assetConfig(asset))).wait()
}

test('a crash lowers threshold and LTV by a step a round under open positions, as the policy in TypeScript says', async () => {
  time += 1
  await world.report(time)
  await seedWorld(world)
  const before = await parameters()
  const wanted = nextParameters({
    record: sampleRecord(CRASH),
    doubt: false,
    bonusBps: 500,
    current: before,
    config: DEFAULT_POLICY,
    bounds: BOUNDS,
    changedAt: { ltv: 0, liquidationThreshold: 0, supplyCap: 0, borrowCap: 0 },
    now: time,
  })
  const events = await round(CRASH)
  expect(await parameters()).toEqual({
    ltvBps: wanted.ltv.to,
    liquidationThresholdBps: wanted.liquidationThreshold.to,
    supplyCap: wanted.supplyCap.to,
    borrowCap: wanted.borrowCap.to,
  })
  expect(wanted.liquidationThreshold).toMatchObject({ from: 8_300, to: 8_200, reason: 'limited-by-step' })
  expect(events['liquidationThreshold']).toBe(`8300→8200 for ${wanted.liquidationThreshold.target}: limited-by-step`)
  for (let each = 0; each < 2; each += 1) await round(CRASH)
  const after = await parameters()
  expect(before.liquidationThresholdBps - after.liquidationThresholdBps).toBe(300)
  expect(after.ltvBps).toBe(after.liquidationThresholdBps - DEFAULT_POLICY.bufferBps)
  expect(after.supplyCap).toBeLessThan(before.supplyCap)
})

test('one record moves a parameter once, however often it is synced', async () => {
  await round(CRASH)
  const after = await parameters()
  expect(await revertOf(world.steward, 'sync', world.weth)).toBe(
    `RecordAlreadyApplied(${world.weth}, ${time}, ${time})`,
  )
  expect(await parameters()).toEqual(after)
})

test('loosening waits for its delay and goes by the smaller step', async () => {
  await round(CRASH)
  const { liquidationThresholdBps } = await parameters()
  const calm = { expectedShortfall99Bps: bps(300) }
  expect((await round(calm))['liquidationThreshold']).toBe('held: held-by-delay')
  expect((await parameters()).liquidationThresholdBps).toBe(liquidationThresholdBps)
  time += 3_600
  expect((await round(calm))['liquidationThreshold']).toMatch(/limited-by-step$/)
  expect((await parameters()).liquidationThresholdBps).toBe(liquidationThresholdBps + 25)
})

test('a floor and a ceiling hold', async () => {
  await configure({ liquidationThreshold: { floor: 8_250, ceiling: 8_310 }, ltv: { floor: 8_000 } })
  expect((await round(CRASH))['liquidationThreshold']).toMatch(/^8300→8250 .*limited-by-floor$/)
  expect((await round(CRASH))['liquidationThreshold']).toBe('held: limited-by-floor')
  expect((await parameters()).ltvBps).toBe(8_000)
  time += 3_600
  await configure({ liquidationThreshold: { floor: 8_000, ceiling: 8_265 } })
  expect((await round({ expectedShortfall99Bps: bps(0) }))['liquidationThreshold']).toMatch(/limited-by-ceiling$/)
  expect((await parameters()).liquidationThresholdBps).toBe(8_265)
})

test('a record of low confidence tightens but does not loosen', async () => {
  const doubt = { confidenceBps: bps(DEFAULT_POLICY.doubtAboveBps + 1) }
  expect((await round({ ...doubt, expectedShortfall99Bps: bps(0) }))['liquidationThreshold']).toBe(
    'held: held-by-doubt',
  )
  expect((await round({ ...doubt, ...CRASH }))['liquidationThreshold']).toMatch(/^8300→8200/)
})

test('a threshold does not fall below an LTV that is held', async () => {
  await configure({ ltv: { tightenDelay: 86_400 }, liquidationThreshold: { tightenStep: 400 } })
  const rout = { expectedShortfall99Bps: bps(3_000) }
  const events = await round(rout)
  expect(events['ltv']).toMatch(/^8050→7950/)
  expect(events['liquidationThreshold']).toMatch(/^8300→7950 .*held-by-ltv$/)
  // The LTV may not move for a day now, so the threshold can't either.
  const later = await round(rout)
  expect([later['ltv'], later['liquidationThreshold']]).toEqual(['held: held-by-delay', 'held: held-by-ltv'])
  expect((await parameters()).liquidationThresholdBps).toBe(7_950)
})

test('a stale or missing record moves nothing', async () => {
  const feed = feedOf('WETH')
  expect(await revertOf(world.steward, 'sync', world.weth)).toBe(`UnknownFeed(${feed})`)
  await world.report(time)
  await world.devnet.warp(time + 3_601)
  expect(await revertOf(world.steward, 'sync', world.weth)).toBe(`StaleRecord(${feed}, ${time}, ${time + 3_600})`)
})

test('without the risk-admin role, Aave refuses and the record stays to be applied', async () => {
  const aclAbi = aaveArtifact('protocol/configuration/ACLManager.sol', 'ACLManager').abi
  const acl = contractAt(world.devnet, world.market.aclManager, aclAbi)
  await (await acl.getFunction('removeRiskAdmin').send(world.steward.target)).wait()
  await world.report(time + 1, CRASH)
  // 4 is Aave's CALLER_NOT_RISK_OR_POOL_ADMIN.
  expect(await revertOf(world.steward, 'sync', world.weth)).toBe('Error(4)')
  await (await acl.getFunction('addRiskAdmin').send(world.steward.target)).wait()
  expect(eventsOf(await sync())['liquidationThreshold']).toMatch(/^8300→8200/)
})

test('the steward keeps out of a reserve that governance has frozen or paused', async () => {
  const configurator = aave()
  await world.report(time + 1, CRASH)
  for (const halt of ['setReserveFreeze', 'setReservePause']) {
    await (await configurator.getFunction(halt).send(world.weth, true)).wait()
    expect(await revertOf(world.steward, 'sync', world.weth), halt).toBe(`ReserveClosed(${world.weth})`)
    await (await configurator.getFunction(halt).send(world.weth, false)).wait()
  }
})

test('an LTV of 0 is not released, nor a reserve that is no collateral touched', async () => {
  const configurator = aave()
  await (await configurator.getFunction('configureReserveAsCollateral').send(world.weth, 0, 8_300, 10_500)).wait()
  expect((await round(CRASH))['ltv']).toBe('held: held-by-governance')
  expect((await parameters()).ltvBps).toBe(0)
  await (await configurator.getFunction('configureReserveAsCollateral').send(world.weth, 0, 0, 0)).wait()
  await world.report(time + QUARTER_HOUR, CRASH)
  expect(await revertOf(world.steward, 'sync', world.weth)).toBe(`NotCollateral(${world.weth})`)
})

test('a market without a cap gets its ceiling as one, and never a cap of 0', async () => {
  await (await aave().getFunction('setSupplyCap').send(world.weth, 0)).wait()
  expect((await round(CRASH))['supplyCap']).toMatch(/^0→100000 for 25000: limited-by-ceiling$/)
  for (let each = 0; each < 3; each += 1) await round({ ...CRASH, depthUsd: 0 })
  const { supplyCap, borrowCap } = await parameters()
  expect(supplyCap).toBe(72_900)
  expect(borrowCap).toBeGreaterThan(0)
})

test('preview tells what sync then does', async () => {
  await world.report(time + 1, CRASH)
  const moves = (await view(world.steward, 'preview', world.weth)) as ReadonlyArray<{ to: bigint }>
  await sync()
  const { ltvBps, liquidationThresholdBps, supplyCap, borrowCap } = await parameters()
  expect(moves.map(({ to }) => Number(to))).toEqual([ltvBps, liquidationThresholdBps, supplyCap, borrowCap])
  const [changedAt, appliedAt] = (await view(world.steward, 'clocksOf', world.weth)) as [bigint[], bigint]
  expect(appliedAt).toBe(BigInt(time + 1))
  expect(changedAt.every((each) => each > 0n)).toBe(true)
})

test('an asset that governance turned off or never named is not synced', async () => {
  const off = {
    ...assetConfig({ symbol: 'WETH', policy: DEFAULT_POLICY, bounds: BOUNDS }),
    feed: `0x${'00'.repeat(32)}`,
  }
  await (await world.steward.getFunction('configure').send(world.weth, off)).wait()
  for (const asset of [world.weth, world.market.pool]) {
    expect(await revertOf(world.steward, 'sync', asset)).toBe(`UnknownAsset(${asset})`)
  }
})

test('only governance configures, and each bound is checked', async () => {
  const config = (policy: object, bounds: Partial<Record<Parameter, Partial<Bounds>>>): unknown => ({
    feed: feedOf('WETH'),
    policy: { ...DEFAULT_POLICY, ...policy },
    bounds: PARAMETERS.map((name) => ({ ...BOUNDS[name], ...bounds[name] })),
  })
  const refusals: ReadonlyArray<readonly [unknown, string]> = [
    [config({ bufferBps: 10_001 }, {}), 'ShareTooLarge(10001, 10000)'],
    [config({ liquidatedShareBps: 10_001 }, {}), 'ShareTooLarge(10001, 10000)'],
    [config({ optimalUtilisationBps: 10_001 }, {}), 'ShareTooLarge(10001, 10000)'],
    [config({ depthReferenceBps: 0 }, {}), 'NoDepthReference()'],
    [config({}, { ltv: { floor: 0 } }), 'BadFloor(0, 0, 8500)'],
    [config({}, { supplyCap: { floor: 7, ceiling: 6 } }), 'BadFloor(2, 7, 6)'],
    [config({}, { liquidationThreshold: { ceiling: 10_001 } }), 'CeilingTooHigh(1, 10001, 10000)'],
    [config({}, { borrowCap: { ceiling: 2 ** 36 } }), `CeilingTooHigh(3, ${2 ** 36}, ${2 ** 36 - 1})`],
    [config({}, { ltv: { tightenStep: 0 } }), 'BadStep(0, 0, 10000)'],
    [config({}, { ltv: { loosenStep: 10_001 } }), 'BadStep(0, 10001, 10000)'],
    [config({}, { supplyCap: { tightenDelay: 2_592_001 } }), 'DelayTooLong(2, 2592001, 2592000)'],
    [config({}, { supplyCap: { loosenDelay: 2_592_001 } }), 'DelayTooLong(2, 2592001, 2592000)'],
    [config({}, { ltv: { deadband: 10_001 } }), 'DeadbandTooWide(0, 10001, 10000)'],
    [config({}, { ltv: { floor: 4_001 } }), 'LtvFloorAboveThreshold(4001, 4000)'],
  ]
  for (const [given, wanted] of refusals) {
    expect(await revertOf(world.steward, 'configure', world.weth, given)).toBe(wanted)
  }
  const [, stranger] = world.devnet.signers
  const asStranger = world.steward.connect(stranger ?? null) as Contract
  expect(await revertOf(asStranger, 'configure', world.weth, config({}, {}))).toBe(
    `OwnableUnauthorizedAccount(${stranger?.address})`,
  )
  expect(await revertOf(world.steward, 'configure', world.weth, config({}, {}))).toBeUndefined()
})

function aave(): Contract {
  const { abi } = aaveArtifact('protocol/pool/PoolConfigurator.sol', 'PoolConfigurator')
  return contractAt(world.devnet, world.market.configurator, abi)
}
