import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { l2History } from '../../data/recorded/l2-history.ts'
import { startVenues, type Venues } from '../../data/venues/venues.ts'
import { VENUES, type VenueId } from '../../oracle-node/core/market.ts'
import { STREAM_PATHS, streamClient, subscribeRequests } from '../support/stream-client.ts'
import { hasSharedData, SHARED_DATA } from './shared-data.ts'

/** What a recorder wrote that a venue sent: lines `time: message`, or `address -> time: body` of REST. */
function recorded(name: string): unknown[] {
  const lines = gunzipSync(readFileSync(join(SHARED_DATA, 'wire', name)))
    .toString()
    .split('\n')
  return lines.flatMap((line) => {
    const text = /^\d+(?:\.\d+:)? ([[{].*)$/.exec(line)?.[1] ?? /^https?:\S+ -> [\d.]+: (.*)$/.exec(line)?.[1]
    return text === undefined ? [] : [JSON.parse(text) as unknown]
  })
}

/** Keys and kinds of values, to the last level; of a list the kinds of its entries, of a text whether it is a number or a time. */
function shapeOf(value: unknown, without: readonly string[]): unknown {
  if (Array.isArray(value)) {
    const shapes = value.map((each) => shapeOf(each, without))
    // A level has a place for each of its numbers; a list of names has as many as there are.
    if (value.every((each) => typeof each === 'number' || /^[-\d.]+$/.test(String(each)))) return shapes
    return [...new Map(shapes.map((shape) => [JSON.stringify(shape), shape])).values()]
  }
  if (typeof value === 'string') {
    if (/^-?\d+(\.\d+)?$/.test(value)) return 'number as text'
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value) ? 'time in microseconds' : 'text'
  }
  if (typeof value !== 'object' || value === null) return typeof value
  const kept = Object.entries(value).filter(([key]) => !without.includes(key))
  return Object.fromEntries(
    kept.map(([key, each]) => [key, shapeOf(each, without)]).sort(([x], [y]) => (String(x) < String(y) ? -1 : 1)),
  )
}

type Found = (message: unknown) => boolean
const has =
  (parts: Record<string, unknown>): Found =>
  (message) =>
    typeof message === 'object' &&
    message !== null &&
    Object.entries(parts).every(([key, part]) => {
      const value: unknown = Reflect.get(message, key)
      return part instanceof RegExp ? part.test(String(value)) : value === part
    })
const inData =
  (parts: Record<string, unknown>): Found =>
  (message) =>
    has({})(message) && has(parts)(Reflect.get(message as object, 'data'))
const row =
  (length: number, isIt: (content: unknown) => boolean): Found =>
  (message) =>
    Array.isArray(message) && message.length === length && isIt(message[1])

const COINBASE = 'cryptofeed/COINBASE.ws.28.0.log.gz'
const BITSTAMP = 'cryptofeed/BITSTAMP.ws.1.0.log.gz'
const BITFINEX = 'cryptofeed/BITFINEX.ws.11.0.log.gz'
const OKX = 'cryptofeed/OKX.ws.1.0.log.gz'
const SPOT = 'hftbacktest/spot_btcusdt_20240808.log.gz'

type Case = {
  readonly venue: VenueId
  readonly file: string
  readonly what: string
  readonly isIt: Found
  /** Keys that the venue has added since the recording. */
  readonly newer: readonly string[]
}
const CASES: readonly Case[] = (
  [
    ['binance', SPOT, 'a diff', inData({ e: 'depthUpdate' })],
    ['binance', SPOT, 'a trade', inData({ e: 'trade' })],
    ['coinbaseexchange', COINBASE, 'a snapshot', has({ type: 'snapshot' })],
    ['coinbaseexchange', COINBASE, 'changes', has({ type: 'l2update' })],
    ['coinbaseexchange', COINBASE, 'a match', has({ type: 'match' })],
    ['coinbaseexchange', COINBASE, 'the last match', has({ type: 'last_match' })],
    ['coinbaseexchange', COINBASE, 'an acknowledgement', has({ type: 'subscriptions' })],
    ['bitstamp', BITSTAMP, 'an acknowledgement', has({ event: 'bts:subscription_succeeded', channel: /^diff/ })],
    ['bitstamp', BITSTAMP, 'changes', has({ event: 'data', channel: /^diff/ })],
    ['bitstamp', BITSTAMP, 'a trade', has({ event: 'trade' })],
    ['bitfinex', BITFINEX, 'the greeting', has({ event: 'info' })],
    ['bitfinex', BITFINEX, 'the flags', has({ event: 'conf' })],
    ['bitfinex', BITFINEX, 'a book’s acknowledgement', has({ event: 'subscribed', channel: 'book' })],
    ['bitfinex', BITFINEX, 'the trades’ acknowledgement', has({ event: 'subscribed', channel: 'trades' })],
    ['okx', OKX, 'an acknowledgement', has({ event: 'subscribe' }), 'connId'],
    ['okx', OKX, 'a book', has({ action: 'snapshot' }), 'seqId', 'prevSeqId'],
    ['okx', OKX, 'changes', has({ action: 'update' }), 'seqId', 'prevSeqId'],
    ['bitfinex', BITFINEX, 'a book, in lists', row(2, (content) => Array.isArray(content) && content.length > 40)],
    ['bitfinex', BITFINEX, 'a level, in a list', row(2, (content) => Array.isArray(content) && content.length === 3)],
  ] as ReadonlyArray<readonly [VenueId, string, string, Found, ...string[]]>
).map(([venue, file, what, isIt, ...newer]) => ({ venue, file, what, isIt, newer }))

describe.skipIf(!hasSharedData())('our streams', () => {
  const clock = { now: 0 }
  const sent = new Map<VenueId, unknown[]>()
  let venues: Venues
  beforeAll(async () => {
    const history = await l2History(SHARED_DATA, { venues: VENUES })
    clock.now = history.period.from + 120
    venues = await startVenues({ history, now: () => clock.now, lookMs: 1_000_000 })
    await Promise.all([...new Set(CASES.map(({ venue }) => venue))].map((venue) => listen(venue)))
  })
  afterAll(() => venues.close())

  async function listen(venue: VenueId): Promise<void> {
    const wrapped = venue === 'binance' ? '/stream?streams=btcusdt@depth@100ms/btcusdt@trade' : STREAM_PATHS[venue]
    const client = await streamClient(`${venues.streamUrls[venue]}${wrapped}`)
    if (venue !== 'binance') for (const request of subscribeRequests(venue, 'BTC', 'USDT')) client.send(request)
    for (let step = 0; step < 30; step++) {
      await client.settled()
      clock.now = Math.round(clock.now * 10 + 2) / 10
      venues.look()
    }
    await client.settled()
    client.close()
    sent.set(venue, client.messages())
  }

  test.each(CASES)('$venue sends as in $file: $what', ({ venue, file, isIt, newer }) => {
    const theirs = recorded(file).map(unnumbered).filter(isIt)
    const ours = (sent.get(venue) ?? []).map(unnumbered).filter(isIt)
    expect(theirs.length, 'none recorded').toBeGreaterThan(0)
    expect(ours.length, 'none sent').toBeGreaterThan(0)
    const known = new Map(
      theirs.map((message) => shapeOf(message, newer)).map((shape) => [JSON.stringify(shape), shape]),
    )
    for (const message of ours) {
      const shape = shapeOf(message, newer)
      const isKnown = known.has(JSON.stringify(shape)) || [...known.values()].some((each) => alike(each, shape))
      expect(isKnown, `${JSON.stringify(shape)} is not like ${[...known.keys()].slice(0, 2).join(' or ')}`).toBe(true)
    }
  })
})

/** Bitfinex's recorder had asked for a number at the end of each list. */
function unnumbered(message: unknown): unknown {
  return Array.isArray(message) && message.length > 2 ? message.slice(0, -1) : message
}

/** Whether two shapes are the same, where an empty list is like any list. */
function alike(x: unknown, y: unknown): boolean {
  if (Array.isArray(x) && Array.isArray(y)) {
    if (x.length === 0 || y.length === 0) return true
    return x.length === y.length && x.every((each, index) => alike(each, y[index]))
  }
  if (typeof x !== 'object' || typeof y !== 'object' || x === null || y === null) return x === y
  const keys = Object.keys(x)
  return (
    JSON.stringify(keys) === JSON.stringify(Object.keys(y)) &&
    keys.every((key) => alike(Reflect.get(x, key), Reflect.get(y, key)))
  )
}
