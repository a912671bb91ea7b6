import { Contract, MaxUint256, parseUnits } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aaveArtifact, send } from '../../contracts/script/artifacts.ts'
import { seedPositions } from '../../contracts/script/deploy-aave.ts'
import { aaveV3Market } from '../../oracle-node/adapters/lending-aave-v3.ts'
import { type ChainReader, chainReader } from '../../oracle-node/adapters/pools/json-rpc.ts'
import { lendingFeatures, parseReserve, RAY, type ReserveState } from '../../oracle-node/core/lending.ts'
import { unixSeconds } from '../../oracle-node/core/units.ts'
import { type JsonRpcChain, jsonRpcChain } from '../support/json-rpc-chain.ts'
import { type PricedMarket, pricedMarket } from '../support/priced-market.ts'

const START = 1_700_000_000
const TIMEOUT_MS = 10_000
const USDC_CAP = 40_000_000n * 10n ** 6n
const USDC_BORROW_CAP = 36_000_000n * 10n ** 6n

let chain: JsonRpcChain
let reader: ChainReader
let priced: PricedMarket
let pool: Contract
let usdc: string
beforeAll(async () => {
  chain = await jsonRpcChain(START)
  reader = chainReader({ rpcUrl: chain.rpcUrl, timeoutMs: TIMEOUT_MS })
  priced = await pricedMarket(chain)
  await priced.report(START + 1_000)
  usdc = priced.market.tokens['USDC'] ?? ''
  pool = new Contract(priced.market.pool, aaveArtifact('protocol/pool/Pool.sol', 'Pool').abi, chain.signer)
})
afterAll(async () => {
  reader.close()
  await chain.close()
})

async function reserveOf(asset: string): Promise<ReserveState> {
  const { dataProvider } = priced.market
  const fetched = await aaveV3Market(reader, { dataProvider, timeoutMs: TIMEOUT_MS }).reserve(asset)
  if (!fetched.ok) throw new Error(fetched.detail)
  const parsed = parseReserve(fetched.raw, unixSeconds(await chain.now()), 60)
  if (!parsed.ok) throw new Error(parsed.detail)
  return parsed.reserve
}

function token(name: string, address: string): Contract {
  return new Contract(address, aaveArtifact(`protocol/tokenization/${name}.sol`, name).abi, chain.provider)
}

/** What the pool and its tokens say themselves, the data provider left out. */
async function poolSays(asset: string): Promise<Record<string, bigint>> {
  const data = await pool.getFunction('getReserveData').staticCall(asset)
  const [supply, stable, variable, available] = await Promise.all([
    token('AToken', data.aTokenAddress).getFunction('totalSupply').staticCall(),
    token('StableDebtToken', data.stableDebtTokenAddress).getFunction('totalSupply').staticCall(),
    token('VariableDebtToken', data.variableDebtTokenAddress).getFunction('totalSupply').staticCall(),
    token('AToken', asset).getFunction('balanceOf').staticCall(data.aTokenAddress),
  ])
  const { currentLiquidityRate, currentVariableBorrowRate, currentStableBorrowRate, lastUpdateTimestamp } = data
  const { configuration, accruedToTreasury, liquidityIndex } = data
  const word: bigint = configuration.data
  const bits = (from: bigint, width: bigint): bigint => (word >> from) & ((1n << width) - 1n)
  return {
    ...{ supply, stable, variable, available, accruedToTreasury, liquidityIndex },
    ...{ currentLiquidityRate, currentVariableBorrowRate, currentStableBorrowRate, lastUpdateTimestamp },
    // The bits of Aave's ReserveConfiguration, from its documentation.
    ...{ ltv: bits(0n, 16n), threshold: bits(16n, 16n), bonus: bits(32n, 16n), decimals: bits(48n, 8n) },
    ...{ active: bits(56n, 1n), frozen: bits(57n, 1n), borrowing: bits(58n, 1n), paused: bits(60n, 1n) },
    ...{ reserveFactor: bits(64n, 16n), borrowCap: bits(80n, 36n), supplyCap: bits(116n, 36n) },
    ...{ protocolFee: bits(152n, 16n), eMode: bits(168n, 8n), debtCeiling: bits(212n, 40n) },
  }
}

/** Every field of the state against the pool's own. */
async function expectSame(asset: string): Promise<ReserveState> {
  const [state, said] = [await reserveOf(asset), await poolSays(asset)]
  const debt = (said['stable'] ?? 0n) + (said['variable'] ?? 0n)
  const available = said['available'] ?? 0n
  expect({
    supply: state.totalSupply,
    available: state.availableLiquidity,
    debts: [state.stableDebt, state.variableDebt],
    treasury: state.treasury,
    parameters: [state.ltvBps, state.liquidationThresholdBps, state.liquidationBonusBps, state.reserveFactorBps],
    caps: [state.supplyCap, state.borrowCap],
    others: [state.liquidationProtocolFeeBps, state.eModeCategory, state.debtCeilingUsd, state.decimals],
    flags: [state.isActive, state.isFrozen, state.isBorrowingEnabled, state.isPaused, state.isCollateral],
    lastUpdate: state.lastUpdate,
    utilisation: state.utilisationBps,
  }).toEqual({
    supply: said['supply'],
    available,
    debts: [said['stable'], said['variable']],
    treasury: ((said['accruedToTreasury'] ?? 0n) * (said['liquidityIndex'] ?? 0n) + RAY / 2n) / RAY,
    parameters: ['ltv', 'threshold', 'bonus', 'reserveFactor'].map((name) => Number(said[name])),
    caps: [Number(said['supplyCap']), Number(said['borrowCap'])],
    others: [
      Number(said['protocolFee']),
      Number(said['eMode']),
      Number(said['debtCeiling']) / 100,
      Number(said['decimals']),
    ],
    flags: [
      ...['active', 'frozen', 'borrowing', 'paused'].map((name) => said[name] === 1n),
      (said['threshold'] ?? 0n) > 0n,
    ],
    lastUpdate: Number(said['lastUpdateTimestamp']),
    utilisation: debt + available === 0n ? undefined : Number((debt * 10_000n) / (debt + available)),
  })
  expect(state.liquidityRateBps).toBeCloseTo(Number(said['currentLiquidityRate']) / 1e23, 5)
  expect(state.variableBorrowRateBps).toBeCloseTo(Number(said['currentVariableBorrowRate']) / 1e23, 5)
  expect(state.stableBorrowRateBps).toBeCloseTo(Number(said['currentStableBorrowRate']) / 1e23, 5)
  return state
}

/** Whether Aave takes a call, in a block of the same time as the newest. */
async function accepts(method: string, args: readonly unknown[]): Promise<boolean> {
  return pool
    .getFunction(method)
    .staticCall(...args)
    .then(
      () => true,
      () => false,
    )
}

describe('a reserve of Aave v3 itself, through supply, loan, time, repayment and governance', () => {
  test('before anything is in it: no utilisation, and all of the caps', async () => {
    const state = await expectSame(usdc)
    expect(state).toMatchObject({ totalSupply: 0n, supplyHeadroom: USDC_CAP, borrowHeadroom: USDC_BORROW_CAP })
    expect(lendingFeatures(state)).toEqual({ supplyCapUseBps: 0, borrowCapUseBps: 0, availableLiquidityUsd: 0 })
  })

  test('after a supply the headroom is what Aave still takes, to the unit', async () => {
    await seedPositions(chain.signer, priced.market, [{ supply: { symbol: 'USDC', amount: 30_000_000 } }])
    const state = await expectSame(usdc)
    const user = await chain.signer.getAddress()
    const headroom = state.supplyHeadroom ?? 0n
    expect(headroom).toBe(USDC_CAP - 30_000_000n * 10n ** 6n)
    const mintable = new Contract(
      usdc,
      aaveArtifact('mocks/tokens/MintableERC20.sol', 'MintableERC20').abi,
      chain.signer,
    )
    await send(mintable, 'mint(uint256)', [USDC_CAP])
    await send(mintable, 'approve', [priced.market.pool, MaxUint256])
    expect(await accepts('supply', [usdc, headroom, user, 0])).toBe(true)
    expect(await accepts('supply', [usdc, headroom + 1n, user, 0])).toBe(false)
    expect(lendingFeatures(state)).toEqual({
      utilisationBps: 0,
      supplyCapUseBps: 7_500,
      borrowCapUseBps: 0,
      availableLiquidityUsd: 30_000_000,
    })
  })

  test('after a loan and a day the debt has grown, and utilisation is what the rates follow', async () => {
    const loan = [{ supply: { symbol: 'WETH', amount: 20_000 }, borrow: { symbol: 'USDC', amount: 24_000_000 } }]
    await seedPositions(chain.signer, priced.market, loan)
    const fresh = await expectSame(usdc)
    expect(fresh.utilisationBps).toBe(8_000)
    // The kink of the curve that deploy-aave.ts sets: 3.8 % a year at a utilisation of 80 %.
    expect(fresh.variableBorrowRateBps).toBeCloseTo(380, 3)
    expect(fresh.liquidityRateBps).toBeCloseTo(380 * 0.8 * 0.9, 3)
    await chain.warp((await chain.now()) + 86_400)
    const later = await expectSame(usdc)
    expect(Number(later.variableDebt) / Number(fresh.variableDebt)).toBeCloseTo(Math.exp(0.038 / 365), 8)
    expect(later.lastUpdate).toBe(fresh.lastUpdate)
    // Our oracle's record is stale by now: it refuses, and the reserve has no price, which is not one of 0.
    expect(later.priceE8).toBeUndefined()
    expect('availableLiquidityUsd' in lendingFeatures(later)).toBe(false)
  })

  test('after a repayment: debt is gone, the treasury has its share of the interest', async () => {
    await priced.report((await chain.now()) + 100)
    await send(pool, 'repay', [usdc, parseUnits('20000000', 6), 2, await chain.signer.getAddress()])
    const state = await expectSame(usdc)
    expect(state.priceE8).toBe(100_000_000n)
    expect(state.treasury).toBeGreaterThan(0n)
    expect(state.variableDebt).toBeLessThan(parseUnits('4010000', 6))
    const features = lendingFeatures(state)
    expect(features.availableLiquidityUsd).toBeCloseTo(Number(state.availableLiquidity) / 1e6, 6)
    expect(features.borrowCapUseBps).toBe(Number((state.variableDebt * 10_000n) / USDC_BORROW_CAP))
  })

  test('each parameter that governance sets is read', async () => {
    const { abi } = aaveArtifact('protocol/pool/PoolConfigurator.sol', 'PoolConfigurator')
    const configurator = new Contract(priced.market.configurator, abi, chain.signer)
    await send(configurator, 'setSupplyCap', [usdc, 0])
    await send(configurator, 'setBorrowCap', [usdc, 1])
    await send(configurator, 'setLiquidationProtocolFee', [usdc, 1_000])
    await send(configurator, 'configureReserveAsCollateral', [usdc, 7_000, 7_700, 10_600])
    await send(configurator, 'setEModeCategory', [
      1,
      9_000,
      9_300,
      10_200,
      '0x0000000000000000000000000000000000000000',
      'stable',
    ])
    await send(configurator, 'setAssetEModeCategory', [usdc, 1])
    await send(configurator, 'setReserveFreeze', [usdc, true])
    await send(configurator, 'setReservePause', [usdc, true])
    const state = await expectSame(usdc)
    expect(state).toMatchObject({
      supplyCap: 0,
      borrowCap: 1,
      borrowHeadroom: 0n,
      ltvBps: 7_000,
      liquidationThresholdBps: 7_700,
      liquidationBonusBps: 10_600,
      liquidationProtocolFeeBps: 1_000,
      eModeCategory: 1,
      isFrozen: true,
      isPaused: true,
    })
    expect('supplyHeadroom' in state).toBe(false)
    expect('supplyCapUseBps' in lendingFeatures(state)).toBe(false)
    const weth = priced.market.tokens['WETH'] ?? ''
    expect((await expectSame(weth)).debtCeilingUsd).toBe(0)
    const wbtc = priced.market.tokens['WBTC'] ?? ''
    await send(configurator, 'setDebtCeiling', [wbtc, 1_234_567_89n])
    expect((await expectSame(wbtc)).debtCeilingUsd).toBe(1_234_567.89)
  })
})

test('an asset that is not listed and a provider that is none are refused by name', async () => {
  const market = (dataProvider: string): ReturnType<typeof aaveV3Market> =>
    aaveV3Market(reader, { dataProvider, timeoutMs: TIMEOUT_MS })
  const unlisted = await market(priced.market.dataProvider).reserve(priced.market.oracle)
  expect(unlisted).toMatchObject({ ok: false, reason: 'refused' })
  expect(await market(priced.market.oracle).reserve(usdc)).toMatchObject({ ok: false, reason: 'refused' })
})
