import { bitfinexChecksum, krakenChecksum } from '../../../oracle-node/adapters/venues/book-checksums.ts'
import type { Ladder, Level, VenueId } from '../../../oracle-node/core/market.ts'

/** The venues of the benchmark: the eight of the bar, in their own formats. */
export const BENCH_VENUES = [
  'binance',
  'bitfinex',
  'bitstamp',
  'bybit',
  'coinbaseexchange',
  'gate',
  'kraken',
  'okx',
] as const
export type BenchVenue = (typeof BENCH_VENUES)[number] & VenueId

/** After so many updates a book is as it was: every message can be written beforehand, its checksum too. */
export const CYCLE = 4
const DECIMALS = { price: 2, amount: 8 }
const TICK = 0.05

/** How a venue lists, names and sends one book; an update is of twelve levels, on Bitfinex, as it has it, of one. */
export type BenchWire = {
  readonly quote: 'USD' | 'USDT'
  id(base: string): string
  readonly levels: number
  listing(bases: readonly string[]): unknown
  readonly isListing: RegExp
  /** The ids whose books a request subscribes to. */
  subscribed(request: Readonly<Record<string, unknown>>): readonly string[]
  hours(candles: readonly (readonly number[])[]): unknown
  /** What a request is answered with, where ccxt waits for it. */
  answer?(request: Readonly<Record<string, unknown>>): unknown
  /** By the stream, or by REST where `isSnapshot` is. */
  snapshot(id: string, book: Ladder, sequence: number): string
  readonly isSnapshot?: RegExp
  /** What goes before and behind the number or time that each message has. */
  update(id: string, changes: Ladder, book: Ladder): (sequence: number) => string
}

const text = (value: number): string => value.toFixed(DECIMALS.amount)
const rows = (levels: readonly Level[]): string =>
  JSON.stringify(levels.map(([price, amount]) => [price.toFixed(2), text(amount)]))
const krakenRows = (levels: readonly Level[]): string =>
  `[${levels.map(([price, amount]) => `{"price":${price.toFixed(2)},"qty":${text(amount)}}`).join(',')}]`
const krakenSum = krakenChecksum(DECIMALS)
const names = (value: unknown, pattern: RegExp): string[] =>
  (Array.isArray(value) ? value : [value]).flatMap((name) => pattern.exec(String(name))?.[1] ?? [])
const object = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}

/** The state of a book after the update `step` of its cycle. */
export function bookAfter(step: number, levels: number): Ladder {
  const gone = 4 + (step % CYCLE)
  const side = (sign: 1 | -1): Level[] =>
    Array.from({ length: levels }, (_, slot): Level => [1_000 + sign * TICK * (slot + 1), amountOf(slot, step)]).filter(
      (_, slot) => slot !== gone,
    )
  return { bids: side(-1), asks: side(1) }
}

/** Four amounts, one level less and one more, on each side. */
export function changesOf(step: number): Ladder {
  const gone = 4 + (step % CYCLE)
  const back = 4 + ((step + CYCLE - 1) % CYCLE)
  const side = (sign: 1 | -1): Level[] =>
    [0, 1, 2, 3, gone, back].map((slot) => [1_000 + sign * TICK * (slot + 1), slot === gone ? 0 : amountOf(slot, step)])
  return { bids: side(-1), asks: side(1) }
}

function amountOf(slot: number, step: number): number {
  return slot < 4 ? 1 + ((step % CYCLE) * 7 + slot) / 8 : 1 + (slot % 5) / 4
}

export const BENCH_WIRES: Readonly<Record<BenchVenue, BenchWire>> = {
  binance: {
    quote: 'USDT',
    id: (base) => `${base}USDT`,
    levels: 1_000,
    isListing: /exchangeInfo/,
    listing: (bases) => ({
      symbols: bases.map((base) => ({
        symbol: `${base}USDT`,
        status: 'TRADING',
        baseAsset: base,
        quoteAsset: 'USDT',
        isSpotTradingAllowed: true,
        permissions: ['SPOT'],
        filters: [],
      })),
    }),
    subscribed: ({ params }) => names(params, /^(\w+)@depth/).map((id) => id.toUpperCase()),
    answer: ({ id }) => ({ result: null, id }),
    hours: (candles) => candles,
    isSnapshot: /\/depth\?.*symbol=(\w+)/,
    snapshot: (_, { bids, asks }, n) => `{"lastUpdateId":${n},"bids":${rows(bids)},"asks":${rows(asks)}}`,
    update: (id, { bids, asks }) => {
      const levels = `"b":${rows(bids)},"a":${rows(asks)}`
      return (n) => `{"e":"depthUpdate","E":${Date.now()},"s":"${id}","U":${n},"u":${n},${levels}}`
    },
  },
  bitfinex: {
    quote: 'USD',
    id: (base) => `t${base}:USD`,
    levels: 250,
    isListing: /conf\/pub/,
    listing: (bases) => [bases.map((base) => [`${base}:USD`, [null, null, null, '0.1', '1000']]), [], [], []],
    subscribed: ({ event, channel, symbol }) => (event === 'subscribe' && channel === 'book' ? [String(symbol)] : []),
    hours: (candles) =>
      candles.map(([ms, open, high, low, close, volume]) => [ms, open, close, high, low, volume]).reverse(),
    snapshot: (id, { bids, asks }) =>
      `[${id},${JSON.stringify([...bids.map(([price, amount]) => [price, 1, amount]), ...asks.map(([price, amount]) => [price, 1, -amount])])}]`,
    update: (id, { bids }, book) => {
      const [price, amount] = bids[0] ?? [0, 0]
      const both = `[${id},[${price},1,${amount}]]\n[${id},"cs",${bitfinexChecksum(book)}]`
      return () => both
    },
  },
  bitstamp: {
    quote: 'USD',
    id: (base) => `${base.toLowerCase()}usd`,
    levels: 1_000,
    isListing: /\/markets\//,
    listing: (bases) =>
      bases.map((base) => ({
        market_symbol: `${base.toLowerCase()}usd`,
        base_currency: base,
        counter_currency: 'USD',
        base_decimals: 8,
        counter_decimals: 2,
        market_type: 'SPOT',
        trading: 'Enabled',
      })),
    subscribed: ({ data }) => names(object(data)['channel'], /^diff_order_book_(\w+)$/),
    answer: ({ data }) => ({ event: 'bts:subscription_succeeded', channel: object(data)['channel'], data: {} }),
    hours: (candles) => ({
      data: {
        pair: 'X',
        ohlc: candles.map(([ms = 0, open, high, low, close, volume]) => ({
          timestamp: `${ms / 1_000}`,
          open,
          high,
          low,
          close,
          volume,
        })),
      },
    }),
    isSnapshot: /\/order_book\/(\w+)/,
    snapshot: (_, { bids, asks }) =>
      `{"timestamp":"1","microtimestamp":"${Date.now()}000","bids":${rows(bids)},"asks":${rows(asks)}}`,
    update: (id, { bids, asks }) => {
      const levels = `"bids":${rows(bids)},"asks":${rows(asks)}`
      const head = `{"event":"data","channel":"diff_order_book_${id}","data":{"timestamp":"1","microtimestamp":"`
      return () => `${head}${Date.now()}000",${levels}}}`
    },
  },
  bybit: {
    quote: 'USDT',
    id: (base) => `${base}USDT`,
    levels: 1_000,
    isListing: /instruments-info/,
    listing: (bases) => ({
      retCode: 0,
      result: {
        list: bases.map((base) => ({
          symbol: `${base}USDT`,
          baseCoin: base,
          quoteCoin: 'USDT',
          status: 'Trading',
          lotSizeFilter: { basePrecision: '0.00000001' },
          priceFilter: { tickSize: '0.01' },
        })),
      },
    }),
    subscribed: ({ args }) => names(args, /^orderbook\.\d+\.(\w+)$/),
    hours: (candles) => ({ retCode: 0, result: { list: candles.map((row) => row.map(String)).reverse() } }),
    snapshot: (id, { bids, asks }, n) =>
      `{"topic":"orderbook.1000.${id}","type":"snapshot","ts":1,"data":{"s":"${id}","b":${rows(bids)},"a":${rows(asks)},"u":${n},"seq":${n}}}`,
    update: (id, { bids, asks }) => {
      const levels = `"b":${rows(bids)},"a":${rows(asks)}`
      const head = `{"topic":"orderbook.1000.${id}","type":"delta","ts":`
      return (n) => `${head}${Date.now()},"data":{"s":"${id}",${levels},"u":${n},"seq":${n}}}`
    },
  },
  coinbaseexchange: {
    quote: 'USD',
    id: (base) => `${base}-USD`,
    levels: 1_000,
    isListing: /\/products$/,
    listing: (bases) =>
      bases.map((base) => ({
        id: `${base}-USD`,
        base_currency: base,
        quote_currency: 'USD',
        status: 'online',
        base_increment: '0.00000001',
        quote_increment: '0.01',
      })),
    subscribed: ({ product_ids, channels }) =>
      JSON.stringify(channels).includes('level2') ? names(product_ids, /^(.+)$/) : [],
    hours: (candles) =>
      candles.map(([ms = 0, open, high, low, close, volume]) => [ms / 1_000, low, high, open, close, volume]).reverse(),
    snapshot: (id, { bids, asks }) =>
      `{"type":"snapshot","product_id":"${id}","asks":${rows(asks)},"bids":${rows(bids)}}`,
    update: (id, { bids, asks }) => {
      const changes = [
        ...bids.map(([price, amount]) => ['buy', price.toFixed(2), text(amount)]),
        ...asks.map(([price, amount]) => ['sell', price.toFixed(2), text(amount)]),
      ]
      const head = `{"type":"l2update","product_id":"${id}","changes":${JSON.stringify(changes)},"time":"`
      return () => `${head}${new Date().toISOString()}"}`
    },
  },
  gate: {
    quote: 'USDT',
    id: (base) => `${base}_USDT`,
    levels: 400,
    isListing: /currency_pairs/,
    listing: (bases) =>
      bases.map((base) => ({
        id: `${base}_USDT`,
        base,
        quote: 'USDT',
        amount_precision: 8,
        precision: 2,
        trade_status: 'tradable',
      })),
    subscribed: ({ channel, payload }) => {
      if (channel === 'spot.order_book_update') return names(payload, /^(\w+_\w+)$/)
      return names(payload, /^ob\.(\w+)\.\d+$/)
    },
    hours: (candles) =>
      candles.map(([ms = 0, open, high, low, close, volume]) =>
        [ms / 1_000, 0, close, high, low, open, volume].map(String),
      ),
    snapshot: (id, { bids, asks }, n) =>
      `{"channel":"spot.obu","event":"update","time_ms":1,"result":{"t":1,"full":true,"s":"ob.${id}.400","u":${n},"b":${rows(bids)},"a":${rows(asks)}}}`,
    update: (id, { bids, asks }) => {
      const levels = `"b":${rows(bids)},"a":${rows(asks)}`
      const head = `{"channel":"spot.obu","event":"update","time_ms":1,"result":{"t":1,"s":"ob.${id}.400",`
      return (n) => `${head}"U":${n},"u":${n},${levels}}}`
    },
  },
  kraken: {
    quote: 'USD',
    id: (base) => `${base}/USD`,
    levels: 1_000,
    isListing: /AssetPairs/,
    listing: (bases) => ({
      error: [],
      result: Object.fromEntries(
        bases.map((base) => [
          `${base}USD`,
          {
            altname: `${base}USD`,
            wsname: `${base}/USD`,
            base,
            quote: 'ZUSD',
            pair_decimals: 2,
            lot_decimals: 8,
            status: 'online',
            fees: [],
            fees_maker: [],
          },
        ]),
      ),
    }),
    subscribed: ({ method, params }) =>
      method === 'subscribe' && object(params)['channel'] === 'book' ? names(object(params)['symbol'], /^(.+)$/) : [],
    hours: (candles) => ({
      error: [],
      result: {
        X: candles.map(([ms = 0, open, high, low, close, volume]) => [
          ms / 1_000,
          open,
          high,
          low,
          close,
          close,
          volume,
          1,
        ]),
        last: 1,
      },
    }),
    snapshot: (id, book) =>
      `{"channel":"book","type":"snapshot","data":[{"symbol":"${id}","bids":${krakenRows(book.bids)},"asks":${krakenRows(book.asks)},"checksum":${krakenOf(book)},"timestamp":"2026-01-01T00:00:00Z"}]}`,
    update: (id, { bids, asks }, book) => {
      const message = `{"channel":"book","type":"update","data":[{"symbol":"${id}","bids":${krakenRows(bids)},"asks":${krakenRows(asks)},"checksum":${krakenOf(book)},"timestamp":"2026-01-01T00:00:00.000000Z"}]}`
      return () => message
    },
  },
  okx: {
    quote: 'USDT',
    id: (base) => `${base}-USDT`,
    levels: 400,
    isListing: /public\/instruments/,
    listing: (bases) => ({
      code: '0',
      data: bases.map((base) => ({
        instId: `${base}-USDT`,
        instType: 'SPOT',
        baseCcy: base,
        quoteCcy: 'USDT',
        state: 'live',
        tickSz: '0.01',
        lotSz: '0.00000001',
      })),
    }),
    subscribed: ({ args }) =>
      (Array.isArray(args) ? args : []).flatMap((each) =>
        object(each)['channel'] === 'books' ? [String(object(each)['instId'])] : [],
      ),
    hours: (candles) => ({ code: '0', data: candles.map((row) => [...row, 0, 0, 1].map(String)).reverse() }),
    snapshot: (id, { bids, asks }, n) =>
      `{"arg":{"channel":"books","instId":"${id}"},"action":"snapshot","data":[{"asks":${rows(asks)},"bids":${rows(bids)},"ts":"1","checksum":0,"seqId":${n},"prevSeqId":-1}]}`,
    update: (id, { bids, asks }) => {
      const levels = `"asks":${rows(asks)},"bids":${rows(bids)}`
      const head = `{"arg":{"channel":"books","instId":"${id}"},"action":"update","data":[{${levels},"ts":"1","checksum":0,`
      return (n) => `${head}"seqId":${n},"prevSeqId":${n - 1}}]}`
    },
  },
}

function krakenOf({ bids, asks }: Ladder): number {
  return krakenSum({ bids: bids.slice(0, 10), asks: asks.slice(0, 10) })
}
