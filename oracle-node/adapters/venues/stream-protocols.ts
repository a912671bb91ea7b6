import type { Ladder, VenueId } from '../../core/market.ts'
import { BITFINEX_CHECKSUM_LEVELS, bitfinexChecksum, KRAKEN_CHECKSUM_LEVELS, krakenChecksum } from './book-checksums.ts'
import {
  type BookReader,
  readBinance,
  readBitfinex,
  readBitstamp,
  readBybit,
  readCoinbase,
  readGate,
  readKraken,
  readOkx,
} from './book-readers.ts'
import { isFields } from './read-message.ts'

/** What of a market its stream needs. */
export type StreamMarket = {
  /** ccxt's unified symbol. */
  readonly symbol: string
  /** The venue's own name, as its book messages have it. */
  readonly id: string
  readonly decimals: { readonly price: number; readonly amount: number }
}

/** How a venue's books are followed; each line is from the venue's own documentation of its WebSocket. */
export type StreamProtocol = {
  /** Where ccxt keeps the socket's address, as a path into its `urls.api`, and what comes behind it. */
  readonly url: { readonly path: readonly string[]; readonly suffix?: string }
  /** Kraken's messages have ccxt's symbols, all others an id. */
  readonly name: 'id' | 'symbol'
  readonly read: BookReader
  /** Whether the stream begins with a whole book, or it has to be asked for by REST. */
  readonly snapshot: 'stream' | 'rest'
  /** The levels that the feed is cut to, or that we keep of a whole one. */
  readonly levelsMax: number
  /** Markets that one request may name. */
  readonly perRequest: number
  /** Markets that one connection may follow: books and trades count. */
  readonly perConnection: number
  /** A book whose changes have no numbers is asked for anew so often, lest a lost change stays. */
  readonly resyncSeconds?: number
  /** Sent once a connection. */
  readonly greeting?: unknown
  readonly checksum?: (market: StreamMarket) => (book: Ladder) => number
  readonly checksumLevels?: number
  request(args: {
    readonly verb: 'subscribe' | 'unsubscribe'
    readonly ids: readonly string[]
    readonly requestId: number
    readonly channels: Readonly<Record<string, unknown>>
  }): unknown
}

/** Of a feed of the whole book: what is further away hardly counts for depth, and 200 such books fit into 64 MB. */
const WHOLE_BOOK_LEVELS = 10_000
const NO_LIMIT = 10_000
const RESYNC_SECONDS = 600

const binance: StreamProtocol = {
  url: { path: ['ws', 'spot'], suffix: '/0' },
  name: 'id',
  read: readBinance,
  snapshot: 'rest',
  levelsMax: WHOLE_BOOK_LEVELS,
  perRequest: 200,
  // 1,024 streams a connection; a market has two.
  perConnection: 400,
  request: ({ verb, ids, requestId }) => ({
    method: verb.toUpperCase(),
    params: ids.map((id) => `${id.toLowerCase()}@depth@100ms`),
    id: requestId,
  }),
}

/** By ccxt's names of the venues. */
export const STREAM_PROTOCOLS: Readonly<Record<VenueId, StreamProtocol>> = {
  binance,
  binanceus: binance,
  bitfinex: {
    url: { path: ['ws', 'public'] },
    name: 'id',
    read: readBitfinex,
    snapshot: 'stream',
    levelsMax: 250,
    perRequest: 1,
    // 25 channels a connection; a market has two.
    perConnection: 12,
    // Checksums, which are off without it.
    greeting: { event: 'conf', flags: 131_072 },
    checksum: () => bitfinexChecksum,
    checksumLevels: BITFINEX_CHECKSUM_LEVELS,
    request: ({ verb, ids: [id], channels }) =>
      verb === 'subscribe'
        ? { event: verb, channel: 'book', symbol: id, prec: 'P0', freq: 'F0', len: '250' }
        : { event: verb, chanId: channelOf(channels, id) },
  },
  bitstamp: {
    url: { path: ['ws'] },
    name: 'id',
    read: readBitstamp,
    snapshot: 'rest',
    levelsMax: WHOLE_BOOK_LEVELS,
    perRequest: 1,
    perConnection: NO_LIMIT,
    resyncSeconds: RESYNC_SECONDS,
    request: ({ verb, ids: [id] }) => ({ event: `bts:${verb}`, data: { channel: `diff_order_book_${id}` } }),
  },
  bybit: {
    url: { path: ['ws', 'public', 'spot'] },
    name: 'id',
    read: readBybit,
    snapshot: 'stream',
    levelsMax: 1_000,
    perRequest: 10,
    perConnection: NO_LIMIT,
    request: ({ verb, ids, requestId }) => ({
      op: verb,
      req_id: `book-${requestId}`,
      args: ids.map((id) => `orderbook.1000.${id}`),
    }),
  },
  coinbaseexchange: {
    url: { path: ['ws'] },
    name: 'id',
    read: readCoinbase,
    snapshot: 'stream',
    levelsMax: WHOLE_BOOK_LEVELS,
    perRequest: 50,
    perConnection: NO_LIMIT,
    resyncSeconds: RESYNC_SECONDS,
    // `level2` is for members; `level2_batch`, every 50 ms, for everyone.
    request: ({ verb, ids }) => ({ type: verb, product_ids: ids, channels: ['level2_batch'] }),
  },
  gate: {
    url: { path: ['spot'] },
    name: 'id',
    read: readGate,
    snapshot: 'stream',
    levelsMax: 400,
    perRequest: 20,
    perConnection: NO_LIMIT,
    request: ({ verb, ids, requestId }) => ({
      id: requestId,
      time: Math.floor(Date.now() / 1_000),
      channel: 'spot.obu',
      event: verb,
      payload: ids.map((id) => `ob.${id}.400`),
    }),
  },
  kraken: {
    url: { path: ['ws', 'publicV2'] },
    name: 'symbol',
    read: readKraken,
    snapshot: 'stream',
    levelsMax: 1_000,
    perRequest: 50,
    perConnection: NO_LIMIT,
    checksum: ({ decimals }) => krakenChecksum(decimals),
    checksumLevels: KRAKEN_CHECKSUM_LEVELS,
    request: ({ verb, ids, requestId }) => ({
      method: verb,
      params: { channel: 'book', symbol: ids, depth: 1_000 },
      req_id: requestId,
    }),
  },
  okx: {
    url: { path: ['ws'], suffix: '/public' },
    name: 'id',
    read: readOkx,
    snapshot: 'stream',
    levelsMax: 400,
    perRequest: 100,
    perConnection: NO_LIMIT,
    request: ({ verb, ids }) => ({ op: verb, args: ids.map((instId) => ({ channel: 'books', instId })) }),
  },
}

/** The number of the channel that a market's book comes by, while it does. */
function channelOf(channels: Readonly<Record<string, unknown>>, id: string | undefined): number | undefined {
  for (const channel of Object.values(channels)) {
    if (!isFields(channel) || channel['channel'] !== 'book' || channel['symbol'] !== id) continue
    if (typeof channel['chanId'] === 'number') return channel['chanId']
  }
  return undefined
}
