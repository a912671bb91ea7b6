import ccxt, { type Exchange } from 'ccxt'
import type { Rejection, VenueId } from '../../core/market.ts'
import { boundedFetch, VenueFault } from '../venue-http.ts'

export type VenueOptions = {
  readonly venue: VenueId
  /** Origin of another server that speaks the venue's REST, e.g. `http://127.0.0.1:8081`; the venue itself when absent. */
  readonly baseUrl?: string | undefined
  /** Origin of another server that speaks the venue's WebSocket, e.g. `ws://127.0.0.1:8082`. */
  readonly streamUrl?: string | undefined
  /** Of one request, until its last byte, and of a socket until it is open. */
  readonly timeoutMs: number
  /** Of one answer or message; the list of markets has a larger limit of its own. */
  readonly responseBytesMax: number
}

/** A socket that has said nothing for so long, not even to a ping, is dead. */
export const SILENCE_MAX_MS = 30_000

/** ccxt's client for a venue's public REST and WebSocket, without a key: its rate limit is kept live, off towards loopback. */
export function venueExchange(options: VenueOptions): Exchange {
  const { venue, baseUrl, streamUrl, timeoutMs, responseBytesMax } = options
  const exchange = new ccxt.pro[venue]({
    enableRateLimit: !(isLoopback(baseUrl) && isLoopback(streamUrl ?? baseUrl)),
    timeout: timeoutMs,
    userAgent: 'plimsoll',
    options: {
      // Only spot markets, so that no host of futures is asked; no list of currencies, which nothing here reads.
      fetchMarkets: { types: ['spot'] },
      maxRetriesOnFailure: 0,
      ws: {
        keepAlive: SILENCE_MAX_MS / 3,
        connectionTimeout: timeoutMs,
        // The pause between attempts is ours (backoff.ts).
        backoff: { base: 0, max: 0 },
        // Uncompressed: inflating costs more than the bytes do.
        options: { maxPayload: responseBytesMax, perMessageDeflate: false },
      },
    },
    has: { fetchCurrencies: false },
  })
  exchange.fetchImplementation = boundedFetch({ timeoutMs, bytesMax: responseBytesMax })
  Object.assign(exchange, { urls: { ...exchange.urls, api: redirected(exchange.urls.api, options) } })
  return exchange
}

/** All addresses with another origin, as far as there is one for their kind; the path stays the venue's. */
function redirected(urls: unknown, to: Pick<VenueOptions, 'baseUrl' | 'streamUrl'>): unknown {
  if (typeof urls === 'object' && urls !== null) {
    return Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, redirected(url, to)]))
  }
  if (typeof urls !== 'string') return urls
  const origin = urls.startsWith('ws') ? to.streamUrl : to.baseUrl
  return origin === undefined ? urls : urls.replace(/^[a-z]+:\/\/[^/]+/, origin.replace(/\/+$/, ''))
}

function isLoopback(url: string | undefined): boolean {
  return url !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname)
}

/** ccxt keeps a failed listing for ever; this asks again at the next call, once for all markets of the venue. */
export function listingOf(exchange: Exchange, venue: VenueId): () => Promise<unknown> {
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
export function rejectionOf(error: unknown): { reason: Rejection; detail: string } {
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
