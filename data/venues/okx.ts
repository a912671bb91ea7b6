import { INTERVAL_SECONDS } from '../../oracle-node/core/market-bars.ts'
import type { MarketName } from '../recorded/history.ts'
import type { BookLevels } from './book-changes.ts'
import type { VenueView } from './view.ts'
import { marketOf, plain, type VenueReply, type WireFormat, wholeIn } from './wire-format.ts'

const CANDLES_MAX = 300
const LEVELS_MAX = 400
const LEVELS_FULL_MAX = 5_000
const TRADES_MAX = 500
const INTERVALS: Readonly<Record<string, '1m' | '1h'>> = { '1m': '1m', '1H': '1h' }

/** OKX's REST API, version 5: what public spot market data need of it. Errors of a request come with HTTP 200. */
export const okxFormat: WireFormat = {
  fillsEmpty: true,
  reply: ({ path, query }, view) => {
    switch (path) {
      case '/api/v5/public/time':
        return ok([{ ts: `${view.now * 1_000}` }])
      case '/api/v5/public/instruments':
        return ok(query.get('instType') === 'SPOT' ? view.markets.map(instrumentOf) : [])
      case '/api/v5/market/candles':
      case '/api/v5/market/history-candles':
        return withMarket(query, view, (market) => candles(market, query, view))
      case '/api/v5/market/books':
        return withMarket(query, view, (market) => book(market, query, view, LEVELS_MAX))
      case '/api/v5/market/books-full':
        return withMarket(query, view, (market) => book(market, query, view, LEVELS_FULL_MAX))
      case '/api/v5/market/trades':
        return withMarket(query, view, (market) => trades(market, query, view))
      default:
        return { status: 404, body: { code: '404', data: {}, detailMsg: '', error_code: '404', msg: 'Not Found' } }
    }
  },
  tooMany: { code: '50011', data: [], msg: 'Too Many Requests' },
  broken: { code: '50026', data: [], msg: 'System error. Try again later' },
}

const ok = (data: unknown): VenueReply => ({ status: 200, body: { code: '0', data, msg: '' } })
const refused = (code: string, msg: string): VenueReply => ({ status: 200, body: { code, data: [], msg } })
export const okxName = ({ base, quote }: MarketName): string => `${base}-${quote}`
/** `[price, amount, "0", orders]`; how many orders a level has is not in the history. */
export const okxLevels = (side: BookLevels): string[][] =>
  side.map(([price, amount]) => [plain(price), plain(amount), '0', amount === 0 ? '0' : '1'])

function withMarket(query: URLSearchParams, view: VenueView, then: (market: MarketName) => VenueReply): VenueReply {
  const id = query.get('instId')
  if (id === null) return refused('50014', 'Parameter instId can not be empty.')
  const market = marketOf(view, (each) => okxName(each) === id)
  return market === undefined ? refused('51001', "Instrument ID or Spread ID doesn't exist.") : then(market)
}

/** Newest first, those that open before `after` and after `before`, neither included. */
function candles({ symbol }: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const interval = INTERVALS[query.get('bar') ?? '1m']
  if (interval === undefined) return refused('51000', 'Parameter bar error')
  const count = wholeIn(query, 'limit', { min: 1, max: CANDLES_MAX, or: 100 })
  const after = wholeIn(query, 'after', { min: 0, max: Number.MAX_SAFE_INTEGER, or: (view.now + 1) * 1_000 })
  const before = wholeIn(query, 'before', { min: 0, max: Number.MAX_SAFE_INTEGER, or: -1 })
  if (count === undefined || after === undefined || before === undefined) return refused('51000', 'Parameter error')
  const [from, to] = [Math.floor(before / 1_000) + 1, Math.ceil(after / 1_000) - 1]
  const found = view.candles({ symbol, interval, count, from, to }).toReversed()
  return ok(found.map((candle) => okxCandle(candle, candle.ts + INTERVAL_SECONDS[interval] <= view.now)))
}

/** `[time, open, high, low, close, volume, volume in base, volume in quote, whether it has closed]`. */
export function okxCandle(candle: ReturnType<VenueView['candles']>[number], closed: boolean): string[] {
  const { ts, open, high, low, close, volume } = candle
  const prices = [open, high, low, close].map((price) => plain(price))
  return [`${ts * 1_000}`, ...prices, plain(volume), plain(volume), plain(volume * close), closed ? '1' : '0']
}

function book({ symbol }: MarketName, query: URLSearchParams, view: VenueView, max: number): VenueReply {
  const count = wholeIn(query, 'sz', { min: 1, max, or: 1 })
  if (count === undefined) return refused('51000', 'Parameter sz error')
  const { bids, asks } = view.book(symbol)
  const ts = `${view.bookShown}`
  return ok([{ asks: okxLevels(asks.slice(0, count)), bids: okxLevels(bids.slice(0, count)), ts }])
}

function trades(market: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const count = wholeIn(query, 'limit', { min: 1, max: TRADES_MAX, or: 100 })
  if (count === undefined) return refused('51000', 'Parameter limit error')
  const found = view.trades({ symbol: market.symbol, count }).toReversed()
  return ok(found.map((trade) => okxTrade(okxName(market), trade)))
}

export function okxTrade(instId: string, trade: ReturnType<VenueView['trades']>[number]): object {
  const { id, time, side, price, amount } = trade
  return { instId, tradeId: `${id}`, px: plain(price), sz: plain(amount), side, ts: `${time}` }
}

function instrumentOf(market: MarketName): unknown {
  return {
    alias: '',
    baseCcy: market.base,
    category: '1',
    ctMult: '',
    ctType: '',
    ctVal: '',
    ctValCcy: '',
    expTime: '',
    instFamily: '',
    instId: okxName(market),
    instType: 'SPOT',
    lever: '',
    listTime: '1548133413000',
    lotSz: '0.00000001',
    maxLmtSz: '9999999999',
    maxMktSz: '1000000',
    minSz: '0.00001',
    optType: '',
    quoteCcy: market.quote,
    settleCcy: '',
    state: 'live',
    stk: '',
    tickSz: '0.00000001',
    uly: '',
  }
}
