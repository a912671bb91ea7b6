import type { BookMessage } from './live-book.ts'
import { firstOf, integerOf, isFields, levelsOf, numberOf } from './read-message.ts'

/**
 * A message about a book; `other` is for ccxt to handle, `none` for nobody, and `malformed` a message about a book that cannot be
 * read, after which that book cannot be trusted (any book of the connection, where not even the market is known).
 */
export type ReadMessage =
  | BookMessage
  | { readonly kind: 'other' }
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed'; readonly market?: string | undefined }

/** @param channels Bitfinex alone names channels by number: what each number stands for. */
export type BookReader = (message: unknown, channels: Readonly<Record<string, unknown>>) => ReadMessage

const OTHER = { kind: 'other' } as const
const NONE = { kind: 'none' } as const

type Parts = {
  readonly bids: readonly number[] | undefined
  readonly asks: readonly number[] | undefined
  readonly previous?: number | undefined
  readonly last?: number | undefined
  readonly checksum?: number | undefined
}

function book(kind: 'snapshot' | 'update', market: unknown, parts: Parts): ReadMessage {
  if (typeof market !== 'string') return { kind: 'malformed' }
  const { bids, asks, previous, last, checksum } = parts
  if (bids === undefined || asks === undefined) return { kind: 'malformed', market }
  return {
    market,
    kind,
    bids,
    asks,
    ...(previous === undefined ? {} : { previous }),
    ...(last === undefined ? {} : { last }),
    ...(checksum === undefined ? {} : { checksum }),
  }
}

/** Numbered messages are useless without their numbers. */
function numbered(kind: 'snapshot' | 'update', market: unknown, parts: Parts): ReadMessage {
  const isWhole = parts.last !== undefined && (kind === 'snapshot' || parts.previous !== undefined)
  if (isWhole) return book(kind, market, parts)
  return typeof market === 'string' ? { kind: 'malformed', market } : { kind: 'malformed' }
}

function before(first: number | undefined): number | undefined {
  return first === undefined ? undefined : first - 1
}

/** Binance and Binance.US: changes that cover the states `U` to `u`; a snapshot comes by REST. */
export function readBinance(message: unknown): ReadMessage {
  if (!isFields(message)) return OTHER
  const update = isFields(message['data']) ? message['data'] : message
  if (update['e'] !== 'depthUpdate') return OTHER
  return numbered('update', update['s'], {
    bids: levelsOf(update['b']),
    asks: levelsOf(update['a']),
    previous: before(integerOf(update['U'])),
    last: integerOf(update['u']),
  })
}

/** Coinbase Exchange, `level2_batch`: times, no numbers. */
export function readCoinbase(message: unknown): ReadMessage {
  if (!isFields(message)) return OTHER
  if (message['type'] === 'snapshot') {
    return book('snapshot', message['product_id'], { bids: levelsOf(message['bids']), asks: levelsOf(message['asks']) })
  }
  if (message['type'] !== 'l2update') return OTHER
  const changes = message['changes']
  const time = typeof message['time'] === 'string' ? Date.parse(message['time']) : Number.NaN
  if (!Array.isArray(changes) || Number.isNaN(time))
    return book('update', message['product_id'], { bids: undefined, asks: undefined })
  const sideOf = (name: string) =>
    levelsOf(
      changes.filter((row) => Array.isArray(row) && row[0] === name),
      1,
      2,
    )
  const isWhole = changes.every((row) => Array.isArray(row) && (row[0] === 'buy' || row[0] === 'sell'))
  return book('update', message['product_id'], {
    bids: isWhole ? sideOf('buy') : undefined,
    asks: sideOf('sell'),
    last: time,
  })
}

/** Kraken's WebSocket v2: a checksum in each message. */
export function readKraken(message: unknown): ReadMessage {
  if (!isFields(message) || message['channel'] !== 'book') return OTHER
  const data = firstOf(message['data'])
  if (data === undefined) return { kind: 'malformed' }
  const checksum = integerOf(data['checksum'])
  const parts = { bids: levelsOf(data['bids'], 'price', 'qty'), asks: levelsOf(data['asks'], 'price', 'qty'), checksum }
  if (checksum === undefined) return numbered('update', data['symbol'], parts)
  return book(message['type'] === 'snapshot' ? 'snapshot' : 'update', data['symbol'], parts)
}

/** OKX v5: each message names the state before it, `prevSeqId`. */
export function readOkx(message: unknown): ReadMessage {
  if (!isFields(message)) return OTHER
  const argument = message['arg']
  if (!isFields(argument) || argument['channel'] !== 'books') return OTHER
  if (message['event'] === 'unsubscribe') return NONE
  if (message['event'] !== undefined) return OTHER
  const data = firstOf(message['data'])
  if (data === undefined) return numbered('update', argument['instId'], { bids: undefined, asks: undefined })
  return numbered(message['action'] === 'snapshot' ? 'snapshot' : 'update', argument['instId'], {
    bids: levelsOf(data['bids']),
    asks: levelsOf(data['asks']),
    previous: integerOf(data['prevSeqId']),
    last: integerOf(data['seqId']),
  })
}

/** Bybit v5: numbers that rise by one. */
export function readBybit(message: unknown): ReadMessage {
  if (!isFields(message)) return OTHER
  if (message['op'] === 'unsubscribe') return NONE
  const { topic, data } = message
  if (typeof topic !== 'string' || !topic.startsWith('orderbook.')) return OTHER
  if (!isFields(data)) return { kind: 'malformed', market: topic.split('.')[2] }
  const last = integerOf(data['u'])
  return numbered(message['type'] === 'snapshot' ? 'snapshot' : 'update', data['s'], {
    bids: levelsOf(data['b']),
    asks: levelsOf(data['a']),
    previous: before(last),
    last,
  })
}

/** Bitstamp's `diff_order_book`: times in microseconds, no numbers; a snapshot comes by REST. */
export function readBitstamp(message: unknown): ReadMessage {
  if (!isFields(message)) return OTHER
  const { channel, data } = message
  if (typeof channel !== 'string' || !channel.startsWith('diff_order_book_')) return OTHER
  const market = channel.slice('diff_order_book_'.length)
  if (message['event'] !== 'data') return message['event'] === 'bts:error' ? OTHER : NONE
  if (!isFields(data)) return { kind: 'malformed', market }
  const last = integerOf(data['microtimestamp'])
  if (last === undefined) return { kind: 'malformed', market }
  return book('update', market, { bids: levelsOf(data['bids']), asks: levelsOf(data['asks']), last })
}

/** Gate's `spot.obu`: a full book first, then changes that cover `U` to `u`. */
export function readGate(message: unknown): ReadMessage {
  if (!isFields(message) || message['channel'] !== 'spot.obu' || isFields(message['error'])) return OTHER
  if (message['event'] !== 'update') return NONE
  const { result } = message
  const name: unknown = isFields(result) ? result['s'] : undefined
  if (!isFields(result) || typeof name !== 'string') return { kind: 'malformed' }
  return numbered(result['full'] === true ? 'snapshot' : 'update', name.split('.')[1], {
    bids: levelsOf(result['b']),
    asks: levelsOf(result['a']),
    previous: before(integerOf(result['U'])),
    last: integerOf(result['u']),
  })
}

/** Bitfinex: lists that begin with a channel's number; a checksum is a message of its own. */
export function readBitfinex(message: unknown, channels: Readonly<Record<string, unknown>>): ReadMessage {
  if (isFields(message)) return message['event'] === 'unsubscribed' ? NONE : OTHER
  if (!Array.isArray(message)) return OTHER
  const [channel, content, checksum]: unknown[] = message
  const subscribed = typeof channel === 'number' ? channels[channel] : undefined
  if (!isFields(subscribed) || subscribed['channel'] !== 'book') return OTHER
  const market = subscribed['symbol']
  if (content === 'hb') return NONE
  if (content === 'cs') return bitfinexCheck(market, integerOf(checksum))
  if (!Array.isArray(content)) return book('update', market, { bids: undefined, asks: undefined })
  const isSnapshot = content.length === 0 || Array.isArray(content[0])
  return book(isSnapshot ? 'snapshot' : 'update', market, bitfinexLevels(isSnapshot ? content : [content]))
}

function bitfinexCheck(market: unknown, checksum: number | undefined): ReadMessage {
  if (typeof market !== 'string') return { kind: 'malformed' }
  if (checksum === undefined) return { kind: 'malformed', market }
  return { market, kind: 'checksum', bids: [], asks: [], checksum }
}

/** Rows of price, count and amount: an ask's amount is negative, and no count removes the level. */
function bitfinexLevels(rows: readonly unknown[]): Parts {
  const sides: { bids: [unknown, number][]; asks: [unknown, number][] } = { bids: [], asks: [] }
  for (const row of rows) {
    const [price, count, signed]: unknown[] = Array.isArray(row) ? row : []
    const amount = numberOf(signed)
    const orders = integerOf(count)
    if (orders === undefined || orders < 0 || Number.isNaN(amount)) return { bids: undefined, asks: undefined }
    sides[amount < 0 ? 'asks' : 'bids'].push([price, orders === 0 ? 0 : Math.abs(amount)])
  }
  return { bids: levelsOf(sides.bids), asks: levelsOf(sides.asks) }
}
