import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { MarketConfig } from '../../oracle-node/app/market-config.ts'
import { HISTORY_HOURS } from '../../oracle-node/core/bar.ts'
import type { VenueId } from '../../oracle-node/core/market.ts'
import { INTERVAL_SECONDS } from '../../oracle-node/core/market-bars.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from '../../oracle-node/core/units.ts'
import { closedWithin, type MarketCandles } from './candle-store.ts'
import type { Candle } from './read-candles.ts'

export type MarketName = { readonly symbol: string; readonly base: string; readonly quote: string }

/** Levels of `[price, amount in base currency]`, best first. */
export type HistoryBook = {
  readonly bids: ReadonlyArray<readonly [number, number]>
  readonly asks: ReadonlyArray<readonly [number, number]>
}

/** One trade: `time` in unix milliseconds, price in quote and amount in base currency; `side` is the taker's. */
export type HistoryTrade = {
  /** Grows with time, by market. */
  readonly id: number
  readonly time: number
  readonly side: 'buy' | 'sell'
  readonly price: number
  readonly amount: number
}

export type BaseUrls = Readonly<Partial<Record<VenueId, string>>>

/** Where a run's market data come from, and how another can tell that it has the same. */
export type HistoryDescription = {
  readonly source: 'recorded' | 'synthetic'
  readonly files: ReadonlyArray<{ readonly name: string; readonly sha256: string }>
  /** sha256 (hex) of the lines `<sha256>  <name>\n` of all files, sorted by name. */
  readonly sha256: string
  readonly note: string
}

/** What venue servers replay: recorded or simulated, past any clock. Times are unix seconds; volumes are in base currency. */
export type History = {
  describe(): HistoryDescription
  markets(venue: VenueId): readonly MarketName[]
  /** Candles that open at `from` or later and have closed by `to`, oldest first: never one that is open at `to`. */
  bars(query: {
    readonly venue: VenueId
    readonly symbol: string
    readonly interval: '1m' | '1h'
    readonly from: number
    readonly to: number
  }): readonly Candle[]
  /** The book at a time (seconds, with a fraction), from nothing later than it; nothing where none is known. */
  book?(query: { readonly venue: VenueId; readonly symbol: string; readonly at: number }): HistoryBook | undefined
  /** Trades with `from` < time <= `to`, both in unix milliseconds, oldest first. Without it they are made out of the bars. */
  trades?(query: {
    readonly venue: VenueId
    readonly symbol: string
    readonly from: number
    readonly to: number
  }): readonly HistoryTrade[]
  /** When a replay may run: from the first time with enough history before it to the end of the data. */
  readonly period: { readonly from: UnixSeconds; readonly to: UnixSeconds }
  /** The configuration with which nodes read this history from servers at `baseUrls`. */
  marketConfig(baseUrls: BaseUrls): MarketConfig
}

/** The parts of a history that follow from its candles alone. */
export function historyOf(
  all: readonly MarketCandles[],
): Pick<History, 'markets' | 'bars'> & { readonly span: { readonly from: UnixSeconds; readonly to: UnixSeconds } } {
  const byName = new Map(all.map((market) => [`${market.venue}:${market.symbol}`, market]))
  const starts = all.map(({ hours }) => hours[0]?.ts ?? 0)
  const ends = all.map(({ hours }) => (hours.at(-1)?.ts ?? 0) + SECONDS_PER_HOUR)
  return {
    markets: (venue) =>
      all.filter((market) => market.venue === venue).map(({ symbol, base, quote }) => ({ symbol, base, quote })),
    bars: ({ venue, symbol, interval, from, to }) => {
      const market = byName.get(`${venue}:${symbol}`)
      const candles = interval === '1m' ? market?.minutes : market?.hours
      return closedWithin(candles ?? [], INTERVAL_SECONDS[interval], from, to)
    },
    span: {
      from: (Math.max(...starts) + HISTORY_HOURS * SECONDS_PER_HOUR) as UnixSeconds,
      to: Math.min(...ends) as UnixSeconds,
    },
  }
}

/**
 * @returns `from`, checked against the history's period.
 * @throws {Error} that names the possible period.
 */
export function startWithin(history: Pick<History, 'period'>, from: number): UnixSeconds {
  const { period } = history
  if (Number.isInteger(from) && from >= period.from && from < period.to) return from as UnixSeconds
  throw new Error(
    `cannot start at ${isoOf(from)}: the data allow a start from ${isoOf(period.from)} until ${isoOf(period.to)}, since ${HISTORY_HOURS} hours of history must come before it`,
  )
}

/** sha256 (hex) over files, whatever order they were read in; the form of `sha256sum`'s output. */
export function filesHash(files: HistoryDescription['files']): string {
  const lines = files.map(({ name, sha256: hash }) => [name, `${hash}  ${name}\n`] as const)
  const sorted = lines.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line)
  return bytesToHex(sha256(utf8ToBytes(sorted.join(''))))
}

function isoOf(seconds: number): string {
  const date = new Date(seconds * 1_000)
  return Number.isNaN(date.getTime()) ? `${seconds}` : date.toISOString().replace('.000Z', 'Z')
}
