import { INTERVAL_SECONDS } from '../../oracle-node/core/market-bars.ts'
import type { HistoryBook } from '../recorded/history.ts'
import { type BookLevels, changesBetween, topOf } from './book-changes.ts'
import type { StreamCandle, StreamChannel, StreamEvent } from './stream-format.ts'
import type { VenueView } from './view.ts'

/** An event without its moment, which depends on the clock that the venue shows. */
export type FeedEvent = StreamEvent extends infer Each
  ? Each extends StreamEvent
    ? Omit<Each, 'moment'>
    : never
  : never
export type Fed = { readonly event: FeedEvent; readonly sequence: number; readonly previous: number }

/** What happens in one channel, for all who have subscribed to it. */
export type Feed = {
  /** What a new subscriber gets, as of the last look. */
  first(): Fed | undefined
  /** What has happened since the last look. `now` is the server's clock in unix milliseconds. */
  look(view: VenueView, now: number): Fed | undefined
}

/** More trades than this in one look are the newest of them: a clock that jumps would send millions. */
const TRADES_MAX = 1_000
/** What a new subscriber to trades gets. */
const TRADES_FIRST = 30
/** Enough for one that has closed and one that is open. */
const CANDLES_LOOKED = 2

export function feedOf(channel: StreamChannel, view: VenueView, now: number): Feed {
  if (channel.kind === 'book') return bookFeed(channel, view, now)
  return channel.kind === 'trades' ? tradesFeed(channel.symbol, view, now) : candlesFeed(channel, view, now)
}

function bookFeed(
  { symbol, depth, clientCuts }: Extract<StreamChannel, { kind: 'book' }>,
  view: VenueView,
  now: number,
): Feed {
  let seen = view.book(symbol)
  let book = topOf(seen, depth)
  let sequence = now
  let looked = now
  return {
    first: () => ({ event: { kind: 'snapshot', book }, sequence, previous: sequence }),
    look: (later, at) => {
      if (at <= looked) return undefined
      looked = at
      const whole = later.book(symbol)
      if (whole === seen) return undefined
      seen = whole
      const next = topOf(whole, depth)
      const all = changesBetween(book, next)
      const changes = clientCuts === true ? withoutCut(all, whole) : all
      book = next
      if (changes.bids.length + changes.asks.length === 0) return undefined
      const previous = sequence
      sequence = at
      return { event: { kind: 'changes', changes, book }, sequence, previous }
    },
  }
}

/** Leaves the removal of levels that are still in the book, but too far down, to the client. */
function withoutCut(changes: HistoryBook, whole: HistoryBook): HistoryBook {
  const kept = (side: BookLevels, all: BookLevels): BookLevels => {
    if (side.every(([, amount]) => amount > 0)) return side
    const prices = new Set(all.map(([price]) => price))
    return side.filter(([price, amount]) => amount > 0 || !prices.has(price))
  }
  return { bids: kept(changes.bids, whole.bids), asks: kept(changes.asks, whole.asks) }
}

function tradesFeed(symbol: string, view: VenueView, now: number): Feed {
  let looked = now
  let last = view
  return {
    first: () => {
      const trades = last.trades({ symbol, count: TRADES_FIRST, to: looked })
      return { event: { kind: 'trades', trades, first: true }, sequence: looked, previous: looked }
    },
    look: (later, at) => {
      if (at <= looked) return undefined
      const trades = later.trades({ symbol, count: TRADES_MAX, from: looked, to: at })
      const previous = looked
      looked = at
      last = later
      if (trades.length === 0) return undefined
      return { event: { kind: 'trades', trades, first: false }, sequence: at, previous }
    },
  }
}

function candlesFeed(
  { symbol, interval }: Extract<StreamChannel, { kind: 'candles' }>,
  view: VenueView,
  now: number,
): Feed {
  const seconds = INTERVAL_SECONDS[interval]
  const seen = (later: VenueView): StreamCandle[] =>
    later
      .candles({ symbol, interval, count: CANDLES_LOOKED })
      .map((candle) => ({ ...candle, closed: candle.ts + seconds <= later.now }))
  let candles = seen(view)
  let looked = now
  return {
    first: () => ({ event: { kind: 'candles', candles, first: true }, sequence: looked, previous: looked }),
    look: (later, at) => {
      if (at <= looked) return undefined
      const before = new Set(candles.map((candle) => JSON.stringify(candle)))
      const previous = looked
      looked = at
      candles = seen(later)
      const changed = candles.filter((candle) => !before.has(JSON.stringify(candle)))
      if (changed.length === 0) return undefined
      return { event: { kind: 'candles', candles: changed, first: false }, sequence: at, previous }
    },
  }
}
