import { INTERVAL_SECONDS } from '../../oracle-node/core/market-bars.ts'
import type { MarketName } from '../recorded/history.ts'
import type { Candle } from '../recorded/read-candles.ts'
import { updateNumber } from './stream-format.ts'
import type { VenueView } from './view.ts'
import { fixed, marketOf, type VenueReply, type VenueRequest, type WireFormat, wholeIn } from './wire-format.ts'

const KLINES_MAX = 1_000
const LEVELS_MAX = 5_000
const TRADES_MAX = 1_000

/** Binance's and Binance.US's spot REST API, version 3: what public market data need of it. */
export const binanceFormat: WireFormat = {
  fillsEmpty: true,
  reply: ({ path, query }, view) => {
    switch (path) {
      case '/api/v3/ping':
        return ok({})
      case '/api/v3/time':
        return ok({ serverTime: view.now * 1_000 })
      case '/api/v3/exchangeInfo':
        return ok(exchangeInfo(view))
      case '/api/v3/klines':
        return klines(query, view)
      case '/api/v3/depth':
        return depth(query, view)
      case '/api/v3/trades':
      case '/api/v3/aggTrades':
        return trades(query, view, path.endsWith('aggTrades'))
      default:
        return { status: 404, body: { code: -1000, msg: 'Path not found.' } }
    }
  },
  tooMany: { code: -1003, msg: 'Too many requests; current limit is 1200 request weight per 1 MINUTE.' },
  broken: { code: -1000, msg: 'An unknown error occurred while processing the request.' },
}

const ok = (body: unknown): VenueReply => ({ status: 200, body })
const refused = (code: number, msg: string): VenueReply => ({ status: 400, body: { code, msg } })
export const binanceName = ({ base, quote }: MarketName): string => `${base}${quote}`

function wanted(query: URLSearchParams, view: VenueView): MarketName | VenueReply {
  const name = query.get('symbol')
  if (name === null) {
    return refused(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
  }
  return marketOf(view, (market) => binanceName(market) === name) ?? refused(-1121, 'Invalid symbol.')
}

function klines(query: VenueRequest['query'], view: VenueView): VenueReply {
  const market = wanted(query, view)
  if ('status' in market) return market
  const interval = query.get('interval')
  if (interval !== '1m' && interval !== '1h') return refused(-1120, 'Invalid interval.')
  const count = wholeIn(query, 'limit', { min: 1, max: KLINES_MAX, or: 500 })
  const from = wholeIn(query, 'startTime', { min: 0, max: Number.MAX_SAFE_INTEGER, or: 0 })
  const to = wholeIn(query, 'endTime', { min: 0, max: Number.MAX_SAFE_INTEGER, or: view.now * 1_000 })
  if (count === undefined || from === undefined || to === undefined) {
    return refused(-1100, 'Illegal characters found in a parameter.')
  }
  // With a start, Binance counts forward from it; without one, back from the end.
  const first = Math.ceil(from / 1_000)
  const last = Math.min(
    to / 1_000,
    from === 0 ? Number.POSITIVE_INFINITY : first + count * INTERVAL_SECONDS[interval] - 1,
  )
  const candles = view.candles({ symbol: market.symbol, interval, count, from: first, to: Math.floor(last) })
  return ok(candles.map((candle) => klineOf(candle, INTERVAL_SECONDS[interval])))
}

/** Numbers of trades and what takers bought are not in the history: they are sent as zero. */
function klineOf({ ts, open, high, low, close, volume }: Candle, seconds: number): unknown[] {
  const prices = [open, high, low, close].map((price) => fixed(price))
  const closeTime = (ts + seconds) * 1_000 - 1
  return [ts * 1_000, ...prices, fixed(volume), closeTime, fixed(volume * close), 0, fixed(0), fixed(0), '0']
}

function depth(query: URLSearchParams, view: VenueView): VenueReply {
  const market = wanted(query, view)
  if ('status' in market) return market
  const count = wholeIn(query, 'limit', { min: 1, max: LEVELS_MAX, or: 100 })
  if (count === undefined) return refused(-1100, "Illegal characters found in parameter 'limit'.")
  const { bids, asks } = view.book(market.symbol)
  const levels = (side: typeof bids): string[][] =>
    side.slice(0, count).map(([price, amount]) => [fixed(price), fixed(amount)])
  return ok({ lastUpdateId: updateNumber(view.bookTime), bids: levels(bids), asks: levels(asks) })
}

/** Oldest first. Nothing is known of which trades were of one order: each is an aggregate of one. */
function trades(query: URLSearchParams, view: VenueView, aggregates: boolean): VenueReply {
  const market = wanted(query, view)
  if ('status' in market) return market
  const count = wholeIn(query, 'limit', { min: 1, max: TRADES_MAX, or: 500 })
  const from = wholeIn(query, 'startTime', { min: 0, max: Number.MAX_SAFE_INTEGER, or: -1 })
  const to = wholeIn(query, 'endTime', { min: 0, max: Number.MAX_SAFE_INTEGER, or: view.now * 1_000 })
  if (count === undefined || from === undefined || to === undefined) {
    return refused(-1100, 'Illegal characters found in a parameter.')
  }
  const found = view
    .trades({ symbol: market.symbol, count: TRADES_MAX, ...(from >= 0 && { from: from - 1 }) })
    .filter(({ time }) => time <= to)
  const asked = from >= 0 ? found.slice(0, count) : found.slice(-count)
  return ok(
    asked.map(({ id, time, side, price, amount }) => {
      const m = side === 'sell'
      if (aggregates) return { a: id, p: fixed(price), q: fixed(amount), f: id, l: id, T: time, m, M: true }
      const [text, quantity, value] = [fixed(price), fixed(amount), fixed(price * amount)]
      return { id, price: text, qty: quantity, quoteQty: value, time, isBuyerMaker: m, isBestMatch: true }
    }),
  )
}

function exchangeInfo(view: VenueView): unknown {
  return {
    timezone: 'UTC',
    serverTime: view.now * 1_000,
    rateLimits: [{ rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 1200 }],
    exchangeFilters: [],
    symbols: view.markets.map((market) => ({
      symbol: binanceName(market),
      status: 'TRADING',
      baseAsset: market.base,
      baseAssetPrecision: 8,
      quoteAsset: market.quote,
      quotePrecision: 8,
      quoteAssetPrecision: 8,
      orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET'],
      icebergAllowed: true,
      ocoAllowed: true,
      quoteOrderQtyMarketAllowed: true,
      isSpotTradingAllowed: true,
      isMarginTradingAllowed: false,
      filters: [
        { filterType: 'PRICE_FILTER', minPrice: '0.00000001', maxPrice: '1000000.00000000', tickSize: '0.00000001' },
        { filterType: 'LOT_SIZE', minQty: '0.00000001', maxQty: '9000000.00000000', stepSize: '0.00000001' },
      ],
      permissions: ['SPOT'],
    })),
  }
}
