import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { SYNTHETIC_START } from '../../data/synthetic/simulator.ts'
import { FORMATS } from '../../data/venues/formats.ts'
import type { StreamSession, Subscription } from '../../data/venues/stream-format.ts'
import { startVenues, type Venues } from '../../data/venues/venues.ts'
import { VENUES, type VenueId } from '../../oracle-node/core/market.ts'
import { everywhere } from '../support/everywhere.ts'
import { STREAM_PATHS, type StreamClient, streamClient, subscribeRequests } from '../support/stream-client.ts'

const history = everywhere()
const clock = { now: SYNTHETIC_START + 3_600 }
let venues: Venues
let client: StreamClient
beforeAll(async () => {
  venues = await startVenues({ history, now: () => clock.now, lookMs: 1_000_000 })
})
afterEach(() => client.close())
afterAll(() => venues.close())

async function answer(venue: VenueId, request: unknown, path = STREAM_PATHS[venue]): Promise<unknown> {
  client = await streamClient(`${venues.streamUrls[venue]}${path}`)
  client.send(request)
  return JSON.parse(await client.until((text) => !/"event":"info"|"channel":"status"/.test(text)))
}

/** A request that each venue refuses, and what it says. */
const REFUSED: ReadonlyArray<readonly [VenueId, unknown, unknown]> = [
  ['binance', 'not JSON', { error: { code: 3 } }],
  ['binance', { method: 'DANCE', id: 7 }, { error: { code: 2 }, id: 7 }],
  [
    'bitfinex',
    { event: 'subscribe', channel: 'book', symbol: 'tFOOBAR' },
    { event: 'error', code: 10_300, msg: 'symbol: invalid' },
  ],
  ['bitfinex', { event: 'subscribe', channel: 'book', symbol: 'tBTCUST', len: '26' }, { event: 'error', code: 10_300 }],
  ['bitfinex', { event: 'unsubscribe', chanId: 9 }, { event: 'error', code: 10_400 }],
  ['bitstamp', 'not JSON', { event: 'bts:error', data: { message: 'Incorrect JSON format.' } }],
  [
    'bitstamp',
    { event: 'bts:subscribe', data: { channel: 'diff_order_book_foobar' } },
    { event: 'bts:error', channel: 'diff_order_book_foobar' },
  ],
  [
    'bybit',
    { op: 'subscribe', req_id: '5', args: ['orderbook.50.FOOBAR'] },
    { success: false, req_id: '5', ret_msg: 'Invalid symbol :[orderbook.50.FOOBAR]' },
  ],
  [
    'bybit',
    { op: 'subscribe', args: Array.from({ length: 11 }, () => 'publicTrade.BTCUSDT') },
    { success: false, ret_msg: 'args size >10' },
  ],
  ['coinbaseexchange', 'not JSON', { type: 'error', message: 'Malformed JSON' }],
  [
    'coinbaseexchange',
    { type: 'subscribe', product_ids: ['FOO-BAR'], channels: ['matches'] },
    { type: 'error', message: 'Failed to subscribe', reason: 'FOO-BAR is not a valid product' },
  ],
  [
    'coinbaseexchange',
    { type: 'subscribe', product_ids: ['BTC-USDT'], channels: ['level2'] },
    { type: 'error', reason: expect.stringContaining('require authentication') },
  ],
  [
    'gate',
    { id: 3, channel: 'spot.obu', event: 'subscribe', payload: ['ob.FOO_BAR.50'] },
    { id: 3, error: { code: 2, message: 'unknown currency pair: FOO_BAR' } },
  ],
  [
    'gate',
    { id: 3, channel: 'spot.dance', event: 'subscribe', payload: ['BTC_USDT'] },
    { error: { code: 2, message: 'unknown channel: spot.dance' } },
  ],
  [
    'kraken',
    { method: 'subscribe', params: { channel: 'book', symbol: ['FOO/BAR'] }, req_id: 4 },
    { success: false, req_id: 4, error: 'Currency pair not supported FOO/BAR', symbol: 'FOO/BAR' },
  ],
  [
    'kraken',
    { method: 'subscribe', params: { channel: 'book', symbol: ['BTC/USDT'], depth: 11 } },
    { success: false, error: 'Subscription depth not supported' },
  ],
  ['okx', 'not JSON', { event: 'error', code: '60012' }],
  ['okx', { op: 'subscribe', args: [{ channel: 'books', instId: 'FOO-BAR' }] }, { event: 'error', code: '60018' }],
]

test.each(REFUSED)('%s refuses %j as the venue does', async (venue, request, expected) => {
  expect(await answer(venue, request)).toMatchObject(expected as object)
})

const PINGS: ReadonlyArray<readonly [VenueId, unknown, unknown]> = [
  ['bitfinex', { event: 'ping', cid: 12 }, { event: 'pong', cid: 12 }],
  ['bitstamp', { event: 'bts:heartbeat' }, { event: 'bts:heartbeat', data: { status: 'success' } }],
  ['bybit', { op: 'ping', req_id: '9' }, { success: true, ret_msg: 'pong', req_id: '9', op: 'ping' }],
  ['gate', { channel: 'spot.ping' }, { channel: 'spot.pong' }],
  ['kraken', { method: 'ping', req_id: 3 }, { method: 'pong', req_id: 3 }],
]

test.each(PINGS)('%s answers a ping', async (venue, request, expected) => {
  expect(await answer(venue, request)).toMatchObject(expected as object)
})

test('OKX answers a ping that is no JSON', async () => {
  client = await streamClient(`${venues.streamUrls.okx}${STREAM_PATHS.okx}`)
  client.send('ping')
  expect(await client.until(() => true)).toBe('pong')
})

test('Binance takes names that there are not, in silence, and lists what is subscribed to', async () => {
  expect(await answer('binance', { method: 'SUBSCRIBE', params: ['foobar@depth', 'btcusdt@trade'], id: 1 })).toEqual({
    result: null,
    id: 1,
  })
  client.send({ method: 'LIST_SUBSCRIPTIONS', id: 2 })
  expect(JSON.parse(await client.until((text) => text.includes('"id":2')))).toEqual({
    result: ['btcusdt@trade'],
    id: 2,
  })
})

const UNSUBSCRIBE: Readonly<Record<VenueId, unknown>> = {
  binance: { method: 'UNSUBSCRIBE', params: ['btcusdt@depth@100ms', 'btcusdt@trade'], id: 2 },
  binanceus: { method: 'UNSUBSCRIBE', params: ['btcusdt@depth@100ms', 'btcusdt@trade'], id: 2 },
  bitfinex: { event: 'unsubscribe', chanId: 1 },
  bitstamp: { event: 'bts:unsubscribe', data: { channel: 'diff_order_book_btcusdt' } },
  bybit: { op: 'unsubscribe', args: ['orderbook.200.BTCUSDT'] },
  coinbaseexchange: { type: 'unsubscribe', product_ids: ['BTC-USDT'], channels: ['level2_batch'] },
  gate: { id: 5, channel: 'spot.obu', event: 'unsubscribe', payload: ['ob.BTC_USDT.400'] },
  kraken: { method: 'unsubscribe', params: { channel: 'book', symbol: ['BTC/USDT'] } },
  okx: { op: 'unsubscribe', args: [{ channel: 'books', instId: 'BTC-USDT' }] },
}
/** Messages of which there are none after the answer to that. */
const CHANGES =
  /"depthUpdate"|^\[1,\[|"channel":"diff_order_book|orderbook\.200|"l2update"|"spot\.obu"|"type":"update"|"action"/

test.each(VENUES)('%s sends changes until it is unsubscribed from', async (venue) => {
  client = await streamClient(`${venues.streamUrls[venue]}${STREAM_PATHS[venue]}`)
  for (const request of subscribeRequests(venue, 'BTC', 'USDT')) client.send(request)
  const step = async (): Promise<string[]> => {
    const before = client.texts.length
    await client.settled()
    clock.now = Math.round(clock.now * 10 + 1) / 10
    venues.look()
    await client.settled()
    return client.texts.slice(before).filter((text) => CHANGES.test(text) && !/subscri/.test(text))
  }
  await step()
  expect((await step()).length).toBeGreaterThan(0)
  client.send(UNSUBSCRIBE[venue])
  await client.until(
    (text) => /unsubscri|UNSUBSCRI|"id":2|"op":"unsub/.test(text) || /"channels":\[\{"name":"matches"/.test(text),
  )
  expect(await step()).toEqual([])
})

test('another path is refused', async () => {
  await expect(streamClient(`${venues.streamUrls.okx}/elsewhere`)).rejects.toThrow(/404/)
})

/** Requests that are almost right, and others. */
const hostile = fc.oneof(
  fc.string(),
  fc.json(),
  fc
    .tuple(
      fc.constantFrom('method', 'op', 'event', 'type'),
      fc.constantFrom('subscribe', 'SUBSCRIBE', 'unsubscribe', 'bts:subscribe', 'conf', 'ping'),
      fc.dictionary(
        fc.constantFrom(
          'params',
          'args',
          'channel',
          'channels',
          'symbol',
          'payload',
          'product_ids',
          'data',
          'key',
          'id',
          '__proto__',
        ),
        fc.oneof(fc.jsonValue(), fc.array(fc.string()), fc.constantFrom('book', 'candles', 'spot.obu', 'constructor')),
      ),
    )
    .map(([verb, value, rest]) => JSON.stringify({ ...rest, [verb]: value })),
)

describe.each(VENUES)('whatever a client of %s sends,', (venue) => {
  test('it is answered without an exception, and everything that was subscribed to is a market’s', () => {
    client = { close: () => {} } as StreamClient
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 8 }), (texts) => {
        const subscriptions = new Map<string, Subscription>()
        const sent: unknown[] = []
        const session: StreamSession = {
          number: 1,
          path: STREAM_PATHS[venue],
          query: new URLSearchParams(),
          markets: history.markets(venue),
          subscriptions,
          now: () => clock.now * 1_000,
          send: (message) => sent.push(typeof message === 'string' ? message : JSON.stringify(message)),
          subscribe: (key, channel) => {
            const made = { key, id: subscriptions.size + 1, channel }
            subscriptions.set(key, made)
            return made
          },
          start: () => {},
          unsubscribe: (key) => {
            const found = subscriptions.get(key)
            subscriptions.delete(key)
            return found
          },
        }
        const connection = FORMATS[venue].stream.open(session)
        for (const text of texts) connection.receive(text)
        const symbols = history.markets(venue).map(({ symbol }) => symbol)
        for (const { channel } of subscriptions.values()) expect(symbols).toContain(channel.symbol)
      }),
      { numRuns: 300 },
    )
  })
})
