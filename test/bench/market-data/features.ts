import { assessMarket } from '../../../oracle-node/core/assess-market.ts'
import { extractFeatures } from '../../../oracle-node/core/features.ts'
import {
  type Level,
  type MarketTick,
  type RawMarket,
  VENUES,
  type VenueSource,
} from '../../../oracle-node/core/market.ts'
import { parseBars } from '../../../oracle-node/core/market-bars.ts'
import { median } from '../../../oracle-node/core/stats.ts'
import { parseTick } from '../../../oracle-node/core/tick.ts'
import type { UnixSeconds } from '../../../oracle-node/core/units.ts'
import { seededRandom } from '../../support/seeded-random.ts'

/*
 * What one asset costs a node: from a venue's unchecked candles to the feature vector, and from eight venues' whole answers, books
 * and all, to price, depth and features.
 */

const NOW = (1_700_000_000 - (1_700_000_000 % 3_600) + 1_830) as UnixSeconds
const HOURS = 201
const LEVELS = 1_000
const RUNS = 9
const LOOPS = 400

type Row = readonly [number, number, number, number, number, number]

export type FeaturesBench = {
  readonly candlesToFeaturesMicroseconds: number
  /** Eight venues: hours, minutes and books of 1,000 levels a side, checked, weighed, consolidated, features taken. */
  readonly eightVenuesMicroseconds: number
  readonly peers: {
    /** The realised volatility of the same hours alone, through a data frame (danfojs). */
    readonly danfojsMicroseconds: number
    readonly danfojsRatio: number
  }
}

export async function benchFeatures(): Promise<FeaturesBench> {
  const hours = candles(3_600, HOURS)
  const ours = timed(LOOPS, () => {
    const parsed = parseBars(hours, '1h', NOW)
    if (!parsed.ok) throw new Error(parsed.detail)
    return extractFeatures(parsed.bars, NOW)
  })
  const raw = answer(hours)
  const eight = timed(LOOPS / 8, () => {
    const ticks = VENUES.slice(0, 8).map((venue) => tickOf(venue, raw))
    const seen = assessMarket({ asset: 'X', ticks, rates: {}, venuesMin: 3, now: NOW })
    if (!seen.ok) throw new Error(seen.detail)
    return extractFeatures(seen.market.bars, NOW)
  })
  const frame = await danfojs(hours)
  return {
    candlesToFeaturesMicroseconds: tenth(ours),
    eightVenuesMicroseconds: Math.round(eight),
    peers: { danfojsMicroseconds: Math.round(frame), danfojsRatio: Math.round(frame / ours) },
  }
}

async function danfojs(hours: readonly Row[]): Promise<number> {
  const { DataFrame } = await import('danfojs-node')
  return timed(LOOPS / 20, () => {
    const closes = new DataFrame([...hours.map((row) => [...row])])
      .iloc({ columns: [4] })
      .values.flat()
      .map(Number)
    const returns = closes.slice(1).map((close, index) => Math.log(close / (closes[index] ?? close)))
    return new DataFrame({ returns }).column('returns').std() * Math.sqrt(24 * 365)
  })
}

/** Median over runs of the microseconds of one call, after as many calls to warm up. */
function timed(loops: number, call: () => unknown): number {
  const runs = Array.from({ length: RUNS + 1 }, () => {
    const begun = performance.now()
    for (let loop = 0; loop < loops; loop++) call()
    return ((performance.now() - begun) / loops) * 1_000
  })
  return median(runs.slice(1))
}

function candles(seconds: number, count: number): Row[] {
  const random = seededRandom(`bench ${seconds}`)
  const open = NOW - (NOW % seconds)
  let price = 2_000
  return Array.from({ length: count }, (_, index): Row => {
    const from = price
    price *= 1 + (random.below(1_001) / 1_000 - 0.5) * 0.001
    const [low, high] = [Math.min(from, price) * 0.9999, Math.max(from, price) * 1.0001]
    return [(open - (count - 1 - index) * seconds) * 1_000, from, high, low, price, 10 + random.below(10)]
  })
}

function answer(hours: readonly Row[]): RawMarket {
  const minutes = candles(60, 60)
  const mid = minutes.at(-2)?.[4] ?? 0
  const side = (direction: number): Level[] =>
    Array.from({ length: LEVELS }, (_, index) => [mid * (1 + direction * 0.00005 * (index + 1)), 100])
  return { hours, minutes, book: { bids: side(-1), asks: side(1) } }
}

function tickOf(venue: VenueSource['venue'], raw: RawMarket): MarketTick {
  const source: VenueSource = {
    venue,
    symbol: 'X/USD',
    quote: 'USD',
    priceInterval: '1m',
    maxAgeSeconds: 600,
    book: true,
  }
  const parsed = parseTick({ source, raw, now: NOW })
  if (!parsed.ok) throw new Error(parsed.detail)
  return parsed.tick
}

const tenth = (value: number): number => Math.round(value * 10) / 10
