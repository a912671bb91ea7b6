import { describe, expect, test } from 'vitest'
import { stableSwapMid } from '../../../oracle-node/core/pools/curve-depth.ts'
import { validateStableSwap } from '../../../oracle-node/core/pools/curve-state.ts'
import type { StableSwapState } from '../../../oracle-node/core/pools/pool-state.ts'
import { median, quantile } from '../../../oracle-node/core/stats.ts'
import { SHARED_DATA } from '../../data/shared-data.ts'
import { csvRows } from '../../support/csv-rows.ts'
import { recordedCurve } from '../../support/recorded-curve.ts'

type Point = readonly [time: number, price: number]

const CHAINLINK = csvRows(`${SHARED_DATA}oracle/chainlink_STETHETH_round_rounds_20220129_20240128.csv.gz`).map(
  (row): Point => [Number(row['ts']), Number(row['price'])],
)
const HOURLY: Readonly<Record<'stETH' | 'WETH' | 'DAI' | 'USDC', readonly Point[]>> = {
  stETH: hourly('stETH'),
  WETH: hourly('WETH'),
  DAI: hourly('DAI'),
  USDC: hourly('USDC'),
}

function hourly(asset: string): readonly Point[] {
  const file = `coingecko_${asset}USD_1h-irreg_price_20210101_20230225.csv.gz`
  const [first, ...rows] = csvRows(`${SHARED_DATA}price/coingecko_1h/${file}`)
  const [, price = ''] = Object.keys(first ?? {})
  return rows.map((row): Point => [Number(row['ts']), Number(row[price])])
}

/** The last price that was known at a time, no older than so many seconds. */
function known(points: readonly Point[], time: number, ageMax: number): number | undefined {
  const last = points.findLast(([at]) => at <= time)
  return last === undefined || time - last[0] > ageMax ? undefined : last[1]
}

/** How far the pool's price is from another one, in bps, each day that both are known. */
function deviations(days: readonly StableSwapState[], other: (time: number) => number | undefined): readonly number[] {
  return days.flatMap((day) => {
    const price = other(day.blockTime)
    return price === undefined ? [] : [Math.abs(stableSwapMid(day) / price - 1) * 10_000]
  })
}

function ratio(one: readonly Point[], other: readonly Point[]): (time: number) => number | undefined {
  return (time) => {
    const [above, below] = [known(one, time, 7_200), known(other, time, 7_200)]
    return above === undefined || below === undefined ? undefined : above / below
  }
}

function say(name: string, found: readonly number[]): void {
  const [middle, p99] = [median(found), quantile(found, 0.99)].map((bps) => bps.toFixed(1))
  process.stderr.write(`${name}: ${found.length} days, median ${middle} bps, p99 ${p99} bps\n`)
}

describe('the marginal price of recorded balances', () => {
  test('of every day of every pool is that of a valid pool', () => {
    for (const pool of ['3crv', 'stETH', 'sUSD'] as const) {
      const days = recordedCurve(pool, { base: 0, quote: 1 })
      for (const state of days) expect(validateStableSwap(state)).toEqual({ ok: true, state })
    }
  })

  test('of stETH in ETH is what Chainlink said, its daily rounds up to 25 hours old, through May and June 2022', () => {
    const days = recordedCurve('stETH', { base: 1, quote: 0 })
    const chainlink = (time: number): number | undefined => known(CHAINLINK, time, 25 * 3_600)
    const found = deviations(days, chainlink)
    say('stETH/ETH against Chainlink', found)
    expect(found.length).toBeGreaterThan(150)
    expect(median(found)).toBeLessThan(10)
    expect(quantile(found, 0.99)).toBeLessThan(150)
    // The check can tell: with a fifth of its A the pool would price far off.
    const flat = deviations(
      days.map((day) => ({ ...day, amplification: day.amplification / 5n })),
      chainlink,
    )
    expect(quantile(flat, 0.99)).toBeGreaterThan(1_000)
  })

  test('of stETH in ETH and of DAI in USDC is near the hourly prices of an aggregator, itself tens of bps noisy', () => {
    const steth = deviations(recordedCurve('stETH', { base: 1, quote: 0 }), ratio(HOURLY.stETH, HOURLY.WETH))
    const dai = deviations(recordedCurve('3crv', { base: 0, quote: 1 }), ratio(HOURLY.DAI, HOURLY.USDC))
    say('stETH/ETH against hourly prices', steth)
    say('DAI/USDC against hourly prices', dai)
    expect(steth.length).toBeGreaterThan(300)
    expect(dai.length).toBeGreaterThan(400)
    expect(median(steth)).toBeLessThan(40)
    expect(quantile(steth, 0.99)).toBeLessThan(300)
    expect(median(dai)).toBeLessThan(15)
    expect(quantile(dai, 0.99)).toBeLessThan(120)
  })
})
