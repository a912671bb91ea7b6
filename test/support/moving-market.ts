import type { History, HistoryBook, HistoryTrade } from '../../data/recorded/history.ts'
import type { Candle } from '../../data/recorded/read-candles.ts'
import type { QuoteCurrency, VenueId, VenueSource } from '../../oracle-node/core/market.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'

/** Books change so often, in ms. */
export const STEP_MS = 100
const LEVELS = 300

/** What each venue quotes its market in here. */
export function quoteAt(venue: VenueId): QuoteCurrency {
  return ['binance', 'binanceus', 'bybit', 'gate', 'okx'].includes(venue) ? 'USDT' : 'USD'
}

export function movingSource(venue: VenueId, base = 'BTC'): VenueSource {
  const quote = quoteAt(venue)
  return { venue, symbol: `${base}/${quote}`, quote, priceInterval: '1m', maxAgeSeconds: 600, book: true }
}

/** The book of any market at a time in seconds: known to the test, so that a follower can be compared with it. */
export function movingBook(at: number): HistoryBook {
  const step = Math.floor((at * 1_000) / STEP_MS + 1e-6)
  const mid = 1_000 + (step % 7) / 10
  const side = (sign: 1 | -1, factor: number): HistoryBook['bids'] =>
    Array.from({ length: LEVELS }, (_, slot) => [
      Number((mid + sign * (slot + 1) * 0.1).toFixed(2)),
      1 + ((step * factor + slot) % 11) * 0.25,
    ])
  return { bids: side(-1, 1), asks: side(1, 3) }
}

/** BTC and ETH at every venue, with flat candles, a trade each half second and the book above. */
export function movingHistory(): History {
  return {
    describe: () => ({ source: 'synthetic', files: [], sha256: '', note: 'a market for tests' }),
    markets: (venue) =>
      ['BTC', 'ETH'].map((base) => ({ symbol: `${base}/${quoteAt(venue)}`, base, quote: quoteAt(venue) })),
    bars: ({ interval, from, to }) => {
      const seconds = interval === '1m' ? 60 : 3_600
      const first = Math.ceil(from / seconds)
      const count = Math.max(0, Math.floor(to / seconds) - first)
      return Array.from(
        { length: count },
        (_, index): Candle => ({
          ts: (first + index) * seconds,
          open: 1_000,
          high: 1_001,
          low: 999,
          close: 1_000,
          volume: 5,
        }),
      )
    },
    book: ({ at }) => movingBook(at),
    trades: ({ from, to }) => {
      const first = Math.floor(from / 500) + 1
      const count = Math.max(0, Math.floor(to / 500) - first + 1)
      return Array.from({ length: count }, (_, index): HistoryTrade => {
        const id = first + index
        return { id, time: id * 500, side: id % 2 === 0 ? 'buy' : 'sell', price: 1_000, amount: 0.5 }
      })
    },
    period: { from: 0 as UnixSeconds, to: 4_000_000_000 as UnixSeconds },
    marketConfig: () => {
      throw new Error('these markets have no configuration of a node')
    },
  }
}
