import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { tradesOfBars } from '../../data/recorded/bar-trades.ts'
import { bookOfDepth } from '../../data/recorded/depth-book.ts'
import { storedHistory } from '../../data/recorded/stored-history.ts'
import { restlessBooks } from '../../data/synthetic/book.ts'
import { SYNTHETIC_START, syntheticHistory } from '../../data/synthetic/simulator.ts'
import { type ServedVenues, serveVenues } from '../../data/venues/serve-venues.ts'
import { openParquetStore } from '../../oracle-node/adapters/store/parquet-store.ts'
import { depthProfile } from '../../oracle-node/core/depth.ts'
import type { BarRow, DepthRow, MarketStore, TradeRow } from '../../oracle-node/ports/market-store.ts'
import { ccxtClient } from '../support/ccxt-client.ts'

const T = Date.parse('2025-03-01T00:00:00Z') / 1_000
const bars: readonly BarRow[] = Array.from({ length: 180 }, (_, index) => ({
  source: 'okx',
  symbol: 'ETH/USDT',
  interval: '1m' as const,
  time: T + index * 60,
  open: 2_000 + index,
  high: 2_003 + index,
  low: 1_999 + index,
  close: 2_001 + index,
  volume: index % 7,
}))
const trades: readonly TradeRow[] = Array.from({ length: 50 }, (_, index) => ({
  source: 'kraken',
  symbol: 'BTC/USD',
  id: `x${index}`,
  time: (T + index) * 1_000 + 250,
  side: index % 2 === 0 ? ('buy' as const) : ('sell' as const),
  price: 60_000 + index,
  amount: 0.5,
}))
const depth: DepthRow = {
  source: 'kraken',
  symbol: 'BTC/USD',
  time: T + 30,
  mid: 60_000,
  sell: [1e6, 1.5e6, 4e6, 4e6],
  buy: [2e6, 3e6, 3.5e6, 9e6],
}

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-stored-'))
let store: MarketStore
beforeAll(async () => {
  store = await openParquetStore({ folder })
  await store.append({ bars, trades, depths: [depth] })
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

let served: ServedVenues | undefined
afterEach(async () => {
  await served?.close()
  served = undefined
})

test('what is stored is replayed: bars, hours made of them, trades, and books of the stored depth', async () => {
  const history = await storedHistory(store)
  expect(history.markets('okx')).toEqual([{ symbol: 'ETH/USDT', base: 'ETH', quote: 'USDT' }])
  expect(history.markets('binance')).toEqual([])
  expect(history.period).toEqual({ from: T, to: T + 180 * 60 })
  const okx = { venue: 'okx', symbol: 'ETH/USDT' } as const
  expect(history.bars({ ...okx, interval: '1m', from: T, to: T + 120 })).toHaveLength(2)
  const [hour] = history.bars({ ...okx, interval: '1h', from: T, to: T + 3_600 })
  expect(hour).toEqual({ ts: T, open: 2_000, high: 2_062, low: 1_999, close: 2_060, volume: expect.closeTo(174, 9) })
  const kraken = { venue: 'kraken', symbol: 'BTC/USD' } as const
  expect(history.trades?.({ ...kraken, from: T * 1_000, to: (T + 2) * 1_000 }).map(({ price }) => price)).toEqual([
    60_000, 60_001,
  ])
  expect(history.bars({ ...kraken, interval: '1m', from: T, to: T + 60 })[0]).toMatchObject({
    open: 60_000,
    close: 60_049,
  })
  expect(history.book?.({ ...kraken, at: T + 29 })).toBeUndefined()
  expect(history.book?.({ ...kraken, at: T + 31 })).toEqual(bookOfDepth(depth))
  expect(history.describe()).toEqual((await storedHistory(store)).describe())
  expect(history.marketConfig({ kraken: 'http://x' }).assets['BTC']?.sources).toMatchObject([
    { venue: 'kraken', book: true },
  ])
})

test('a part of it can be asked for, and what is not there or too much is refused', async () => {
  const part = await storedHistory(store, { from: T + 600, to: T + 1_200, venues: ['okx'] })
  expect(part.period).toEqual({ from: T + 600, to: T + 1_200 })
  expect(part.bars({ venue: 'okx', symbol: 'ETH/USDT', interval: '1m', from: 0, to: T + 9e9 })).toHaveLength(10)
  await expect(storedHistory(store, { venues: ['gate'] })).rejects.toThrow(/no minutes.* of gate .*data list/)
  await expect(storedHistory(store, { from: T + 9e6 })).rejects.toThrow(/2025-06-13/)
  const huge = {
    ...store,
    holdings: async () => (await store.holdings()).map((each) => ({ ...each, rows: 1e9 })),
  }
  await expect(storedHistory(huge)).rejects.toThrow(/give a shorter range/)
})

test('a book of a depth has that depth, by the core’s definition', () => {
  const { bids, asks } = bookOfDepth(depth)
  const mid = ((bids[0]?.[0] ?? 0) + (asks[0]?.[0] ?? 0)) / 2
  expect(mid).toBeCloseTo(60_000, 6)
  const measured = depthProfile([{ ladder: { bids, asks }, rate: 1 }], mid)
  for (const side of ['sell', 'buy'] as const) {
    for (const [index, worth] of depth[side].entries()) expect(measured[side][index]).toBeCloseTo(worth, 3)
  }
})

test('trades of bars are at open, high, low and close, and make the bars again', () => {
  const history = syntheticHistory({ seed: 'trades', hours: 1 })
  const market = { venue: 'kraken', symbol: 'BTC/USD' } as const
  const from = SYNTHETIC_START - 600
  for (const bar of history.bars({ ...market, interval: '1m', from, to: SYNTHETIC_START })) {
    const made = tradesOfBars(history, { ...market, from: bar.ts * 1_000 - 1, to: (bar.ts + 60) * 1_000 - 1 })
    expect(made).toHaveLength(4)
    expect([made[0]?.price, made[3]?.price]).toEqual([bar.open, bar.close])
    expect(Math.max(...made.map(({ price }) => price))).toBe(bar.high)
    expect(Math.min(...made.map(({ price }) => price))).toBe(bar.low)
    expect(made.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(bar.volume, 9)
    expect(made.map(({ id }) => id)).toEqual(made.map((_, index) => (made[0]?.id ?? 0) + index))
    expect(tradesOfBars(history, { ...market, from: bar.ts * 1_000, to: (bar.ts + 21) * 1_000 })).toEqual([made[1]])
  }
  const hourly = {
    bars: (query: Parameters<typeof history.bars>[0]) => (query.interval === '1h' ? history.bars(query) : []),
  }
  expect(
    tradesOfBars(hourly, { ...market, from: (SYNTHETIC_START - 7_200) * 1_000 - 1, to: SYNTHETIC_START * 1_000 - 1 }),
  ).toHaveLength(8)
})

test('restless books change an eighth of their amounts every tenth of a second, and are the same when asked again', () => {
  const still = syntheticHistory({ seed: 'restless', hours: 1 })
  const history = restlessBooks(still)
  const book = (at: number) => history.book?.({ venue: 'binance', symbol: 'BTC/USDT', at })
  const [before, after] = [book(SYNTHETIC_START + 60), book(SYNTHETIC_START + 60.1)]
  const changed = before?.bids.filter(([, amount], index) => after?.bids[index]?.[1] !== amount).length ?? 0
  expect(changed).toBeGreaterThanOrEqual(3)
  expect(changed).toBeLessThanOrEqual(4)
  expect(before?.bids.map(([price]) => price)).toEqual(
    still.book?.({ venue: 'binance', symbol: 'BTC/USDT', at: SYNTHETIC_START + 60 })?.bids.map(([price]) => price),
  )
  expect(book(SYNTHETIC_START + 60)).toEqual(before)
  expect(restlessBooks({ ...still, book: undefined } as never)).not.toHaveProperty('book.call')
})

test('a stored history is served on its own clock at any speed, and stands still at its end', async () => {
  const clock = { ms: 0 }
  served = await serveVenues({
    history: await storedHistory(store),
    from: T + 3_600,
    speed: 60,
    faults: { kraken: 'http-500' },
    milliseconds: () => clock.ms,
  })
  expect(Object.keys(served.baseUrls)).toEqual(['kraken', 'okx'])
  const read = await ccxtClient('okx', { rest: served.baseUrls.okx ?? '', stream: served.streamUrls.okx ?? '' })
  const closes = async () => (await read.fetchOHLCV('ETH/USDT', '1m', undefined, 2)).map((row) => row[4])
  expect(await closes()).toEqual([2_060, 2_060])
  clock.ms = 2_000
  expect(served.now()).toBe(T + 3_720)
  expect(await closes()).toEqual([2_062, 2_062])
  clock.ms = 1e9
  expect(served.now()).toBe(T + 180 * 60)
  await read.close()
  await expect(fetch(`${served.baseUrls.kraken}/0/public/Time`).then(({ status }) => status)).resolves.toBe(500)
})

test('what cannot be served is refused with what is possible', async () => {
  const history = await storedHistory(store)
  await expect(serveVenues({ history, speed: 0 })).rejects.toThrow(/not 0/)
  await expect(serveVenues({ history, speed: 1e6 })).rejects.toThrow(/3600/)
  await expect(serveVenues({ history, venues: ['gate'] })).rejects.toThrow(/no market of gate/)
  await expect(serveVenues({ history, from: T - 1 })).rejects.toThrow(
    /cannot start at 2025-02-28T23:59:59.*from 2025-03-01T00:00:00/,
  )
  served = await serveVenues({ history })
  const port = Number(new URL(served.baseUrls.okx ?? '').port)
  await expect(serveVenues({ history, port })).rejects.toThrow(/EADDRINUSE/)
})
