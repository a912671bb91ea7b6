import { INTERVAL_SECONDS } from '../../oracle-node/core/market-bars.ts'
import type { MarketName } from '../recorded/history.ts'
import type { BookLevels } from './book-changes.ts'
import { updateNumber } from './stream-format.ts'
import type { VenueView } from './view.ts'
import { marketOf, plain, type VenueReply, type WireFormat, wholeIn } from './wire-format.ts'

const CANDLES_MAX = 1_000
const LEVELS_MAX = 200
const TRADES_MAX = 60
export const BYBIT_INTERVALS: Readonly<Record<string, '1m' | '1h'>> = { '1': '1m', '60': '1h' }

/** Bybit's REST API, version 5: what public spot market data need of it. Errors of a request come with HTTP 200. */
export const bybitFormat: WireFormat = {
  fillsEmpty: true,
  reply: ({ path, query }, view) => {
    if (path === '/v5/market/time') {
      return ok({ timeSecond: `${view.now}`, timeNano: `${view.now}000000000` }, view)
    }
    const answer = ANSWERS[path]
    if (answer === undefined) return { status: 404, body: { retCode: 404, retMsg: 'Not Found' } }
    const category = query.get('category')
    if (category !== 'spot') {
      const known = category === 'linear' || category === 'inverse' || category === 'option'
      return known ? ok({ category, list: [] }, view) : refused(10_001, 'params error: Category is invalid', view)
    }
    if (path === '/v5/market/instruments-info') return ok({ category, list: view.markets.map(instrumentOf) }, view)
    const market = marketOf(view, (each) => bybitName(each) === query.get('symbol'))
    return market === undefined ? refused(10_001, 'Not supported symbols', view) : answer(market, query, view)
  },
  tooMany: { retCode: 10_006, retMsg: 'Too many visits. Exceeded the API Rate Limit.', result: {}, retExtInfo: {} },
  broken: { retCode: 10_016, retMsg: 'Internal System Error.', result: {}, retExtInfo: {} },
}

type Answer = (market: MarketName, query: URLSearchParams, view: VenueView) => VenueReply
const ANSWERS: Readonly<Record<string, Answer>> = {
  '/v5/market/instruments-info': (_, __, view) => ok({ category: 'spot', list: [] }, view),
  '/v5/market/kline': candles,
  '/v5/market/orderbook': book,
  '/v5/market/recent-trade': trades,
}

const reply = (retCode: number, retMsg: string, result: unknown, view: VenueView): VenueReply => ({
  status: 200,
  body: { retCode, retMsg, result, retExtInfo: {}, time: view.now * 1_000 },
})
const ok = (result: unknown, view: VenueView): VenueReply => reply(0, 'OK', result, view)
const refused = (code: number, message: string, view: VenueView): VenueReply => reply(code, message, {}, view)
export const bybitName = ({ base, quote }: MarketName): string => `${base}${quote}`
export const bybitLevels = (side: BookLevels): string[][] =>
  side.map(([price, amount]) => [plain(price), plain(amount)])

/** Newest first, `[time, open, high, low, close, volume, volume in quote]`; with a start and no end, forward from the start. */
function candles(market: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const interval = BYBIT_INTERVALS[query.get('interval') ?? '']
  if (interval === undefined) return refused(10_001, 'Invalid period!', view)
  const count = wholeIn(query, 'limit', { min: 1, max: CANDLES_MAX, or: 200 })
  const start = wholeIn(query, 'start', { min: 0, max: Number.MAX_SAFE_INTEGER, or: 0 })
  const end = wholeIn(query, 'end', { min: 0, max: Number.MAX_SAFE_INTEGER, or: 0 })
  if (count === undefined || start === undefined || end === undefined) {
    return refused(10_001, 'params error', view)
  }
  const from = Math.ceil(start / 1_000)
  const forward = from + count * INTERVAL_SECONDS[interval] - 1
  const to = end === 0 ? (start === 0 ? view.now : Math.min(view.now, forward)) : Math.floor(end / 1_000)
  const list = view
    .candles({ symbol: market.symbol, interval, count, from, to })
    .toReversed()
    .map(({ ts, open, high, low, close, volume }) => [
      `${ts * 1_000}`,
      ...[open, high, low, close, volume, volume * close].map((value) => plain(value)),
    ])
  return ok({ category: 'spot', symbol: bybitName(market), list }, view)
}

function book(market: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const count = wholeIn(query, 'limit', { min: 1, max: LEVELS_MAX, or: 1 })
  if (count === undefined) return refused(10_001, 'params error: limit is invalid', view)
  const { bids, asks } = view.book(market.symbol)
  const [a, b] = [bybitLevels(asks.slice(0, count)), bybitLevels(bids.slice(0, count))]
  const u = updateNumber(view.bookTime)
  return ok({ s: bybitName(market), a, b, ts: view.bookShown, u, seq: u, cts: view.bookShown }, view)
}

/** Newest first. */
function trades(market: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const count = wholeIn(query, 'limit', { min: 1, max: TRADES_MAX, or: TRADES_MAX })
  if (count === undefined) return refused(10_001, 'params error: limit is invalid', view)
  const list = view
    .trades({ symbol: market.symbol, count })
    .toReversed()
    .map(({ id, time, side, price, amount }) => ({
      execId: `${id}`,
      symbol: bybitName(market),
      price: plain(price),
      size: plain(amount),
      side: side === 'buy' ? 'Buy' : 'Sell',
      time: `${time}`,
      isBlockTrade: false,
      isRPITrade: false,
      seq: `${id}`,
    }))
  return ok({ category: 'spot', list }, view)
}

function instrumentOf(market: MarketName): unknown {
  return {
    symbol: bybitName(market),
    baseCoin: market.base,
    quoteCoin: market.quote,
    innovation: '0',
    status: 'Trading',
    marginTrading: 'none',
    stTag: '0',
    lotSizeFilter: {
      basePrecision: '0.00000001',
      quotePrecision: '0.00000001',
      minOrderQty: '0.00001',
      maxOrderQty: '1000000',
      minOrderAmt: '1',
      maxOrderAmt: '8000000',
    },
    priceFilter: { tickSize: '0.00000001' },
    riskParameters: { priceLimitRatioX: '0.05', priceLimitRatioY: '0.05' },
  }
}
