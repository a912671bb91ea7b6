import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { VenueId } from '../../oracle-node/core/market.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'
import { bookReplay } from './book-replay.ts'
import { closedWithin, hoursOf } from './candle-store.ts'
import { filesHash, type History, type HistoryBook, type HistoryTrade } from './history.ts'
import { readL2Log } from './l2-log.ts'
import { configOfMarkets } from './market-config.ts'
import type { Candle } from './read-candles.ts'

const RECORDINGS = [
  { file: 'wire/hftbacktest/spot_btcusdt_20240808.log.gz', base: 'BTC', quote: 'USDT' },
  { file: 'wire/hftbacktest/spot_ethusdt_20240808.log.gz', base: 'ETH', quote: 'USDT' },
] as const

const NOTE =
  'Recorded order books (every change) and trades of Binance, BTC/USDT and ETH/USDT, the last six minutes of 8 August 2024. ' +
  'Candles are made of the trades.'

type Market = {
  readonly symbol: string
  readonly base: string
  readonly quote: string
  readonly book: (at: number) => HistoryBook | undefined
  readonly trades: readonly HistoryTrade[]
  readonly minutes: readonly Candle[]
  readonly hours: readonly Candle[]
  readonly from: number
  readonly to: number
}

/**
 * Six minutes of real order books, to the tenth of a second, out of a folder of recorded market data.
 * @param options.venues which venues show them; Binance, whose they are, when absent. Others show the same in their own formats.
 * @throws {Error} that names what the folder lacks, or the file and line that cannot be read.
 */
export async function l2History(
  dataFolder: string,
  options: { readonly venues?: readonly VenueId[] } = {},
): Promise<History> {
  const { venues = ['binance'] } = options
  const missing = RECORDINGS.find(({ file }) => !existsSync(join(dataFolder, file)))
  if (missing !== undefined) {
    throw new Error(
      `${dataFolder} lacks ${missing.file}; give a folder of recorded market data (its MANIFEST.csv names the files)`,
    )
  }
  const all = await Promise.all(RECORDINGS.map((recording) => load(dataFolder, recording)))
  const files = RECORDINGS.map(({ file }) => ({
    name: file,
    sha256: createHash('sha256')
      .update(readFileSync(join(dataFolder, file)))
      .digest('hex'),
  }))
  const find = (venue: VenueId, symbol: string): Market | undefined =>
    venues.includes(venue) ? all.find((market) => market.symbol === symbol) : undefined
  const markets: History['markets'] = (venue) =>
    venues.includes(venue) ? all.map(({ symbol, base, quote }) => ({ symbol, base, quote })) : []
  return {
    describe: () => ({ source: 'recorded', files, sha256: filesHash(files), note: NOTE }),
    markets,
    bars: ({ venue, symbol, interval, from, to }) => {
      const market = find(venue, symbol)
      const candles = interval === '1m' ? market?.minutes : market?.hours
      return closedWithin(candles ?? [], interval === '1m' ? 60 : 3_600, from, to)
    },
    book: ({ venue, symbol, at }) => find(venue, symbol)?.book(Math.round(at * 1_000)),
    trades: ({ venue, symbol, from, to }) => tradesWithin(find(venue, symbol)?.trades ?? [], from, to),
    period: {
      from: Math.ceil(Math.max(...all.map((market) => market.from)) / 1_000) as UnixSeconds,
      to: Math.floor(Math.min(...all.map((market) => market.to)) / 1_000) as UnixSeconds,
    },
    marketConfig: (baseUrls) => configOfMarkets({ baseUrls, markets, hasBook: () => true }),
  }
}

async function load(dataFolder: string, { file, base, quote }: (typeof RECORDINGS)[number]): Promise<Market> {
  const recording = await readL2Log(join(dataFolder, file))
  const { first, diffs, trades } = recording
  const minutes = minutesOf(trades)
  const to = diffs.at(-1)?.time ?? first.time
  const book = bookReplay(recording)
  return {
    symbol: `${base}/${quote}`,
    base,
    quote,
    book,
    trades,
    minutes,
    hours: hoursOf(minutes),
    from: first.time,
    to,
  }
}

/** Trades with `from` < time <= `to` of a list that is in order. */
export function tradesWithin(trades: readonly HistoryTrade[], from: number, to: number): readonly HistoryTrade[] {
  return trades.slice(firstAfter(trades, from), firstAfter(trades, to))
}

function firstAfter(trades: readonly HistoryTrade[], time: number): number {
  let low = 0
  let high = trades.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((trades[middle]?.time ?? 0) <= time) low = middle + 1
    else high = middle
  }
  return low
}

/** One-minute candles of trades in order; minutes without a trade are not there. */
export function minutesOf(trades: readonly HistoryTrade[]): Candle[] {
  const minutes: Candle[] = []
  for (const { time, price, amount } of trades) {
    const ts = Math.floor(time / 60_000) * 60
    const last = minutes.at(-1)
    if (last?.ts !== ts) minutes.push({ ts, open: price, high: price, low: price, close: price, volume: amount })
    else {
      const [high, low, volume] = [Math.max(last.high, price), Math.min(last.low, price), last.volume + amount]
      minutes[minutes.length - 1] = { ...last, high, low, close: price, volume }
    }
  }
  return minutes
}
