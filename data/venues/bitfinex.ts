import type { MarketName } from '../recorded/history.ts'
import type { BookLevels } from './book-changes.ts'
import type { VenueView } from './view.ts'
import { marketOf, plain, type VenueReply, type WireFormat, wholeIn } from './wire-format.ts'

const CANDLES_MAX = 10_000
const TRADES_MAX = 10_000
const LEVELS: readonly number[] = [1, 25, 100, 250]
export const BITFINEX_INTERVALS: Readonly<Record<string, '1m' | '1h'>> = { '1m': '1m', '1h': '1h' }

/** Bitfinex's own names of the two stablecoins. */
const CODES: Readonly<Record<string, string>> = { USDT: 'UST', USDC: 'UDC' }

/** Bitfinex's REST API, version 2: what public spot market data need of it. Rows are arrays, errors `["error", code, text]`. */
export const bitfinexFormat: WireFormat = {
  fillsEmpty: false,
  reply: ({ path, query }, view) => {
    if (path === '/v2/platform/status') return ok([1])
    const config = /^\/v2\/conf\/(.+)$/.exec(decodeURIComponentOr(path))?.[1]
    if (config !== undefined) return ok(config.split(',').map((label) => configOf(label, view)))
    const [, what, symbol, rest = ''] = /^\/v2\/(book|trades)\/([^/]+)\/(P0|R0|hist)$/.exec(path) ?? []
    const [, frame = '', traded] =
      /^\/v2\/candles\/trade:([^:/]+):([^/]+)\/hist$/.exec(decodeURIComponentOr(path)) ?? []
    const named = symbol ?? traded
    if (named === undefined) return { status: 404, body: { error: 'ERR_NOT_FOUND' } }
    const market = marketOf(view, (each) => bitfinexName(each) === decodeURIComponentOr(named))
    if (market === undefined) return refused('symbol: invalid')
    if (what === 'book') return book(market, query, view, rest === 'R0')
    return what === 'trades' ? trades(market, query, view) : candles(market, frame, query, view)
  },
  tooMany: ['error', 11_010, 'ratelimit: error'],
  broken: ['error', 20_060, 'maintenance'],
}

const ok = (body: unknown): VenueReply => ({ status: 200, body })
const refused = (text: string): VenueReply => ({ status: 500, body: ['error', 10_020, text] })

/** The letters of a pair run together only when both sides have three. */
export const bitfinexName = (market: MarketName): string => `t${pairOf(market)}`
export function pairOf({ base, quote }: MarketName): string {
  const [first, second] = [CODES[base] ?? base, CODES[quote] ?? quote]
  return first.length === 3 && second.length === 3 ? `${first}${second}` : `${first}:${second}`
}

/** A number as it stands in the venue's text: eight decimals at most. */
export const numberOf = (value: number): number => Number(plain(value))

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function configOf(label: string, { markets }: VenueView): unknown {
  if (label === 'pub:list:pair:exchange') return markets.map(pairOf)
  if (label !== 'pub:info:pair') return []
  const info = [null, null, null, '0.00001', '100000.0', null, null, null, null, null, null, null]
  return markets.map((market) => [pairOf(market), info])
}

/** `[time, open, close, high, low, volume]`, newest first unless `sort` is 1; intervals without trades are not there. */
function candles({ symbol }: MarketName, frame: string, query: URLSearchParams, view: VenueView): VenueReply {
  const interval = Object.hasOwn(BITFINEX_INTERVALS, frame) ? BITFINEX_INTERVALS[frame] : undefined
  const range = rangeIn(query, view, CANDLES_MAX, 100)
  if (interval === undefined || range === undefined) return refused('invalid parameters')
  const { count, start, end, forward } = range
  const all = view
    .candles({ symbol, interval, count: CANDLES_MAX, from: Math.ceil(start / 1_000), to: Math.floor(end / 1_000) })
    .filter(({ volume }) => volume !== 0)
  const asked = forward ? all.slice(0, count) : all.slice(-count).toReversed()
  return ok(asked.map((candle) => bitfinexCandle(candle)))
}

export function bitfinexCandle(candle: ReturnType<VenueView['candles']>[number]): number[] {
  const { ts, open, high, low, close, volume } = candle
  return [ts * 1_000, ...[open, close, high, low, volume].map(numberOf)]
}

/** `[price, orders, amount]`, or raw `[order, price, amount]` where each level is taken for one order; asks have negative amounts. */
function book({ symbol }: MarketName, query: URLSearchParams, view: VenueView, raw: boolean): VenueReply {
  const count = LEVELS.find((each) => `${each}` === (query.get('len') ?? '25'))
  if (count === undefined) return refused('len: invalid')
  const { bids, asks } = view.book(symbol)
  const rows = bitfinexLevels({ bids: bids.slice(0, count), asks: asks.slice(0, count) })
  return ok(raw ? rows.map(([price = 0, , amount]) => [orderOf(price), price, amount]) : rows)
}

export function bitfinexLevels({ bids, asks }: { readonly bids: BookLevels; readonly asks: BookLevels }): number[][] {
  const rows = (side: BookLevels, sign: 1 | -1): number[][] =>
    side.map(([price, amount]) => [
      numberOf(price),
      amount === 0 ? 0 : 1,
      amount === 0 ? sign : sign * numberOf(amount),
    ])
  return [...rows(bids, 1), ...rows(asks, -1)]
}

/** A level's order has no number in the history: it is made of its price. */
const orderOf = (price: number): number => Math.round(price * 1e8)

/** `[number, time, amount, price]`, newest first unless `sort` is 1; what was sold by the taker is negative. */
function trades({ symbol }: MarketName, query: URLSearchParams, view: VenueView): VenueReply {
  const range = rangeIn(query, view, TRADES_MAX, 120)
  if (range === undefined) return refused('invalid parameters')
  const { count, start, end, forward } = range
  const all = view
    .trades({ symbol, count: TRADES_MAX, ...(query.has('start') && { from: start - 1 }) })
    .filter(({ time }) => time <= end)
  return ok((forward ? all.slice(0, count) : all.slice(-count).toReversed()).map(bitfinexTrade))
}

export function bitfinexTrade({ id, time, side, price, amount }: ReturnType<VenueView['trades']>[number]): number[] {
  return [id, time, (side === 'buy' ? 1 : -1) * numberOf(amount), numberOf(price)]
}

type Range = { readonly count: number; readonly start: number; readonly end: number; readonly forward: boolean }

function rangeIn(query: URLSearchParams, view: VenueView, max: number, or: number): Range | undefined {
  const count = wholeIn(query, 'limit', { min: 1, max, or })
  const start = wholeIn(query, 'start', { min: 0, max: Number.MAX_SAFE_INTEGER, or: 0 })
  const end = wholeIn(query, 'end', { min: 0, max: Number.MAX_SAFE_INTEGER, or: (view.now + 1) * 1_000 })
  if (count === undefined || start === undefined || end === undefined) return undefined
  return { count, start, end, forward: query.get('sort') === '1' }
}
