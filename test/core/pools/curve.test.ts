import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  afterExchange,
  curveOf,
  FEE_DENOMINATOR,
  getD,
  getDy,
  marginalPrice,
  type StableSwapCurve,
} from '../../../oracle-node/core/pools/curve.ts'
import {
  STABLE_LADDER_BPS,
  stableSwapLadder,
  stableSwapMid,
  stableSwapToPrice,
} from '../../../oracle-node/core/pools/curve-depth.ts'
import type { StableSwapState } from '../../../oracle-node/core/pools/pool-state.ts'
import { anyStableSwap } from '../../support/arbitrary-stable-swap.ts'
import { exactPool, UNIT } from '../../support/exact-stable-swap.ts'

const MOVES = [50, 100, 200, 500] as const
/** The 3pool's balances of 2022-06-22, as recorded: DAI, USDC, USDT. */
const THREE_POOL: StableSwapState = {
  kind: 'stable-swap',
  balances: [185_590_291_874_570_939_239_616_489n, 183_709_929_054_478n, 664_135_280_178_566n],
  decimals: [18, 6, 6],
  amplification: 2_000n,
  amplificationPrecision: 1n,
  fee: 1_000_000n,
  adminFee: 5_000_000_000n,
  base: 1,
  quote: 2,
  blockTime: 1_655_895_720,
}
/** How much of the base's balance is traded. */
const share = fc.double({ min: 1e-6, max: 1, noNaN: true })

function curve(state: StableSwapState): StableSwapCurve {
  const solved = curveOf(state)
  if (solved === undefined) throw new Error('the pool has no invariant')
  return solved
}

function part(balance: bigint | undefined, ratio: number): bigint {
  return ((balance ?? 0n) * BigInt(Math.round(ratio * 1e9))) / 1_000_000_000n + 1n
}

/** In units of 18 decimals: how much more than exactly due a pool without a fee pays. */
function overpaid(state: StableSwapState, dx: bigint): number {
  const { base, quote } = state
  const scale = 10n ** BigInt(18 - (state.decimals[quote] ?? 0))
  const paid = getDy(curve(state), base, quote, dx) ?? 0n
  return Number(paid * scale * UNIT - exactPool(state).gross(base, quote, dx)) / Number(UNIT)
}

describe('against the equation solved exactly', () => {
  test('the invariant is right to 4 units where no coin is short, and to 40 where one is down to a thousandth', () => {
    for (const [imbalance, most] of [
      [1, 4],
      [3, 40],
    ] as const) {
      fc.assert(
        fc.property(anyStableSwap({ imbalance, fee: false }), (state) => {
          const apart = Number(curve(state).invariant * UNIT - exactPool(state).invariant) / Number(UNIT)
          expect(Math.abs(apart)).toBeLessThanOrEqual(most)
        }),
        { numRuns: 200 },
      )
    }
  })

  test('an exchange pays what is due less at most a raw unit and 6 units of 18 decimals, and never 6 more', () => {
    fc.assert(
      fc.property(anyStableSwap({ imbalance: 1, fee: false }), share, (state, ratio) => {
        const more = overpaid(state, part(state.balances[state.base], ratio))
        const rawUnit = 10 ** (18 - (state.decimals[state.quote] ?? 0))
        expect(more).toBeLessThanOrEqual(6)
        expect(more).toBeGreaterThanOrEqual(-rawUnit - 6)
      }),
      { numRuns: 400 },
    )
  })

  test('the marginal price is the slope of the exact curve', () => {
    fc.assert(
      fc.property(anyStableSwap({ imbalance: 2, fee: true }), (state) => {
        const { base, quote } = state
        const dx = part(state.balances[base], 1e-7)
        const sold = Number(dx) * 10 ** (18 - (state.decimals[base] ?? 0))
        const slope = Number(exactPool(state).gross(base, quote, dx)) / Number(UNIT) / sold
        // Half a step's curvature away: 10^-7 of the balance, steeper where A is small.
        expect(stableSwapMid(state) / slope).toBeCloseTo(1, 5)
      }),
      { numRuns: 200 },
    )
  })
})

describe('the invariant', () => {
  test('is the sum of balances that are all the same, and the price is one', () => {
    const even = { ...THREE_POOL, balances: [10n ** 24n, 10n ** 12n, 10n ** 12n] }
    expect(curve(even).invariant).toBe(3n * 10n ** 24n)
    expect(stableSwapMid(even)).toBe(1)
    expect(getDy(curve({ ...even, fee: 0n }), 0, 1, 10n ** 18n)).toBe(999_999n)
  })

  test('tends to the constant product as A tends to nothing, and to the constant sum as it grows', () => {
    const x = [8n * 10n ** 24n, 2n * 10n ** 24n]
    const product = Number(getD(x, 1n, 1n)) / 1e24
    const sum = Number(getD(x, 1_000_000n, 1n)) / 1e24
    // For A → 0 the paper's D is 2·√(x·y) = 8; A of 1 lies between.
    expect(product).toBeGreaterThan(8)
    expect(product).toBeLessThan(9.5)
    expect(sum).toBeCloseTo(10, 5)
  })

  test('never falls by an exchange, whatever the fee', () => {
    fc.assert(
      fc.property(anyStableSwap({ imbalance: 3, fee: true }), share, (state, ratio) => {
        const before = curve(state)
        const after = afterExchange(before, state.base, state.quote, part(state.balances[state.base], ratio))
        expect(after?.invariant ?? 0n).toBeGreaterThanOrEqual(before.invariant - 4n)
      }),
      { numRuns: 400 },
    )
  })

  test('there is no gain in going to and fro', () => {
    fc.assert(
      fc.property(anyStableSwap({ imbalance: 1, fee: true }), share, (state, ratio) => {
        const { base, quote } = state
        const dx = part(state.balances[base], ratio)
        const before = curve(state)
        const there = getDy(before, base, quote, dx) ?? 0n
        const after = afterExchange(before, base, quote, dx)
        const back = after === undefined ? 0n : (getDy(after, quote, base, there) ?? 0n)
        const rawUnit = 10n ** BigInt(18 - (state.decimals[base] ?? 0))
        expect(back * rawUnit).toBeLessThanOrEqual(dx * rawUnit + 6n)
      }),
      { numRuns: 400 },
    )
  })
})

describe('depth', () => {
  /** The base's price after the trade, against the price before: 1 − move for a sale, 1 + move for a purchase. */
  function moved(state: StableSwapState, side: 'sell' | 'buy', amountIn: bigint): readonly [bigint, bigint] {
    const before = curve(state)
    const [i, j] = side === 'sell' ? [state.base, state.quote] : [state.quote, state.base]
    const after = afterExchange(before, i, j, amountIn)
    if (after === undefined) throw new Error('the trade has no solution')
    const [a, b] = marginalPrice(after, state.base, state.quote)
    const [c, d] = marginalPrice(before, state.base, state.quote)
    return [a * d, b * c]
  }

  test('is the least input that moves the price so far: a unit less does not', () => {
    fc.assert(
      fc.property(
        anyStableSwap({ imbalance: 2, fee: true }),
        fc.constantFrom('sell', 'buy'),
        fc.constantFrom(...MOVES),
        (state, side, bps) => {
          const trade = stableSwapToPrice(state, { side, bps })
          if (trade === undefined) throw new Error('there is such a trade')
          const reached = (amount: bigint): boolean => {
            const [part, whole] = moved(state, side, amount)
            const limit = BigInt(side === 'sell' ? 10_000 - bps : 10_000 + bps)
            return side === 'sell' ? part * 10_000n <= whole * limit : part * 10_000n >= whole * limit
          }
          expect(reached(trade.amountIn)).toBe(true)
          expect(reached(trade.amountIn - 1n)).toBe(false)
          const [i, j] = side === 'sell' ? [state.base, state.quote] : [state.quote, state.base]
          expect(trade.amountOut).toBe(getDy(curve(state), i, j, trade.amountIn))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('of the 3pool, where USDT was most of it: little USDT is left to fall, much USDC to be bought', () => {
    const sell = MOVES.map((bps) => Number(stableSwapToPrice(THREE_POOL, { side: 'sell', bps })?.amountIn) / 1e12)
    const buy = MOVES.map((bps) => Number(stableSwapToPrice(THREE_POOL, { side: 'buy', bps })?.amountOut) / 1e12)
    // Millions of USDC; frozen from this code, so that a change of the formula shows.
    expect(sell.map(Math.round)).toEqual([557, 594, 617, 636])
    expect(buy.map(Math.round)).toEqual([100, 121, 138, 154])
  })

  test('a price cannot fall by all of itself', () => {
    expect(stableSwapToPrice(THREE_POOL, { side: 'sell', bps: 10_000 })).toBeUndefined()
  })

  test('a ladder is the curve: its amounts and its proceeds add up to one trade each', () => {
    fc.assert(
      fc.property(anyStableSwap({ imbalance: 2, fee: true }), (state) => {
        const { bids, asks } = stableSwapLadder(state)
        const mid = stableSwapMid(state)
        const fee = Number(state.fee) / Number(FEE_DENOMINATOR)
        expect(bids.length).toBe(STABLE_LADDER_BPS.length)
        expect(asks.length).toBe(STABLE_LADDER_BPS.length)
        expect(bids[0]?.[0]).toBeLessThanOrEqual(mid * (1 - fee))
        expect(asks[0]?.[0]).toBeGreaterThanOrEqual(mid / (1 - fee))
        for (const [side, rows] of [
          ['sell', bids],
          ['buy', asks],
        ] as const) {
          for (const bps of [50, 500] as const) {
            const cut = STABLE_LADDER_BPS.indexOf(bps) + 1
            const trade = stableSwapToPrice(state, { side, bps })
            const [base, quote] =
              side === 'sell' ? [trade?.amountIn, trade?.amountOut] : [trade?.amountOut, trade?.amountIn]
            const amount = rows.slice(0, cut).reduce((sum, level) => sum + level[1], 0)
            const worth = rows.slice(0, cut).reduce((sum, level) => sum + level[0] * level[1], 0)
            expect(amount / (Number(base) / 10 ** (state.decimals[state.base] ?? 0))).toBeCloseTo(1, 5)
            expect(worth / (Number(quote) / 10 ** (state.decimals[state.quote] ?? 0))).toBeCloseTo(1, 4)
          }
        }
        expect(bids.every(([price], index) => price <= (bids[index - 1]?.[0] ?? price))).toBe(true)
        expect(asks.every(([price], index) => price >= (asks[index - 1]?.[0] ?? price))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})
