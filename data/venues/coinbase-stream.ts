import type { HistoryTrade, MarketName } from '../recorded/history.ts'
import type { BookLevels } from './book-changes.ts'
import { coinbaseName } from './coinbase.ts'
import {
  isObject,
  type JsonObject,
  microsecondsIso,
  objectIn,
  type StreamChannel,
  type StreamEvent,
  type StreamFormat,
  type StreamSession,
  type Subscription,
  textsIn,
} from './stream-format.ts'
import { plain } from './wire-format.ts'

/** The whole book: Coinbase has no shorter one. */
const LEVELS_MAX = 1_000_000
const CHANNELS = ['level2', 'level2_batch', 'matches', 'heartbeat'] as const
type ChannelName = (typeof CHANNELS)[number]
/** What a request needs to read `level2`; `level2_batch` gives the same, in batches of 50 ms, to anyone. */
const SIGNED = ['signature', 'key', 'passphrase', 'timestamp'] as const

const UNSIGNED =
  'level2, level3, and full channels now require authentication. https://docs.cdp.coinbase.com/exchange/docs/websocket-auth'

/** Coinbase Exchange's feed: `level2` and `level2_batch` (a snapshot, then changes) and `matches`. */
export const coinbaseStream: StreamFormat = {
  path: /^\/$/,
  sampleMs: 50,
  open: (session) => ({
    receive: (text) => receive(text, session),
    encode: (subscription, event) => encode(subscription, event, session.markets),
    heartbeat: () =>
      [...session.subscriptions.keys()].flatMap((key) => {
        const [name, product] = key.split(':')
        if (name !== 'heartbeat') return []
        const now = session.now()
        const time = microsecondsIso(now)
        return [{ type: 'heartbeat', last_trade_id: 0, product_id: product, sequence: now, time }]
      }),
  }),
}

type Wanted = { readonly name: ChannelName; readonly product: string; readonly symbol: string }

function receive(text: string, session: StreamSession): void {
  const request = objectIn(text)
  if (request === undefined) {
    refuse(session, 'Malformed JSON', undefined)
    return
  }
  const { type } = request
  if (type !== 'subscribe' && type !== 'unsubscribe') {
    refuse(session, 'Unknown type', undefined)
    return
  }
  const wanted = wantedIn(request, session.markets)
  if (typeof wanted === 'string') {
    refuse(session, `Failed to ${type}`, wanted)
    return
  }
  if (type === 'unsubscribe') {
    for (const { name, product } of wanted) session.unsubscribe(`${name}:${product}`)
    session.send(subscribed(session))
    return
  }
  const isNew = wanted.filter(({ name, product }) => !session.subscriptions.has(`${name}:${product}`))
  const made = isNew.map((each) => session.subscribe(`${each.name}:${each.product}`, channelOf(each)))
  session.send(subscribed(session))
  for (const subscription of made) if (subscription !== undefined) session.start(subscription)
}

function refuse(session: StreamSession, message: string, reason: string | undefined): void {
  session.send({ type: 'error', message, ...(reason !== undefined && { reason }) })
}

/** What a request names, or why it is refused as a whole. */
function wantedIn(request: JsonObject, markets: readonly MarketName[]): readonly Wanted[] | string {
  const { channels } = request
  if (!Array.isArray(channels) || channels.length === 0) return 'channels must be an array of channels'
  const wanted: Wanted[] = []
  for (const channel of channels) {
    const found = channelIn(channel, request, markets)
    if (typeof found === 'string') return found
    wanted.push(...found)
  }
  return wanted.length > 0 ? wanted : 'product_ids must be an array of products'
}

function channelIn(channel: unknown, request: JsonObject, markets: readonly MarketName[]): readonly Wanted[] | string {
  const { name: given, product_ids: own } = isObject(channel) ? channel : { name: channel }
  const name = CHANNELS.find((each) => each === given)
  if (name === undefined) return `${String(given).slice(0, 50)} is not a valid channel`
  if (name === 'level2' && !SIGNED.every((key) => key in request)) return UNSIGNED
  const products = textsIn(own ?? request['product_ids']) ?? []
  const found = products.map((product) => ({
    name,
    product,
    symbol: markets.find((market) => coinbaseName(market) === product)?.symbol ?? '',
  }))
  const wrong = found.find(({ symbol }) => symbol === '')
  return wrong === undefined ? found : `${wrong.product.slice(0, 50)} is not a valid product`
}

function channelOf({ name, symbol }: Wanted): StreamChannel {
  const kind = name === 'level2' || name === 'level2_batch' ? 'book' : 'trades'
  return kind === 'book' ? { kind, symbol, depth: LEVELS_MAX } : { kind, symbol }
}

function subscribed(session: StreamSession): object {
  const keys = [...session.subscriptions.keys()].map((key) => key.split(':'))
  const names = [...new Set(keys.map(([name]) => name))]
  const products = (wanted: string | undefined) =>
    keys.filter(([name]) => name === wanted).map(([, product]) => product)
  return { type: 'subscriptions', channels: names.map((name) => ({ name, product_ids: products(name) })) }
}

function encode({ key, channel }: Subscription, event: StreamEvent, markets: readonly MarketName[]): object[] {
  const market = markets.find(({ symbol }) => symbol === channel.symbol)
  const product = market === undefined ? '' : coinbaseName(market)
  if (key.startsWith('heartbeat:')) return []
  if (event.kind === 'trades') {
    const trades = event.first ? event.trades.slice(-1) : event.trades
    return trades.map((trade) => matchOf(product, trade, event.first ? 'last_match' : 'match'))
  }
  if (event.kind === 'snapshot') {
    const levels = (side: BookLevels): string[][] => side.map(([price, amount]) => [plain(price), plain(amount)])
    return [{ type: 'snapshot', product_id: product, asks: levels(event.book.asks), bids: levels(event.book.bids) }]
  }
  if (event.kind !== 'changes') return []
  const changes = (['buy', 'sell'] as const).flatMap((side) =>
    event.changes[side === 'buy' ? 'bids' : 'asks'].map(([price, amount]) => [side, plain(price), plain(amount)]),
  )
  return [{ type: 'l2update', product_id: product, changes, time: microsecondsIso(event.moment.now) }]
}

/** The side of a match is the maker's. Orders have no names in the history: they are made of the trade's number. */
function matchOf(product: string, { id, time, side, price, amount }: HistoryTrade, type: string): object {
  return {
    type,
    trade_id: id,
    maker_order_id: orderId(id, 1),
    taker_order_id: orderId(id, 2),
    side: side === 'buy' ? 'sell' : 'buy',
    size: plain(amount),
    price: plain(price),
    product_id: product,
    sequence: time,
    time: microsecondsIso(time),
  }
}

function orderId(trade: number, party: 1 | 2): string {
  return `0000000${party}-0000-4000-8000-${trade.toString(16).padStart(12, '0')}`
}
