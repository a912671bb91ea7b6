import { expect } from 'vitest'
import { swap } from '../../oracle-node/core/pools/concentrated.ts'
import { amountToPrice, priceAfterMove } from '../../oracle-node/core/pools/pool-depth.ts'
import type { ConcentratedState, Side } from '../../oracle-node/core/pools/pool-state.ts'
import { SQRT_PRICE_MAX, SQRT_PRICE_MIN } from '../../oracle-node/core/pools/tick-math.ts'
import type { LivePool } from './concentrated-pools.ts'
import { type RandomSwap, randomSwap } from './random-swaps.ts'
import { seededRandom } from './seeded-random.ts'
import type { UniswapChain } from './uniswap-chain.ts'

export type Compared = {
  swaps: number
  /** Of these, how many ended with other liquidity, at their limit, or with none left. */
  crossed: number
  limited: number
  exhausted: number
}

/** Draws swaps, makes each on chain, and expects the same of {@link swap}; the state is followed by our own results alone. */
export async function compareSwaps(
  pool: LivePool,
  options: {
    readonly seed: string
    readonly swaps: number
    readonly totals: readonly [bigint, bigint]
    /** Where one swap to the end of all prices would need more gas than a block has. */
    readonly stayNear?: boolean
  },
): Promise<Compared> {
  const random = seededRandom(options.seed)
  const compared = { swaps: 0, crossed: 0, limited: 0, exhausted: 0 }
  let state = await pool.read('whole')
  for (let drawn = 0; drawn < options.swaps; drawn++) {
    const args = bounded(randomSwap(random, state, options.totals), state, options.stayNear === true)
    const ours = swap(state, args)
    if (ours === undefined) throw new Error('a pool that was read whole has no unknown range')
    if (ours.amountIn === 0n) {
      // Where there is no liquidity on the way nothing is paid, and the pools' callers refuse that.
      await expect(pool.swap(args)).rejects.toThrow()
      continue
    }
    expect(ours, JSON.stringify({ drawn, args }, shown)).toEqual(await pool.swap(args))
    compared.swaps += 1
    compared.crossed += ours.liquidity === state.liquidity ? 0 : 1
    compared.limited += ours.sqrtPrice === args.limit ? 1 : 0
    compared.exhausted += ours.liquidity === 0n ? 1 : 0
    state = { ...state, sqrtPrice: ours.sqrtPrice, tick: ours.tick, liquidity: ours.liquidity }
  }
  return compared
}

/** Expects that a move's trade, made on chain, ends exactly at the move's price, and that one unit less does not reach it. */
export async function compareDepth(
  chain: UniswapChain,
  pool: LivePool,
  move: { readonly side: Side; readonly bps: number },
): Promise<void> {
  const state = await pool.read(0.1)
  const trade = amountToPrice(state, move)
  if (trade === undefined) throw new Error('the move lies within what was read')
  const target = priceAfterMove(state, move.side, BigInt(move.bps))
  const zeroForOne = target < state.sqrtPrice
  const end = zeroForOne ? SQRT_PRICE_MIN + 1n : SQRT_PRICE_MAX - 1n
  const make = async (amount: bigint, limit: bigint): Promise<bigint> => {
    const before = await chain.snapshot()
    const done = await pool.swap({ zeroForOne, limit, remaining: { exact: 'input', amount } })
    await chain.revert(before)
    if (limit !== target) return done.sqrtPrice
    expect({ amountIn: done.amountIn, amountOut: done.amountOut }).toEqual(trade)
    return done.sqrtPrice
  }
  expect(await make(trade.amountIn, target)).toBe(target)
  expect(await make(trade.amountIn * 2n, target)).toBe(target)
  const [free, less, more] = [
    await make(trade.amountIn, end),
    await make(trade.amountIn - 1n, end),
    await make(trade.amountIn + 1n, end),
  ].map((price) => (zeroForOne ? target - price : price - target))
  expect(free).toBeGreaterThanOrEqual(0n)
  expect(less).toBeLessThan(0n)
  expect(more).toBeGreaterThanOrEqual(free ?? 0n)
}

function bounded(args: RandomSwap, state: ConcentratedState, near: boolean): RandomSwap {
  const ends = args.limit <= SQRT_PRICE_MIN + 1n || args.limit >= SQRT_PRICE_MAX - 1n
  return near && ends ? { ...args, limit: (state.sqrtPrice * (args.zeroForOne ? 9n : 11n)) / 10n } : args
}

function shown(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value
}
