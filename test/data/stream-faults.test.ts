import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { SYNTHETIC_START } from '../../data/synthetic/simulator.ts'
import { type FaultKind, FUTURE_SECONDS, HUGE_MESSAGE_BYTES, OLD_SECONDS } from '../../data/venues/faults.ts'
import { startVenues, type Venues } from '../../data/venues/venues.ts'
import { krakenChecksum } from '../../oracle-node/adapters/venues/book-checksums.ts'
import { VENUES, type VenueId } from '../../oracle-node/core/market.ts'
import { ccxtClient } from '../support/ccxt-client.ts'
import { everywhere } from '../support/everywhere.ts'
import { STREAM_PATHS, type StreamClient, streamClient, subscribeRequests } from '../support/stream-client.ts'

const history = everywhere()
/** Just before a bar's second trade, so that there is one to see. */
const START = SYNTHETIC_START + 3_600 + 18
const clock = { now: START }
let venues: Venues
let client: StreamClient | undefined
beforeAll(async () => {
  venues = await startVenues({ history, now: () => clock.now, lookMs: 1_000_000 })
})
afterEach(() => {
  for (const venue of VENUES) venues.faults.set(venue, null)
  client?.close()
})
afterAll(() => venues.close())

/** Where a change of a book has its number, and where it says what time it is. Bitfinex's have a number when it is asked for. */
const CHANGE: Readonly<Record<VenueId, RegExp>> = {
  binance: /"depthUpdate".*"u":(\d+)/,
  binanceus: /"depthUpdate".*"u":(\d+)/,
  bitfinex: /"cs",-?\d+,(\d+)/,
  bitstamp: /"microtimestamp":"(\d{13}).*"channel":"diff/,
  bybit: /"type":"delta".*"u":(\d+)/,
  coinbaseexchange: /"l2update".*"time":"([^"]+)"/,
  gate: /"U":\d+,"u":(\d+)/,
  kraken: /"channel":"book","type":"update".*"timestamp":"([^"]+)"/,
  okx: /"action":"update".*"seqId":(\d+)/,
}
const TIME: Readonly<Record<VenueId, RegExp>> = {
  binance: /"E":(\d+)/,
  binanceus: /"E":(\d+)/,
  bitfinex: /"te",\[\d+,(\d+)/,
  bitstamp: /"microtimestamp":"(\d{13})/,
  bybit: /"type":"delta".*"cts":(\d+)/,
  coinbaseexchange: /"l2update".*"time":"([^"]+)"/,
  gate: /"U".*"time_ms":(\d+)/,
  kraken: /"channel":"book","type":"update".*"timestamp":"([^"]+)"/,
  okx: /"action":"update".*"ts":"(\d+)"/,
}
const CHECKSUMS: readonly VenueId[] = ['bitfinex', 'kraken', 'okx']

const numbersIn = (texts: readonly string[], pattern: RegExp): number[] =>
  texts.flatMap((text) => {
    const found = pattern.exec(text)?.[1]
    return found === undefined ? [] : [found.includes('T') ? Date.parse(found) : Number(found)]
  })

async function listen(venue: VenueId): Promise<StreamClient> {
  clock.now = START
  venues.look()
  client = await streamClient(`${venues.streamUrls[venue]}${STREAM_PATHS[venue]}`)
  for (const request of subscribeRequests(venue, 'BTC', 'USDT')) client.send(request)
  // Answers come in order: what was asked last has been answered when its channel is named.
  await client.until((text) => LAST_ANSWER[venue].test(text))
  return client
}
const LAST_ANSWER: Readonly<Record<VenueId, RegExp>> = {
  binance: /"result":null/,
  binanceus: /"result":null/,
  bitfinex: /"subscribed","channel":"trades"/,
  bitstamp: /succeeded","channel":"live_trades/,
  bybit: /"subscribe"/,
  coinbaseexchange: /"subscriptions"/,
  gate: /"spot.trades"/,
  kraken: /"channel":"trade"/,
  okx: /"event":"subscribe".*"trades"/,
}

/** Puts the clock forward by tenths of a second, with a look at each; what was sent is there when it resolves. */
async function run(steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    clock.now = Math.round(clock.now * 10 + 1) / 10
    venues.look()
  }
  await client?.settled()
}

const STEPS = 30

describe.each(VENUES)('a stream of %s', (venue) => {
  const changes = (from = 0): number[] => numbersIn(client?.texts.slice(from) ?? [], CHANGE[venue])

  test('that is well has every change once and in order, at the time of the clock', async () => {
    const { texts } = await listen(venue)
    await run(STEPS)
    const numbers = changes()
    expect(numbers).toHaveLength(STEPS)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    const last = numbersIn(texts, TIME[venue]).at(-1) ?? 0
    expect(Math.abs(last / 1_000 - clock.now)).toBeLessThan(venue === 'bitfinex' ? 3 : 0.001)
  })

  test('loses changes with sequence-gap, repeats with duplicate, swaps with reorder', async () => {
    await listen(venue)
    venues.faults.set(venue, 'sequence-gap')
    await run(STEPS)
    expect(changes().length).toBeLessThan(STEPS)
    expect(new Set(changes()).size).toBe(changes().length)
    venues.faults.set(venue, 'duplicate')
    let before = client?.texts.length ?? 0
    await run(10)
    const doubled = changes(before)
    expect(doubled.length).toBe(20)
    expect(doubled.filter((_, index) => index % 2 === 0)).toEqual(doubled.filter((_, index) => index % 2 === 1))
    venues.faults.set(venue, 'reorder')
    before = client?.texts.length ?? 0
    await run(10)
    const swapped = changes(before)
    expect(swapped).toHaveLength(10)
    expect(swapped).not.toEqual(swapped.toSorted((a, b) => a - b))
  })

  test('is closed by drop-connection, and can be opened again', async () => {
    const open = await listen(venue)
    venues.faults.set(venue, 'drop-connection')
    await run(STEPS)
    expect(open.isOpen()).toBe(false)
    venues.faults.set(venue, null)
    expect((await listen(venue)).isOpen()).toBe(true)
  })

  test('is mute with silent, and says no sense with garbage and wrong-shape', async () => {
    const { texts, send } = await listen(venue)
    venues.faults.set(venue, 'silent')
    const before = texts.length
    send('ping')
    await run(10)
    expect(texts.length).toBe(before)
    venues.faults.set(venue, 'garbage')
    await run(3)
    expect(texts.slice(before).length).toBeGreaterThan(0)
    for (const text of texts.slice(before)) expect(() => JSON.parse(text)).toThrow(/JSON/)
    venues.faults.set(venue, 'wrong-shape')
    await run(3)
    expect(JSON.parse(texts.at(-1) ?? '')).toEqual({ status: 'ok', data: { book: 'moved' } })
  })

  test('has what is not a number with nan, and its times are off with old and from-the-future', async () => {
    const { texts } = await listen(venue)
    const textsWith = async (fault: FaultKind, steps: number): Promise<readonly string[]> => {
      const before = texts.length
      venues.faults.set(venue, fault)
      await run(steps)
      return texts.slice(before)
    }
    const poisoned = (await textsWith('nan', 8)).join('\n')
    expect(poisoned).toMatch(/"NaN"|null/)
    expect(poisoned).toMatch(/[",:[]-\d/)
    const errors: ReadonlyArray<readonly [FaultKind, number]> = [
      ['old', -OLD_SECONDS],
      ['from-the-future', FUTURE_SECONDS],
    ]
    for (const [fault, seconds] of errors) {
      // Two hundred tenths of a second: a bar's trades are twenty seconds from each other.
      const times = numbersIn(await textsWith(fault, 210), TIME[venue])
      expect(times.length).toBeGreaterThan(0)
      expect(Math.abs((times.at(-1) ?? 0) / 1_000 - clock.now - seconds)).toBeLessThan(
        venue === 'bitfinex' ? 21 : 0.001,
      )
    }
  })

  test('and its REST have a crossed book with crossed-book, ten times the price with off-by-10', async () => {
    clock.now = START
    const stream = venues.streamUrls[venue] ?? ''
    const read = await ccxtClient(venue, { rest: venues.baseUrls[venue] ?? '', stream })
    read.options['watchOrderBook'] = { ...read.options['watchOrderBook'], checksum: false }
    const timer = setInterval(() => void run(1), 10)
    try {
      const mid = history.book?.({ venue, symbol: 'BTC/USDT', at: clock.now })?.bids[0]?.[0] ?? 0
      venues.faults.set(venue, 'crossed-book')
      for (const { bids, asks } of [await read.fetchOrderBook('BTC/USDT'), await read.watchOrderBook('BTC/USDT')]) {
        expect(bids[0]?.[0] ?? 0).toBeGreaterThan(asks[0]?.[0] ?? 0)
      }
      venues.faults.set(venue, 'off-by-10')
      expect((await read.fetchOrderBook('BTC/USDT')).asks[0]?.[0] ?? 0).toBeGreaterThan(9 * mid)
      let seen = 0
      for (let tries = 0; tries < 60 && seen < 9 * mid; tries++) {
        seen = (await read.watchOrderBook('BTC/USDT')).asks[0]?.[0] ?? 0
      }
      expect(seen).toBeGreaterThan(9 * mid)
    } finally {
      clearInterval(timer)
      await read.close()
    }
  })

  test('is refused and closed with http-429 and http-500', async () => {
    const open = await listen(venue)
    for (const [fault, status] of [
      ['http-429', 429],
      ['http-500', 500],
    ] as const) {
      venues.faults.set(venue, fault)
      const socket = new WebSocket(`${venues.streamUrls[venue]}${STREAM_PATHS[venue]}`)
      socket.on('error', () => {})
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }]
      expect(response.statusCode).toBe(status)
    }
    await run(1)
    expect(open.isOpen()).toBe(false)
  })
})

test.each(CHECKSUMS)('%s’s checksums are wrong with bad-checksum alone', async (venue) => {
  const { texts } = await listen(venue)
  const pattern = venue === 'bitfinex' ? /"cs",(-?\d+)/ : /"checksum":(-?\d+)/
  await run(3)
  const [before] = numbersIn(texts.slice(-6), pattern).slice(-1)
  // The same moment again, for another client: the same book, the same checksum.
  venues.faults.set(venue, 'bad-checksum')
  const at = texts.length
  await run(1)
  const [wrong] = numbersIn(texts.slice(at), pattern)
  client?.close()
  venues.faults.set(venue, null)
  const again = await listen(venue)
  await run(4)
  const right = numbersIn(again.texts, pattern)
  expect(right.at(-2)).toBe(before)
  expect(right.at(-1)).toBe((wrong ?? 0) - 1)
})

test('Kraken’s checksums are those of the book, by another’s reckoning', async () => {
  const { texts } = await listen('kraken')
  await run(20)
  type Levels = ReadonlyArray<{ readonly price: number; readonly qty: number }>
  const sides = { bids: new Map<number, number>(), asks: new Map<number, number>() }
  const checksum = krakenChecksum({ price: 8, amount: 8 })
  let checked = 0
  for (const text of texts.filter((each) => each.startsWith('{"channel":"book"'))) {
    const [data] = (JSON.parse(text) as { data: [{ bids: Levels; asks: Levels; checksum: number }] }).data
    for (const side of ['bids', 'asks'] as const) {
      for (const { price, qty } of data[side]) {
        if (qty > 0) sides[side].set(price, qty)
        else sides[side].delete(price)
      }
    }
    const bids = [...sides.bids].sort(([a], [b]) => b - a).slice(0, 10)
    const asks = [...sides.asks].sort(([a], [b]) => a - b).slice(0, 10)
    expect(checksum({ bids, asks })).toBe(data.checksum)
    checked += 1
  }
  expect(checked).toBe(21)
})

test.each(['huge', 'huge-message'] as const)(
  'with %s one message is past any limit, and the rest is well',
  async (fault) => {
    const { texts } = await listen('okx')
    venues.faults.set('okx', fault)
    await run(12)
    await client?.until((text) => text.length > HUGE_MESSAGE_BYTES)
    expect(texts.filter((text) => text.length > 100_000)).toHaveLength(1)
    expect(
      numbersIn(
        texts.filter((text) => text.length < 100_000),
        CHANGE.okx,
      ).length,
    ).toBe(11)
  },
)

test('with empty every level is taken out, and a new client gets none', async () => {
  const { texts } = await listen('okx')
  venues.faults.set('okx', 'empty')
  await run(1)
  type Levels = ReadonlyArray<readonly string[]>
  const { data } = JSON.parse(texts.at(-1) ?? '') as { data: ReadonlyArray<{ asks: Levels; bids: Levels }> }
  const levels = data.flatMap(({ asks, bids }) => [...asks, ...bids])
  expect(levels.length).toBeGreaterThan(20)
  expect(levels.every(([, size]) => size === '0')).toBe(true)
  const other = await streamClient(`${venues.streamUrls.okx}${STREAM_PATHS.okx}`)
  for (const request of subscribeRequests('okx', 'BTC', 'USDT')) other.send(request)
  expect(JSON.parse(await other.until((text) => text.includes('snapshot')))).toMatchObject({
    data: [{ asks: [], bids: [] }],
  })
  other.close()
})
