import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { MarketConfig } from '../../oracle-node/app/market-config.ts'
import type { VenueSource } from '../../oracle-node/core/market.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'
import { hoursOf, type MarketCandles } from './candle-store.ts'
import { MARCH_2023, type Recording } from './catalog.ts'
import { type BaseUrls, filesHash, type History, historyOf } from './history.ts'
import { readCandles } from './read-candles.ts'

/** Where a replay starts unless told otherwise: the hours in which USDC begins to fall. */
export const RECORDED_START: UnixSeconds = (Date.parse('2023-03-11T00:00:00Z') / 1_000) as UnixSeconds
/** Minutes are recorded from here; of the hourly file only this month is used. */
const MONTH_START = Date.parse('2023-03-01T00:00:00Z') / 1_000
const MONTH_END = Date.parse('2023-03-22T00:00:00Z') / 1_000

const NOTE =
  'Recorded trades of Binance.US, Coinbase and Kraken by the minute, and of Binance ETH/USDT by the hour, March 2023. ' +
  'No order books were recorded. WBTC is priced by BTC, WETH by ETH on one venue.'

/** Whether a folder holds the recordings of the default replay, without reading them. */
export function hasRecordings(dataFolder: string): boolean {
  return MARCH_2023.every(({ file }) => existsSync(join(dataFolder, file)))
}

/**
 * The default replay: March 2023 out of a folder of recorded market data.
 * @throws {Error} that lists what the folder lacks, or names the file and line that cannot be read.
 */
export function recordedHistory(dataFolder: string): History {
  const missing = MARCH_2023.filter(({ file }) => !existsSync(join(dataFolder, file)))
  if (missing.length > 0) {
    throw new Error(
      `${dataFolder} lacks ${missing.length} of the ${MARCH_2023.length} recordings of March 2023, first ${missing[0]?.file}; ` +
        `give a folder of recorded market data (its MANIFEST.csv names the files), or none for the simulator`,
    )
  }
  const read = MARCH_2023.map((recording) => load(dataFolder, recording))
  const { span, ...candles } = historyOf(read.map(({ market }) => market))
  const files = read.map(({ file }) => file)
  return {
    ...candles,
    describe: () => ({ source: 'recorded', files, sha256: filesHash(files), note: NOTE }),
    period: span,
    marketConfig: recordedMarkets,
  }
}

function load(
  dataFolder: string,
  { file, venue, base, quote, interval }: Recording,
): { market: MarketCandles; file: { name: string; sha256: string } } {
  const path = join(dataFolder, file)
  const candles = readCandles(path).filter(({ ts }) => ts >= MONTH_START && ts < MONTH_END)
  if (candles.length === 0) throw new Error(`${basename(path)} holds nothing of March 2023`)
  const byInterval = interval === '1m' ? { minutes: candles, hours: hoursOf(candles) } : { minutes: [], hours: candles }
  return {
    market: { venue, symbol: `${base}/${quote}`, base, quote, ...byInterval },
    file: { name: file, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') },
  }
}

/** A market of minutes without a trade for this long is left out of the price. */
const MAX_AGE_SECONDS = 900
/** Hours say nothing newer than the last full hour: its end may be up to one hour ago, and a late hour makes two. */
const HOURLY_MAX_AGE_SECONDS = 7_200

function recordedMarkets(baseUrls: BaseUrls): MarketConfig {
  const eth: VenueSource = {
    venue: 'binance',
    symbol: 'ETH/USDT',
    quote: 'USDT',
    priceInterval: '1h',
    maxAgeSeconds: HOURLY_MAX_AGE_SECONDS,
    book: false,
  }
  const btc = (['binanceus', 'coinbaseexchange', 'kraken'] as const).flatMap((venue) => [
    byMinute(venue, 'BTC', 'USD'),
    byMinute(venue, 'BTC', 'USDT'),
  ])
  return {
    venues: Object.fromEntries(Object.entries(baseUrls).map(([venue, baseUrl]) => [venue, { baseUrl }])),
    assets: {
      WETH: { sources: [eth], venuesMin: 1 },
      WBTC: { sources: btc, venuesMin: 2 },
      // Binance.US traded USDC in one minute of six, so Kraken must do alone at times.
      USDC: {
        sources: [
          byMinute('binanceus', 'USDC', 'USDT'),
          byMinute('kraken', 'USDC', 'USD'),
          byMinute('kraken', 'USDC', 'USDT'),
        ],
        venuesMin: 1,
      },
    },
    quotes: {
      USDT: { sources: [byMinute('coinbaseexchange', 'USDT', 'USD'), byMinute('kraken', 'USDT', 'USD')], venuesMin: 1 },
    },
    timeoutMs: 2_000,
    observeTimeoutMs: 2_500,
    responseBytesMax: 1_048_576,
  }
}

function byMinute(venue: VenueSource['venue'], base: string, quote: VenueSource['quote']): VenueSource {
  return { venue, symbol: `${base}/${quote}`, quote, priceInterval: '1m', maxAgeSeconds: MAX_AGE_SECONDS, book: false }
}
