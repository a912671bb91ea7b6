import ccxt, { type Exchange } from 'ccxt'
import { HISTORY_HOURS } from '../core/bar.ts'
import type { RawMarket, Rejection, Source, VenueId } from '../core/market.ts'
import type { MarketFetch, MarketSource } from '../ports/market-source.ts'
import { boundedFetch, VenueFault } from './venue-http.ts'

export type VenueOptions = {
  readonly venue: VenueId
  /** Origin of another server that speaks the venue's format, e.g. `http://127.0.0.1:8081`; the venue itself when absent. */
  readonly baseUrl?: string
  /** Of one request, until its last byte. */
  readonly timeoutMs: number
  /** Of one answer; the list of markets has a larger limit of its own. */
  readonly responseBytesMax: number
}

/** One bar more than the history, for the newest is open still. */
const HOURS_ASKED = HISTORY_HOURS + 1
/** An hour of minutes: where nobody traded in it, the price is stale for any use here. */
const MINUTES_ASKED = 60
/** As many levels as each venue gives in one answer; Coinbase gives all. Depth to -2 % needs them. */
const LEVELS_ASKED: Readonly<Record<VenueId, number>> = {
  binance: 5_000,
  binanceus: 5_000,
  coinbaseexchange: 5_000,
  kraken: 500,
}

/**
 * A venue through ccxt's public REST API, without a key. Its markets share one connection to the venue: its rate limit (kept
 * live, off towards loopback) and its list of markets, which is read at the first fetch and again only after a failure.
 */
export function ccxtVenue(options: VenueOptions): { market(source: Source): MarketSource } {
  const exchange = exchangeOf(options)
  const ready = listingOf(exchange, options.venue)
  return {
    market: (source) => ({
      source,
      fetch: async (): Promise<MarketFetch> => {
        try {
          await ready()
          return { ok: true, raw: await rawOf(exchange, source) }
        } catch (error) {
          return { ok: false, ...rejectionOf(error) }
        }
      },
    }),
  }
}

/** Each venue of a configuration, made when its first market is asked for. */
export function ccxtVenues(config: {
  readonly venues: Readonly<Partial<Record<VenueId, { readonly baseUrl?: string | undefined }>>>
  readonly timeoutMs: number
  readonly responseBytesMax: number
}): (source: Source) => MarketSource {
  const { timeoutMs, responseBytesMax } = config
  const made = new Map<VenueId, { market(source: Source): MarketSource }>()
  return (source) => {
    const { venue } = source
    const baseUrl = config.venues[venue]?.baseUrl
    const one = made.get(venue) ?? ccxtVenue({ venue, timeoutMs, responseBytesMax, ...(baseUrl && { baseUrl }) })
    made.set(venue, one)
    return one.market(source)
  }
}

async function rawOf(exchange: Exchange, source: Source): Promise<RawMarket> {
  const [hours, minutes, book] = await Promise.all([
    exchange.fetchOHLCV(source.symbol, '1h', undefined, HOURS_ASKED),
    source.priceInterval === '1m' ? exchange.fetchOHLCV(source.symbol, '1m', undefined, MINUTES_ASKED) : undefined,
    source.book ? exchange.fetchOrderBook(source.symbol, LEVELS_ASKED[source.venue]) : undefined,
  ])
  return { hours, minutes, book }
}

function exchangeOf({ venue, baseUrl, timeoutMs, responseBytesMax }: VenueOptions): Exchange {
  const exchange = new ccxt[venue]({
    enableRateLimit: baseUrl === undefined || !isLoopback(baseUrl),
    timeout: timeoutMs,
    userAgent: 'plimsoll',
    // Only spot markets, so that Binance's two futures hosts are not asked; no list of currencies, which nothing here reads.
    options: { fetchMarkets: { types: ['spot'] }, maxRetriesOnFailure: 0 },
    has: { fetchCurrencies: false },
  })
  exchange.fetchImplementation = boundedFetch({ timeoutMs, bytesMax: responseBytesMax })
  if (baseUrl !== undefined) {
    const origin = new URL(baseUrl).origin
    const path = venue === 'binance' || venue === 'binanceus' ? '/api/v3' : ''
    exchange.urls = { ...exchange.urls, api: { public: `${origin}${path}` } }
  }
  return exchange
}

function isLoopback(url: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname)
}

/** ccxt keeps a failed listing for ever; this asks again at the next fetch, once for all markets of the venue. */
function listingOf(exchange: Exchange, venue: VenueId): () => Promise<unknown> {
  // Binance's list without its permission sets is a third of the size.
  const params = venue === 'binance' ? { showPermissionSets: false } : {}
  let listing: Promise<unknown> | undefined
  return () => {
    listing ??= exchange.loadMarkets(true, params).catch((error: unknown) => {
      listing = undefined
      throw error
    })
    return listing
  }
}

/** ccxt's errors by our names; the transport's have theirs already. */
function rejectionOf(error: unknown): { reason: Rejection; detail: string } {
  const detail = (error instanceof Error ? error.message : String(error)).slice(0, 300)
  if (error instanceof VenueFault) return { reason: error.reason, detail }
  if (error instanceof ccxt.RateLimitExceeded || error instanceof ccxt.DDoSProtection)
    return { reason: 'rate-limited', detail }
  if (error instanceof ccxt.RequestTimeout) return { reason: 'timeout', detail }
  if (error instanceof ccxt.ExchangeNotAvailable) return { reason: 'server-error', detail }
  if (error instanceof ccxt.NetworkError) return { reason: 'unreachable', detail }
  if (error instanceof ccxt.BadResponse) return { reason: 'malformed', detail }
  if (error instanceof ccxt.ExchangeError) return { reason: 'refused', detail }
  // A TypeError out of ccxt's parsers: the answer was JSON of another shape.
  return { reason: 'malformed', detail }
}
