import type { Source } from '../core/market.ts'
import type { MarketConfig } from './market-config.ts'

/** A venue that skips ten minutes in a row in one of these markets is in trouble. */
const MAX_AGE_SECONDS = 600

/**
 * What a live node watches unless its operator says otherwise: the largest markets of Binance, Coinbase Exchange and Kraken. WETH and
 * WBTC are priced by ETH's and BTC's own markets, since wrapped tokens hardly trade on venues: a depeg of the wrapper itself
 * is not seen. Kraken allows about one request a second, so a round of its markets takes some twelve seconds.
 */
export const LIVE_MARKETS: MarketConfig = {
  venues: { binance: {}, coinbaseexchange: {}, kraken: {} },
  assets: {
    WETH: {
      sources: [live('binance', 'ETH', 'USDT'), live('coinbaseexchange', 'ETH', 'USD'), live('kraken', 'ETH', 'USD')],
      venuesMin: 2,
    },
    WBTC: {
      sources: [live('binance', 'BTC', 'USDT'), live('coinbaseexchange', 'BTC', 'USD'), live('kraken', 'BTC', 'USD')],
      venuesMin: 2,
    },
    USDC: { sources: [live('binance', 'USDC', 'USDT'), live('kraken', 'USDC', 'USD')], venuesMin: 2 },
  },
  // One venue is enough here: a wrong rate moves only the markets quoted in it, and those are judged against the others.
  quotes: { USDT: { sources: [live('coinbaseexchange', 'USDT', 'USD'), live('kraken', 'USDT', 'USD')], venuesMin: 1 } },
  timeoutMs: 10_000,
  observeTimeoutMs: 25_000,
  // Coinbase's whole aggregated book of one market is its largest answer.
  responseBytesMax: 16 * 1_024 * 1_024,
}

function live(venue: Source['venue'], base: string, quote: Source['quote']): Source {
  return { venue, symbol: `${base}/${quote}`, quote, priceInterval: '1m', maxAgeSeconds: MAX_AGE_SECONDS, book: true }
}
