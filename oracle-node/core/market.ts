import type { Bar } from './bar.ts'
import type { DepthProfile, LadderInUsd } from './depth.ts'
import type { UnixSeconds } from './units.ts'

/** The centralised venues whose formats we speak; the names are ccxt's. */
export const VENUES = [
  'binance',
  'binanceus',
  'bitfinex',
  'bitstamp',
  'bybit',
  'coinbaseexchange',
  'gate',
  'kraken',
  'okx',
] as const
export type VenueId = (typeof VENUES)[number]

/** The kinds of on-chain pools that we read. */
export const POOL_KINDS = ['curve', 'uniswap-v2', 'uniswap-v3', 'uniswap-v4'] as const
export type PoolKind = (typeof POOL_KINDS)[number]

/** What a price is given in. USDT and USDC are not USD: they are converted by their own price. */
export type QuoteCurrency = 'USD' | 'USDT' | 'USDC'

/** One market of one centralised venue, as an operator configures it. */
export type VenueSource = {
  readonly venue: VenueId
  /** ccxt's unified symbol, e.g. `BTC/USD`. */
  readonly symbol: string
  readonly quote: QuoteCurrency
  /** Which bars give the current price: a venue's minutes, or hours where nothing finer exists. */
  readonly priceInterval: '1m' | '1h'
  /** Older than this, the price is dropped as stale. */
  readonly maxAgeSeconds: number
  /** Whether the venue serves an order book for it (a recording without books does not). */
  readonly book: boolean
}

/** One pool on a chain, as an operator configures it. */
export type PoolSource = {
  readonly venue: PoolKind
  /** `BASE/QUOTE`, e.g. `WETH/USDC`: which of the pool's two tokens is priced in which. */
  readonly symbol: string
  readonly quote: QuoteCurrency
  /** Of the base and the quote token in the pool; both must be coins of it. */
  readonly baseToken: string
  readonly quoteToken: string
  /** The pool's contract; for `uniswap-v4` the pool manager, with `poolId` beside it. */
  readonly address: string
  readonly poolId?: string | undefined
  /** A block older than this gives no price. */
  readonly maxAgeSeconds: number
}

export type Source = VenueSource | PoolSource

/**
 * Why a source's data was not used (of `wash-volume`: its volume, not its price). The names are what logs and metrics show.
 */
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
  | 'thin-book'
  | 'out-of-sync'
  | 'jump'
  | 'wash-volume'
  | 'outlier'
  | 'no-quote-rate'
  | 'too-few-bars'

/**
 * What one source answered, not yet checked. A venue's is in ccxt's unified shapes: candles `[ms, open, high, low, close, base
 * volume]`, trades, a book of `[price, amount]`. A pool's is a `PoolState`.
 */
export type RawMarket = {
  readonly hours?: unknown
  readonly minutes?: unknown
  readonly trades?: unknown
  readonly book?: unknown
  /** When the book was last known to be in step with the venue, in unix seconds; a book that was asked for just now needs none. */
  readonly bookTime?: number
  readonly pool?: unknown
}

/** Price in the quote currency and amount in the base currency. */
export type Level = readonly [price: number, amount: number]

/** What can be sold into (bids, falling prices) and bought from (asks, rising). A pool's curve is cut into such levels. */
export type Ladder = { readonly bids: readonly Level[]; readonly asks: readonly Level[] }

/** One source's clean data at one time. */
export type MarketTick = {
  readonly source: Source
  /** Mid of the book or the pool where there is one, else the last closed bar's close; in the quote currency. */
  readonly price: number
  /** When the price was current. */
  readonly time: UnixSeconds
  /** Closed hours, oldest first, in the quote currency; a pool has none. */
  readonly bars: readonly Bar[]
  /** The levels around the price, in the quote currency, where there is a book or a pool. */
  readonly ladder?: Ladder
}

/** One asset over all its accepted sources. */
export type AssetMarket = {
  readonly priceUsd: number
  /** Half of the spread between the venues' prices, as a ratio of the price. */
  readonly dispersion: number
  /** Consolidated closed hours in USD, oldest first, without gaps at the end. */
  readonly bars: readonly Bar[]
  /** What the books and pools together take; absent where no source has either. */
  readonly depth?: DepthProfile
  /** The levels that {@link depth} was summed from, for the slippage at a size. */
  readonly ladders: readonly LadderInUsd[]
  /** How far the price lies above a fresh reference (below: negative); absent where none is configured or it failed. */
  readonly referenceDeviationBps?: number
  /** {@link sourceId} of each source used, sorted. */
  readonly sources: readonly string[]
}

/** A source's name in logs, metrics and records: `venue:symbol`, and for a pool its address or id behind it. */
export function sourceId(source: Source): string {
  const name = `${source.venue}:${source.symbol}`
  return isPool(source) ? `${name}@${(source.poolId ?? source.address).toLowerCase()}` : name
}

export function isPool(source: Source): source is PoolSource {
  return 'address' in source
}
