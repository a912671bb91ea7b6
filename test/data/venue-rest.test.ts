import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SYNTHETIC_START } from '../../data/synthetic/simulator.ts'
import { FORMATS } from '../../data/venues/formats.ts'
import { venueView } from '../../data/venues/view.ts'
import type { VenueId } from '../../oracle-node/core/market.ts'
import { everywhere } from '../support/everywhere.ts'
import { hasSharedData, SHARED_DATA } from './shared-data.ts'

const history = everywhere()
const NOW = SYNTHETIC_START + 5_430
const HOUR = NOW - (NOW % 3_600)
const MINUTE = NOW - (NOW % 60)

type Reply = { readonly status: number; readonly body: unknown }
function get(venue: VenueId, address: string): Reply {
  const { pathname: path, searchParams: query } = new URL(address, 'http://venue')
  const { rest, stream } = FORMATS[venue]
  const { fillsEmpty } = rest
  const reply = rest.reply(
    { path, query },
    venueView({ history, venue, now: NOW, fillsEmpty, sampleMs: stream.sampleMs }),
  )
  return JSON.parse(JSON.stringify(reply)) as Reply
}
/** What stands at a path of keys and places in a reply's body. */
function at(reply: Reply, ...path: ReadonlyArray<string | number>): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], reply.body)
}
const times = (rows: unknown, key: string | number = 0): number[] =>
  (rows as Array<Record<string | number, unknown>>).map((row) => Number(row[key]))
const last = history.bars({ venue: 'binance', symbol: 'BTC/USDT', interval: '1m', from: 0, to: NOW }).at(-1)
const text = (value: number | undefined): string => `${value}`

describe('OKX', () => {
  const candles = (query: string) => get('okx', `/api/v5/market/candles?instId=BTC-USDT&${query}`)

  test('sends candles newest first, nine texts each, the open one marked', () => {
    const rows = at(candles('bar=1H&limit=3'), 'data') as string[][]
    expect(times(rows)).toEqual([HOUR, HOUR - 3_600, HOUR - 7_200].map((ts) => ts * 1_000))
    expect(rows.map((row) => [row.length, row[8]])).toEqual([
      [9, '0'],
      [9, '1'],
      [9, '1'],
    ])
    const minutes = at(candles(''), 'data') as string[][]
    expect(minutes).toHaveLength(100)
    expect(minutes[1]?.[4]).toBe(text(last?.close))
    expect(at(candles('limit=900'), 'data')).toHaveLength(300)
  })

  test('leaves out both ends of a range: before is the older', () => {
    const query = `bar=1m&after=${(MINUTE - 60) * 1_000}&before=${(MINUTE - 240) * 1_000}`
    expect(times(at(candles(query), 'data'))).toEqual([(MINUTE - 120) * 1_000, (MINUTE - 180) * 1_000])
  })

  test('refuses with its codes and HTTP 200', () => {
    expect(get('okx', '/api/v5/market/candles?instId=FOO-BAR')).toMatchObject({
      status: 200,
      body: { code: '51001', data: [] },
    })
    expect(get('okx', '/api/v5/market/books')).toMatchObject({ status: 200, body: { code: '50014' } })
    expect(candles('bar=7m')).toMatchObject({ status: 200, body: { code: '51000' } })
    expect(candles('limit=x')).toMatchObject({ status: 200, body: { code: '51000' } })
    expect(get('okx', '/api/v5/nothing').status).toBe(404)
    expect(at(get('okx', '/api/v5/public/instruments?instType=SWAP'), 'data')).toEqual([])
  })
})

describe('Bybit', () => {
  const candles = (query: string) => get('bybit', `/v5/market/kline?category=spot&symbol=BTCUSDT&${query}`)

  test('sends candles newest first; forward from a start, back from an end', () => {
    expect(times(at(candles('interval=60&limit=2'), 'result', 'list'))).toEqual([HOUR * 1_000, (HOUR - 3_600) * 1_000])
    const start = (MINUTE - 600) * 1_000
    expect(times(at(candles(`interval=1&limit=2&start=${start}`), 'result', 'list'))).toEqual([start + 60_000, start])
    expect(times(at(candles(`interval=1&limit=2&end=${start}`), 'result', 'list'))).toEqual([start, start - 60_000])
    expect(at(candles('interval=1'), 'result', 'list')).toHaveLength(200)
    expect(at(candles('interval=1&limit=5000'), 'result', 'list')).toHaveLength(1_000)
  })

  test('sends one level unasked and 200 at most, 60 trades at most', () => {
    const book = (query: string) => get('bybit', `/v5/market/orderbook?category=spot&symbol=BTCUSDT${query}`)
    expect(at(book(''), 'result', 'b')).toHaveLength(1)
    expect((at(book('&limit=900'), 'result', 'b') as unknown[]).length).toBeGreaterThan(10)
    const trades = get('bybit', '/v5/market/recent-trade?category=spot&symbol=BTCUSDT&limit=900')
    expect((at(trades, 'result', 'list') as unknown[]).length).toBeLessThanOrEqual(60)
  })

  test('refuses with its codes and HTTP 200', () => {
    const unknown = get('bybit', '/v5/market/kline?category=spot&symbol=FOOBAR&interval=1')
    expect(unknown).toMatchObject({ status: 200, body: { retCode: 10_001, retMsg: 'Not supported symbols' } })
    expect(candles('interval=7')).toMatchObject({ status: 200, body: { retCode: 10_001 } })
    expect(get('bybit', '/v5/market/kline?category=foo')).toMatchObject({ body: { retCode: 10_001 } })
    expect(at(get('bybit', '/v5/market/instruments-info?category=linear'), 'result', 'list')).toEqual([])
  })
})

describe('Bitstamp', () => {
  const candles = (query: string) => get('bitstamp', `/api/v2/ohlc/btcusdt/?${query}`)

  test('sends candles oldest first, in texts under names', () => {
    const rows = at(candles('step=60&limit=3'), 'data', 'ohlc')
    expect(times(rows, 'timestamp')).toEqual([MINUTE - 120, MINUTE - 60, MINUTE])
    expect((rows as unknown[])[1]).toMatchObject({ close: text(last?.close), high: text(last?.high) })
    const range = `step=60&limit=10&start=${MINUTE - 300}&end=${MINUTE - 180}`
    expect(times(at(candles(range), 'data', 'ohlc'), 'timestamp')).toEqual([MINUTE - 300, MINUTE - 240, MINUTE - 180])
  })

  test('sends the trades of the last hour, newest first, or of another time', () => {
    const dates = (query: string) => times(get('bitstamp', `/api/v2/transactions/btcusdt/${query}`).body, 'date')
    const hour = dates('?time=hour')
    expect(hour.length).toBeGreaterThan(200)
    expect(hour).toEqual(hour.toSorted((a, b) => b - a))
    expect(Math.min(...hour)).toBeGreaterThan(NOW - 3_601)
    expect(dates('?time=minute').length).toBeLessThan(6)
    expect(dates('').length).toBe(hour.length)
  })

  test('refuses other markets, steps and times', () => {
    expect(get('bitstamp', '/api/v2/order_book/foobar/').status).toBe(404)
    expect(candles('step=61&limit=3').status).toBe(400)
    expect(get('bitstamp', '/api/v2/transactions/btcusdt/?time=year').status).toBe(400)
  })

  test.skipIf(!hasSharedData())('sends a book as the venue did', () => {
    const log = gunzipSync(readFileSync(join(SHARED_DATA, 'wire/cryptofeed/BITSTAMP.http.0.0.log.gz'))).toString()
    const lines = log.split('\n').filter((line) => line.includes('/order_book/'))
    const theirs = lines.map((line) => JSON.parse(line.slice(line.indexOf(': {') + 2)) as Record<string, unknown>)
    const ours = get('bitstamp', '/api/v2/order_book/btcusdt').body as Record<string, unknown>
    const form = (book: Record<string, unknown>): unknown => ({
      keys: Object.keys(book),
      times: [book['timestamp'], book['microtimestamp']].map((time) => String(time).length),
      amount: String((book['bids'] as string[][])[0]?.[1]).replace(/^\d+\.\d+$/, 'decimal'),
    })
    expect(theirs.length).toBeGreaterThan(3)
    for (const book of theirs) expect(form(book)).toEqual(form(ours))
  })
})

describe('Gate', () => {
  const candles = (query: string) => get('gate', `/api/v4/spot/candlesticks?currency_pair=BTC_USDT&${query}`)

  test('sends candles oldest first: time, volume in quote, close, high, low, open, volume, whether closed', () => {
    const rows = candles('interval=1m&limit=3').body as string[][]
    expect(times(rows)).toEqual([MINUTE - 120, MINUTE - 60, MINUTE])
    expect(rows.map((row) => row[7])).toEqual(['true', 'true', 'false'])
    const { open, high, low, close } = last ?? {}
    expect(rows[1]?.slice(2, 6)).toEqual([close, high, low, open].map(text))
    expect(candles('interval=1m').body).toHaveLength(100)
  })

  test('refuses a range with a limit, a range of too much, other pairs', () => {
    const range = `from=${MINUTE - 180}&to=${MINUTE - 60}`
    expect(times(candles(`interval=1m&${range}`).body)).toEqual([MINUTE - 180, MINUTE - 120, MINUTE - 60])
    expect(candles(`interval=1m&limit=2&${range}`)).toMatchObject({
      status: 400,
      body: { label: 'INVALID_PARAM_VALUE' },
    })
    expect(candles(`interval=1m&from=${MINUTE - 60_000}&to=${MINUTE}`).status).toBe(400)
    expect(get('gate', '/api/v4/spot/order_book?currency_pair=FOO_BAR')).toMatchObject({
      status: 400,
      body: { label: 'INVALID_CURRENCY_PAIR' },
    })
    expect(get('gate', '/api/v4/spot/trades')).toMatchObject({ body: { label: 'MISSING_REQUIRED_PARAM' } })
  })

  test('numbers its book when asked, ten levels unasked', () => {
    const book = (query: string) => get('gate', `/api/v4/spot/order_book?currency_pair=BTC_USDT${query}`)
    expect(at(book(''), 'bids')).toHaveLength(10)
    expect(Object.keys(book('').body as object)).not.toContain('id')
    expect(at(book('&with_id=true'), 'id')).toBe(NOW * 100)
  })
})

describe('Bitfinex', () => {
  const candles = (query: string) => get('bitfinex', `/v2/candles/trade:1m:tBTCUST/hist?${query}`)

  test('names USDT its own way, and sends candles newest first: time, open, close, high, low, volume', () => {
    expect(at(get('bitfinex', '/v2/conf/pub:info:pair,pub:list:pair:margin'), 0, 0, 0)).toBe('BTCUST')
    const rows = candles('limit=2').body as number[][]
    const { open, close, high, low } = last ?? {}
    expect(rows[0]?.slice(0, 5)).toEqual([(MINUTE - 60) * 1_000, open, close, high, low])
    const start = (MINUTE - 600) * 1_000
    expect(times(candles(`sort=1&limit=2&start=${start}`).body)).toEqual([start, start + 60_000])
    expect(candles('').body).toHaveLength(100)
  })

  test('sends levels with counts or raw orders, asks below zero', () => {
    const book = (precision: string) => get('bitfinex', `/v2/book/tBTCUST/${precision}?len=25`).body as number[][]
    const [best] = history.book?.({ venue: 'bitfinex', symbol: 'BTC/USDT', at: NOW })?.bids ?? []
    expect(book('P0')[0]).toEqual([best?.[0], 1, best?.[1]])
    expect(book('R0')[0]?.slice(1)).toEqual(best)
    expect(book('P0').at(-1)?.[2]).toBeLessThan(0)
    expect(book('P0')).toHaveLength(50)
  })

  test('refuses with HTTP 500 and a list', () => {
    expect(get('bitfinex', '/v2/book/tFOOBAR/P0')).toEqual({ status: 500, body: ['error', 10_020, 'symbol: invalid'] })
    expect(get('bitfinex', '/v2/book/tBTCUST/P0?len=26').status).toBe(500)
    expect(get('bitfinex', '/v2/trades/tBTCUST/hist?limit=x').status).toBe(500)
    expect(get('bitfinex', '/v2/candles/trade:7m:tBTCUST/hist').status).toBe(500)
    expect(get('bitfinex', '/v2/%zz').status).toBe(404)
  })
})

describe('trades of the older venues', () => {
  const recent = history.bars({
    venue: 'binance',
    symbol: 'BTC/USDT',
    interval: '1m',
    from: MINUTE - 60,
    to: MINUTE,
  })[0]
  test('Binance sends them oldest first, forward from a start', () => {
    const rows = (query: string) =>
      get('binance', `/api/v3/aggTrades?symbol=BTCUSDT&${query}`).body as Array<{ T: number; p: string }>
    const start = (MINUTE - 60) * 1_000
    expect(rows(`startTime=${start}&limit=1`)[0]).toMatchObject({ T: start, p: recent?.open.toFixed(8) })
    expect(rows('limit=5')).toHaveLength(5)
    expect(rows('limit=5').at(-1)?.T).toBeLessThanOrEqual(NOW * 1_000)
    expect(get('binance', '/api/v3/trades?symbol=FOO').status).toBe(400)
  })

  test('Kraken sends those after `since`, and its `last` goes on from there', () => {
    const get1 = (query: string) => get('kraken', `/0/public/Trades?pair=XBTUSDT${query}`)
    const pair = Object.keys(at(get1(''), 'result') as object)[0] ?? ''
    const first = get1(`&since=${MINUTE - 120}&count=3`)
    expect(times(at(first, 'result', pair), 2).every((time) => time > MINUTE - 120)).toBe(true)
    const next = get1(`&since=${String(at(first, 'result', 'last'))}&count=3`)
    const numbers = [...times(at(first, 'result', pair), 6), ...times(at(next, 'result', pair), 6)]
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index))
    expect(get1('&since=x')).toMatchObject({ body: { error: ['EGeneral:Invalid arguments'] } })
  })

  test('Coinbase sends them newest first', () => {
    const rows = get('coinbaseexchange', '/products/BTC-USDT/trades?limit=4').body as Array<{ trade_id: number }>
    const ids = rows.map(({ trade_id }) => trade_id)
    expect(ids).toHaveLength(4)
    expect(ids).toEqual(ids.toSorted((a, b) => b - a))
  })
})

const PATHS: Readonly<Record<VenueId, readonly string[]>> = {
  binance: ['/api/v3/klines', '/api/v3/depth', '/api/v3/aggTrades', '/api/v3/exchangeInfo'],
  binanceus: ['/api/v3/klines'],
  bitfinex: ['/v2/candles/trade:1m:tBTCUST/hist', '/v2/book/tBTCUST/R0', '/v2/trades/tBTCUST/hist', '/v2/conf/x'],
  bitstamp: ['/api/v2/ohlc/btcusdt/', '/api/v2/order_book/btcusdt/', '/api/v2/transactions/btcusdt/'],
  bybit: ['/v5/market/kline', '/v5/market/orderbook', '/v5/market/recent-trade', '/v5/market/instruments-info'],
  coinbaseexchange: ['/products/BTC-USDT/candles', '/products/BTC-USDT/book', '/products/BTC-USDT/trades'],
  gate: ['/api/v4/spot/candlesticks', '/api/v4/spot/order_book', '/api/v4/spot/trades'],
  kraken: ['/0/public/OHLC', '/0/public/Depth', '/0/public/Trades'],
  okx: ['/api/v5/market/candles', '/api/v5/market/books', '/api/v5/market/trades', '/api/v5/public/instruments'],
}
const NAMES = [
  'symbol',
  'currency_pair',
  'pair',
  'instId',
  'category',
  'interval',
  'bar',
  'step',
  'granularity',
  'timeframe',
]
const LIMITS = [
  'limit',
  'count',
  'sz',
  'len',
  'since',
  'start',
  'end',
  'from',
  'to',
  'before',
  'after',
  'startTime',
  'time',
  'sort',
]
const VALUES = [
  'BTCUSDT',
  'BTC_USDT',
  'XBTUSDT',
  'BTC-USDT',
  'spot',
  '1',
  '60',
  '1m',
  '1H',
  '1h',
  '0',
  '-1',
  '1e9',
  '9'.repeat(15),
  `${NOW}`,
  `${NOW}000`,
  'hour',
  '__proto__',
  'constructor',
  '',
]

test.each(Object.keys(PATHS) as VenueId[])('%s answers any request in JSON, with a status', (venue) => {
  const key = fc.constantFrom(...NAMES, ...LIMITS)
  const query = fc.dictionary(key, fc.oneof(fc.constantFrom(...VALUES), fc.string({ maxLength: 12 })), { maxKeys: 6 })
  const path = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...PATHS[venue]) },
    { weight: 1, arbitrary: fc.webPath().map((each) => each.replace(/^\/*/, '/')) },
  )
  fc.assert(
    fc.property(path, query, (asked, parameters) => {
      const reply = get(venue, `${asked}?${new URLSearchParams(parameters).toString()}`)
      expect(reply.status).toBeGreaterThanOrEqual(200)
      expect(JSON.stringify(reply.body).length).toBeLessThan(4e6)
    }),
    { numRuns: 150 },
  )
})
