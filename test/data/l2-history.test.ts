import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bookReplay } from '../../data/recorded/book-replay.ts'
import type { History } from '../../data/recorded/history.ts'
import { l2History } from '../../data/recorded/l2-history.ts'
import { readL2Log } from '../../data/recorded/l2-log.ts'
import { changesBetween } from '../../data/venues/book-changes.ts'
import { okxChecksum } from '../../data/venues/okx-stream.ts'
import { hasSharedData, SHARED_DATA } from './shared-data.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-l2-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
function log(...messages: readonly unknown[]): string {
  files += 1
  const path = join(folder, `${files}.log.gz`)
  const lines = messages.map((each) => (typeof each === 'string' ? each : `1 ${JSON.stringify(each)}`))
  writeFileSync(path, gzipSync(lines.join('\n')))
  return path
}
const snapshot = { lastUpdateId: 10, bids: [['99', '1']], asks: [['101', '2']] }
const diff = (U: number, u: number, b: readonly string[][], E = u) => ({
  stream: 's',
  data: { e: 'depthUpdate', E, s: 'X', U, u, b, a: [] },
})

test('diffs are applied from the one that overlaps the book on, and levels of zero are gone', async () => {
  const recording = await readL2Log(
    log(
      diff(5, 9, [
        ['98', '7'],
        ['97', '4'],
      ]),
      diff(10, 12, [['98', '3']]),
      snapshot,
      diff(13, 13, [['99', '0']]),
    ),
  )
  const book = bookReplay(recording)
  expect(book(1)).toBeUndefined()
  expect(book(12)).toEqual({
    bids: [
      [99, 1],
      [98, 3],
    ],
    asks: [[101, 2]],
  })
  expect(book(13)?.bids).toEqual([[98, 3]])
  expect(book(13)).toBe(book(1_000))
  expect(book(12)?.bids).toHaveLength(2)
})

test('a missing diff, a log without a book, and what is no log are refused by file and line', async () => {
  await expect(readL2Log(log(snapshot, diff(13, 14, [])))).rejects.toThrow(/line 2: .*updates 11 to 12 are missing/)
  await expect(readL2Log(log(diff(1, 2, [])))).rejects.toThrow(/no book to start from/)
  await expect(readL2Log(log('1 {"lastUpdateId":1,"bids":[["x","1"]],"asks":[]}'))).rejects.toThrow(/line 1/)
  const text = join(folder, 'text.log.gz')
  writeFileSync(text, 'not packed')
  await expect(readL2Log(text)).rejects.toThrow(/text\.log\.gz/)
  await expect(l2History(folder)).rejects.toThrow(/lacks wire\/hftbacktest.*give a folder/)
})

test('whatever lines a log has, it is read or refused by its name', async () => {
  const line = fc.oneof(
    fc.string(),
    fc.json().map((json) => `1 ${json}`),
    fc.constant(`1 ${JSON.stringify(snapshot)}`),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 5 }), async (lines) => {
      const path = log(...lines.map((each) => each.replace(/[\n\r]/g, ' ')))
      try {
        expect((await readL2Log(path)).first.bids).toEqual([[99, 1]])
      } catch (error) {
        expect(String(error)).toContain(path)
      }
    }),
    { numRuns: 100 },
  )
})

test('going back and forth gives the same books as going straight on', () => {
  const level = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 3 }))
  const side = fc.array(level, { maxLength: 4 })
  fc.assert(
    fc.property(
      fc.array(fc.record({ bids: side, asks: side }), { maxLength: 20 }),
      fc.array(fc.integer({ min: -1, max: 22 }), { maxLength: 12 }),
      (diffs, visits) => {
        const recording = {
          first: { time: 0, bids: [[5, 1]] as const, asks: [[6, 1]] as const },
          diffs: diffs.map((each, index) => ({ ...each, time: index + 1 })),
          trades: [],
        }
        const wandering = bookReplay(recording)
        for (const at of visits) expect(wandering(at)).toEqual(bookReplay(recording)(at))
        // And the changes between two of its books lead from one to the other.
        const [before, after] = [bookReplay(recording)(3), bookReplay(recording)(15)]
        if (before === undefined || after === undefined) throw new Error('no book')
        const bids = new Map(before.bids)
        for (const [price, amount] of changesBetween(before, after).bids) {
          if (amount > 0) bids.set(price, amount)
          else bids.delete(price)
        }
        expect([...bids].sort(([a], [b]) => b - a)).toEqual(after.bids)
      },
    ),
  )
})

describe.skipIf(!hasSharedData())('the recorded books of 8 August 2024', () => {
  let history: History
  const at = { venue: 'binance', symbol: 'BTC/USDT' } as const
  beforeAll(async () => {
    const start = performance.now()
    history = await l2History(SHARED_DATA)
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  test('are there at every tenth of a second, sound, and hundreds of levels deep', () => {
    expect(history.period.to - history.period.from).toBeGreaterThan(340)
    for (const symbol of ['BTC/USDT', 'ETH/USDT']) {
      for (let time: number = history.period.from; time < history.period.to; time += 0.1) {
        const { bids, asks } = history.book?.({ ...at, symbol, at: time }) ?? { bids: [], asks: [] }
        expect(bids.length > 500 && asks.length > 500 && (bids[0]?.[0] ?? 0) < (asks[0]?.[0] ?? 0)).toBe(true)
      }
    }
    expect(history.book?.({ ...at, venue: 'kraken', at: history.period.from + 9 })).toBeUndefined()
    expect(history.book?.({ ...at, at: history.period.from - 9 })).toBeUndefined()
  })

  test('have the best prices that the venue itself sent between its diffs', () => {
    const name = join(SHARED_DATA, 'wire/hftbacktest/spot_btcusdt_20240808.log.gz')
    const lines = gunzipSync(readFileSync(name))
      .toString()
      .split('\n')
      .filter((line) => line !== '')
    const messages = lines.map(
      (line) => (JSON.parse(line.slice(line.indexOf(' ') + 1)) as { data?: Record<string, unknown> }).data ?? {},
    )
    const tickers = new Map(
      messages.filter(({ e }) => e === undefined).map(({ u, b, B, a, A }) => [u, [b, B, a, A].map(Number)]),
    )
    const diffs = messages.filter(({ e, u }) => e === 'depthUpdate' && tickers.has(u))
    expect(diffs.length).toBeGreaterThan(500)
    let equal = 0
    for (const { E, u } of diffs.slice(10)) {
      const { bids, asks } = history.book?.({ ...at, at: Number(E) / 1_000 }) ?? { bids: [], asks: [] }
      if (JSON.stringify([...(bids[0] ?? []), ...(asks[0] ?? [])]) === JSON.stringify(tickers.get(u))) equal += 1
    }
    expect(equal).toBe(diffs.length - 10)
  })

  test('have minutes that agree with the trades', () => {
    const [, minute] = history.bars({ ...at, interval: '1m', from: 0, to: history.period.to })
    if (minute === undefined) throw new Error('no minute')
    const trades = history.trades?.({ ...at, from: minute.ts * 1_000 - 1, to: (minute.ts + 60) * 1_000 - 1 }) ?? []
    expect(trades.length).toBeGreaterThan(100)
    expect(minute.high).toBe(Math.max(...trades.map(({ price }) => price)))
    expect(minute.close).toBe(trades.at(-1)?.price)
    expect(minute.volume).toBeCloseTo(
      trades.reduce((sum, { amount }) => sum + amount, 0),
      6,
    )
  })

  test('have OKX’s checksum as OKX reckons it, on its own recorded book', () => {
    const wire = gunzipSync(readFileSync(join(SHARED_DATA, 'wire/cryptofeed/OKX.ws.1.0.log.gz'))).toString()
    const lines = wire.split('\n').filter((line) => line.includes('"snapshot"'))
    type Book = { readonly asks: string[][]; readonly bids: string[][]; readonly checksum: number }
    const numbers = (side: string[][]) => side.map(([price, amount]) => [Number(price), Number(amount)] as const)
    expect(lines.length).toBeGreaterThan(2)
    for (const line of lines) {
      const [book] = (JSON.parse(line.slice(line.indexOf(': {') + 2)) as { data: [Book] }).data
      expect(okxChecksum({ bids: numbers(book.bids), asks: numbers(book.asks) })).toBe(book.checksum)
    }
  })
})
