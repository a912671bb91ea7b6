import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { divideUp, squareRootDown, squareRootUp } from '../../../oracle-node/core/pools/integer-math.ts'
import {
  SQRT_PRICE_MAX,
  SQRT_PRICE_MIN,
  sqrtPriceAtTick,
  TICK_MAX,
  tickAtSqrtPrice,
} from '../../../oracle-node/core/pools/tick-math.ts'

const anyTick = fc.integer({ min: -TICK_MAX, max: TICK_MAX })

describe('ticks and square root prices', () => {
  test('the ends are those that the contracts publish', () => {
    expect(SQRT_PRICE_MIN).toBe(4_295_128_739n)
    expect(SQRT_PRICE_MAX).toBe(1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342n)
    expect(sqrtPriceAtTick(0)).toBe(2n ** 96n)
  })

  test('a tick is the greatest whose price is not above the given one', () => {
    fc.assert(
      fc.property(anyTick, fc.bigInt({ min: 0n, max: 10n ** 9n }), (at, share) => {
        if (at === TICK_MAX) return
        const [low, high] = [sqrtPriceAtTick(at), sqrtPriceAtTick(at + 1)]
        expect(low).toBeLessThan(high)
        expect(tickAtSqrtPrice(low)).toBe(at)
        expect(tickAtSqrtPrice(high - 1n)).toBe(at)
        expect(tickAtSqrtPrice(low + ((high - 1n - low) * share) / 10n ** 9n)).toBe(at)
      }),
      { numRuns: 2_000 },
    )
  })

  test('a price is within a part in 10^9 of √1.0001^tick', () => {
    fc.assert(
      fc.property(anyTick, (tick) => {
        const expected = Math.exp((tick / 2) * Math.log1p(0.0001))
        expect(Math.abs(Number(sqrtPriceAtTick(tick)) / 2 ** 96 / expected - 1)).toBeLessThan(1e-9)
      }),
    )
  })

  test('what no pool can have is a bug of the caller', () => {
    expect(() => sqrtPriceAtTick(TICK_MAX + 1)).toThrow(/a tick is whole and within ±887272, got 887273/)
    expect(() => sqrtPriceAtTick(0.5)).toThrow(/a tick is whole/)
    expect(() => tickAtSqrtPrice(SQRT_PRICE_MIN - 1n)).toThrow(/a pool cannot have the square root price/)
    expect(() => tickAtSqrtPrice(SQRT_PRICE_MAX)).toThrow(/a pool cannot have the square root price/)
  })
})

describe('whole number roots and quotients', () => {
  const any = fc.bigInt({ min: 0n, max: 2n ** 400n })

  test('a root down is the greatest whose square is not above, a root up the least whose square is not below', () => {
    fc.assert(
      fc.property(any, (n) => {
        const [down, up] = [squareRootDown(n), squareRootUp(n)]
        expect(down * down <= n && (down + 1n) * (down + 1n) > n).toBe(true)
        expect(up * up >= n && (up === 0n || (up - 1n) * (up - 1n) < n)).toBe(true)
      }),
    )
    expect([0n, 1n, 2n, 4n, 5n].map(squareRootDown)).toEqual([0n, 1n, 1n, 2n, 2n])
    expect([0n, 1n, 2n, 4n, 5n].map(squareRootUp)).toEqual([0n, 1n, 2n, 2n, 3n])
    expect(() => squareRootDown(-1n)).toThrow(/a square root needs a number from zero/)
  })

  test('a quotient up is the least that covers', () => {
    fc.assert(
      fc.property(any, fc.bigInt({ min: 1n, max: 2n ** 200n }), (numerator, denominator) => {
        const quotient = divideUp(numerator, denominator)
        expect(quotient * denominator >= numerator && (quotient - 1n) * denominator < numerator).toBe(true)
      }),
    )
  })
})
