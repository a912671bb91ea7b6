import type { HistoryBook, HistoryTrade } from '../recorded/history.ts'
import { type BookChanges, type BookLevels, checksumOf } from './book-changes.ts'
import {
  isObject,
  type JsonObject,
  microsecondsIso,
  objectIn,
  type StreamCandle,
  type StreamChannel,
  type StreamEvent,
  type StreamFormat,
  type StreamSession,
  type Subscription,
  textsIn,
} from './stream-format.ts'
import { fixed } from './wire-format.ts'

const DEPTHS: readonly number[] = [10, 25, 100, 500, 1_000]
const INTERVALS: Readonly<Record<number, '1m' | '1h'>> = { 1: '1m', 60: '1h' }
/** Levels a side that the checksum covers, whatever the depth. */
const CHECKSUM_LEVELS = 10

/**
 * Kraken's WebSocket API, version 2. Numbers are JSON numbers with all decimals of the pair (eight, as `AssetPairs` says), for the
 * checksum is made of their digits. What falls out of a book's depth is left to the client to cut off.
 */
export const krakenStream: StreamFormat = {
  path: /^\/v2\/?$/,
  sampleMs: 100,
  open: (session) => {
    setImmediate(() => session.send(statusOf(session)))
    return {
      receive: (text) => receive(text, session),
      encode: (subscription, event) => encode(subscription, event).map(withNumbers),
      heartbeat: () => (session.subscriptions.size === 0 ? [] : [{ channel: 'heartbeat' }]),
    }
  },
}

function statusOf({ number }: StreamSession): object {
  const data = [{ version: '2.0.10', system: 'online', api_version: 'v2', connection_id: number }]
  return { channel: 'status', type: 'update', data }
}

function receive(text: string, session: StreamSession): void {
  const now = microsecondsIso(session.now())
  const times = { time_in: now, time_out: now }
  const request = objectIn(text)
  if (request === undefined) {
    session.send({ error: 'Malformed request', success: false, ...times })
    return
  }
  const { method, params } = request
  const ids = typeof request['req_id'] === 'number' ? { req_id: request['req_id'] } : {}
  if (method === 'ping') {
    session.send({ method: 'pong', ...ids, ...times })
    return
  }
  if ((method !== 'subscribe' && method !== 'unsubscribe') || !isObject(params)) {
    session.send({ error: 'Method not supported', success: false, ...ids, ...times })
    return
  }
  const change = method === 'subscribe' ? subscribe : unsubscribe
  for (const symbol of textsIn(params['symbol']) ?? []) {
    const changed = change(symbol, params, session)
    if (typeof changed === 'string') {
      session.send({ error: changed, method, ...ids, success: false, symbol, ...times })
      continue
    }
    session.send({ method, result: resultOf(params, changed), success: true, ...times, ...ids })
    if (method === 'subscribe') session.start(changed)
  }
}

/** The subscription that is made, or why there is none. */
function subscribe(symbol: string, params: JsonObject, session: StreamSession): Subscription | string {
  const channel = channelOf(symbol, params, session)
  if (typeof channel === 'string') return channel
  const key = keyOf(symbol, params)
  if (session.subscriptions.has(key)) return 'Already subscribed'
  return session.subscribe(key, channel) ?? 'Exceeded maximum number of subscriptions'
}

function unsubscribe(symbol: string, params: JsonObject, session: StreamSession): Subscription | string {
  return session.unsubscribe(keyOf(symbol, params)) ?? 'Subscription Not Found'
}

const keyOf = (symbol: string, params: JsonObject): string => `${String(params['channel'])}:${symbol}`

/** The channel that is asked for, or why there is none. */
function channelOf(symbol: string, params: JsonObject, { markets }: StreamSession): StreamChannel | string {
  if (!markets.some((market) => market.symbol === symbol)) return `Currency pair not supported ${symbol.slice(0, 50)}`
  switch (params['channel']) {
    case 'book': {
      const depth = DEPTHS.find((each) => each === (params['depth'] ?? DEPTHS[0]))
      return depth === undefined
        ? 'Subscription depth not supported'
        : { kind: 'book', symbol, depth, clientCuts: true }
    }
    case 'trade':
      return { kind: 'trades', symbol }
    case 'ohlc': {
      const interval = INTERVALS[Number(params['interval'] ?? 1)]
      return interval === undefined ? 'Subscription ohlc interval not supported' : { kind: 'candles', symbol, interval }
    }
    default:
      return 'Channel not supported'
  }
}

function resultOf(params: JsonObject, { channel }: Subscription): object {
  const name = params['channel']
  const { symbol } = channel
  if (channel.kind === 'book') return { channel: name, depth: channel.depth, snapshot: true, symbol }
  if (channel.kind === 'trades') return { channel: name, snapshot: false, symbol }
  return { channel: name, interval: channel.interval === '1m' ? 1 : 60, snapshot: true, symbol }
}

function encode({ channel }: Subscription, event: StreamEvent): object[] {
  const { symbol } = channel
  if (event.kind === 'trades') {
    // Without being asked for, trades of before are not sent.
    if (event.first) return []
    return [{ channel: 'trade', type: 'update', data: event.trades.map((trade) => tradeOf(symbol, trade)) }]
  }
  const timestamp = microsecondsIso(event.moment.now)
  if (event.kind === 'candles') {
    if (event.candles.length === 0) return []
    const interval = channel.kind === 'candles' && channel.interval === '1h' ? 60 : 1
    const data = event.candles.map((candle) => candleOf(symbol, interval, candle, timestamp))
    return [{ channel: 'ohlc', type: event.first ? 'snapshot' : 'update', timestamp, data }]
  }
  const checksum = (bookChecksum(event.book) + event.moment.checksumError) % 2 ** 32
  const shown: BookChanges = event.kind === 'snapshot' ? event.book : event.changes
  const data = [{ symbol, bids: levels(shown.bids), asks: levels(shown.asks), checksum, timestamp }]
  return [{ channel: 'book', type: event.kind === 'snapshot' ? 'snapshot' : 'update', data }]
}

const levels = (side: BookLevels): object[] =>
  side.map(([price, amount]) => ({ price: decimal(price), qty: decimal(amount) }))

function tradeOf(symbol: string, { id, time, side, price, amount }: HistoryTrade): object {
  const timestamp = microsecondsIso(time)
  return { symbol, side, price: decimal(price), qty: decimal(amount), ord_type: 'market', trade_id: id, timestamp }
}

/** The average price is the close and the number of trades 1, as in REST, for neither was recorded. */
function candleOf(symbol: string, interval: number, candle: StreamCandle, timestamp: string): object {
  const { ts, open, high, low, close, volume } = candle
  return {
    symbol,
    open: decimal(open),
    high: decimal(high),
    low: decimal(low),
    close: decimal(close),
    trades: volume > 0 ? 1 : 0,
    volume: decimal(volume),
    vwap: decimal(close),
    interval_begin: new Date(ts * 1_000).toISOString().replace('.000Z', '.000000000Z'),
    interval,
    timestamp,
  }
}

/** CRC-32 of the digits of the ten best asks and then of the ten best bids, price before amount, without zeros in front. */
function bookChecksum({ asks, bids }: HistoryBook): number {
  const digits = (side: BookLevels): string =>
    side
      .slice(0, CHECKSUM_LEVELS)
      .flat()
      .map((value) => fixed(value).replace('.', '').replace(/^0+/, ''))
      .join('')
  return checksumOf(digits(asks) + digits(bids))
}

/** A number that must keep its zeros: JSON has no way to ask for them, so that it is marked, and unmarked in the text. */
function decimal(value: number): string | null {
  return Number.isFinite(value) ? `#${fixed(value)}#` : null
}

function withNumbers(message: object): string {
  return JSON.stringify(message).replace(/"#(-?[\d.]+)#"/g, '$1')
}
