import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  lendingFeatures,
  type ParsedReserve,
  parseReserve,
  RAY,
  type RawReserve,
  type ReserveState,
} from '../../oracle-node/core/lending.ts'
import { CLOCK_LEAD_MAX_SECONDS } from '../../oracle-node/core/market-bars.ts'
import { BPS_MAX, type UnixSeconds } from '../../oracle-node/core/units.ts'
import { SHARED_DATA } from '../data/shared-data.ts'
import { csvRows } from '../support/csv-rows.ts'

const NOW = 1_700_000_000 as UnixSeconds
const USDC = 10n ** 6n
const GOOD: RawReserve = {
  decimals: 6n,
  totalSupply: 1_000_200n * USDC,
  accruedToTreasuryScaled: 100n * USDC,
  availableLiquidity: 250_000n * USDC,
  stableDebt: 50_000n * USDC,
  variableDebt: 700_000n * USDC,
  liquidityRate: RAY / 50n,
  variableBorrowRate: RAY / 25n,
  stableBorrowRate: RAY / 20n,
  liquidityIndex: (RAY * 11n) / 10n,
  variableBorrowIndex: (RAY * 12n) / 10n,
  lastUpdate: BigInt(NOW - 100),
  ltv: 7_500n,
  liquidationThreshold: 7_800n,
  liquidationBonus: 10_450n,
  liquidationProtocolFee: 1_000n,
  reserveFactor: 1_000n,
  supplyCap: 2_000_000n,
  borrowCap: 700_000n,
  debtCeiling: 12_345n,
  blockTime: BigInt(NOW - 12),
  isActive: true,
  isFrozen: false,
  isPaused: false,
  isBorrowingEnabled: true,
  isStableBorrowingEnabled: false,
  isCollateral: true,
  eModeCategory: 1n,
  priceE8: 99_990_000n,
}

const parse = (raw: unknown): ParsedReserve => parseReserve(raw, NOW, 60)
const outcome = (raw: unknown): string => {
  const parsed = parse(raw)
  return parsed.ok ? 'accepted' : parsed.reason
}
function stateOf(change: Partial<RawReserve> = {}): ReserveState {
  const parsed = parse({ ...GOOD, ...change })
  if (!parsed.ok) throw new Error(parsed.detail)
  return parsed.reserve
}

describe('a reserve', () => {
  test('becomes a state by the formulae of its docs', () => {
    expect(stateOf()).toMatchObject({
      treasury: 110n * USDC,
      utilisationBps: 7_500,
      liquidityRateBps: 200,
      variableBorrowRateBps: 400,
      stableBorrowRateBps: 500,
      supplyHeadroom: (2_000_000n - 1_000_310n) * USDC,
      // 750,000 are lent where 700,000 may be.
      borrowHeadroom: 0n,
      debtCeilingUsd: 123.45,
      priceE8: 99_990_000n,
    })
    expect(lendingFeatures(stateOf())).toEqual({
      utilisationBps: 7_500,
      supplyCapUseBps: 5_001,
      borrowCapUseBps: 10_714,
      availableLiquidityUsd: 249_975,
    })
  })

  test('tells what is not known from what is nothing', () => {
    const uncapped = stateOf({ supplyCap: 0n, borrowCap: 0n, priceE8: undefined, eModeCategory: undefined })
    expect(Object.keys(uncapped)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/Headroom|priceE8|eModeCategory/)]),
    )
    expect(lendingFeatures(uncapped)).toEqual({ utilisationBps: 7_500 })
    const empty = stateOf({ totalSupply: 0n, availableLiquidity: 0n, stableDebt: 0n, variableDebt: 0n })
    expect('utilisationBps' in lendingFeatures(empty)).toBe(false)
    expect(lendingFeatures(empty)).toMatchObject({ borrowCapUseBps: 0, availableLiquidityUsd: 0 })
  })

  test.each<[string, object, string]>([
    ['a balance of 129 bits', { totalSupply: 2n ** 128n }, 'malformed'],
    ['a negative debt', { variableDebt: -1n }, 'malformed'],
    ['a number for a bigint', { variableDebt: 1 }, 'malformed'],
    ['an index below one', { liquidityIndex: RAY - 1n }, 'malformed'],
    ['an LTV above one', { ltv: 10_001n }, 'malformed'],
    ['an LTV above its threshold', { ltv: 7_801n }, 'malformed'],
    ['an LTV of nothing, the brake', { ltv: 0n }, 'accepted'],
    ['collateral without a threshold', { liquidationThreshold: 0n, ltv: 0n }, 'malformed'],
    ['no collateral', { liquidationThreshold: 0n, ltv: 0n, liquidationBonus: 0n, isCollateral: false }, 'accepted'],
    ['a bonus that takes', { liquidationBonus: 9_999n }, 'malformed'],
    ['a bonus that pays out more than all', { liquidationBonus: 12_821n }, 'malformed'],
    ['a cap of 37 bits', { supplyCap: 2n ** 36n }, 'malformed'],
    ['a category past its byte', { eModeCategory: 256n }, 'malformed'],
    ['a price of nothing', { priceE8: 0n }, 'malformed'],
    ['a flag that is a number', { isPaused: 0 }, 'malformed'],
    ['a flag that is missing', { isFrozen: undefined }, 'malformed'],
    ['an update after its block', { lastUpdate: GOOD.blockTime + 1n }, 'malformed'],
    ['an old block', { blockTime: BigInt(NOW - 61), lastUpdate: 0n }, 'stale'],
    ['a block of the future', { blockTime: BigInt(NOW + CLOCK_LEAD_MAX_SECONDS + 1) }, 'from-the-future'],
  ])('%s is judged', (_, change, expected) => {
    expect(outcome({ ...GOOD, ...change })).toBe(expected)
  })

  test('of any shape is judged and never thrown at, and what is accepted has features', () => {
    const reasons = ['accepted', 'malformed', 'stale', 'from-the-future']
    const check = (raw: unknown): void => {
      const parsed = parse(raw)
      expect(reasons).toContain(parsed.ok ? 'accepted' : parsed.reason)
      if (!parsed.ok) return
      const features = lendingFeatures(parsed.reserve)
      for (const value of Object.values(features)) expect(value).toBeGreaterThanOrEqual(0)
      for (const value of Object.values(features)) expect(Number.isFinite(value)).toBe(true)
      expect(features.supplyCapUseBps ?? 0).toBeLessThanOrEqual(BPS_MAX)
    }
    fc.assert(fc.property(fc.anything({ withBigInt: true }), check))
    const hostile = fc.oneof(
      fc.bigInt(),
      fc.bigInt({ min: 0n, max: 10_000n }),
      fc.bigInt({ min: RAY, max: 2n ** 128n - 1n }),
      fc.boolean(),
      fc.anything(),
    )
    const fields = fc.uniqueArray(fc.constantFrom(...Object.keys(GOOD)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fields, fc.array(hostile, { minLength: 4, maxLength: 4 }), (names, values) =>
        check({ ...GOOD, ...Object.fromEntries(names.map((name, index) => [name, values[index]])) }),
      ),
      { numRuns: 2_000 },
    )
  })
})

/** A decimal of a recording as a whole number of `places` places, without a float on the way. */
function fixed(text: string | undefined, places: number): bigint {
  const [whole = '0', rest = ''] = (text ?? '').split('.')
  return BigInt(whole + rest.slice(0, places).padEnd(places, '0'))
}

/** The recording changes from the bonus alone (0.05) to what Aave counts (1.05) on the way. */
function bonusOf(text: string | undefined): bigint {
  const bonus = fixed(text, 4)
  return bonus < 10_000n ? 10_000n + bonus : bonus
}

describe('recorded reserves of Aave v3', () => {
  test.each(['USDC', 'WETH'])('of %s on Polygon, minute by minute: rates to a millionth of a bp', (asset) => {
    for (const day of [14, 15, 16, 17]) {
      const rows = csvRows(`${SHARED_DATA}lending/aavev3_polygon_${asset}_1m_202308${day}.csv.gz`)
      expect(rows.length).toBe(1_440)
      for (const row of rows) {
        const state = stateOf({
          liquidityRate: fixed(row['liquidity_rate'], 27),
          variableBorrowRate: fixed(row['variable_borrow_rate'], 27),
          stableBorrowRate: fixed(row['stable_borrow_rate'], 27),
          liquidityIndex: fixed(row['liquidity_index'], 27),
          variableBorrowIndex: fixed(row['variable_borrow_index'], 27),
        })
        expect(state.liquidityRateBps).toBeCloseTo(Number(row['liquidity_rate']) * 10_000, 5)
        expect(state.variableBorrowRateBps).toBeCloseTo(Number(row['variable_borrow_rate']) * 10_000, 5)
        expect(state.stableBorrowRateBps).toBeCloseTo(Number(row['stable_borrow_rate']) * 10_000, 5)
      }
    }
  })

  test('parameters of Ethereum, Arbitrum and Base, a year of days: all are within our bounds', () => {
    const rows = csvRows(`${SHARED_DATA}lending/aavev3_daily_params_rates_eth_arb_base.csv.gz`)
    expect(rows.length).toBeGreaterThan(20_000)
    const refused = rows.filter((row) => {
      const liquidationThreshold = fixed(row['liq_threshold'], 4)
      return (
        outcome({
          ...GOOD,
          ltv: fixed(row['ltv'], 4),
          liquidationThreshold,
          liquidationBonus: liquidationThreshold === 0n ? 0n : bonusOf(row['liq_bonus']),
          reserveFactor: fixed(row['reserve_factor'], 4),
          isCollateral: liquidationThreshold > 0n,
          isActive: row['active'] === '1',
          isFrozen: row['frozen'] === '1',
          isPaused: row['paused'] === '1',
          isBorrowingEnabled: row['borrowing_enabled'] === '1',
        }) !== 'accepted'
      )
    })
    expect(refused.slice(0, 5)).toEqual([])
  })
})
