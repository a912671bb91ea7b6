import { INTERVAL_SECONDS } from '../../oracle-node/core/market-bars.ts'
import type { HistoryTrade, MarketName } from '../recorded/history.ts'
import { binanceName } from './binance.ts'
import type { BookLevels } from './book-changes.ts'
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
import { fixed } from './wire-format.ts'

/** A book is followed whole: as many levels as the REST snapshot has at most. */
const LEVELS_MAX = 5_000

/**
 * Binance's and Binance.US's spot streams: names in the path (`/ws/btcusdt@depth@100ms`, or `/stream?streams=a/b` for messages with
 * their stream's name around them) or by `SUBSCRIBE`. A diff carries the book's first and last update number since the one before.
 */
export const binanceStream: StreamFormat = {
  path: /^\/(?:ws|stream)(?:\/|$)/,
  sampleMs: 100,
  open: (session) => {
    const wrapped = session.path.startsWith('/stream')
    const named = session.path.startsWith('/ws/') ? session.path.slice(4) : (session.query.get('streams') ?? '')
    // After the connection is known to the server, which it is when this has returned.
    setImmediate(() => {
      for (const name of named.split('/')) start(session, name)
    })
    return {
      receive: (text) => receive(text, session),
      encode: (subscription, event) => {
        const messages = encode(subscription, event, session.markets)
        return wrapped ? messages.map((data) => ({ stream: subscription.key, data })) : messages
      },
    }
  },
}

function receive(text: string, session: StreamSession): void {
  const request = objectIn(text)
  const names = textsIn(request?.['params'] ?? [])
  if (request === undefined || names === undefined) {
    session.send({ error: { code: 3, msg: 'Invalid JSON: expected value at line 1 column 1' } })
    return
  }
  const { id = null, method } = request
  switch (method) {
    case 'SUBSCRIBE':
      // A name that there is not is taken all the same, and stays silent.
      session.send({ result: null, id })
      for (const name of names) start(session, name)
      return
    case 'UNSUBSCRIBE':
      for (const name of names) session.unsubscribe(name)
      session.send({ result: null, id })
      return
    case 'LIST_SUBSCRIPTIONS':
      session.send({ result: [...session.subscriptions.keys()], id })
      return
    default:
      session.send({
        error: {
          code: 2,
          msg: `Invalid request: unknown variant \`${String(method).slice(0, 50)}\`, expected one of \`SUBSCRIBE\`, \`UNSUBSCRIBE\`, \`LIST_SUBSCRIPTIONS\`, \`SET_PROPERTY\`, \`GET_PROPERTY\``,
        },
        id,
      })
  }
}

function start(session: StreamSession, name: string): void {
  const channel = channelOf(name, session.markets)
  if (channel === undefined || session.subscriptions.has(name)) return
  const subscription = session.subscribe(name, channel)
  if (subscription !== undefined) session.start(subscription)
}

function channelOf(name: string, markets: readonly MarketName[]): StreamChannel | undefined {
  const [id = '', what = ''] = name.split('@')
  const market = markets.find((each) => binanceName(each).toLowerCase() === id)
  if (market === undefined) return undefined
  const { symbol } = market
  if (what === 'trade' || what === 'aggTrade') return { kind: 'trades', symbol }
  if (what === 'kline_1m') return { kind: 'candles', symbol, interval: '1m' }
  if (what === 'kline_1h') return { kind: 'candles', symbol, interval: '1h' }
  const depth = /^depth(|5|10|20)$/.exec(what)?.[1]
  if (depth === undefined) return undefined
  return { kind: 'book', symbol, depth: depth === '' ? LEVELS_MAX : Number(depth) }
}

function encode(subscription: Subscription, event: StreamEvent, markets: readonly MarketName[]): object[] {
  const { channel, key } = subscription
  const market = markets.find(({ symbol }) => symbol === channel.symbol)
  const name = market === undefined ? '' : binanceName(market)
  const { moment } = event
  if (event.kind === 'trades') {
    // What was traded before is not sent again.
    return event.first ? [] : event.trades.map((trade) => tradeOf(name, trade, key.endsWith('aggTrade')))
  }
  if (event.kind === 'candles') return event.candles.map((candle) => klineOf(name, channel, candle, moment))
  if (/@depth\d/.test(key)) {
    return [
      { lastUpdateId: updateNumber(moment.sequence), bids: levels(event.book.bids), asks: levels(event.book.asks) },
    ]
  }
  if (event.kind === 'snapshot') return []
  const { bids, asks } = event.changes
  return [
    {
      e: 'depthUpdate',
      E: moment.now,
      s: name,
      U: updateNumber(moment.previous) + 1,
      u: updateNumber(moment.sequence),
      b: levels(bids),
      a: levels(asks),
    },
  ]
}

const levels = (side: BookLevels): string[][] => side.map(([price, amount]) => [fixed(price), fixed(amount)])

function tradeOf(s: string, { id, time, side, price, amount }: HistoryTrade, aggregate: boolean): object {
  const [p, q, m] = [fixed(price), fixed(amount), side === 'sell']
  if (aggregate) return { e: 'aggTrade', E: time, s, a: id, p, q, f: id, l: id, T: time, m, M: true }
  return { e: 'trade', E: time, s, t: id, p, q, T: time, m, M: true }
}

/** Numbers of trades and what takers bought are not in the history: they are sent as in REST. */
function klineOf(s: string, channel: StreamChannel, candle: StreamCandle, moment: Moment): object {
  const interval = channel.kind === 'candles' ? channel.interval : '1m'
  const { ts, open, high, low, close, volume, closed } = candle
  return {
    e: 'kline',
    E: moment.now,
    s,
    k: {
      t: ts * 1_000,
      T: (ts + INTERVAL_SECONDS[interval]) * 1_000 - 1,
      s,
      i: interval,
      f: -1,
      L: -1,
      o: fixed(open),
      c: fixed(close),
      h: fixed(high),
      l: fixed(low),
      v: fixed(volume),
      n: 0,
      x: closed,
      q: fixed(volume * close),
      V: fixed(0),
      Q: fixed(0),
      B: '0',
    },
  }
}
