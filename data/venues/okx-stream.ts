import type { HistoryBook } from '../recorded/history.ts'
import { signedChecksumOf } from './book-changes.ts'
import { okxCandle, okxLevels, okxName, okxTrade } from './okx.ts'
import {
  isObject,
  type JsonObject,
  objectIn,
  type StreamChannel,
  type StreamEvent,
  type StreamFormat,
  type StreamSession,
  type Subscription,
  updateNumber,
} from './stream-format.ts'

/** Depth by channel: `books` sends changes, the others whole books. */
const BOOKS: Readonly<Record<string, number>> = { books: 400, books5: 5, 'bbo-tbt': 1 }
const CANDLES: Readonly<Record<string, '1m' | '1h'>> = { candle1m: '1m', candle1H: '1h' }
/** Levels a side that the checksum covers. */
const CHECKSUM_LEVELS = 25

/** OKX's WebSocket API, version 5: books, trades and candles, the last on the path of the business API. */
export const okxStream: StreamFormat = {
  path: /^\/ws\/v5\/(?:public|business)$/,
  sampleMs: 100,
  open: (session) => ({
    receive: (text) => receive(text, session),
    encode,
  }),
}

function receive(text: string, session: StreamSession): void {
  if (text === 'ping') {
    session.send('pong')
    return
  }
  const connId = connectionId(session)
  const request = objectIn(text)
  const { op, args } = request ?? {}
  if ((op !== 'subscribe' && op !== 'unsubscribe') || !Array.isArray(args)) {
    session.send({ event: 'error', code: '60012', msg: `Invalid request: ${text.slice(0, 200)}`, connId })
    return
  }
  for (const given of args) {
    const arg = isObject(given) ? given : {}
    const channel = channelOf(arg, session)
    if (channel === undefined) session.send({ event: 'error', code: '60018', msg: unknownOf(arg), connId })
    else change(op, { channel: arg['channel'], instId: arg['instId'] }, channel, session)
  }
}

function change(
  op: 'subscribe' | 'unsubscribe',
  arg: JsonObject,
  channel: StreamChannel,
  session: StreamSession,
): void {
  const key = JSON.stringify(arg)
  const isNew = op === 'subscribe' && !session.subscriptions.has(key)
  if (op === 'unsubscribe') session.unsubscribe(key)
  session.send({ event: op, arg, connId: connectionId(session) })
  const made = isNew ? session.subscribe(key, channel) : undefined
  if (made !== undefined) session.start(made)
}

const connectionId = ({ number }: StreamSession): string => number.toString(16).padStart(8, '0')

function unknownOf({ channel, instId }: JsonObject): string {
  const names = `channel:${String(channel).slice(0, 50)},instId:${String(instId).slice(0, 50)}`
  return `Wrong URL or ${names} doesn't exist. Please use the correct URL, channel and parameters referring to API document.`
}

function channelOf(arg: JsonObject, { markets, path }: StreamSession): StreamChannel | undefined {
  const symbol = markets.find((market) => okxName(market) === arg['instId'])?.symbol
  const name = String(arg['channel'])
  if (symbol === undefined) return undefined
  const interval = Object.hasOwn(CANDLES, name) ? CANDLES[name] : undefined
  if (path.endsWith('/business')) return interval && { kind: 'candles', symbol, interval }
  if (name === 'trades') return { kind: 'trades', symbol }
  const depth = Object.hasOwn(BOOKS, name) ? BOOKS[name] : undefined
  return depth === undefined ? undefined : { kind: 'book', symbol, depth }
}

function encode({ key, channel }: Subscription, event: StreamEvent): object[] {
  const arg = objectIn(key) ?? {}
  const { moment } = event
  if (event.kind === 'trades') {
    const trades = event.first ? event.trades.slice(-1) : event.trades
    return trades.map((trade) => ({ arg, data: [okxTrade(String(arg['instId']), trade)] }))
  }
  if (event.kind === 'candles') {
    return event.candles.map((candle) => ({ arg, data: [okxCandle(candle, candle.closed)] }))
  }
  const isSnapshot = event.kind === 'snapshot'
  const { asks, bids } = isSnapshot || channel.kind !== 'book' || channel.depth < 400 ? event.book : event.changes
  const shown = { asks: okxLevels(asks), bids: okxLevels(bids), ts: `${moment.now}` }
  const seqId = updateNumber(moment.sequence)
  if (arg['channel'] !== 'books') return [{ arg, data: [{ ...shown, seqId }] }]
  const checksum = okxChecksum(event.book) + moment.checksumError
  const prevSeqId = isSnapshot ? -1 : updateNumber(moment.previous)
  return [{ arg, action: isSnapshot ? 'snapshot' : 'update', data: [{ ...shown, checksum, seqId, prevSeqId }] }]
}

/** CRC-32 of the 25 best levels, a bid and an ask in turn, price and amount of each, with colons between. */
export function okxChecksum({ bids, asks }: HistoryBook): number {
  const parts: (string | undefined)[] = []
  const [bidTexts, askTexts] = [okxLevels(bids.slice(0, CHECKSUM_LEVELS)), okxLevels(asks.slice(0, CHECKSUM_LEVELS))]
  for (let index = 0; index < CHECKSUM_LEVELS; index++) {
    for (const level of [bidTexts[index], askTexts[index]]) if (level !== undefined) parts.push(level[0], level[1])
  }
  return signedChecksumOf(parts.join(':'))
}
