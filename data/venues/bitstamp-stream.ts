import type { HistoryTrade, MarketName } from '../recorded/history.ts'
import { bitstampLevels, bitstampName, bitstampTimes } from './bitstamp.ts'
import {
  isObject,
  objectIn,
  type StreamChannel,
  type StreamEvent,
  type StreamFormat,
  type StreamSession,
} from './stream-format.ts'
import { fixed, plain } from './wire-format.ts'

const LEVELS_MAX = 1_000_000
/** Levels a side of the channel that sends whole books. */
const WHOLE_LEVELS = 100

/** Bitstamp's WebSocket API, version 2: changes are told from a REST book's by their microtimestamp. */
export const bitstampStream: StreamFormat = {
  path: /^\/$/,
  sampleMs: 100,
  open: (session) => ({
    receive: (text) => receive(text, session),
    encode: ({ key: channel }, event) => encode(channel, event),
  }),
}

function receive(text: string, session: StreamSession): void {
  const request = objectIn(text)
  const { event, data } = request ?? {}
  if (event === 'bts:heartbeat') {
    session.send({ event: 'bts:heartbeat', channel: '', data: { status: 'success' } })
    return
  }
  const name = isObject(data) && typeof data['channel'] === 'string' ? data['channel'].slice(0, 100) : ''
  const refuse = (message: string): void =>
    session.send({ event: 'bts:error', channel: name, data: { code: null, message } })
  if (request === undefined) {
    refuse('Incorrect JSON format.')
    return
  }
  if (event !== 'bts:subscribe' && event !== 'bts:unsubscribe') {
    refuse('Unknown event.')
    return
  }
  const channel = channelOf(name, session.markets)
  if (channel === undefined) {
    refuse('Bad subscription string.')
    return
  }
  if (event === 'bts:unsubscribe') {
    session.unsubscribe(name)
    session.send({ event: 'bts:unsubscription_succeeded', channel: name, data: {} })
    return
  }
  const made = session.subscriptions.has(name) ? undefined : session.subscribe(name, channel)
  session.send({ event: 'bts:subscription_succeeded', channel: name, data: {} })
  if (made !== undefined) session.start(made)
}

function channelOf(name: string, markets: readonly MarketName[]): StreamChannel | undefined {
  const [, what, pair] = /^(diff_order_book|order_book|live_trades)_([a-z0-9]+)$/.exec(name) ?? []
  const symbol = markets.find((market) => bitstampName(market) === pair)?.symbol
  if (symbol === undefined) return undefined
  if (what === 'live_trades') return { kind: 'trades', symbol }
  return { kind: 'book', symbol, depth: what === 'order_book' ? WHOLE_LEVELS : LEVELS_MAX }
}

function encode(channel: string, event: StreamEvent): object[] {
  if (event.kind === 'trades') {
    return event.first ? [] : event.trades.map((trade) => ({ data: tradeOf(trade), channel, event: 'trade' }))
  }
  if (event.kind === 'candles') return []
  const isWhole = channel.startsWith('order_book_')
  if (event.kind === 'snapshot' && !isWhole) return []
  const { bids, asks } = event.kind === 'snapshot' || isWhole ? event.book : event.changes
  const data = { ...bitstampTimes(event.moment.now), bids: bitstampLevels(bids), asks: bitstampLevels(asks) }
  return [{ data, channel, event: 'data' }]
}

/** The orders have no numbers in the history: they are made of the trade's. */
function tradeOf({ id, time, side, price, amount }: HistoryTrade): object {
  const { timestamp, microtimestamp } = bitstampTimes(time)
  return {
    id,
    timestamp,
    amount: Number(fixed(amount)),
    amount_str: fixed(amount),
    price: Number(fixed(price)),
    price_str: plain(price),
    type: side === 'buy' ? 0 : 1,
    microtimestamp,
    buy_order_id: id * 2,
    sell_order_id: id * 2 + 1,
  }
}
