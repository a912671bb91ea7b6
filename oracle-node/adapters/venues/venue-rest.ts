import type { Exchange } from 'ccxt'
import { HISTORY_HOURS } from '../../core/bar.ts'
import type { RawMarket, VenueSource } from '../../core/market.ts'
import type { MarketFetch, MarketSource } from '../../ports/market-source.ts'
import { VENUE_CATALOGUE } from './venue-catalogue.ts'
import { listingOf, rejectionOf, type VenueOptions, venueExchange } from './venue-exchange.ts'

/** One bar more than the history, for the newest is open still. */
const HOURS_ASKED = HISTORY_HOURS + 1
/** An hour of minutes: where nobody traded in it, the price is stale for any use here. */
const MINUTES_ASKED = 60
/** The last price is wanted, and who made it; Bybit gives no more than 60. */
const TRADES_ASKED = 50

/**
 * A venue through ccxt's public REST, without a key. Its markets share one connection to the venue: its rate limit and its list of
 * markets, which is read at the first fetch and again only after a failure.
 */
export function restVenue(options: VenueOptions): { market(source: VenueSource): MarketSource } {
  const exchange = venueExchange(options)
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

async function rawOf(exchange: Exchange, source: VenueSource): Promise<RawMarket> {
  const [hours, minutes, book, trades] = await Promise.all([
    fetchHours(exchange, source.symbol),
    source.priceInterval === '1m' ? fetchMinutes(exchange, source.symbol) : undefined,
    source.book ? fetchBook(exchange, source) : undefined,
    // A recording without books has no trades either.
    source.book ? exchange.fetchTrades(source.symbol, undefined, TRADES_ASKED) : undefined,
  ])
  return { hours, minutes, book, trades }
}

/** The history of hours, and the hour that is open. */
export function fetchHours(exchange: Exchange, symbol: string): Promise<readonly unknown[]> {
  return exchange.fetchOHLCV(symbol, '1h', undefined, HOURS_ASKED)
}

/** The last minutes. */
export function fetchMinutes(exchange: Exchange, symbol: string): Promise<readonly unknown[]> {
  return exchange.fetchOHLCV(symbol, '1m', undefined, MINUTES_ASKED)
}

function fetchBook(exchange: Exchange, { venue, symbol }: VenueSource): Promise<unknown> {
  const { bookLevels, bookParams } = VENUE_CATALOGUE[venue]
  return exchange.fetchOrderBook(symbol, bookLevels, bookParams)
}
