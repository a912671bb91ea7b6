import { invariant } from '../errors.ts'
import type { ConcentratedState, TickLiquidity, Trade } from './pool-state.ts'
import { type Remaining, stepTo, swapStep } from './swap-step.ts'
import { SQRT_PRICE_MAX, SQRT_PRICE_MIN, sqrtPriceAtTick, TICK_MAX, tickAtSqrtPrice } from './tick-math.ts'

/** What a swap took and gave, and where it left the pool. */
export type Swapped = Trade & { readonly sqrtPrice: bigint; readonly tick: number; readonly liquidity: bigint }

/** Where a swap stands: `passed` counts the initialised ticks at or below `tick`. */
type Position = {
  readonly sqrtPrice: bigint
  readonly tick: number
  readonly liquidity: bigint
  readonly passed: number
}

/** Ticks are kept in words of 256 bits, one bit a multiple of the spacing; a swap stops at each word's end. */
const WORD_TICKS = 256

/**
 * What the pool's own `swap` does with this input or output, to the unit: the same steps, so the same roundings.
 * @param args.limit The square root price at which it stops at the latest, within the prices a pool can have and beyond its own.
 * @returns undefined where it would leave the range that was read.
 * @throws {InvariantError} on a limit that the contract would refuse.
 */
export function swap(
  state: ConcentratedState,
  args: { readonly zeroForOne: boolean; readonly limit: bigint; readonly remaining: Remaining },
): Swapped | undefined {
  const { zeroForOne, limit } = args
  invariant(isLimit(state, zeroForOne, limit), `the limit ${limit} is not beyond ${state.sqrtPrice} or out of bounds`)
  const fee = state.fees[zeroForOne ? 0 : 1]
  let { amount } = args.remaining
  let at = start(state)
  let amountIn = 0n
  let amountOut = 0n
  while (amount > 0n && at.sqrtPrice !== limit) {
    const next = nextStop(state, at, zeroForOne)
    const target = nearer(next.sqrtPrice, limit, zeroForOne)
    const { sqrtPrice, liquidity } = at
    const step = swapStep({ sqrtPrice, target, liquidity, fee, remaining: { exact: args.remaining.exact, amount } })
    amountIn += step.amountIn + step.fee
    amountOut += step.amountOut
    amount -= args.remaining.exact === 'input' ? step.amountIn + step.fee : step.amountOut
    const stops = step.sqrtPrice === next.sqrtPrice
    if (stops && !next.known && step.sqrtPrice !== limit) return undefined
    at = stops && next.known ? next.after : movedTo(at, step.sqrtPrice)
  }
  return { amountIn, amountOut, sqrtPrice: at.sqrtPrice, tick: at.tick, liquidity: at.liquidity }
}

/**
 * For each price, what the pool's own `swap` takes and gives when it has that price as its limit and input enough.
 * @param args.limits Square root prices, each farther from the pool's than the one before; one that is not beyond it costs nothing.
 * @returns As many as there are limits within the range that was read: the others are left out.
 */
export function tradesToPrices(
  state: ConcentratedState,
  args: { readonly zeroForOne: boolean; readonly limits: readonly bigint[] },
): readonly Trade[] {
  const { zeroForOne, limits } = args
  const fee = state.fees[zeroForOne ? 0 : 1]
  const trades: Trade[] = []
  let at = start(state)
  let next = nextStop(state, at, zeroForOne)
  let sum: Trade = { amountIn: 0n, amountOut: 0n }
  const to = (target: bigint): Trade => {
    const step = stepTo({ sqrtPrice: at.sqrtPrice, target, liquidity: at.liquidity, fee })
    return { amountIn: sum.amountIn + step.amountIn + step.fee, amountOut: sum.amountOut + step.amountOut }
  }
  for (const limit of limits) {
    if (!isLimit(state, zeroForOne, limit)) {
      if (isBeyond(limit, state.sqrtPrice, zeroForOne)) break
      trades.push({ amountIn: 0n, amountOut: 0n })
      continue
    }
    while (next.known && isBeyond(limit, next.sqrtPrice, zeroForOne)) {
      sum = to(next.sqrtPrice)
      at = next.after
      next = nextStop(state, at, zeroForOne)
    }
    if (isBeyond(limit, next.sqrtPrice, zeroForOne)) break
    trades.push(to(limit))
  }
  return trades
}

/** A price that did not move keeps its tick, which may be one below that of a boundary's price. */
function movedTo(at: Position, sqrtPrice: bigint): Position {
  return sqrtPrice === at.sqrtPrice ? at : { ...at, sqrtPrice, tick: tickAtSqrtPrice(sqrtPrice) }
}

function start({ sqrtPrice, tick, liquidity, ticks }: ConcentratedState): Position {
  return { sqrtPrice, tick, liquidity, passed: ticksUpTo(ticks, tick) }
}

/** How many of the rising ticks are at or below `tick`. */
function ticksUpTo(ticks: readonly TickLiquidity[], tick: number): number {
  let low = 0
  let high = ticks.length
  while (low < high) {
    const middle = (low + high) >> 1
    const found = ticks[middle]
    if (found !== undefined && found.index <= tick) low = middle + 1
    else high = middle
  }
  return low
}

/** The price at which the next step ends; `known` unless it is the end of what was read, past which nothing is. */
type Stop = { readonly sqrtPrice: bigint; readonly known: boolean; readonly after: Position }

function nextStop(state: ConcentratedState, at: Position, zeroForOne: boolean): Stop {
  const { ticks, range, tickSpacing } = state
  const candidate = ticks[zeroForOne ? at.passed - 1 : at.passed]
  const end = wordEnd({ tick: at.tick, tickSpacing, zeroForOne })
  const crosses = candidate !== undefined && (zeroForOne ? candidate.index >= end : candidate.index <= end)
  const wanted = crosses ? candidate.index : end
  const known = zeroForOne ? wanted >= range[0] : wanted <= range[1]
  const stop = known ? wanted : range[zeroForOne ? 0 : 1]
  const sqrtPrice = sqrtPriceAtTick(stop)
  const direction = zeroForOne ? -1 : 1
  const after: Position = {
    sqrtPrice,
    tick: zeroForOne ? stop - 1 : stop,
    liquidity: crosses ? at.liquidity + BigInt(direction) * candidate.liquidityNet : at.liquidity,
    passed: crosses ? at.passed + direction : at.passed,
  }
  return { sqrtPrice, known, after }
}

function wordEnd(args: { readonly tick: number; readonly tickSpacing: number; readonly zeroForOne: boolean }): number {
  const { tick, tickSpacing, zeroForOne } = args
  const multiple = Math.floor(tick / tickSpacing)
  const end = zeroForOne
    ? Math.floor(multiple / WORD_TICKS) * WORD_TICKS
    : Math.floor((multiple + 1) / WORD_TICKS) * WORD_TICKS + WORD_TICKS - 1
  return Math.max(-TICK_MAX, Math.min(TICK_MAX, end * tickSpacing))
}

function isBeyond(price: bigint, other: bigint, zeroForOne: boolean): boolean {
  return zeroForOne ? price < other : price > other
}

function nearer(price: bigint, limit: bigint, zeroForOne: boolean): bigint {
  return isBeyond(price, limit, zeroForOne) ? limit : price
}

function isLimit(state: ConcentratedState, zeroForOne: boolean, limit: bigint): boolean {
  return limit > SQRT_PRICE_MIN && limit < SQRT_PRICE_MAX && isBeyond(limit, state.sqrtPrice, zeroForOne)
}
