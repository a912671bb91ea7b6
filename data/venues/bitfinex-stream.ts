import type { HistoryBook, MarketName } from '../recorded/history.ts'
import {
  BITFINEX_INTERVALS,
  bitfinexCandle,
  bitfinexLevels,
  bitfinexName,
  bitfinexTrade,
  numberOf,
  pairOf,
} from './bitfinex.ts'
import { signedChecksumOf } from './book-changes.ts'
import {
  type JsonObject,
  objectIn,
  type StreamChannel,
  type StreamEvent,
  type StreamFormat,
  type StreamSession,
  type Subscription,
} from './stream-format.ts'

const DEPTHS: readonly number[] = [1, 25, 100, 250]
/** Flags of `conf`: a number at the end of every message, and checksums of books. */
const SEQUENCE_FLAG = 65_536
const CHECKSUM_FLAG = 131_072
/** Levels a side that the checksum covers. */
const CHECKSUM_LEVELS = 25
/** Seconds between heartbeats of a channel. */
const HEARTBEAT_SECONDS = 15
/** Channels on one connection. */
const CHANNELS_MAX = 25

/** Bitfinex's WebSocket API, version 2: numbered channels, one level a message, a level without orders is gone. */
export const bitfinexStream: StreamFormat = {
  path: /^\/ws\/2$/,
  sampleMs: 100,
  open: (session) => {
    let flags = 0
    let sent = 0
    let seconds = 0
    const numbered = (messages: readonly unknown[][]): unknown[][] => {
      if ((flags & SEQUENCE_FLAG) === 0) return [...messages]
      return messages.map((message) => {
        sent += 1
        return [...message, sent]
      })
    }
    setImmediate(() => session.send(INFO))
    return {
      receive: (text) => {
        const request = objectIn(text)
        if (request?.['event'] !== 'conf') return receive(request, session)
        flags = Number(request['flags']) | 0
        session.send({ event: 'conf', status: 'OK', flags })
      },
      encode: (subscription, event) => numbered(encode(subscription, event, (flags & CHECKSUM_FLAG) !== 0)),
      heartbeat: () => {
        seconds += 1
        if (seconds % HEARTBEAT_SECONDS !== 0) return []
        return numbered([...session.subscriptions.values()].map(({ id }) => [id, 'hb']))
      },
    }
  },
}

const INFO = {
  event: 'info',
  version: 2,
  serverId: '00000000-0000-4000-8000-000000000000',
  platform: { status: 1 },
} as const

function receive(request: JsonObject | undefined, session: StreamSession): void {
  switch (request?.['event']) {
    case 'ping':
      session.send({ event: 'pong', ts: session.now(), cid: request['cid'] ?? 0 })
      return
    case 'subscribe':
      subscribe(request, session)
      return
    case 'unsubscribe': {
      const chanId = Number(request['chanId'])
      const found = [...session.subscriptions.values()].find(({ id }) => id === chanId)
      if (found !== undefined) session.unsubscribe(found.key)
      session.send(
        found === undefined
          ? { event: 'error', msg: 'unsubscribe: invalid', code: 10_400, chanId }
          : { event: 'unsubscribed', status: 'OK', chanId },
      )
      return
    }
    default:
      session.send({ event: 'error', msg: 'event: invalid', code: 10_000 })
  }
}

function subscribe(request: JsonObject, session: StreamSession): void {
  const { channel, symbol, key } = request
  const asked = { channel, ...(symbol !== undefined && { symbol }), ...(key !== undefined && { key }) }
  const refuse = (code: number, msg: string): void => session.send({ ...asked, event: 'error', msg, code })
  const found = channelOf(request, session.markets)
  if (typeof found === 'string') {
    refuse(10_300, found)
    return
  }
  if (session.subscriptions.size >= CHANNELS_MAX) {
    refuse(10_305, 'limit: reached')
    return
  }
  const name = JSON.stringify(found.channel)
  if (session.subscriptions.has(name)) {
    refuse(10_301, 'subscribe: dup')
    return
  }
  const made = session.subscribe(name, found.channel)
  if (made === undefined) {
    refuse(10_305, 'limit: reached')
    return
  }
  const { event, channel: named, ...names } = found.ack
  session.send({ event, channel: named, chanId: made.id, ...names })
  session.start(made)
}

type Found = { readonly channel: StreamChannel; readonly ack: { readonly event: string; readonly channel: string } }

/** The channel that is asked for with what the answer to it says, or why there is none. */
function channelOf(request: JsonObject, markets: readonly MarketName[]): Found | string {
  const { channel, key } = request
  if (channel === 'candles') {
    const [, frame = '', symbol] = /^trade:([^:]+):(.+)$/.exec(String(key)) ?? []
    const market = markets.find((each) => bitfinexName(each) === symbol)
    const interval = Object.hasOwn(BITFINEX_INTERVALS, frame) ? BITFINEX_INTERVALS[frame] : undefined
    if (market === undefined || interval === undefined) return 'key: invalid'
    const ack = { event: 'subscribed', channel, key: String(key) }
    return { channel: { kind: 'candles', symbol: market.symbol, interval }, ack }
  }
  const market = markets.find((each) => bitfinexName(each) === request['symbol'])
  if (market === undefined) return 'symbol: invalid'
  const [symbol, pair] = [bitfinexName(market), pairOf(market)]
  if (channel === 'trades') {
    return {
      channel: { kind: 'trades', symbol: market.symbol },
      ack: { event: 'subscribed', channel, ...{ symbol, pair } },
    }
  }
  if (channel !== 'book') return 'channel: unknown'
  const { prec = 'P0', freq = 'F0', len = '25' } = request
  const depth = DEPTHS.find((each) => `${each}` === String(len))
  if (prec !== 'P0' || freq !== 'F0' || depth === undefined) return 'prec, freq or len: invalid'
  const ack = { event: 'subscribed', channel, ...{ symbol, prec, freq, len: `${depth}`, pair } }
  return { channel: { kind: 'book', symbol: market.symbol, depth }, ack }
}

function encode({ id }: Subscription, event: StreamEvent, checksums: boolean): unknown[][] {
  if (event.kind === 'trades') {
    if (event.first) return [[id, event.trades.toReversed().map(bitfinexTrade)]]
    return event.trades.flatMap((trade) => [
      [id, 'te', bitfinexTrade(trade)],
      [id, 'tu', bitfinexTrade(trade)],
    ])
  }
  if (event.kind === 'candles') {
    if (event.first) return [[id, event.candles.toReversed().map(bitfinexCandle)]]
    return event.candles.map((candle) => [id, bitfinexCandle(candle)])
  }
  if (event.kind === 'snapshot') return [[id, bitfinexLevels(event.book)]]
  // What is gone comes first: one level a message, a client may cut its book to the depth after each.
  const inTurn = bitfinexLevels(event.changes).sort(([, a = 0], [, b = 0]) => a - b)
  const messages: unknown[][] = inTurn.map((level) => [id, level])
  if (checksums) messages.push([id, 'cs', bookChecksum(event.book) + event.moment.checksumError])
  return messages
}

/** CRC-32 of the 25 best levels, a bid and an ask in turn, price and amount of each, with colons between; asks are negative. */
function bookChecksum({ bids, asks }: HistoryBook): number {
  const parts: string[] = []
  for (let index = 0; index < CHECKSUM_LEVELS; index++) {
    const [bid, ask] = [bids[index], asks[index]]
    if (bid !== undefined) parts.push(`${numberOf(bid[0])}`, `${numberOf(bid[1])}`)
    if (ask !== undefined) parts.push(`${numberOf(ask[0])}`, `${-numberOf(ask[1])}`)
  }
  return signedChecksumOf(parts.join(':'))
}
