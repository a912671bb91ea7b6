import type { MarketName } from '../recorded/history.ts'
import type { BookLevels } from './book-changes.ts'
import type { VenueView } from './view.ts'
import { fixed, marketOf, plain, type VenueReply, type WireFormat, wholeIn } from './wire-format.ts'

const CANDLES_MAX = 1_000
const INTERVALS: Readonly<Record<string, '1m' | '1h'>> = { '60': '1m', '3600': '1h' }
const SECONDS: Readonly<Record<string, number>> = { minute: 60, hour: 3_600, day: 86_400 }
/** More than any client of a replay reads; the venue has no limit but the day. */
const TRADES_MAX = 10_000

/** Bitstamp's REST API, version 2: what public spot market data need of it. */
export const bitstampFormat: WireFormat = {
  fillsEmpty: true,
  reply: ({ path, query }, view) => {
    if (/^\/api\/v2\/markets\/?$/.test(path)) return ok(view.markets.map(marketInfo))
    const [, what, pair] = /^\/api\/v2\/(ohlc|order_book|transactions)\/([a-z0-9]{1,20})\/?$/.exec(path) ?? []
    if (what === undefined) return refused(404, 'Not found')
    const market = marketOf(view, (each) => bitstampName(each) === pair)
    if (market === undefined) return refused(404, 'Invalid market symbol')
    if (what === 'ohlc') return candles(market, query, view)
    return what === 'order_book' ? book(market, view) : trades(market, query, view)
  },
  tooMany: { status: 'error', reason: 'Request rate limit exceeded.', code: '400.002' },
  broken: { status: 'error', reason: 'Internal error', code: '500' },
}

const ok = (body: unknown): VenueReply => ({ status: 200, body })
const refused = (status: number, reason: string): VenueReply => ({
  status,
  body: { status: 'error', reason, code: `${status}` },
})
export const bitstampName = ({ base, quote }: MarketName): string => `${base}${quote}`.toLowerCase()
export const bitstampLevels = (side: BookLevels): string[][] =>
  side.map(([price, amount]) => [plain(price), fixed(amount)])

/** Oldest first; all values are texts. */
function candles(market: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const interval = INTERVALS[query.get('step') ?? '']
  const count = wholeIn(query, 'limit', { min: 1, max: CANDLES_MAX, or: CANDLES_MAX })
  const from = wholeIn(query, 'start', { min: 0, max: Number.MAX_SAFE_INTEGER, or: 0 })
  const to = wholeIn(query, 'end', { min: 0, max: Number.MAX_SAFE_INTEGER, or: view.now })
  if (interval === undefined || count === undefined || from === undefined || to === undefined) {
    return refused(400, 'Missing or invalid parameter')
  }
  const found = view.candles({ symbol: market.symbol, interval, count, from, to })
  const ohlc = found.map(({ ts, open, high, low, close, volume }) => ({
    timestamp: `${ts}`,
    open: plain(open),
    high: plain(high),
    low: plain(low),
    close: plain(close),
    volume: fixed(volume),
  }))
  return ok({ data: { pair: market.symbol, ohlc } })
}

function book({ symbol }: MarketName, view: VenueView): VenueReply {
  const { bids, asks } = view.book(symbol)
  return ok({ ...bitstampTimes(view.bookShown), bids: bitstampLevels(bids), asks: bitstampLevels(asks) })
}

/** A book's time is its sequence number too. */
export function bitstampTimes(milliseconds: number): { readonly timestamp: string; readonly microtimestamp: string } {
  return { timestamp: `${Math.floor(milliseconds / 1_000)}`, microtimestamp: `${milliseconds}000` }
}

/** Newest first, of the last minute, hour or day; type 0 was bought by the taker, 1 sold. */
function trades({ symbol }: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const seconds = SECONDS[query.get('time') ?? 'hour']
  if (seconds === undefined) return refused(400, 'Invalid time')
  const found = view.trades({ symbol, count: TRADES_MAX, from: view.bookTime - seconds * 1_000 }).toReversed()
  return ok(
    found.map(({ id, time, side, price, amount }) => ({
      date: `${Math.floor(time / 1_000)}`,
      tid: `${id}`,
      amount: fixed(amount),
      type: side === 'buy' ? '0' : '1',
      price: plain(price),
    })),
  )
}

function marketInfo(market: MarketName): unknown {
  return {
    name: market.symbol,
    market_symbol: bitstampName(market),
    base_currency: market.base,
    base_decimals: 8,
    counter_currency: market.quote,
    counter_decimals: 8,
    minimum_order_value: '10',
    trading: 'Enabled',
    instant_order_counter_decimals: 2,
    instant_and_market_orders: 'Enabled',
    description: `${market.base} / ${market.quote}`,
    market_type: 'SPOT',
  }
}
