import type { HistoryTrade, MarketName } from '../recorded/history.ts'
import { GATE_INTERVALS, gateLevels, gateName } from './gate.ts'
import {
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

/** Depths of the channel that sends a whole book first, and of the one that needs the REST book. */
const OBU_DEPTHS: readonly number[] = [50, 400]
const UPDATE_DEPTHS: Readonly<Record<string, number>> = { '20ms': 20, '100ms': 1_000 }

/**
 * Gate's spot WebSocket API, version 4: `spot.obu` (a whole book, then changes), `spot.order_book_update` (changes alone, told from a
 * REST book's by their update numbers), `spot.trades`, `spot.candlesticks`.
 */
export const gateStream: StreamFormat = {
  path: /^\/ws\/v4\/?$/,
  sampleMs: 20,
  open: (session) => ({
    receive: (text) => receive(text, session),
    encode: (subscription, event) => encode(subscription, event, session.markets),
  }),
}

type Named = { readonly key: string; readonly channel: StreamChannel }

function receive(text: string, session: StreamSession): void {
  const request = objectIn(text)
  const now = session.now()
  const { id = null, channel, event, payload = [] } = request ?? {}
  const head = { time: Math.floor(now / 1_000), time_ms: now, id, channel, event }
  const refuse = (code: number, message: string): void =>
    session.send({ ...head, payload, error: { code, message }, result: { status: 'fail' } })
  if (channel === 'spot.ping') {
    session.send({ time: head.time, time_ms: now, id, channel: 'spot.pong', event: '', result: null })
    return
  }
  const names = textsIn(payload)
  if (typeof channel !== 'string' || names === undefined) {
    refuse(1, 'invalid argument')
    return
  }
  if (event !== 'subscribe' && event !== 'unsubscribe') {
    refuse(1, 'invalid event')
    return
  }
  const wanted = namedIn(channel, names, session.markets)
  if (typeof wanted === 'string') {
    refuse(2, wanted)
    return
  }
  const made = wanted.flatMap(({ key, channel: asked }) => {
    if (event === 'unsubscribe') session.unsubscribe(key)
    const isNew = event === 'subscribe' && !session.subscriptions.has(key)
    return isNew ? (session.subscribe(key, asked) ?? []) : []
  })
  session.send({ ...head, payload, result: { status: 'success' }, requestId: `${session.number}` })
  for (const subscription of made) session.start(subscription)
}

/** The channels that a request names, or why it is refused. The key is `channel` and its arguments, with commas between. */
function namedIn(name: string, payload: readonly string[], markets: readonly MarketName[]): readonly Named[] | string {
  const lists = name === 'spot.trades' || name === 'spot.obu'
  const asked = lists ? payload.map((argument) => [argument]) : [payload]
  const named: Named[] = []
  for (const parts of asked) {
    const channel = channelOf(name, parts, markets)
    if (typeof channel === 'string') return channel
    named.push({ key: [name, ...parts].join(','), channel })
  }
  return named
}

function channelOf(name: string, parts: readonly string[], markets: readonly MarketName[]): StreamChannel | string {
  const [first = '', second = ''] = parts
  const asked = Object.hasOwn(CHANNELS, name) ? CHANNELS[name] : undefined
  if (asked === undefined) return `unknown channel: ${name.slice(0, 50)}`
  const pair = asked.pair(first, second)
  const symbol = markets.find((market) => gateName(market) === pair)?.symbol
  if (symbol === undefined) return `unknown currency pair: ${pair.slice(0, 50)}`
  return asked.channel(symbol, first, second) ?? `invalid payload: ${parts.join(',').slice(0, 50)}`
}

type Asked = {
  readonly pair: (first: string, second: string) => string
  readonly channel: (symbol: string, first: string, second: string) => StreamChannel | undefined
}

const CHANNELS: Readonly<Record<string, Asked>> = {
  'spot.trades': { pair: (first) => first, channel: (symbol) => ({ kind: 'trades', symbol }) },
  'spot.candlesticks': {
    pair: (_, second) => second,
    channel: (symbol, first) => {
      const interval = Object.hasOwn(GATE_INTERVALS, first) ? GATE_INTERVALS[first] : undefined
      return interval && { kind: 'candles', symbol, interval }
    },
  },
  'spot.obu': {
    pair: (first) => first.split('.')[1] ?? '',
    channel: (symbol, first) => {
      const [prefix, , obu] = first.split('.')
      const depth = prefix === 'ob' ? OBU_DEPTHS.find((each) => `${each}` === obu) : undefined
      return depth === undefined ? undefined : { kind: 'book', symbol, depth }
    },
  },
  'spot.order_book_update': {
    pair: (first) => first,
    channel: (symbol, _, second) => {
      const depth = Object.hasOwn(UPDATE_DEPTHS, second) ? UPDATE_DEPTHS[second] : undefined
      return depth === undefined ? undefined : { kind: 'book', symbol, depth }
    },
  },
}

function encode({ key, channel }: Subscription, event: StreamEvent, markets: readonly MarketName[]): object[] {
  const [name = '', argument = ''] = key.split(',')
  const { now, sequence, previous } = event.moment
  const head = { time: Math.floor(now / 1_000), time_ms: now, channel: name, event: 'update' }
  const market = markets.find(({ symbol }) => symbol === channel.symbol)
  const pair = market === undefined ? '' : gateName(market)
  if (event.kind === 'trades') {
    return event.first ? [] : event.trades.map((trade) => ({ ...head, result: tradeOf(pair, trade) }))
  }
  if (event.kind === 'candles') {
    return event.candles.map((candle) => ({ ...head, result: candleOf(`${argument}_${pair}`, candle) }))
  }
  const [U, u] = [updateNumber(previous) + 1, updateNumber(sequence)]
  const isObu = name === 'spot.obu'
  if (event.kind === 'snapshot') {
    const { bids, asks } = event.book
    if (!isObu) return []
    const result = { t: now, full: true, s: argument, u, b: gateLevels(bids), a: gateLevels(asks) }
    return [{ channel: name, result, time_ms: now, event: 'update' }]
  }
  const sides = { b: gateLevels(event.changes.bids), a: gateLevels(event.changes.asks) }
  if (isObu) return [{ channel: name, result: { t: now, s: argument, U, u, ...sides }, time_ms: now, event: 'update' }]
  const result = { t: now, full: false, l: argument, e: 'depthUpdate', E: head.time, s: pair, U, u, ...sides }
  return [{ ...head, result }]
}

function tradeOf(pair: string, { id, time, side, price, amount }: HistoryTrade): object {
  return {
    id,
    create_time: Math.floor(time / 1_000),
    create_time_ms: `${time}.000000`,
    side,
    currency_pair: pair,
    amount: plain(amount),
    price: plain(price),
    range: `${id}-${id}`,
  }
}

/** `v` is in quote, `a` in base currency. */
function candleOf(n: string, { ts, open, high, low, close, volume, closed }: StreamCandle): object {
  const [o, h, l, c] = [open, high, low, close].map((price) => plain(price))
  return { t: `${ts}`, v: plain(volume * close), c, h, l, o, n, a: plain(volume), w: closed }
}
