import type { CandlePage } from '../../../data/history/candle-pages.ts'
import { FetchFault } from '../../../data/history/fetch-pieces.ts'
import { listingOf, rejectionOf, venueExchange } from '../../adapters/venues/venue-exchange.ts'
import { type Rejection, VENUES, type VenueId } from '../../core/market.ts'
import type { BarInterval } from '../../core/market-rows.ts'

/** A thousand candles are 150 kB. */
const RESPONSE_BYTES_MAX = 8 * 1_024 * 1_024
/** What may go better at the next attempt. */
const PASSING: readonly Rejection[] = ['unreachable', 'timeout', 'rate-limited', 'server-error', 'malformed']

/** Candles that a venue gives at once. Kraken gives its newest 720 whatever is asked for, so nothing older than that. */
const PAGE_BARS: Readonly<Record<VenueId, number>> = {
  binance: 1_000,
  binanceus: 1_000,
  bitfinex: 1_000,
  bitstamp: 1_000,
  bybit: 1_000,
  coinbaseexchange: 300,
  gate: 999,
  kraken: 720,
  okx: 100,
}

export function isVenue(name: string): name is VenueId {
  return VENUES.some((venue) => venue === name)
}

export type VenueCandles = { readonly pageBars: number; readonly page: CandlePage }

/** A venue's candles by pages of its public REST API, without a key, within its rate limit. */
export function venueCandles(ask: {
  readonly venue: VenueId
  readonly symbol: string
  readonly interval: BarInterval
  readonly baseUrl?: string | undefined
  readonly timeoutMs: number
}): VenueCandles {
  const exchange = venueExchange({ ...ask, responseBytesMax: RESPONSE_BYTES_MAX })
  const ready = listingOf(exchange, ask.venue)
  return {
    pageBars: PAGE_BARS[ask.venue],
    page: async ({ since, limit }, signal) => {
      signal.throwIfAborted()
      try {
        await ready()
        return await exchange.fetchOHLCV(ask.symbol, ask.interval, since, limit)
      } catch (error) {
        const { reason, detail } = rejectionOf(error)
        throw new FetchFault(`${ask.venue}: ${reason}: ${detail}`, { passing: PASSING.includes(reason), cause: error })
      }
    },
  }
}
