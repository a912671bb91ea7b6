import type { VenueId } from '../../core/market.ts'

/**
 * What a venue's REST gives in one answer, by its own documentation. Of candles each gives 300 or more (Coinbase and OKX 300,
 * Kraken 720, Binance, Bitstamp, Bybit and Gate 1,000, Bitfinex 10,000), so that no history has to be asked for in pages.
 */
export type VenueCatalogue = {
  /** As many levels a side as it serves at once: depth far from the price needs them. */
  readonly bookLevels: number
  readonly bookParams?: Readonly<Record<string, unknown>>
}

export const VENUE_CATALOGUE: Readonly<Record<VenueId, VenueCatalogue>> = {
  binance: { bookLevels: 5_000 },
  binanceus: { bookLevels: 5_000 },
  // Levels instead of ccxt's single orders, of which 100 are hardly a book.
  bitfinex: { bookLevels: 100, bookParams: { precision: 'P0' } },
  // Gives all its levels, whatever is asked for.
  bitstamp: { bookLevels: 5_000 },
  bybit: { bookLevels: 200 },
  // Likewise.
  coinbaseexchange: { bookLevels: 5_000 },
  gate: { bookLevels: 1_000 },
  kraken: { bookLevels: 500 },
  okx: { bookLevels: 400 },
}
