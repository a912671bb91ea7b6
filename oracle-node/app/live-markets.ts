import type { QuoteCurrency, VenueId, VenueSource } from '../core/market.ts'
import type { MarketConfig } from './market-config.ts'

/** A venue that skips ten minutes in a row in one of these markets is in trouble. */
const MAX_AGE_SECONDS = 600

/** Where ETH and BTC trade most against dollars, and against the stablecoin where a venue has no dollars. */
const MAJORS: ReadonlyArray<readonly [VenueId, QuoteCurrency]> = [
  ['binance', 'USDT'],
  ['bitfinex', 'USD'],
  ['bitstamp', 'USD'],
  ['bybit', 'USDT'],
  ['coinbaseexchange', 'USD'],
  ['gate', 'USDT'],
  ['kraken', 'USD'],
  ['okx', 'USDT'],
]

/**
 * What a live node watches unless its operator says otherwise: eight venues, books and trades by WebSocket. WETH and WBTC are
 * priced by ETH's and BTC's own markets, since wrapped tokens hardly trade on venues: a depeg of the wrapper itself is not seen
 * without a pool.
 */
export const LIVE_MARKETS: MarketConfig = {
  venues: Object.fromEntries(MAJORS.map(([venue]) => [venue, { stream: true }])),
  assets: {
    WETH: { sources: MAJORS.map(([venue, quote]) => live(venue, 'ETH', quote)), venuesMin: 3 },
    WBTC: { sources: MAJORS.map(([venue, quote]) => live(venue, 'BTC', quote)), venuesMin: 3 },
    USDC: {
      sources: [
        live('binance', 'USDC', 'USDT'),
        live('bitfinex', 'USDC', 'USD'),
        live('bitstamp', 'USDC', 'USD'),
        live('bybit', 'USDC', 'USDT'),
        live('kraken', 'USDC', 'USD'),
        live('okx', 'USDC', 'USDT'),
      ],
      venuesMin: 2,
    },
  },
  // A wrong rate moves every market quoted in it at once: those in dollars are the check on it.
  quotes: {
    USDT: {
      sources: [
        live('bitfinex', 'USDT', 'USD'),
        live('bitstamp', 'USDT', 'USD'),
        live('coinbaseexchange', 'USDT', 'USD'),
        live('kraken', 'USDT', 'USD'),
      ],
      venuesMin: 2,
    },
  },
  timeoutMs: 10_000,
  observeTimeoutMs: 25_000,
  // Coinbase's whole aggregated book of one market is its largest answer.
  responseBytesMax: 16 * 1_024 * 1_024,
}

function live(venue: VenueId, base: string, quote: QuoteCurrency): VenueSource {
  return { venue, symbol: `${base}/${quote}`, quote, priceInterval: '1m', maxAgeSeconds: MAX_AGE_SECONDS, book: true }
}
