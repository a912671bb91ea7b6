import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Level } from '../../../oracle-node/core/market.ts'
import { swap, tradesToPrices } from '../../../oracle-node/core/pools/concentrated.ts'
import { amountOutOf } from '../../../oracle-node/core/pools/constant-product.ts'
import { tokens } from '../../../oracle-node/core/pools/integer-math.ts'
import {
  amountToPrice,
  LADDER_REACH_BPS,
  LADDER_STEP_BPS,
  ladderOf,
  midOf,
  priceAfterMove,
} from '../../../oracle-node/core/pools/pool-depth.ts'
import type { ConcentratedState, ConstantProductState, Side } from '../../../oracle-node/core/pools/pool-state.ts'
import { sqrtPriceAtTick } from '../../../oracle-node/core/pools/tick-math.ts'
import { anyConcentrated, anyPair } from '../../support/arbitrary-pools.ts'

const anySide = fc.constantFrom<Side>('sell', 'buy')
const anyBps = fc.integer({ min: 1, max: 2_000 })
const ENOUGH = 2n ** 250n

describe('depth of a concentrated pool', () => {
  test('it is what a swap with that limit takes and gives, and one unit less does not reach it', () => {
    fc.assert(
      fc.property(anyConcentrated, anySide, anyBps, (state, side, bps) => {
        const limit = priceAfterMove(state, side, BigInt(bps))
        const zeroForOne = limit < state.sqrtPrice
        const to = (amount: bigint): ReturnType<typeof swap> =>
          swap(state, { zeroForOne, limit, remaining: { exact: 'input', amount } })
        const trade = amountToPrice(state, { side, bps })
        const whole = to(ENOUGH)
        expect(trade).toEqual({ amountIn: whole?.amountIn, amountOut: whole?.amountOut })
        const amountIn = trade?.amountIn ?? 0n
        if (amountIn > 0n) expect(to(amountIn - 1n)?.sqrtPrice).not.toBe(limit)
        // Where liquidity ends before the limit, nothing has to be paid for the rest of the way.
        if (to(amountIn)?.liquidity !== 0n) expect(to(amountIn)?.sqrtPrice).toBe(limit)
      }),
      { numRuns: 500 },
    )
  })

  test('its price is the first that has moved by so much at least', () => {
    fc.assert(
      fc.property(anyConcentrated, anySide, anyBps, (state, side, bps) => {
        const limit = priceAfterMove(state, side, BigInt(bps))
        const nearer = limit + (limit < state.sqrtPrice ? 1n : -1n)
        const share = BigInt(side === 'sell' ? 10_000 - bps : 10_000 + bps)
        const hasMoved = (root: bigint): boolean => {
          // The pool keeps the price of token 0: that of a base which is token 1 is its inverse.
          const [after, before] = state.base === 0 ? [root, state.sqrtPrice] : [state.sqrtPrice, root]
          const [moved, asked] = [after * after * 10_000n, before * before * share]
          return side === 'sell' ? moved <= asked : moved >= asked
        }
        expect(hasMoved(limit)).toBe(true)
        expect(hasMoved(nearer)).toBe(false)
      }),
    )
  })

  test('many prices in one walk cost what each costs alone', () => {
    fc.assert(
      fc.property(anyConcentrated, anySide, (state, side) => {
        const limits = [5, 70, 71, 400, 2_000].map((bps) => priceAfterMove(state, side, BigInt(bps)))
        const zeroForOne = (state.base === 0) === (side === 'sell')
        const alone = limits.flatMap((limit) => tradesToPrices(state, { zeroForOne, limits: [limit] }))
        expect(tradesToPrices(state, { zeroForOne, limits })).toEqual(alone)
      }),
    )
  })

  test('nothing is said of prices outside the range that was read', () => {
    const tick = 0
    const state: ConcentratedState = {
      kind: 'concentrated',
      ...{ sqrtPrice: sqrtPriceAtTick(tick), tick, liquidity: 10n ** 20n, fees: [3_000, 3_000], tickSpacing: 60 },
      ...{ ticks: [], range: [-300, 300], decimals: [18, 18], base: 0, blockTime: 0 },
    }
    expect(amountToPrice(state, { side: 'sell', bps: 290 })).toBeDefined()
    expect(amountToPrice(state, { side: 'sell', bps: 300 })).toBeUndefined()
    expect(amountToPrice(state, { side: 'buy', bps: 304 })).toBeDefined()
    expect(amountToPrice(state, { side: 'buy', bps: 305 })).toBeUndefined()
    const remaining = { exact: 'input', amount: ENOUGH } as const
    expect(swap(state, { zeroForOne: true, limit: sqrtPriceAtTick(-301), remaining })).toBeUndefined()
    expect(swap(state, { zeroForOne: true, limit: sqrtPriceAtTick(-300), remaining })).toBeDefined()
    expect(() => swap(state, { zeroForOne: true, limit: sqrtPriceAtTick(1), remaining })).toThrow(/is not beyond/)
  })
})

describe('depth of a pair', () => {
  test('it is the least input that moves the reserves’ ratio so far', () => {
    fc.assert(
      fc.property(anyPair, anySide, anyBps, (state, side, bps) => {
        const trade = amountToPrice(state, { side, bps })
        const input = side === 'sell' ? state.base : state.base === 0 ? 1 : 0
        const [reserveIn, reserveOut] = [state.reserves[input], state.reserves[input === 0 ? 1 : 0]]
        const hasMoved = (amountIn: bigint): boolean => {
          const amountOut = amountOutOf({ amountIn, reserveIn, reserveOut })
          const [after, before] = [(reserveIn + amountIn) * reserveOut, reserveIn * (reserveOut - amountOut)]
          const share = BigInt(side === 'sell' ? 10_000 - bps : 10_000 + bps)
          return side === 'sell' ? after * share >= before * 10_000n : after * 10_000n >= before * share
        }
        const amountIn = trade?.amountIn ?? 0n
        expect(trade?.amountOut).toBe(amountOutOf({ amountIn, reserveIn, reserveOut }))
        expect(hasMoved(amountIn)).toBe(true)
        expect(hasMoved(amountIn - 1n)).toBe(false)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('the ladder', () => {
  test('levels start a fee from the mid, are in order, and sum to the exact depth', () => {
    fc.assert(
      fc.property(fc.oneof(anyConcentrated, anyPair), (state) => {
        const { bids, asks } = ladderOf(state)
        const mid = midOf(state)
        const [base, quote] = state.base === 0 ? state.decimals : [state.decimals[1], state.decimals[0]]
        expectSorted(bids, (near, far) => near >= far)
        expectSorted(asks, (near, far) => near <= far)
        expect(bids[0]?.[0] ?? 0).toBeLessThanOrEqual(mid * (1 - feeOf(state, 'sell')) * (1 + 1e-12))
        expect(asks[0]?.[0] ?? mid * 2).toBeGreaterThanOrEqual((mid / (1 - feeOf(state, 'buy'))) * (1 - 1e-12))
        const sold = amountToPrice(state, { side: 'sell', bps: LADDER_REACH_BPS })
        const bought = amountToPrice(state, { side: 'buy', bps: LADDER_REACH_BPS })
        expectNear(
          sum(bids, (_, amount) => amount),
          tokens(sold?.amountIn ?? 0n, base),
          1e-9,
        )
        expectNear(
          sum(asks, (_, amount) => amount),
          tokens(bought?.amountOut ?? 0n, base),
          1e-9,
        )
        // Whole units of the quote token: exact enough where a level holds many.
        if ((sold?.amountOut ?? 0n) > 10n ** 9n) {
          expectNear(
            sum(bids, (price, amount) => price * amount),
            tokens(sold?.amountOut ?? 0n, quote),
            1e-6,
          )
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a pair’s first bid and ask lie 0.3 % and half a step from the mid', () => {
    const state: ConstantProductState = {
      kind: 'constant-product',
      ...{ reserves: [10n ** 21n, 2n * 10n ** 12n], decimals: [18, 6], base: 0, blockTime: 0 },
    }
    const { bids, asks } = ladderOf(state)
    expect(midOf(state)).toBe(2_000)
    expect(bids).toHaveLength(LADDER_REACH_BPS / LADDER_STEP_BPS)
    expect(bids[0]?.[0]).toBeCloseTo(2_000 * 0.997 * (1 - 0.00025), 2)
    expect(asks[0]?.[0]).toBeCloseTo((2_000 / 0.997) * (1 + 0.00025), 2)
    // √(1/0.98) − 1 of the reserve moves it by 2 %, a little less as the fee stays in: about 10.1 of 1,000.
    expect(Number(amountToPrice(state, { side: 'sell', bps: 200 })?.amountIn) / 1e18).toBeCloseTo(10.167, 2)
  })
})

function feeOf(state: ConcentratedState | ConstantProductState, side: Side): number {
  return state.kind === 'constant-product' ? 0.003 : state.fees[(state.base === 0) === (side === 'sell') ? 0 : 1] / 1e6
}

function expectSorted(levels: readonly Level[], inOrder: (near: number, far: number) => boolean): void {
  for (const [place, [price, amount]] of levels.entries()) {
    expect(amount).toBeGreaterThan(0)
    expect(inOrder(levels[place - 1]?.[0] ?? price, price)).toBe(true)
  }
}

function sum(levels: readonly Level[], of: (price: number, amount: number) => number): number {
  return levels.reduce((total, [price, amount]) => total + of(price, amount), 0)
}

function expectNear(value: number, expected: number, ratio: number): void {
  expect(Math.abs(value - expected)).toBeLessThanOrEqual(expected * ratio)
}
