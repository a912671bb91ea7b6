import { INTERVAL_SECONDS } from '../../oracle-node/core/market-bars.ts'
import type { HistoryTrade, MarketName } from '../recorded/history.ts'
import { BYBIT_INTERVALS, bybitLevels, bybitName } from './bybit.ts'
import {
  type Moment,
  objectIn,
  type StreamCandle,
  type StreamChannel,
  type StreamEvent,
  type StreamFormat,
  type StreamSession,
  type Subscription,
  textsIn,
  updateNumber,
} from './stream-format.ts'
import { plain } from './wire-format.ts'

const DEPTHS: readonly number[] = [1, 50, 200, 1_000]
/** Names in one request. */
const ARGUMENTS_MAX = 10

/** Bybit's spot WebSocket API, version 5: a book's `u` grows by one with every message of its topic. */
export const bybitStream: StreamFormat = {
  path: /^\/v5\/public\/spot$/,
  sampleMs: 20,
  open: (session) => {
    const updates = new Map<string, number>()
    return {
      receive: (text) => receive(text, session),
      encode: (subscription, event) => {
        const { key } = subscription
        if (event.kind === 'snapshot' || event.kind === 'changes') {
          const last = event.kind === 'snapshot' ? updateNumber(event.moment.sequence) : (updates.get(key) ?? 0)
          updates.set(key, last + 1)
        }
        return encode(subscription, event, session.markets, updates.get(key) ?? 0)
      },
    }
  },
}

function receive(text: string, session: StreamSession): void {
  const conn_id = `${session.number.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`
  const request = objectIn(text)
  const { op, req_id = '' } = request ?? {}
  const answer = (success: boolean, ret_msg: string): void => session.send({ success, ret_msg, conn_id, req_id, op })
  if (op === 'ping') {
    answer(true, 'pong')
    return
  }
  const names = textsIn(request?.['args'])
  if ((op !== 'subscribe' && op !== 'unsubscribe') || names === undefined) {
    answer(false, `error:request is invalid, ${String(op).slice(0, 50)}`)
    return
  }
  if (op === 'unsubscribe') for (const name of names) session.unsubscribe(name)
  const fault = op === 'subscribe' ? faultIn(names, session) : undefined
  answer(fault === undefined, fault ?? (op === 'subscribe' ? 'subscribe' : ''))
  if (fault === undefined && op === 'subscribe') start(names, session)
}

/** Why topics cannot be subscribed to; one that is wrong refuses all. */
function faultIn(names: readonly string[], session: StreamSession): string | undefined {
  if (names.length > ARGUMENTS_MAX) return `args size >${ARGUMENTS_MAX}`
  const wrong = names.filter((name) => channelOf(name, session.markets) === undefined)
  if (wrong.length > 0) return `Invalid symbol :[${wrong.join(',').slice(0, 200)}]`
  const repeated = names.find((name) => session.subscriptions.has(name))
  return repeated === undefined ? undefined : `error:already subscribed,topic:${repeated}`
}

function start(names: readonly string[], session: StreamSession): void {
  for (const name of names) {
    const channel = channelOf(name, session.markets)
    const made = channel && session.subscribe(name, channel)
    if (made !== undefined) session.start(made)
  }
}

function channelOf(topic: string, markets: readonly MarketName[]): StreamChannel | undefined {
  const parts = topic.split('.')
  const symbol = markets.find((market) => bybitName(market) === parts.at(-1))?.symbol
  if (symbol === undefined) return undefined
  const [what, which = ''] = parts
  if (what === 'publicTrade' && parts.length === 2) return { kind: 'trades', symbol }
  if (parts.length !== 3) return undefined
  if (what === 'kline') {
    const interval = Object.hasOwn(BYBIT_INTERVALS, which) ? BYBIT_INTERVALS[which] : undefined
    return interval && { kind: 'candles', symbol, interval }
  }
  const depth = DEPTHS.find((each) => `${each}` === which)
  return what === 'orderbook' && depth !== undefined ? { kind: 'book', symbol, depth } : undefined
}

function encode(
  { key: topic, channel }: Subscription,
  event: StreamEvent,
  markets: readonly MarketName[],
  u: number,
): object[] {
  const { moment } = event
  const ts = moment.now
  const market = markets.find(({ symbol }) => symbol === channel.symbol)
  const s = market === undefined ? '' : bybitName(market)
  if (event.kind === 'trades') {
    if (event.first) return []
    return [{ topic, ts, type: 'snapshot', data: event.trades.map((trade) => tradeOf(s, trade)) }]
  }
  if (event.kind === 'candles') {
    if (event.candles.length === 0) return []
    return [{ topic, data: event.candles.map((candle) => klineOf(channel, candle, moment)), ts, type: 'snapshot' }]
  }
  // The topic of one level sends it whole.
  const isWhole = event.kind === 'snapshot' || topic.startsWith('orderbook.1.')
  const { bids, asks } = isWhole ? event.book : event.changes
  const data = { s, b: bybitLevels(bids), a: bybitLevels(asks), u, seq: updateNumber(moment.sequence) }
  return [{ topic, ts, type: isWhole ? 'snapshot' : 'delta', data, cts: ts }]
}

function tradeOf(s: string, { id, time, side, price, amount }: HistoryTrade): object {
  const S = side === 'buy' ? 'Buy' : 'Sell'
  return { i: `${id}`, T: time, p: plain(price), v: plain(amount), S, s, BT: false, RPI: false, seq: id }
}

function klineOf(channel: StreamChannel, candle: StreamCandle, { now }: Moment): object {
  const interval = channel.kind === 'candles' ? channel.interval : '1m'
  const { ts, open, high, low, close, volume, closed } = candle
  return {
    start: ts * 1_000,
    end: (ts + INTERVAL_SECONDS[interval]) * 1_000 - 1,
    interval: interval === '1m' ? '1' : '60',
    open: plain(open),
    close: plain(close),
    high: plain(high),
    low: plain(low),
    volume: plain(volume),
    turnover: plain(volume * close),
    confirm: closed,
    timestamp: now,
  }
}
