import type { Exchange } from 'ccxt'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { History, HistoryBook } from '../../data/recorded/history.ts'
import { l2History } from '../../data/recorded/l2-history.ts'
import { startVenues, type Venues } from '../../data/venues/venues.ts'
import { VENUES, type VenueId } from '../../oracle-node/core/market.ts'
import { ccxtClient } from '../support/ccxt-client.ts'
import { hasSharedData, SHARED_DATA } from './shared-data.ts'

const SYMBOL = 'BTC/USDT'
/** As many samples as make any venue's client ask for its REST book (Gate's and Bitstamp's wait for several changes). */
const STEPS = 30

let history: History
let venues: Venues
const clock = { now: 0 }
let exchange: Exchange | undefined
const client = async (venue: VenueId): Promise<Exchange> => {
  exchange = await ccxtClient(venue, {
    rest: venues.baseUrls[venue] ?? '',
    stream: venues.streamUrls[venue] ?? '',
  })
  return exchange
}

/** A clock that is put forward by a tenth of a second now and then, and stands still while the promise's result is looked at. */
async function whileRunning<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    clock.now = Math.round(clock.now * 10 + 1) / 10
  }, 15)
  try {
    return await promise
  } finally {
    clearInterval(timer)
  }
}

const numbers = (levels: unknown): number[][] =>
  (levels as number[][]).map(([price = Number.NaN, amount = Number.NaN]) => [price, amount])
const own = (venue: VenueId): HistoryBook => {
  const book = history.book?.({ venue, symbol: SYMBOL, at: clock.now })
  if (book === undefined) throw new Error('the recording has no book')
  return book
}

describe.skipIf(!hasSharedData()).each(VENUES)('%s, read by ccxt,', (venue) => {
  beforeAll(async () => {
    history = await l2History(SHARED_DATA, { venues: VENUES })
    venues = await startVenues({ history, now: () => clock.now, lookMs: 10 })
  })
  afterAll(() => venues.close())
  afterEach(async () => {
    await exchange?.close()
    exchange = undefined
  })

  test('lists the markets, and gives the candles, the book and the trades that the history holds', async () => {
    clock.now = history.period.from + 150
    const read = await client(venue)
    expect(Object.keys(read.markets ?? {}).sort()).toEqual(['BTC/USDT', 'ETH/USDT'])
    const minutes = history.bars({ venue, symbol: SYMBOL, interval: '1m', from: 0, to: clock.now })
    const candles = (await read.fetchOHLCV(SYMBOL, '1m', undefined, 10)).map((row) => [...row].map(Number))
    const closed = minutes.map(({ ts, open, high, low, close, volume }) => [ts * 1_000, open, high, low, close, volume])
    expect(closed.length).toBeGreaterThan(1)
    for (const [index, bar] of closed.entries()) {
      expect(candles[index]?.slice(0, 5)).toEqual(bar.slice(0, 5))
      expect(candles[index]?.[5]).toBeCloseTo(bar[5] ?? Number.NaN, 7)
    }
    const book = await read.fetchOrderBook(SYMBOL, venue === 'bitfinex' ? 100 : 50)
    expect(numbers(book.bids).slice(0, 50)).toEqual(own(venue).bids.slice(0, 50))
    expect(numbers(book.asks).slice(0, 50)).toEqual(own(venue).asks.slice(0, 50))
    const trades = (await read.fetchTrades(SYMBOL, undefined, 20)).slice(-20)
    const recorded = history.trades?.({ venue, symbol: SYMBOL, from: 0, to: clock.now * 1_000 }).slice(-20) ?? []
    expect(trades.map(({ side, price, amount }) => [side, price, amount])).toEqual(
      recorded.map(({ side, price, amount }) => [side, price, amount]),
    )
    // Bitstamp's have whole seconds.
    const unit = venue === 'bitstamp' ? 1_000 : 1
    expect(trades.map(({ timestamp }) => Math.floor((timestamp ?? 0) / unit))).toEqual(
      recorded.map(({ time }) => Math.floor(time / unit)),
    )
    expect(trades.map(({ id }) => id)).toEqual(recorded.map(({ id }) => `${id}`))
  })

  test('keeps the book over its stream equal to the history level by level, checksums too', async () => {
    clock.now = history.period.from + 60
    const read = await client(venue)
    read.options['watchOrderBook'] = { ...read.options['watchOrderBook'], checksum: venue === 'bitfinex' }
    for (let step = 0; step < STEPS; step++) await whileRunning(read.watchOrderBook(SYMBOL))
    const kept = () => read.orderbooks[SYMBOL]
    expect(numbers(kept()?.bids).length).toBeGreaterThanOrEqual(10)
    // What is far down may be cut off by the client or by the REST book that it began with.
    for (const side of ['bids', 'asks'] as const) {
      const best = (levels: unknown): number[][] =>
        numbers(levels).slice(0, Math.min(numbers(kept()?.[side]).length, 900))
      await expect.poll(() => best(kept()?.[side]), { timeout: 5_000 }).toEqual(best(own(venue)[side]))
    }
  })

  test('gets every trade over its stream, once and in order', async () => {
    clock.now = history.period.from + 100
    const read = await client(venue)
    const seen: unknown[][] = []
    while (seen.length < 30) {
      const trades = await whileRunning(read.watchTrades(SYMBOL))
      for (const { id, side, price, amount, timestamp } of trades) seen.push([id, side, price, amount, timestamp])
    }
    const recorded = history.trades?.({ venue, symbol: SYMBOL, from: 0, to: clock.now * 1_000 }) ?? []
    const all = recorded.map(({ id, side, price, amount, time }) => [`${id}`, side, price, amount, time])
    const start = all.findIndex(([id]) => id === seen[0]?.[0])
    expect(seen).toEqual(all.slice(start, start + seen.length))
  })
})

test.skipIf(!hasSharedData()).each(['binance', 'bitfinex', 'bybit', 'kraken', 'okx'] as const)(
  '%s streams candles to ccxt as the history has them',
  async (venue) => {
    const recorded = await l2History(SHARED_DATA, { venues: [venue] })
    clock.now = recorded.period.from + 179
    const served = await startVenues({ history: recorded, now: () => clock.now, lookMs: 10 })
    const read = await ccxtClient(venue, { rest: served.baseUrls[venue] ?? '', stream: served.streamUrls[venue] ?? '' })
    try {
      const before = await whileRunning(read.watchOHLCV(SYMBOL, '1m'))
      const minutes = (to: number) => recorded.bars({ venue, symbol: SYMBOL, interval: '1m', from: 0, to })
      const known = minutes(clock.now).at(-1)
      expect(before.find(([time]) => time === (known?.ts ?? 0) * 1_000)?.[4]).toBe(known?.close)
      clock.now += 60
      const after = await whileRunning(read.watchOHLCV(SYMBOL, '1m'))
      const closed = minutes(clock.now).at(-1)
      expect(closed?.ts).toBeGreaterThan(known?.ts ?? 0)
      expect(after.find(([time]) => time === (closed?.ts ?? 0) * 1_000)?.[4]).toBe(closed?.close)
    } finally {
      await read.close()
      await served.close()
    }
  },
)
