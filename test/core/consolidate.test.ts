import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Bar } from '../../oracle-node/core/bar.ts'
import { CARRY_HOURS_MAX, consolidate } from '../../oracle-node/core/consolidate.ts'
import type { MarketTick, VenueSource } from '../../oracle-node/core/market.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'

const END = 1_700_000_000 - (1_700_000_000 % 3_600)
const NOW = (END + 100) as UnixSeconds
const VENUES = ['binance', 'binanceus', 'coinbaseexchange', 'kraken'] as const

const bar = (hoursAgo: number, price: number, volume = 10): Bar => ({
  openTime: (END - hoursAgo * 3_600) as UnixSeconds,
  open: price,
  high: price * 1.01,
  low: price * 0.99,
  close: price,
  volume,
})

function tick(venue: VenueSource['venue'], bars: readonly Bar[], quote: VenueSource['quote'] = 'USD'): MarketTick {
  const source: VenueSource = {
    venue,
    symbol: `BTC/${quote}`,
    quote,
    priceInterval: '1m',
    maxAgeSeconds: 600,
    book: false,
  }
  return { source, price: 1, time: NOW, bars: bars.toSorted((a, b) => a.openTime - b.openTime) }
}

test('an hour is the median of its prices and the sum of its volumes', () => {
  const ticks = [
    tick('binance', [bar(1, 100)]),
    tick('kraken', [bar(1, 102)]),
    tick('coinbaseexchange', [bar(1, 900, 1)]),
  ]
  const [hour] = consolidate(ticks, {}, NOW)
  expect(hour).toMatchObject({ open: 102, close: 102, volume: 21 })
  expect(hour?.high).toBeCloseTo(103.02, 9)
})

test('a bar without volume has no vote where somebody traded, and stands where nobody did', () => {
  const printed = [tick('binanceus', [bar(2, 0.822, 0), bar(1, 0.822, 0)]), tick('kraken', [bar(1, 0.9)])]
  const bars = consolidate(printed, {}, NOW)
  expect(bars.map(({ close }) => close)).toEqual([0.822, 0.9])
})

test('a stablecoin is worth what it was in that hour, and now where its hour is not known', () => {
  const rates = { USDT: { now: 0.5, bars: [bar(1, 0.98)] } }
  const bars = consolidate([tick('binance', [bar(2, 100), bar(1, 100)], 'USDT')], rates, NOW)
  expect(bars.map(({ close, volume }) => [close, volume])).toEqual([
    [50, 5],
    [98, 9.8],
  ])
})

test('a source without a rate is left out', () => {
  expect(consolidate([tick('binance', [bar(1, 100)], 'USDC')], {}, NOW)).toEqual([])
})

test('a short hole is filled flat without volume; a long one stays open', () => {
  const short = consolidate([tick('kraken', [bar(CARRY_HOURS_MAX + 2, 100), bar(1, 110)])], {}, NOW)
  expect(short.map(({ close, volume }) => [close, volume])).toEqual([
    [100, 10],
    ...Array(CARRY_HOURS_MAX).fill([100, 0]),
    [110, 10],
  ])
  const long = consolidate([tick('kraken', [bar(CARRY_HOURS_MAX + 3, 100), bar(1, 110)])], {}, NOW)
  expect(long).toHaveLength(2)
})

test('neither an hour that is open nor one past the history is used', () => {
  const bars = consolidate([tick('kraken', [bar(201, 1), bar(200, 2), bar(1, 3), bar(0, 4), bar(-5, 5)])], {}, NOW)
  expect(bars.map(({ close }) => close)).toEqual([2, 3])
})

test('hours come in order, once each, sound, whatever the sources and their order', () => {
  const anyBar = fc
    .record({
      ago: fc.integer({ min: 1, max: 12 }),
      price: fc.double({ min: 1, max: 1e6, noNaN: true }),
      volume: fc.nat(1_000),
    })
    .map(({ ago, price, volume }) => bar(ago, price, volume))
  const anyTick = fc
    .tuple(fc.constantFrom(...VENUES), fc.uniqueArray(anyBar, { selector: ({ openTime }) => openTime, maxLength: 12 }))
    .map(([venue, bars]) => tick(venue, bars))
  fc.assert(
    fc.property(fc.array(anyTick, { maxLength: 6 }), fc.infiniteStream(fc.nat()), (ticks, order) => {
      const bars = consolidate(ticks, {}, NOW)
      const shuffled = ticks.map((each) => ({ each, key: order.next().value })).sort((a, b) => a.key - b.key)
      expect(
        consolidate(
          shuffled.map(({ each }) => each),
          {},
          NOW,
        ),
      ).toEqual(bars)
      for (const [index, { openTime, open, high, low, close }] of bars.entries()) {
        expect(openTime).toBeGreaterThan(bars[index - 1]?.openTime ?? 0)
        expect(high).toBeGreaterThanOrEqual(Math.max(open, close))
        expect(low).toBeLessThanOrEqual(Math.min(open, close))
      }
      const inHour = (hour: number): number[] =>
        ticks.flatMap((each) => each.bars.filter(({ openTime }) => openTime === hour).map(({ close }) => close))
      for (const { openTime, close, volume } of bars) {
        const closes = inHour(openTime)
        if (closes.length === 0) expect(volume).toBe(0)
        else expect(close >= Math.min(...closes) && close <= Math.max(...closes)).toBe(true)
      }
    }),
    { numRuns: 200 },
  )
})
