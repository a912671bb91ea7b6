import { join } from 'node:path'
import type { MarketInput, MarketSetup } from '../../backtests/lending/market.ts'
import { pathOf } from '../../backtests/lending/path.ts'
import type { Policy } from '../../backtests/policies/policy.ts'
import type { Series } from '../../backtests/series.ts'
import { type Candle, readCandles } from '../../data/recorded/read-candles.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import { SHARED_DATA } from '../data/shared-data.ts'
import { DEPLOYED_RATES } from './lending-chain.ts'

export const SETUP: MarketSetup = {
  asset: 'ETH',
  ltvBps: 8_000,
  liquidationThresholdBps: 8_300,
  liquidationBonusBps: 500,
  liquidationProtocolFeeBps: 1_000,
  reserveFactorBps: 1_500,
  supplyCap: 0,
  borrowCap: 0,
}

const FILE = 'ohlcv/multivenue_1h/bitfinex_ETHUSD_1h_20190101_20230117.csv.gz'
const FROM = Date.parse('2020-03-10T12:00:00Z') / 1_000
const HOURS = 100
/** Shares of the borrowing power: from those who sleep well to those who sit at the limit. */
const USE = [0.35, 0.5, 0.55, 0.6, 0.65, 0.7, 0.74, 0.78, 0.82, 0.85, 0.88, 0.91, 0.93, 0.95, 0.97, 0.995] as const

/** Hundred hours of ETH around 2020-03-12, when it lost half, as sixteen borrowers under a policy that keeps moving meet them. */
export function crashSample(): MarketInput {
  return {
    path: pathOf(seriesOf(readCandles(join(SHARED_DATA, FILE))), {
      // Deep enough that it always pays to liquidate: Aave's rules decide, not the book.
      depthUsd: new Float64Array(HOURS).fill(1e12),
      feed: { deviationBps: 50, heartbeatSeconds: SECONDS_PER_HOUR, delaySeconds: 0 },
    }),
    setup: SETUP,
    policy: stepsDownAndUp(),
    borrowers: {
      collateral: Float64Array.from(USE, (_, index) => 3.7 * 1.31 ** index),
      use: Float64Array.from(USE),
      // One begins with a debt that is not by its use, and one with none.
      debt: Float64Array.from(USE, (_, index) => ({ 3: 1_250, 6: 0 })[index] ?? Number.NaN),
    },
    habits: { actEveryDays: 0.5, defendChance: 0.1, defendBelowHealth: 1.1 },
    liquidators: { gasUsd: 0, refillHalfLifeHours: 1, profitMin: 0 },
    rates: DEPLOYED_RATES,
    liquidityOverDebt: 1.05,
    seed: 20_200_312,
    warmUpHours: 12,
  }
}

function seriesOf(candles: readonly Candle[]): Series {
  const first = candles.findIndex(({ ts }) => ts === FROM)
  const hours = candles.slice(first, first + HOURS)
  if (hours.some(({ ts }, hour) => ts !== FROM + hour * SECONDS_PER_HOUR)) throw new Error(`${FILE} lacks an hour`)
  const column = (of: (candle: Candle) => number): Float64Array => Float64Array.from(hours, of)
  return {
    asset: SETUP.asset,
    kind: 'volatile',
    from: FROM,
    open: column(({ open }) => open),
    high: column(({ high }) => high),
    low: column(({ low }) => low),
    close: column(({ close }) => close),
    volumeUsd: column(({ volume, close }) => volume * close),
    missing: new Uint8Array(hours.length),
  }
}

/** Every third hour a step of 1 %: down for five, up for five, and so on. */
function stepsDownAndUp(): Policy {
  let asked = 0
  return {
    id: 'steps',
    next: ({ current }) => {
      asked += 1
      if (asked % 3 !== 0) return current
      const step = asked % 30 < 15 ? -100 : 100
      const { ltvBps, liquidationThresholdBps } = current
      return { ...current, ltvBps: ltvBps + step, liquidationThresholdBps: liquidationThresholdBps + step }
    },
  }
}
