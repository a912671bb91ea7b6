import { INTERVAL_SECONDS } from '../../oracle-node/core/market-bars.ts'
import type { MarketName } from '../recorded/history.ts'
import type { BookLevels } from './book-changes.ts'
import { updateNumber } from './stream-format.ts'
import type { VenueView } from './view.ts'
import { marketOf, plain, type VenueReply, type WireFormat, wholeIn } from './wire-format.ts'

const CANDLES_MAX = 1_000
const LEVELS_MAX = 1_000
const TRADES_MAX = 1_000
export const GATE_INTERVALS: Readonly<Record<string, '1m' | '1h'>> = { '1m': '1m', '1h': '1h' }

/** Gate's REST API, version 4: what public spot market data need of it. */
export const gateFormat: WireFormat = {
  fillsEmpty: true,
  reply: ({ path, query }, view) => {
    switch (path) {
      case '/api/v4/spot/time':
        return ok({ server_time: view.now * 1_000 })
      case '/api/v4/spot/currency_pairs':
        return ok(view.markets.map(pairInfo))
      case '/api/v4/margin/currency_pairs':
        return ok([])
      case '/api/v4/spot/candlesticks':
        return withMarket(query, view, (market) => candles(market, query, view))
      case '/api/v4/spot/order_book':
        return withMarket(query, view, (market) => book(market, query, view))
      case '/api/v4/spot/trades':
        return withMarket(query, view, (market) => trades(market, query, view))
      default:
        return { status: 404, body: { label: 'NOT_FOUND', message: 'Not Found' } }
    }
  },
  tooMany: { label: 'TOO_MANY_REQUESTS', message: 'Request Rate limit Exceeded (1)' },
  broken: { label: 'SERVER_ERROR', message: 'Internal server error' },
}

const ok = (body: unknown): VenueReply => ({ status: 200, body })
const refused = (label: string, message: string): VenueReply => ({ status: 400, body: { label, message } })
export const gateName = ({ base, quote }: MarketName): string => `${base}_${quote}`
export const gateLevels = (side: BookLevels): string[][] => side.map(([price, amount]) => [plain(price), plain(amount)])

function withMarket(query: URLSearchParams, view: VenueView, then: (market: MarketName) => VenueReply): VenueReply {
  const pair = query.get('currency_pair')
  if (pair === null) return refused('MISSING_REQUIRED_PARAM', 'Missing required parameter: currency_pair')
  const market = marketOf(view, (each) => gateName(each) === pair)
  return market === undefined
    ? refused('INVALID_CURRENCY_PAIR', `Invalid currency pair ${pair.slice(0, 50)}`)
    : then(market)
}

/** Oldest first: `[time, volume in quote, close, high, low, open, volume, whether it has closed]`. */
function candles({ symbol }: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const interval = GATE_INTERVALS[query.get('interval') ?? '30m']
  if (interval === undefined) return refused('INVALID_PARAM_VALUE', 'Invalid parameter interval')
  const ranged = query.has('from') || query.has('to')
  if (ranged && query.has('limit')) return refused('INVALID_PARAM_VALUE', 'limit conflicts with from and to')
  const seconds = INTERVAL_SECONDS[interval]
  const count = wholeIn(query, 'limit', { min: 1, max: CANDLES_MAX, or: ranged ? CANDLES_MAX : 100 })
  const to = wholeIn(query, 'to', { min: 0, max: Number.MAX_SAFE_INTEGER, or: view.now })
  const from = wholeIn(query, 'from', { min: 0, max: Number.MAX_SAFE_INTEGER, or: (to ?? 0) - 99 * seconds })
  if (count === undefined || to === undefined || from === undefined) {
    return refused('INVALID_PARAM_VALUE', 'Invalid parameter')
  }
  if ((to - from) / seconds >= CANDLES_MAX) {
    return refused('INVALID_PARAM_VALUE', `Too many points requested: ${CANDLES_MAX} at most`)
  }
  const found = view.candles({ symbol, interval, count, ...(ranged && { from }), to })
  return ok(
    found.map(({ ts, open, high, low, close, volume }) => [
      `${ts}`,
      ...[volume * close, close, high, low, open, volume].map((value) => plain(value)),
      `${ts + seconds <= view.now}`,
    ]),
  )
}

function book({ symbol }: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const count = wholeIn(query, 'limit', { min: 1, max: LEVELS_MAX, or: 10 })
  if (count === undefined) return refused('INVALID_PARAM_VALUE', 'Invalid parameter limit')
  const { bids, asks } = view.book(symbol)
  const id = query.get('with_id') === 'true' ? { id: updateNumber(view.bookTime) } : {}
  const sides = { asks: gateLevels(asks.slice(0, count)), bids: gateLevels(bids.slice(0, count)) }
  return ok({ ...id, current: view.bookShown, update: view.bookShown, ...sides })
}

/** Newest first. */
function trades(market: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const count = wholeIn(query, 'limit', { min: 1, max: TRADES_MAX, or: 100 })
  if (count === undefined) return refused('INVALID_PARAM_VALUE', 'Invalid parameter limit')
  const found = view.trades({ symbol: market.symbol, count }).toReversed()
  return ok(
    found.map(({ id, time, side, price, amount }) => ({
      id: `${id}`,
      create_time: `${Math.floor(time / 1_000)}`,
      create_time_ms: `${time}.000000`,
      currency_pair: gateName(market),
      side,
      amount: plain(amount),
      price: plain(price),
      sequence_id: `${id}`,
    })),
  )
}

function pairInfo(market: MarketName): unknown {
  return {
    id: gateName(market),
    base: market.base,
    base_name: market.base,
    quote: market.quote,
    quote_name: market.quote,
    fee: '0.2',
    min_quote_amount: '3',
    max_quote_amount: '5000000',
    amount_precision: 8,
    precision: 8,
    trade_status: 'tradable',
    sell_start: 0,
    buy_start: 0,
    type: 'normal',
  }
}
