import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { LIVE_MARKETS } from '../../oracle-node/app/live-markets.ts'
import type { MarketConfig, MarketSources } from '../../oracle-node/app/market-config.ts'
import { HISTORY_HOURS } from '../../oracle-node/core/bar.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from '../../oracle-node/core/units.ts'
import { type BaseUrls, filesHash, type History, type HistoryBook, historyOf } from '../recorded/history.ts'
import { simulateBook } from './book.ts'
import { type Calibration, readCalibration } from './calibration.ts'
import { type SimulatedMarket, simulateCandles } from './candles.ts'
import { type Path, simulatePaths } from './paths.ts'

/** Where a simulation starts unless told otherwise; nothing happened then that it would imitate. */
export const SYNTHETIC_START: UnixSeconds = (Date.parse('2026-01-05T00:00:00Z') / 1_000) as UnixSeconds
/** Longer runs than a month of replay need more memory than a laptop should give. */
export const SYNTHETIC_HOURS_MAX = 1_000
/** One hour more than nodes ask for, so that the first request is full. */
const LEAD_HOURS = HISTORY_HOURS + 1

/** Markets of the live configuration, on three of its venues. */
const MARKETS: readonly SimulatedMarket[] = [
  { venue: 'binance', base: 'BTC', quote: 'USDT' },
  { venue: 'binance', base: 'ETH', quote: 'USDT' },
  { venue: 'binance', base: 'USDC', quote: 'USDT' },
  { venue: 'coinbaseexchange', base: 'BTC', quote: 'USD' },
  { venue: 'coinbaseexchange', base: 'ETH', quote: 'USD' },
  { venue: 'coinbaseexchange', base: 'USDT', quote: 'USD' },
  { venue: 'kraken', base: 'BTC', quote: 'USD' },
  { venue: 'kraken', base: 'ETH', quote: 'USD' },
  { venue: 'kraken', base: 'USDC', quote: 'USD' },
  { venue: 'kraken', base: 'USDT', quote: 'USD' },
]

/**
 * A made-up history of three venues with order books, whose moments are fitted to recorded ones (calibration.json). The same seed,
 * start and length give the same history to the bit, on every machine.
 * @param options.from first second of the replay, a full hour; {@link HISTORY_HOURS} of history come before it.
 * @param options.hours length of the replay.
 * @throws {Error} when the start is not a full hour or the length not from 1 to {@link SYNTHETIC_HOURS_MAX}.
 */
export function syntheticHistory(options: {
  readonly seed: string
  readonly from?: UnixSeconds
  readonly hours: number
}): History {
  const { seed, from = SYNTHETIC_START, hours } = options
  if (!Number.isInteger(hours) || hours < 1 || hours > SYNTHETIC_HOURS_MAX) {
    throw new Error(`a simulation has 1 to ${SYNTHETIC_HOURS_MAX} whole hours, not ${hours}`)
  }
  if (from % SECONDS_PER_HOUR !== 0) throw new Error(`a simulation starts at a full hour, not at ${from}`)
  const { calibration, text } = readCalibration()
  const start = from - LEAD_HOURS * SECONDS_PER_HOUR
  const paths = simulatePaths(calibration, seed, LEAD_HOURS + hours)
  const all = MARKETS.map((market) => simulateCandles({ calibration, paths, seed, market, start }))
  const { span, ...candles } = historyOf(all)
  const files = [
    { name: 'data/synthetic/calibration.json', sha256: hashOf(text) },
    { name: `simulation of ${hours} h from ${from} with seed ${seed}`, sha256: hashOf(`${seed}\n${from}\n${hours}`) },
  ]
  return {
    ...candles,
    describe: () => ({
      source: 'synthetic',
      files,
      sha256: filesHash(files),
      note: 'Simulated, not recorded: prices, volumes and order books are made up, their moments fitted to recorded markets.',
    }),
    book: bookOf({ calibration, seed, start, paths, candles }),
    period: { from, to: span.to },
    marketConfig: simulatedMarkets,
  }
}

/** A book as of the last full minute, around that minute's close. */
function bookOf(args: {
  readonly calibration: Calibration
  readonly seed: string
  readonly start: number
  readonly paths: Readonly<Record<SimulatedMarket['base'], Path>>
  readonly candles: Pick<History, 'bars'>
}): NonNullable<History['book']> {
  const { calibration, seed, start, paths, candles } = args
  return ({ venue, symbol, at }): HistoryBook | undefined => {
    const market = MARKETS.find((each) => each.venue === venue && `${each.base}/${each.quote}` === symbol)
    const last = candles.bars({ venue, symbol, interval: '1m', from: at - 120, to: at }).at(-1)
    if (market === undefined || last === undefined) return undefined
    const hour = Math.floor((last.ts - start) / SECONDS_PER_HOUR)
    const heat = paths[market.base].heat[hour] ?? 1
    return simulateBook({ calibration, market, seed, minute: last.ts / 60, mid: last.close, heat })
  }
}

function simulatedMarkets(baseUrls: BaseUrls): MarketConfig {
  const venues = Object.fromEntries(Object.entries(baseUrls).map(([venue, baseUrl]) => [venue, { baseUrl }]))
  const assets = Object.fromEntries(Object.entries(LIVE_MARKETS.assets).map(([asset, of]) => [asset, simulatedOf(of)]))
  const quotes = Object.fromEntries(Object.entries(LIVE_MARKETS.quotes).map(([coin, of]) => [coin, simulatedOf(of)]))
  return {
    ...LIVE_MARKETS,
    venues,
    assets,
    quotes,
    timeoutMs: 2_000,
    observeTimeoutMs: 2_500,
    responseBytesMax: 1_048_576,
  }
}

/** Of the markets that are watched live, those that are simulated: three venues, of which one may fail. */
function simulatedOf({ sources, venuesMin }: MarketSources): MarketSources {
  const simulated = sources.filter(({ venue, symbol }) =>
    MARKETS.some((market) => market.venue === venue && `${market.base}/${market.quote}` === symbol),
  )
  return { sources: simulated, venuesMin: Math.max(1, Math.min(venuesMin, simulated.length - 1)) }
}

function hashOf(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)))
}
