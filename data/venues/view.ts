import type { VenueId } from '../../oracle-node/core/market.ts'
import { INTERVAL_SECONDS } from '../../oracle-node/core/market-bars.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import { join } from '../recorded/candle-store.ts'
import type { History, HistoryBook, MarketName } from '../recorded/history.ts'
import type { Candle } from '../recorded/read-candles.ts'
import { OLD_SECONDS, type VenueFaultKind } from './faults.ts'

/** What one venue knows at one moment: the door through which its server sees the history, and the only place of data faults. */
export type VenueView = {
  readonly now: number
  readonly markets: readonly MarketName[]
  /** Candles oldest first, the newest `count` of those that open within [from, to]; the last may be open still. */
  candles(query: {
    readonly symbol: string
    readonly interval: '1m' | '1h'
    readonly count: number
    readonly from?: number
    readonly to?: number
  }): readonly Candle[]
  book(symbol: string): HistoryBook
}

/**
 * @param fillsEmpty whether the venue serves a flat candle for the time in which nobody has traded yet, as Binance does; Coinbase and
 * Kraken leave it out.
 */
export function venueView(options: {
  readonly history: History
  readonly venue: VenueId
  readonly now: number
  readonly fillsEmpty: boolean
  readonly fault?: VenueFaultKind | undefined
}): VenueView {
  const { history, venue, fault, fillsEmpty } = options
  const now = fault === 'old' ? options.now - OLD_SECONDS : options.now
  return {
    now,
    markets: history.markets(venue),
    candles: ({ symbol, interval, count, from = 0, to = now }) => {
      if (fault === 'empty') return []
      const seconds = INTERVAL_SECONDS[interval]
      const start = Math.max(from, Math.min(to, now) - (count + 1) * seconds)
      const closed = history.bars({ venue, symbol, interval, from: start, to: now })
      const open = openCandle({ history, venue, symbol, interval, now, fillsEmpty, before: closed.at(-1) })
      const all = (open === undefined ? closed : [...closed, open]).filter(({ ts }) => ts >= from && ts <= to)
      return all.slice(-count).map((candle) => (fault === 'off-by-10' ? tenfoldOf(candle, now) : candle))
    },
    book: (symbol) => {
      const book = fault === 'empty' ? undefined : history.book?.({ venue, symbol, at: now })
      return faultyBook(book ?? { bids: [], asks: [] }, fault)
    },
  }
}

/** The candle that is open at `now`, out of minutes that have closed by then: it never looks ahead. */
function openCandle(at: {
  readonly history: History
  readonly venue: VenueId
  readonly symbol: string
  readonly interval: '1m' | '1h'
  readonly now: number
  readonly fillsEmpty: boolean
  readonly before: Candle | undefined
}): Candle | undefined {
  const { history, venue, symbol, interval, now, before } = at
  const ts = now - (now % INTERVAL_SECONDS[interval])
  const minutes = interval === '1h' ? history.bars({ venue, symbol, interval: '1m', from: ts, to: now }) : []
  if (minutes.length > 0) return { ...minutes.reduce(join), ts }
  if (!at.fillsEmpty || before === undefined) return undefined
  const { close } = before
  return { ts, open: close, high: close, low: close, close, volume: 0 }
}

/** A decimal point in the wrong place since the hour before this one. */
function tenfoldOf(candle: Candle, now: number): Candle {
  if (candle.ts < now - (now % SECONDS_PER_HOUR) - SECONDS_PER_HOUR) return candle
  const { open, high, low, close } = candle
  return { ...candle, open: open * 10, high: high * 10, low: low * 10, close: close * 10 }
}

function faultyBook(book: HistoryBook, fault: VenueFaultKind | undefined): HistoryBook {
  const scaled = (levels: HistoryBook['bids'], by: number): HistoryBook['bids'] =>
    levels.map(([price, amount]) => [price * by, amount])
  if (fault === 'off-by-10') return { bids: scaled(book.bids, 10), asks: scaled(book.asks, 10) }
  if (fault === 'crossed-book') return { bids: scaled(book.bids, 1.01), asks: book.asks }
  return book
}
