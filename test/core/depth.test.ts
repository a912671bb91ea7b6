import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEPTH_MOVES, depthProfile, type LadderInUsd, recordDepth, slippageAt } from '../../oracle-node/core/depth.ts'
import type { Level } from '../../oracle-node/core/market.ts'

const BINANCE: LadderInUsd = {
  rate: 0.5,
  ladder: {
    bids: [
      [199.8, 1],
      [196, 2],
      [191, 4],
      [180, 100],
    ],
    asks: [
      [200.2, 3],
      [209.9, 5],
    ],
  },
}
const KRAKEN: LadderInUsd = { rate: 1, ladder: { bids: [[99.5, 10]], asks: [[100.4, 10]] } }

describe('depth', () => {
  test('is what a limit order at the common mid less the move gets, over all venues, in USD', () => {
    const { sell, buy } = depthProfile([BINANCE, KRAKEN], 100)
    expect(DEPTH_MOVES).toEqual([0.005, 0.01, 0.02, 0.05])
    // 99.9 and 99.5 are within 0.5 %; 98 is at 2 % sharp; 95.5 is within 5 %, 90 is not.
    expect(sell.map((usd) => Math.round(usd * 1e6) / 1e6)).toEqual([1_094.9, 1_094.9, 1_290.9, 1_672.9])
    expect(buy.map((usd) => Math.round(usd * 1e6) / 1e6)).toEqual([1_304.3, 1_304.3, 1_304.3, 1_829.05])
    expect(recordDepth({ sell, buy })).toBe(sell[2])
  })

  test('of nothing is nothing', () => {
    expect(depthProfile([], 100)).toEqual({ sell: [0, 0, 0, 0], buy: [0, 0, 0, 0] })
  })
})

const falling = fc
  .array(fc.tuple(fc.double({ min: 50, max: 99.99, noNaN: true }), fc.double({ min: 0, max: 1e4, noNaN: true })), {
    maxLength: 30,
  })
  .map((levels): LadderInUsd => ({ rate: 1, ladder: { bids: levels.toSorted(([a], [b]) => b - a), asks: [] } }))

test('depth grows with the move, adds up over venues, and does not depend on their order', () => {
  fc.assert(
    fc.property(falling, falling, (a, b) => {
      const both = depthProfile([a, b], 100).sell
      const apart = [depthProfile([a], 100).sell, depthProfile([b], 100).sell]
      expect(both.every((usd, index) => usd >= (both[index - 1] ?? 0))).toBe(true)
      for (const [index, usd] of both.entries()) {
        expect(usd).toBeCloseTo((apart[0]?.[index] ?? 0) + (apart[1]?.[index] ?? 0), 4)
      }
      expect(depthProfile([b, a], 100)).toEqual(depthProfile([a, b], 100))
    }),
  )
})

describe('slippage', () => {
  test('is one less proceeds over size, best bids of all venues first', () => {
    // 15 units: 1 at 99.9, 10 at 99.5, 2 at 98, 2 of 4 at 95.5.
    const proceeds = 99.9 + 995 + 196 + 191
    expect(slippageAt([BINANCE, KRAKEN], 100, 1_500)).toBeCloseTo(1 - proceeds / 1_500, 12)
  })

  test('is not known beyond the levels there are', () => {
    expect(slippageAt([KRAKEN], 100, 1_000)).toBeCloseTo(0.005, 12)
    expect(slippageAt([KRAKEN], 100, 1_000.01)).toBeUndefined()
    expect(slippageAt([], 100, 1)).toBeUndefined()
  })

  test('grows with the size, and another venue never makes it worse', () => {
    const size = fc.double({ min: 1, max: 1e5, noNaN: true })
    fc.assert(
      fc.property(falling, falling, size, size, (a, b, x, y) => {
        const [small, large] = [Math.min(x, y), Math.max(x, y)]
        const [less, more] = [slippageAt([a], 100, small), slippageAt([a], 100, large)]
        if (more !== undefined) expect(less ?? 1).toBeLessThanOrEqual(more + 1e-9)
        if (less !== undefined) expect(slippageAt([a, b], 100, small) ?? 1).toBeLessThanOrEqual(less + 1e-9)
      }),
    )
  })

  test('and depth agree: selling what depth says to 2 % ends at 2 %', () => {
    const levels = Array.from({ length: 500 }, (_, index): Level => [100 - (index + 1) * 0.01, 1])
    const ladder = { rate: 1, ladder: { bids: levels, asks: [] } }
    const sold = levels.filter(([price]) => price >= 98).length
    expect(recordDepth(depthProfile([ladder], 100))).toBeCloseTo(
      (1 - (slippageAt([ladder], 100, sold * 100) ?? 1)) * sold * 100,
      6,
    )
  })
})
