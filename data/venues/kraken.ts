import type { MarketName } from '../recorded/history.ts'
import type { VenueView } from './view.ts'
import { fixed, marketOf, type VenueReply, type WireFormat, wholeIn } from './wire-format.ts'

const CANDLES_MAX = 720
const LEVELS_MAX = 500
const TRADES_MAX = 1_000
const INTERVALS: Readonly<Record<string, '1m' | '1h'>> = { '1': '1m', '60': '1h' }

/** Kraken's own names of currencies: old ones carry an X or Z in front, new ones do not. */
const ASSETS: Readonly<Record<string, { readonly id: string; readonly altname: string }>> = {
  BTC: { id: 'XXBT', altname: 'XBT' },
  ETH: { id: 'XETH', altname: 'ETH' },
  USD: { id: 'ZUSD', altname: 'USD' },
}

/** Kraken's spot REST API, version 0: what public market data need of it. Errors come with HTTP 200, as Kraken sends them. */
export const krakenFormat: WireFormat = {
  fillsEmpty: false,
  reply: ({ path, query }, view) => {
    switch (path) {
      case '/0/public/Time':
        return ok({ unixtime: view.now, rfc1123: new Date(view.now * 1_000).toUTCString() })
      case '/0/public/Assets':
        return ok(Object.fromEntries(assetsOf(view).map((code) => [assetOf(code).id, assetInfo(code)])))
      case '/0/public/AssetPairs':
        return ok(Object.fromEntries(view.markets.map((market) => [pairOf(market).id, pairInfo(market)])))
      case '/0/public/OHLC':
        return withPair(query, view, (market) => candles(market, query, view))
      case '/0/public/Depth':
        return withPair(query, view, (market) => depth(market, query, view))
      case '/0/public/Trades':
        return withPair(query, view, (market) => trades(market, query, view))
      default:
        return refused('EGeneral:Unknown method')
    }
  },
  tooMany: { error: ['EGeneral:Too many requests'] },
  broken: { error: ['EService:Unavailable'] },
}

const ok = (result: unknown): VenueReply => ({ status: 200, body: { error: [], result } })
const refused = (error: string): VenueReply => ({ status: 200, body: { error: [error] } })

function withPair(query: URLSearchParams, view: VenueView, then: (market: MarketName) => VenueReply): VenueReply {
  const name = query.get('pair')
  const market = marketOf(view, (each) => pairOf(each).id === name || pairOf(each).altname === name)
  return market === undefined ? refused('EQuery:Unknown asset pair') : then(market)
}

/** `[time, open, high, low, close, vwap, volume, count]`; the average price is the close and the count 1, for neither was recorded. */
function candles(market: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const interval = INTERVALS[query.get('interval') ?? '1']
  const since = wholeIn(query, 'since', { min: 0, max: Number.MAX_SAFE_INTEGER, or: 0 })
  if (interval === undefined || since === undefined) return refused('EGeneral:Invalid arguments')
  const seconds = interval === '1m' ? 60 : 3_600
  const all = view.candles({ symbol: market.symbol, interval, count: CANDLES_MAX })
  // Kraken never goes further back than 720 intervals of time, and leaves empty ones out.
  const start = Math.max(since + 1, view.now - (view.now % seconds) - (CANDLES_MAX - 1) * seconds)
  const rows = all
    .filter(({ ts }) => ts >= start)
    .map(({ ts, open, high, low, close, volume }) => [
      ts,
      ...[open, high, low, close, close].map((price) => fixed(price)),
      fixed(volume),
      volume > 0 ? 1 : 0,
    ])
  const committed = all.findLast(({ ts }) => ts + seconds <= view.now)
  return ok({ [pairOf(market).id]: rows, last: committed?.ts ?? 0 })
}

function depth(market: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const count = wholeIn(query, 'count', { min: 1, max: LEVELS_MAX, or: 100 })
  if (count === undefined) return refused('EGeneral:Invalid arguments')
  const { bids, asks } = view.book(market.symbol)
  const levels = (side: typeof bids): unknown[][] =>
    side.slice(0, count).map(([price, amount]) => [fixed(price), fixed(amount), view.now])
  return ok({ [pairOf(market).id]: { asks: levels(asks), bids: levels(bids) } })
}

/** Oldest first, `[price, amount, time, side, kind of order, miscellaneous, number]`; `last` and `since` count nanoseconds. */
function trades({ symbol, ...market }: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const count = wholeIn(query, 'count', { min: 1, max: TRADES_MAX, or: TRADES_MAX })
  const since = query.get('since')
  if (count === undefined || !/^\d{0,19}$/.test(since ?? '')) return refused('EGeneral:Invalid arguments')
  // Up to eleven digits are seconds; more are the nanoseconds of an earlier `last`.
  const from = since === null ? undefined : since.length > 11 ? Number(since) / 1e6 : Number(since) * 1_000
  const found = view.trades({ symbol, count: TRADES_MAX, ...(from !== undefined && { from }) })
  const asked = from === undefined ? found.slice(-count) : found.slice(0, count)
  const rows = asked.map(({ id, time, side, price, amount }) => [
    fixed(price),
    fixed(amount),
    time / 1_000,
    side === 'buy' ? 'b' : 's',
    'm',
    '',
    id,
  ])
  return ok({ [pairOf({ symbol, ...market }).id]: rows, last: `${asked.at(-1)?.time ?? view.now * 1_000}000000` })
}

function assetOf(code: string): { readonly id: string; readonly altname: string } {
  return ASSETS[code] ?? { id: code, altname: code }
}

/** A pair is named by its old-style ids when one of its sides is a currency in Z and the pair is old; newer ones by short names. */
function pairOf({ base, quote }: MarketName): { readonly id: string; readonly altname: string } {
  const altname = `${assetOf(base).altname}${assetOf(quote).altname}`
  const old = quote === 'USD' && (base in ASSETS || base === 'USDT')
  return { id: old ? `${assetOf(base).id}${assetOf(quote).id}` : altname, altname }
}

function assetsOf(view: VenueView): string[] {
  return [...new Set(view.markets.flatMap(({ base, quote }) => [base, quote]))].sort()
}

function assetInfo(code: string): unknown {
  return { aclass: 'currency', altname: assetOf(code).altname, decimals: 8, display_decimals: 5, status: 'enabled' }
}

function pairInfo(market: MarketName): unknown {
  const { base, quote } = market
  return {
    altname: pairOf(market).altname,
    wsname: `${assetOf(base).altname}/${assetOf(quote).altname}`,
    aclass_base: 'currency',
    base: assetOf(base).id,
    aclass_quote: 'currency',
    quote: assetOf(quote).id,
    lot: 'unit',
    cost_decimals: 5,
    pair_decimals: 8,
    lot_decimals: 8,
    lot_multiplier: 1,
    leverage_buy: [],
    leverage_sell: [],
    fees: [[0, 0.26]],
    fees_maker: [[0, 0.16]],
    fee_volume_currency: 'ZUSD',
    margin_call: 80,
    margin_stop: 40,
    ordermin: '0.0001',
    costmin: '0.5',
    tick_size: '0.00000001',
    status: 'online',
  }
}
