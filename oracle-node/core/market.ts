import type { Bar } from './bar.ts'
import type { UnixSeconds } from './units.ts'

/** The venues whose formats we speak; the names are ccxt's. */
export type VenueId = 'binance' | 'binanceus' | 'coinbaseexchange' | 'kraken'

/** One market of one venue, as an operator configures it. */
export type Source = {
  readonly venue: VenueId
  /** ccxt's unified symbol, e.g. `BTC/USD`. */
  readonly symbol: string
  /** Currency of the price. USDT and USDC are not USD: they are converted by their own price. */
  readonly quote: 'USD' | 'USDT' | 'USDC'
  /** Which bars give the current price: a venue's minutes, or hours where nothing finer exists. */
  readonly priceInterval: '1m' | '1h'
  /** Older than this, the price is dropped as stale. */
  readonly maxAgeSeconds: number
  /** Whether the venue serves an order book for it (a recording without books does not). */
  readonly book: boolean
}

/** Why a source's data was not used. The names are what logs and metrics show. */
export type Rejection =
  | 'unreachable'
  | 'timeout'
  | 'rate-limited'
  | 'server-error'
  | 'refused'
  | 'malformed'
  | 'empty'
  | 'stale'
  | 'from-the-future'
  | 'crossed-book'
  | 'jump'
  | 'outlier'
  | 'no-quote-rate'
  | 'too-few-bars'

/** What one source answered, in ccxt's unified shapes but not yet checked: candles `[ms, open, high, low, close, base volume]`, a book of `[price, amount]`. */
export type RawMarket = {
  readonly hours: unknown
  readonly minutes?: unknown
  readonly book?: unknown
}

/** One source's clean data at one time. */
export type MarketTick = {
  readonly source: Source
  /** Mid of the book where there is one, else the last closed bar's close; in the quote currency. */
  readonly price: number
  /** When the price was current. */
  readonly time: UnixSeconds
  /** Closed hours, oldest first, in the quote currency. */
  readonly bars: readonly Bar[]
  /** Quote currency that can be sold into the book before the price falls 2 %, where there is a book. */
  readonly depth?: number
}

/** One asset over all its accepted sources. */
export type AssetMarket = {
  readonly priceUsd: number
  /** Half of the spread between the venues' prices, as a ratio of the price. */
  readonly dispersion: number
  /** Consolidated closed hours in USD, oldest first, without gaps at the end. */
  readonly bars: readonly Bar[]
  /** USD that can be sold before the price falls 2 %, summed over the books there are; absent where no venue served one. */
  readonly depthUsd?: number
  /** `venue:symbol` of each source used, sorted. */
  readonly sources: readonly string[]
}

/** A source's name in logs, metrics and records: `venue:symbol`. */
export function sourceId(source: Source): string {
  return `${source.venue}:${source.symbol}`
}
