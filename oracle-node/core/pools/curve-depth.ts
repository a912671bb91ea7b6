import { invariant } from '../errors.ts'
import type { Ladder, Level } from '../market.ts'
import { afterExchange, curveOf, getDy, marginalPrice, type Ratio, type StableSwapCurve } from './curve.ts'
import { tokens } from './integer-math.ts'
import type { Side, StableSwapState, Trade } from './pool-state.ts'

/** An amount doubles at most so often until it has moved the price; 2^64 times a balance moves any price. */
const DOUBLINGS_MAX = 64
const BPS = 10_000n
/** Where a ladder is cut: finely at first, for most of a stable pool lies within a few bps of its price. */
export const STABLE_LADDER_BPS = [
  1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 75, 100, 125, 150, 175, 200, 250, 300, 350, 400, 450, 500, 600, 700,
] as const
/** A rung's amount may be too large by this share: more steps would only cost time. */
const LADDER_SHARE = 1_000_000n
/** In raw units: whole units make the price of a smaller step wrong by a bp and more, so it is joined to the next. */
const STEP_MIN = 10_000n

/** The price in the middle, without a fee: whole quote tokens per whole base token. */
export function stableSwapMid(state: StableSwapState): number {
  const [numerator, denominator] = marginalPrice(solved(state), state.base, state.quote)
  return Number((numerator * 10n ** 24n) / denominator) / 1e24
}

/**
 * What has to be sold into the pool, or bought from it, in one exchange until its marginal price has moved by `bps`: the least
 * input that does it, exact to the raw unit, and what it is paid. The price is the pool's after the exchange, its kept fee in the
 * balances and the admin's share gone.
 * @returns `undefined` where no input does it: a fall by all of the price.
 */
export function stableSwapToPrice(
  state: StableSwapState,
  args: { readonly side: Side; readonly bps: number },
): Trade | undefined {
  const curve = solved(state)
  const amountIn = leastInput(curve, { ...args, from: 0n, slack: () => 1n })
  return amountIn === undefined ? undefined : tradeOf(curve, args.side, amountIn)
}

/**
 * The pool's curve cut into levels at {@link STABLE_LADDER_BPS} of its price, as the other pools' are: a level's amount is the base
 * that moves the price from one cut to the next, its price what is paid or got for that on average, fee included. The amounts up to
 * a cut are within a millionth of what {@link stableSwapToPrice} says of it.
 */
export function stableSwapLadder(state: StableSwapState): Ladder {
  const curve = solved(state)
  return { bids: levels(curve, 'sell'), asks: levels(curve, 'buy') }
}

function levels(curve: StableSwapCurve, side: Side): Level[] {
  const { state } = curve
  const [baseDecimals = 0, quoteDecimals = 0] = [state.decimals[state.base], state.decimals[state.quote]]
  const rows: Level[] = []
  let before: Trade = { amountIn: 0n, amountOut: 0n }
  let from = 0n
  for (const bps of STABLE_LADDER_BPS) {
    const slack = (amount: bigint): bigint => 1n + amount / LADDER_SHARE
    const amountIn = leastInput(curve, { side, bps, from, slack })
    if (amountIn === undefined) break
    from = amountIn - 1n
    const trade = tradeOf(curve, side, amountIn)
    const paid = trade.amountIn - before.amountIn
    const got = trade.amountOut - before.amountOut
    if (paid < STEP_MIN || got < STEP_MIN) continue
    before = trade
    const [base, quote] = side === 'sell' ? [paid, got] : [got, paid]
    const amount = tokens(base, baseDecimals)
    const average = tokens(quote, quoteDecimals) / amount
    const last = rows.at(-1)?.[0] ?? average
    rows.push([side === 'sell' ? Math.min(last, average) : Math.max(last, average), amount])
  }
  return rows
}

/**
 * The least input whose exchange moves the base's price by `bps` at least, or one that is larger by less than `slack` says.
 * @param from An input that is known not to reach it, or 0.
 */
function leastInput(
  curve: StableSwapCurve,
  args: {
    readonly side: Side
    readonly bps: number
    readonly from: bigint
    readonly slack: (amount: bigint) => bigint
  },
): bigint | undefined {
  const { side, from, slack } = args
  const bps = BigInt(args.bps)
  invariant(bps > 0n, `a price moves by a positive number of bps, got ${args.bps}`)
  if (side === 'sell' && bps >= BPS) return undefined
  const [i, j] = coinsOf(curve.state, side)
  const [numerator, denominator] = marginalPrice(curve, i, j)
  // Either way it is the input's price that falls: to 1 − move of itself, or where base is bought to 1 / (1 + move).
  const [up, down] = side === 'sell' ? [BPS - bps, BPS] : [BPS, BPS + bps]
  const target: Ratio = [numerator * up, denominator * down]
  const reached = (amount: bigint): boolean => isAtOrBelow(afterExchange(curve, i, j, amount), { i, j, target })
  return least(reached, { from, first: curve.state.balances[i] ?? 1n, slack })
}

/** Where the exchange has no solution the pool is drained, and its price as low as it gets. */
function isAtOrBelow(
  curve: StableSwapCurve | undefined,
  { i, j, target }: { readonly i: number; readonly j: number; readonly target: Ratio },
): boolean {
  if (curve === undefined) return true
  const [numerator, denominator] = marginalPrice(curve, i, j)
  return numerator * target[1] <= target[0] * denominator
}

/** The least amount above `from` that reaches, given that every larger one does too; within `slack` of it. */
function least(
  reached: (amount: bigint) => boolean,
  args: { readonly from: bigint; readonly first: bigint; readonly slack: (amount: bigint) => bigint },
): bigint | undefined {
  let low = args.from
  // Most moves take a small share of the balance, so the search starts there.
  let step = args.first / 64n + 1n
  let high = low + step
  for (let doubling = 0; !reached(high); doubling++) {
    if (doubling === DOUBLINGS_MAX) return undefined
    low = high
    step *= 2n
    high += step
  }
  while (high - low > args.slack(low)) {
    const middle = (low + high) / 2n
    if (reached(middle)) high = middle
    else low = middle
  }
  return high
}

function tradeOf(curve: StableSwapCurve, side: Side, amountIn: bigint): Trade {
  const [i, j] = coinsOf(curve.state, side)
  return { amountIn, amountOut: getDy(curve, i, j, amountIn) ?? 0n }
}

/** The coin that goes in and the one that comes out. */
function coinsOf({ base, quote }: StableSwapState, side: Side): readonly [number, number] {
  return side === 'sell' ? [base, quote] : [quote, base]
}

function solved(state: StableSwapState): StableSwapCurve {
  const curve = curveOf(state)
  invariant(curve !== undefined, 'a stable-swap state that was validated has an invariant')
  return curve
}
