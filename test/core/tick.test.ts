import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RawMarket, VenueSource } from '../../oracle-node/core/market.ts'
import { CANDLES_MAX } from '../../oracle-node/core/market-bars.ts'
import { BOOK_LEVELS_MAX, THIN_BOOK_DEPTH } from '../../oracle-node/core/market-book.ts'
import { TRADES_MAX } from '../../oracle-node/core/market-trades.ts'
import { HOURS_MIN, JUMP_MAX, parseTick } from '../../oracle-node/core/tick.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'

const NOW = (1_700_000_000 - (1_700_000_000 % 3_600) + 1_830) as UnixSeconds
const SOURCE: VenueSource = {
  venue: 'kraken',
  symbol: 'BTC/USD',
  quote: 'USD',
  priceInterval: '1m',
  maxAgeSeconds: 600,
  book: true,
}
const LAST_ONLY: VenueSource = { ...SOURCE, book: false }

type Row = [number, number, number, number, number, number]

/** Flat candles at `price` up to and with the one that is open at `now`. */
function candles(seconds: number, count: number, price = 100, now: number = NOW): Row[] {
  const open = now - (now % seconds)
  return Array.from({ length: count }, (_, index) => {
    const ts = (open - (count - 1 - index) * seconds) * 1_000
    return [ts, price, price * 1.001, price * 0.999, price, 2]
  })
}

const BOOK = {
  bids: [
    [99.9, 30],
    [98.5, 10],
    [90, 1_000],
  ],
  asks: [[100.1, 50]],
}
const SOUND: RawMarket = { hours: candles(3_600, 201), minutes: candles(60, 60), book: BOOK }

const parse = (raw: Partial<RawMarket>, source = SOURCE, now = NOW): ReturnType<typeof parseTick> =>
  parseTick({ source, raw: { ...SOUND, ...raw }, now })
const reasonOf = (raw: Partial<RawMarket>, source = SOURCE, now = NOW): string => {
  const parsed = parse(raw, source, now)
  return parsed.ok ? 'accepted' : parsed.reason
}
const withRow = (change: (row: Row) => unknown, index = 30): unknown[] =>
  candles(60, 60).map((row, at) => (at === index ? change(row) : row))

describe('a sound answer', () => {
  test('is priced at the mid of the book, now, with the levels of the book', () => {
    const parsed = parse({})
    expect(parsed).toMatchObject({ ok: true, tick: { price: 100, time: NOW } })
    expect(parsed.ok && parsed.tick.ladder).toEqual(BOOK)
  })

  test('without a book is priced at the last closed minute, whose end is its time', () => {
    const minutes = candles(60, 60)
    minutes[58] = [minutes[58]?.[0] ?? 0, 100, 103, 100, 102, 1]
    minutes[59] = [minutes[59]?.[0] ?? 0, 102, 500, 102, 500, 1]
    const parsed = parse({ minutes }, LAST_ONLY)
    expect(parsed).toMatchObject({ ok: true, tick: { price: 102, time: NOW - (NOW % 60) } })
    expect(parsed.ok && parsed.tick.ladder).toBeUndefined()
  })

  test('gives closed hours only, their volume in quote currency', () => {
    const parsed = parse({})
    if (!parsed.ok) throw new Error(parsed.detail)
    expect(parsed.tick.bars).toHaveLength(200)
    expect(parsed.tick.bars.every((bar) => bar.openTime + 3_600 <= NOW)).toBe(true)
    expect(parsed.tick.bars[0]?.volume).toBe(200)
  })

  test('does not take a flat minute without volume for a new price', () => {
    const quiet = candles(60, 60).map((row, index): Row => (index > 54 ? [row[0], 80, 80, 80, 80, 0] : row))
    expect(parse({ minutes: quiet }, LAST_ONLY)).toMatchObject({ ok: true, tick: { price: 100 } })
    const silent = candles(60, 60).map((row): Row => [row[0], 80, 80, 80, 80, 0])
    expect(reasonOf({ minutes: silent }, LAST_ONLY)).toBe('stale')
  })
})

describe('a hostile answer is named', () => {
  const rows: [string, (row: Row) => unknown, string][] = [
    ['not a number', (row) => [row[0], Number.NaN, 1, 1, 1, 1], 'malformed'],
    ['text', (row) => [row[0], '100', 100, 100, 100, 1], 'malformed'],
    ['negative price', (row) => [row[0], -1, 100, -1, 100, 1], 'malformed'],
    ['price of zero', (row) => [row[0], 0, 100, 0, 100, 1], 'malformed'],
    ['infinite price', (row) => [row[0], 1, Number.POSITIVE_INFINITY, 1, 1, 1], 'malformed'],
    ['price past all markets', (row) => [row[0], 1e13, 1e13, 1e13, 1e13, 1], 'malformed'],
    ['high below low', (row) => [row[0], 100, 90, 110, 100, 1], 'malformed'],
    ['high below close', (row) => [row[0], 100, 100, 99, 101, 1], 'malformed'],
    ['negative volume', (row) => [row[0], 100, 100, 100, 100, -1], 'malformed'],
    ['missing volume', (row) => [row[0], 100, 100, 100, 100, undefined], 'malformed'],
    ['short row', (row) => row.slice(0, 5), 'malformed'],
    ['time off the grid', (row) => [row[0] + 1, ...row.slice(1)], 'malformed'],
    ['time in seconds', (row) => [row[0] / 1_000, ...row.slice(1)], 'malformed'],
    ['the minute before again', (row) => [row[0] - 60_000, ...row.slice(1)], 'malformed'],
    ['out of order', (row) => [row[0] + 120_000, ...row.slice(1)], 'malformed'],
    ['past the year 2106', (row) => [2 ** 32 * 60_000, ...row.slice(1)], 'malformed'],
    ['null row', () => null, 'malformed'],
    ['volume that would spoil every sum', (row) => [row[0], 100, 100, 100, 100, 1e12], 'malformed'],
  ]
  test.each(rows)('candle: %s', (_, change, reason) => {
    expect(reasonOf({ minutes: withRow(change) })).toBe(reason)
  })

  test('candles from the future', () => {
    expect(reasonOf({ minutes: candles(60, 60, 100, NOW + 600) })).toBe('from-the-future')
    expect(reasonOf({ hours: candles(3_600, 201, 100, NOW + 3_600) })).toBe('from-the-future')
  })

  test('a next minute that a slightly fast venue has opened is no fault, and not used', () => {
    const now = (NOW - (NOW % 60) + 59) as UnixSeconds
    expect(reasonOf({ minutes: candles(60, 60, 100, now + 1) }, SOURCE, now)).toBe('accepted')
  })

  test('nothing, no list, or a list without end', () => {
    expect(reasonOf({ minutes: [] })).toBe('empty')
    expect(reasonOf({ hours: [] })).toBe('empty')
    expect(reasonOf({ hours: 'candles' })).toBe('malformed')
    expect(reasonOf({ minutes: undefined })).toBe('malformed')
    expect(reasonOf({ minutes: candles(60, CANDLES_MAX + 1) })).toBe('malformed')
  })

  test('too short a history, or one that ended', () => {
    expect(reasonOf({ hours: candles(3_600, HOURS_MIN) })).toBe('too-few-bars')
    expect(reasonOf({ hours: candles(3_600, HOURS_MIN + 1) })).toBe('accepted')
    expect(reasonOf({ hours: candles(3_600, 201, 100, NOW - 5 * 3_600) })).toBe('stale')
  })

  test('an hourly market needs no minutes: its last hour is its price', () => {
    const hourly: VenueSource = { ...LAST_ONLY, priceInterval: '1h', maxAgeSeconds: 7_200 }
    expect(parse({ minutes: undefined }, hourly)).toMatchObject({ ok: true, tick: { time: NOW - (NOW % 3_600) } })
  })

  test('a price older than its limit, even beside a book that looks alive', () => {
    expect(reasonOf({ minutes: candles(60, 60, 100, NOW - 540) })).toBe('accepted')
    expect(reasonOf({ minutes: candles(60, 60, 100, NOW - 660) })).toBe('stale')
  })

  test('books', () => {
    expect(reasonOf({ book: { bids: [[100.1, 1]], asks: [[100.1, 1]] } })).toBe('crossed-book')
    expect(reasonOf({ book: { bids: [[101, 1]], asks: [[100, 1]] } })).toBe('crossed-book')
    expect(reasonOf({ book: { bids: [], asks: [[100, 1]] } })).toBe('empty')
    expect(reasonOf({ book: { bids: [[99, 0]], asks: [[100, 1]] } })).toBe('empty')
    expect(reasonOf({ book: { bids: [['99', 1]], asks: [[100, 1]] } })).toBe('malformed')
    expect(
      reasonOf({
        book: {
          bids: [
            [98, 1],
            [99, 1],
          ],
          asks: [[100, 1]],
        },
      }),
    ).toBe('malformed')
    expect(reasonOf({ book: { bids: [[99, 1]] } })).toBe('malformed')
    expect(reasonOf({ book: { bids: [[99, -1]], asks: [[100, 1]] } })).toBe('malformed')
    expect(reasonOf({ book: undefined })).toBe('malformed')
    expect(reasonOf({ book: null })).toBe('malformed')
    expect(reasonOf({ book: { bids: [[99, 1]], asks: [[100]] } })).toBe('malformed')
    expect(reasonOf({ book: { bids: [[99, 1]], asks: 100 } })).toBe('malformed')
    expect(reasonOf({ book: { bids: [undefined], asks: [] } })).toBe('malformed')
    expect(
      reasonOf({
        book: {
          bids: [[99, 1]],
          asks: [
            [101, 1],
            [100, 1],
          ],
        },
      }),
    ).toBe('malformed')
    const endless = Array.from({ length: BOOK_LEVELS_MAX + 1 }, () => [99, 1])
    expect(reasonOf({ book: { bids: endless, asks: [[100, 1]] } })).toBe('malformed')
  })

  test('a mid far from the last trade', () => {
    const mid = (price: number): unknown => ({ bids: [[price - 0.1, 50]], asks: [[price + 0.1, 50]] })
    expect(reasonOf({ book: mid(100 * (1 + JUMP_MAX) - 0.01) })).toBe('accepted')
    expect(reasonOf({ book: mid(100 * (1 + JUMP_MAX) + 0.01) })).toBe('jump')
    expect(reasonOf({ book: mid(100 * (1 - JUMP_MAX) - 0.01) })).toBe('jump')
  })
})

describe('a book that nobody stands behind', () => {
  const book = (bid: number, ask: number, worth: number): unknown => ({
    bids: [[bid, worth / bid]],
    asks: [[ask, 1_000]],
  })

  test('is thin: less than a thousand on one side within 2 %', () => {
    expect(reasonOf({ book: book(99.9, 100.1, THIN_BOOK_DEPTH * 1.001) })).toBe('accepted')
    expect(reasonOf({ book: book(99.9, 100.1, THIN_BOOK_DEPTH * 0.999) })).toBe('thin-book')
    expect(reasonOf({ book: { bids: [[99.9, 1_000]], asks: [[100.1, 1]] } })).toBe('thin-book')
  })

  test('is thin: a spread that leaves the price open', () => {
    expect(reasonOf({ book: book(99.01, 100.99, 1e6) })).toBe('accepted')
    expect(reasonOf({ book: book(98.99, 101.01, 1e6) })).toBe('thin-book')
  })
})

describe('a stream', () => {
  const trade = (secondsAgo: number, price = 101, amount = 1): unknown => ({
    id: `${secondsAgo}`,
    timestamp: (NOW - secondsAgo) * 1_000 + 7,
    price,
    amount,
  })

  test('gives the newest trade as the price where there is no book, however its list is ordered', () => {
    const trades = [trade(30, 100.2), trade(3, 101), trade(3, 101), trade(20, 100.4)]
    expect(parse({ trades }, LAST_ONLY)).toMatchObject({ ok: true, tick: { price: 101, time: NOW - 3 } })
  })

  test('falls back to the last closed minute when its trades are older', () => {
    expect(parse({ trades: [trade(400, 77)] }, LAST_ONLY)).toMatchObject({ ok: true, tick: { price: 100 } })
    expect(parse({ trades: [] }, LAST_ONLY)).toMatchObject({ ok: true, tick: { price: 100 } })
  })

  test('of trades that cannot be is named', () => {
    const cases: [unknown, string][] = [
      ['trades', 'malformed'],
      [[null], 'malformed'],
      [[{ ...Object(trade(1)), price: Number.NaN }], 'malformed'],
      [[trade(1, -5)], 'malformed'],
      [[trade(1, 100, -1)], 'malformed'],
      [[{ ...Object(trade(1)), timestamp: 1.5 }], 'malformed'],
      [[{ ...Object(trade(1)), timestamp: undefined }], 'malformed'],
      [[trade(-600)], 'from-the-future'],
      [Array.from({ length: TRADES_MAX + 1 }, () => trade(1)), 'malformed'],
    ]
    for (const [trades, reason] of cases) expect(reasonOf({ trades }, LAST_ONLY)).toBe(reason)
  })

  test('keeps a book as old as its last sign of life', () => {
    expect(parse({ bookTime: NOW - 90.5 })).toMatchObject({ ok: true, tick: { time: NOW - 91 } })
    expect(reasonOf({ bookTime: NOW - SOURCE.maxAgeSeconds - 1 })).toBe('stale')
    expect(reasonOf({ bookTime: NOW + 3_600 })).toBe('from-the-future')
    expect(reasonOf({ bookTime: Number.NaN })).toBe('from-the-future')
  })
})

describe('whatever comes', () => {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.double(),
    fc.constantFrom(undefined, null, Number.NaN, -0, '', 1e308, -1, 2 ** 53),
  )
  const mutated = fc
    .tuple(fc.constantFrom('hours', 'minutes', 'book'), fc.nat(400), fc.nat(6), odd)
    .map(([part, at, field, value]): RawMarket => {
      const raw = structuredClone(SOUND) as Record<string, unknown>
      const list = part === 'book' ? (raw['book'] as typeof BOOK).bids : (raw[part] as unknown[][])
      const row = list[at % list.length] as unknown[]
      row[field % row.length] = value
      return raw as RawMarket
    })

  test('parsing never throws, and what it accepts is sound', () => {
    const any = fc.record({ hours: odd, minutes: odd, book: odd })
    fc.assert(
      fc.property(fc.oneof(any, mutated), fc.boolean(), (raw, book) => {
        const parsed = parseTick({ source: { ...SOURCE, book }, raw, now: NOW })
        if (!parsed.ok) return parsed.detail.length < 400
        const { tick } = parsed
        return (
          tick.price > 0 &&
          Number.isFinite(tick.price) &&
          tick.time <= NOW &&
          tick.bars.every(
            (bar, index) =>
              bar.openTime + 3_600 <= NOW &&
              bar.openTime > (tick.bars[index - 1]?.openTime ?? -1) &&
              bar.low > 0 &&
              bar.high >= bar.low &&
              Number.isFinite(bar.volume),
          )
        )
      }),
      { numRuns: 400 },
    )
  })
})
