import type { VenueId } from '../../oracle-node/core/market.ts'
import { INTERVAL_SECONDS } from '../../oracle-node/core/market-bars.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import { tradesOfBars } from '../recorded/bar-trades.ts'
import { join } from '../recorded/candle-store.ts'
import type { History, HistoryBook, HistoryTrade, MarketName } from '../recorded/history.ts'
import type { Candle } from '../recorded/read-candles.ts'
import { type FaultKind, FUTURE_SECONDS, OLD_SECONDS } from './faults.ts'

/** What one venue knows at one moment: the door through which its server sees the history, and the only place of data faults. */
export type VenueView = {
  /** Unix seconds, whole, on the venue's clock. */
  readonly now: number
  /** When the book that is shown was made, in unix milliseconds of the server's clock: what update numbers are made of. */
  readonly bookTime: number
  /** The same on the clock that the venue shows. */
  readonly bookShown: number
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
  /** Trades oldest first, the newest `count` of those with `from` < time <= `to`, in unix milliseconds of the server's clock. */
  trades(query: {
    readonly symbol: string
    readonly count: number
    readonly from?: number
    readonly to?: number
  }): readonly HistoryTrade[]
}

/** How far back recent trades are looked for, first and at last. */
const RECENT_MS: readonly number[] = [600_000, 86_400_000]

/**
 * @param options.now unix seconds on the server's clock, which may have a fraction.
 * @param options.sampleMs how often the venue's book is made anew.
 * @param options.fillsEmpty whether the venue serves a flat candle for the time in which nobody has traded yet, as Binance does; Coinbase and
 * Kraken leave it out.
 */
export function venueView(options: {
  readonly history: History
  readonly venue: VenueId
  readonly now: number
  readonly fillsEmpty: boolean
  readonly sampleMs?: number
  readonly fault?: FaultKind | undefined
}): VenueView {
  const { history, venue, fault, fillsEmpty, sampleMs = 1_000 } = options
  const behind = fault === 'old' ? OLD_SECONDS : 0
  const ahead = fault === 'from-the-future' ? FUTURE_SECONDS : 0
  const bookTime = sampledAt(options.now, sampleMs)
  const known = Math.floor(options.now) - behind
  return {
    now: known + ahead,
    bookTime,
    bookShown: bookTime + (ahead - behind) * 1_000,
    markets: history.markets(venue),
    candles: ({ symbol, interval, count, from = 0, to = known }) => {
      if (fault === 'empty') return []
      const seconds = INTERVAL_SECONDS[interval]
      const start = Math.max(from, Math.min(to, known) - (count + 1) * seconds)
      const closed = history.bars({ venue, symbol, interval, from: start, to: known })
      const open = openCandle({ history, venue, symbol, interval, now: known, fillsEmpty, before: closed.at(-1) })
      const all = (open === undefined ? closed : [...closed, open]).filter(({ ts }) => ts >= from && ts <= to)
      return all.slice(-count).map((candle) => faultyCandle(candle, known, fault))
    },
    book: (symbol) => {
      const book = fault === 'empty' ? undefined : history.book?.({ venue, symbol, at: bookTime / 1_000 - behind })
      return faultyBook(book ?? { bids: [], asks: [] }, fault)
    },
    trades: ({ symbol, count, from, to = options.now * 1_000 }) => {
      if (fault === 'empty') return []
      const read = (since: number): readonly HistoryTrade[] => {
        const query = { venue, symbol, from: since - behind * 1_000, to: to - behind * 1_000 }
        return history.trades?.(query) ?? tradesOfBars(history, query)
      }
      const found = from === undefined ? recent(read, to) : read(from)
      return found.slice(-count).map((trade) => faultyTrade(trade, fault))
    },
  }
}

/** The server's time at which a venue's book was last made, in unix milliseconds. A second is a whole number of samples. */
export function sampledAt(seconds: number, sampleMs: number): number {
  // A clock in seconds has errors of a microsecond, which must not take it back by a sample.
  const milliseconds = Math.floor(seconds * 1_000 + 1e-3)
  return milliseconds - (milliseconds % sampleMs)
}

function recent(read: (since: number) => readonly HistoryTrade[], to: number): readonly HistoryTrade[] {
  for (const window of RECENT_MS) {
    const found = read(to - window)
    if (found.length > 0) return found
  }
  return []
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

function faultyCandle(candle: Candle, now: number, fault: FaultKind | undefined): Candle {
  if (fault === 'off-by-10') return tenfoldOf(candle, now)
  if (fault === 'from-the-future') return { ...candle, ts: candle.ts + FUTURE_SECONDS }
  // Whichever of the newest two a client takes for closed, it is not a number.
  const isNew = candle.ts >= now - (now % SECONDS_PER_HOUR) - SECONDS_PER_HOUR
  return fault === 'nan' && isNew ? { ...candle, close: Number.NaN, volume: -candle.volume } : candle
}

function faultyTrade(trade: HistoryTrade, fault: FaultKind | undefined): HistoryTrade {
  if (fault === 'off-by-10') return { ...trade, price: trade.price * 10 }
  if (fault === 'from-the-future') return { ...trade, time: trade.time + FUTURE_SECONDS * 1_000 }
  return fault === 'nan' ? { ...trade, price: Number.NaN, amount: -trade.amount } : trade
}

/** A decimal point in the wrong place since the hour before this one. */
function tenfoldOf(candle: Candle, now: number): Candle {
  if (candle.ts < now - (now % SECONDS_PER_HOUR) - SECONDS_PER_HOUR) return candle
  const { open, high, low, close } = candle
  return { ...candle, open: open * 10, high: high * 10, low: low * 10, close: close * 10 }
}

function faultyBook(book: HistoryBook, fault: FaultKind | undefined): HistoryBook {
  const scaled = (levels: HistoryBook['bids'], by: number): HistoryBook['bids'] =>
    levels.map(([price, amount]) => [price * by, amount])
  if (fault === 'off-by-10') return { bids: scaled(book.bids, 10), asks: scaled(book.asks, 10) }
  if (fault === 'crossed-book') return { bids: scaled(book.bids, 1.01), asks: book.asks }
  return fault === 'nan' ? { bids: poisoned(book.bids), asks: poisoned(book.asks) } : book
}

/** Of three levels one without a price, one of a negative amount, and one without an amount. */
export function poisoned(levels: HistoryBook['bids']): HistoryBook['bids'] {
  return levels.map(([price, amount], index): readonly [number, number] => {
    if (index % 3 === 0) return [Number.NaN, amount]
    return index % 3 === 1 ? [price, -amount] : [price, Number.NaN]
  })
}
