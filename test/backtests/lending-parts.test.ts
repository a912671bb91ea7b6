import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { actingIn, calendarOf, coinsOf, enterNext, isWatching } from '../../backtests/lending/calendar.ts'
import {
  largestOfGroup,
  largestValue,
  maxTree,
  placeOfLargest,
  placesAbove,
  setValue,
  valueAt,
} from '../../backtests/lending/max-tree.ts'
import { averageDiscount, displaced, repayRange, unfilledShare } from '../../backtests/lending/order-book.ts'
import { pathOf, pointPrices } from '../../backtests/lending/path.ts'
import { priceFeed } from '../../backtests/lending/price-feed.ts'
import { mulberry32 } from '../../backtests/metrics/generator.ts'
import type { Series } from '../../backtests/series.ts'

describe('the book', () => {
  test('selling the depth moves the price by 2 %, and loses half of that on average', () => {
    const book = { displacement: 0.01, depthUsd: 5e6 }
    expect(displaced(book, 5e6)).toBeCloseTo(0.03, 12)
    expect(averageDiscount(book, 5e6)).toBeCloseTo(0.02, 12)
    // In two sales as in one.
    const half = displaced(book, 2e6)
    const apart = 2e6 * averageDiscount(book, 2e6) + 3e6 * averageDiscount({ ...book, displacement: half }, 3e6)
    expect(apart).toBeCloseTo(5e6 * 0.02, 6)
  })

  test('half of what was sold is refilled in a half-life', () => {
    expect(unfilledShare(3, 3)).toBeCloseTo(0.5, 12)
    expect(unfilledShare(0.25, 1) ** 4).toBeCloseTo(0.5, 12)
    expect(unfilledShare(1, 0)).toBe(0)
  })

  test('no amount pays where there is no range, its lower end earns nothing, and the most is earned at its upper end', () => {
    const cases = fc.record({
      displacement: fc.double({ min: 0, max: 0.1, noNaN: true }),
      depthUsd: fc.double({ min: 1e3, max: 1e7, noNaN: true }),
      worth: fc.double({ min: 0.9, max: 1.2, noNaN: true }),
      profitMin: fc.double({ min: 0, max: 0.02, noNaN: true }),
      gasUsd: fc.double({ min: 0, max: 100, noNaN: true }),
    })
    let pays = 0
    fc.assert(
      fc.property(cases, ({ displacement, depthUsd, ...terms }) => {
        const book = { displacement, depthUsd }
        const surplus = (repaid: number): number => {
          const sold = repaid * terms.worth
          return sold * (1 - averageDiscount(book, sold)) - repaid * (1 + terms.profitMin) - terms.gasUsd
        }
        const range = repayRange(book, terms)
        const most = range?.mostUsd ?? depthUsd
        const best = Math.max(...Array.from({ length: 400 }, (_, step) => surplus((most * (step + 1)) / 100)))
        if (range === undefined) {
          expect(best).toBeLessThanOrEqual(1e-6)
          return
        }
        pays += 1
        expect(surplus(most)).toBeGreaterThanOrEqual(best - 1e-6)
        expect(Math.abs(surplus(range.leastUsd))).toBeLessThan(1e-5)
        expect(range.leastUsd).toBeLessThanOrEqual(most * (1 + 1e-9))
      }),
      { numRuns: 500, seed: 1 },
    )
    expect(pays).toBeGreaterThan(100)
    expect(repayRange({ displacement: 0, depthUsd: 0 }, { worth: 1.05, profitMin: 0, gasUsd: 0 })).toBeUndefined()
  })
})

test('the tree of maxima finds what a scan finds', () => {
  const check = (size: number, seed: number): void => {
    const draw = mulberry32(seed)
    const tree = maxTree(size)
    const plain = new Array<number>(size).fill(0)
    const found = new Int32Array(size)
    for (let step = 0; step < 60; step++) {
      const place = Math.floor(draw() * size)
      // Few values, so that there are ties.
      plain[place] = Math.floor(draw() * 8)
      setValue(tree, place, plain[place] ?? 0)
      expect(valueAt(tree, place)).toBe(plain[place])
      expect(largestValue(tree)).toBe(Math.max(...plain))
      const places = Math.floor(draw() * (size + 1))
      const largest = Math.max(0, ...plain.slice(0, places))
      expect(placeOfLargest(tree, places)).toBe(largest === 0 ? -1 : plain.indexOf(largest))
      const above = Array.from({ length: tree.groups }, (_, group) => {
        const part = plain.slice(group * tree.span, (group + 1) * tree.span)
        expect(largestOfGroup(tree, group)).toBe(Math.max(0, ...part))
        return [...found.subarray(0, placesAbove(tree, group, 4, found))]
      })
      expect(above.flat()).toEqual(plain.flatMap((value, at) => (value > 4 ? [at] : [])))
    }
  }
  fc.assert(fc.property(fc.integer({ min: 1, max: 300 }), fc.integer(), check), { numRuns: 60, seed: 1 })
})

describe('who acts when', () => {
  test('waits are geometric with the mean asked for, and nobody is lost', () => {
    const [seats, hours] = [2_000, 2_400]
    const calendar = calendarOf({ hours, seats, everyDays: 2, seed: 3 })
    for (let seat = 0; seat < seats; seat++) enterNext(calendar, seat, 0)
    const found = new Int32Array(seats)
    const acts = new Float64Array(hours)
    for (let hour = 1; hour < hours; hour++) {
      acts[hour] = actingIn(calendar, hour, found)
      for (const seat of found.slice(0, acts[hour])) enterNext(calendar, seat, hour)
    }
    // The chance is the same in each hour: 1 − e^(−1/48), of 2 000.
    const expected = seats * (1 - Math.exp(-1 / 48))
    for (const [from, to] of [
      [1, 801],
      [801, 1_600],
      [1_600, 2_400],
    ] as const) {
      const mean = acts.subarray(from, to).reduce((a, b) => a + b, 0) / (to - from)
      expect(Math.abs(mean / expected - 1)).toBeLessThan(0.02)
    }
  })

  test('the coins of watching fall with their chance, by hour, borrower and seed, alike each time', () => {
    const count = (seed: number, chance: number): number => {
      let watching = 0
      for (let hour = 0; hour < 100; hour++) {
        const coins = coinsOf(seed, hour)
        for (let borrower = 0; borrower < 100; borrower++) watching += isWatching(coins, borrower, chance) ? 1 : 0
      }
      return watching
    }
    expect([count(1, 0), count(1, 1)]).toEqual([0, 10_000])
    expect(Math.abs(count(1, 0.2) - 2_000)).toBeLessThan(150)
    expect(count(1, 0.2)).toBe(count(1, 0.2))
    expect(count(1, 0.2)).not.toBe(count(2, 0.2))
    const row = (hour: number): boolean[] =>
      Array.from({ length: 64 }, (_, borrower) => isWatching(coinsOf(9, hour), borrower, 0.5))
    expect(row(0)).not.toEqual(row(1))
  })
})

describe('a price feed', () => {
  const feed = (prices: readonly number[], deviationBps: number, heartbeatSeconds: number, delaySeconds: number) => [
    ...priceFeed(Float64Array.from(prices), { deviationBps, heartbeatSeconds, delaySeconds }),
  ]

  test('answers anew when the price has moved far enough from the last answer', () => {
    expect(feed([100, 100.4, 100.5, 100.9, 101, 99], 50, 86_400, 0)).toEqual([100, 100, 100.5, 100.5, 100.5, 99])
    expect(feed([100, 101, 102], 0, 86_400, 0)).toEqual([100, 101, 102])
  })

  test('answers anew after its heartbeat', () => {
    expect(feed([100, 100.1, 100.2, 100.3, 100.4], 50, 1_800, 0)).toEqual([100, 100, 100.2, 100.2, 100.4])
  })

  test('answers arrive late by whole points, and those under way are not sent twice', () => {
    expect(feed([100, 90, 80, 80, 80], 50, 86_400, 900)).toEqual([100, 100, 90, 80, 80])
    expect(feed([100, 90, 80, 80, 80], 50, 86_400, 901)).toEqual([100, 100, 100, 90, 80])
    expect(feed([100, 90], 50, 86_400, 9_000)).toEqual([100, 100])
    expect(feed([], 50, 86_400, 0)).toEqual([])
  })

  test('refuses settings that no feed can have', () => {
    expect(() => feed([1], -1, 1, 1)).toThrow(/deviationBps ≥ 0.*got -1/)
    expect(() => feed([1], 1, 0, 1)).toThrow(RangeError)
    expect(() => feed([1], 1, 1, Number.NaN)).toThrow(RangeError)
  })
})

describe('a path', () => {
  const of = (...values: number[]): Float64Array => Float64Array.from(values)
  const series: Series = {
    asset: 'X',
    kind: 'volatile',
    from: 3_600,
    open: of(10, 12),
    high: of(13, 14),
    low: of(9, 8),
    close: of(12, 9),
    volumeUsd: of(1, 1),
    missing: new Uint8Array(2),
  }
  const settings = { deviationBps: 0, heartbeatSeconds: 3_600, delaySeconds: 0 }

  test('goes to the far extreme first: down in an hour that rises, up in one that falls', () => {
    expect([...pointPrices(series)]).toEqual([10, 9, 13, 12, 12, 14, 8, 9])
  })

  test('has depth by the hour and the feed’s answers', () => {
    const path = pathOf(series, { depthUsd: of(5, 7), feed: { ...settings, delaySeconds: 900 } })
    expect([...path.depthUsd]).toEqual([5, 5, 5, 5, 7, 7, 7, 7])
    expect([...path.oraclePriceUsd]).toEqual([10, 10, 9, 13, 12, 12, 14, 8])
    expect(path).toMatchObject({ asset: 'X', from: 3_600 })
    expect(path.debtPriceUsd).toBeUndefined()
  })

  test('refuses columns of another length', () => {
    expect(() => pathOf(series, { depthUsd: of(5), feed: settings })).toThrow('X: depthUsd needs 2 entries, got 1')
    const debtPriceUsd = of(1, 1)
    expect(() => pathOf(series, { depthUsd: of(5, 5), feed: settings, debtPriceUsd })).toThrow(/needs 8 entries, got 2/)
  })
})
