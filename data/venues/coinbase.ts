import type { MarketName } from '../recorded/history.ts'
import type { VenueView } from './view.ts'
import { fixed, marketOf, type VenueReply, type WireFormat, wholeIn } from './wire-format.ts'

const CANDLES_MAX = 300
const TRADES_MAX = 1_000
const INTERVALS: Readonly<Record<string, '1m' | '1h'>> = { '60': '1m', '3600': '1h' }

/** Coinbase Exchange's REST API: what public market data need of it. */
export const coinbaseFormat: WireFormat = {
  fillsEmpty: false,
  reply: ({ path, query }, view) => {
    if (path === '/time') return ok({ iso: isoOf(view.now), epoch: view.now })
    if (path === '/products') return ok(view.markets.map(productOf))
    const [, id, what] = /^\/products\/([^/]+)(?:\/(candles|book|trades))?$/.exec(path) ?? []
    const market = id === undefined ? undefined : marketOf(view, (each) => coinbaseName(each) === id)
    if (market === undefined) return refused(404, 'NotFound')
    if (what === 'candles') return candles(market, query, view)
    if (what === 'trades') return trades(market, query, view)
    return what === 'book' ? book(market, query, view) : ok(productOf(market))
  },
  tooMany: { message: 'Public rate limit exceeded' },
  broken: { message: 'Internal server error' },
}

const ok = (body: unknown): VenueReply => ({ status: 200, body })
const refused = (status: number, message: string): VenueReply => ({ status, body: { message } })
export const coinbaseName = ({ base, quote }: MarketName): string => `${base}-${quote}`
const isoOf = (seconds: number): string => new Date(seconds * 1_000).toISOString()

/** Newest first; `[time, low, high, open, close, volume]`; intervals without trades are not there. */
function candles({ symbol }: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const granularity = query.get('granularity') ?? '60'
  const interval = INTERVALS[granularity]
  if (interval === undefined) return refused(400, 'Unsupported granularity')
  const seconds = Number(granularity)
  const to = timeOf(query.get('end')) ?? view.now
  const from = timeOf(query.get('start')) ?? to - (to % seconds) - (CANDLES_MAX - 1) * seconds
  if (Number.isNaN(from) || Number.isNaN(to)) return refused(400, 'Invalid start or end')
  if ((to - from) / seconds > CANDLES_MAX) {
    return refused(
      400,
      `granularity too small for the requested time range. Count of aggregations requested exceeds ${CANDLES_MAX}`,
    )
  }
  const found = view.candles({ symbol, interval, count: CANDLES_MAX, from, to })
  return ok(found.map(({ ts, low, high, open, close, volume }) => [ts, low, high, open, close, volume]).toReversed())
}

/** Level 1 is the best bid and ask, level 2 the whole book with the number of orders at each price. */
function book({ symbol }: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const level = query.get('level') ?? '1'
  if (level !== '1' && level !== '2') return refused(400, 'Invalid level')
  const { bids, asks } = view.book(symbol)
  const levels = (side: typeof bids): unknown[][] =>
    side.slice(0, level === '1' ? 1 : undefined).map(([price, amount]) => [fixed(price), fixed(amount), 1])
  return ok({
    bids: levels(bids),
    asks: levels(asks),
    sequence: view.now,
    auction_mode: false,
    auction: null,
    time: isoOf(view.now),
  })
}

/** Newest first. The side is the maker's: a `sell` was bought by the taker. */
function trades({ symbol }: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const count = wholeIn(query, 'limit', { min: 1, max: TRADES_MAX, or: TRADES_MAX })
  if (count === undefined) return refused(400, 'Invalid limit')
  const found = view.trades({ symbol, count }).toReversed()
  return ok(
    found.map(({ id, time, side, price, amount }) => ({
      trade_id: id,
      side: side === 'buy' ? 'sell' : 'buy',
      size: fixed(amount),
      price: fixed(price),
      time: new Date(time).toISOString(),
    })),
  )
}

/** Seconds of an ISO time or of a number of seconds; NaN when it is neither, nothing when absent. */
function timeOf(text: string | null): number | undefined {
  if (text === null) return undefined
  return /^\d{1,12}$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1_000)
}

function productOf(market: MarketName): unknown {
  return {
    id: coinbaseName(market),
    base_currency: market.base,
    quote_currency: market.quote,
    quote_increment: '0.00000001',
    base_increment: '0.00000001',
    display_name: market.symbol,
    min_market_funds: '1',
    margin_enabled: false,
    post_only: false,
    limit_only: false,
    cancel_only: false,
    status: 'online',
    status_message: '',
    trading_disabled: false,
    fx_stablecoin: false,
    max_slippage_percentage: '0.02000000',
    auction_mode: false,
  }
}
