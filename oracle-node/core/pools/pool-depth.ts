import type { Ladder, Level } from '../market.ts'
import { tradesToPrices } from './concentrated.ts'
import { CONSTANT_PRODUCT_FEE, tradeToMove } from './constant-product.ts'
import { powerOfTen, squareRootDown, squareRootUp, tokens } from './integer-math.ts'
import type { ConcentratedState, ConstantProductState, Side, Trade } from './pool-state.ts'
import { FEE_UNITS } from './swap-step.ts'

/** The ladder's levels are this far apart, and reach to the last: past the 5 % that depth is asked for, with a margin. */
export const LADDER_STEP_BPS = 5
export const LADDER_REACH_BPS = 700

const BPS = 10_000n
const RUNGS: readonly number[] = Array.from(
  { length: LADDER_REACH_BPS / LADDER_STEP_BPS },
  (_, rung) => (rung + 1) * LADDER_STEP_BPS,
)

type UniswapState = ConstantProductState | ConcentratedState

/**
 * What has to be sold into the pool, or bought from it, in one swap until its price has moved by `bps`. `amountIn` holds the
 * fee and is the least input that does it: exact to the unit of the token, and so is `amountOut`.
 * @returns undefined where the price lies outside what was read, or outside what a pool can have.
 */
export function amountToPrice(
  state: UniswapState,
  args: { readonly side: Side; readonly bps: number },
): Trade | undefined {
  return tradesToMoves(state, args.side, [args.bps])[0]
}

/** The price in the middle, without a fee: whole quote tokens per whole base token. */
export function midOf(state: UniswapState): number {
  const [base, quote] = state.base === 0 ? ([0, 1] as const) : ([1, 0] as const)
  if (state.kind === 'constant-product') {
    return tokens(state.reserves[quote], state.decimals[quote]) / tokens(state.reserves[base], state.decimals[base])
  }
  const root = Number(state.sqrtPrice) / 2 ** 96
  const scale = powerOfTen(state.decimals[0] - state.decimals[1])
  return state.base === 0 ? root * root * scale : 1 / (root * root * scale)
}

/**
 * The pool's curve cut into levels every {@link LADDER_STEP_BPS} of its price. A level's amount is the base that moves the price
 * over its step, fee included; its price is what is paid or got for that on average, so the first level lies a fee away from
 * the mid. The amounts of the first n levels sum to what {@link amountToPrice} says of the n-th step.
 */
export function ladderOf(state: UniswapState): Ladder {
  return { bids: levels(state, 'sell'), asks: levels(state, 'buy') }
}

function levels(state: UniswapState, side: Side): Level[] {
  const mid = midOf(state)
  const kept = 1 - feeOf(state, side)
  const [base, quote] = state.base === 0 ? state.decimals : [state.decimals[1], state.decimals[0]]
  const rows: Level[] = []
  let before: Trade = { amountIn: 0n, amountOut: 0n }
  let price = side === 'sell' ? mid * kept : mid / kept
  for (const [rung, trade] of tradesToMoves(state, side, RUNGS).entries()) {
    const amountIn = trade.amountIn - before.amountIn
    const amountOut = trade.amountOut - before.amountOut
    before = trade
    const share = ((rung + 1) * LADDER_STEP_BPS) / Number(BPS)
    // A step of a few units would round to any price; what it can be is known from the step's two ends.
    if (side === 'sell') {
      const amount = tokens(amountIn, base)
      price = Math.max(mid * (1 - share) * kept, Math.min(price, tokens(amountOut, quote) / amount || 0))
      if (amount > 0) rows.push([price, amount])
    } else {
      const amount = tokens(amountOut, base)
      price = Math.min((mid * (1 + share)) / kept, Math.max(price, tokens(amountIn, quote) / amount || 0))
      if (amount > 0) rows.push([price, amount])
    }
  }
  return rows
}

/** As a share of the input. */
function feeOf(state: UniswapState, side: Side): number {
  return state.kind === 'constant-product'
    ? CONSTANT_PRODUCT_FEE
    : state.fees[isZeroForOne(state, side) ? 0 : 1] / FEE_UNITS
}

/** The trades to each of the rising moves, cut off where the pool's state is not known any more. */
function tradesToMoves(state: UniswapState, side: Side, moves: readonly number[]): readonly Trade[] {
  if (state.kind === 'constant-product') {
    return moves.flatMap((bps) => tradeToMove(state, { side, bps }) ?? [])
  }
  const zeroForOne = isZeroForOne(state, side)
  const limits = moves.map((bps) => priceAfterMove(state, side, BigInt(bps)))
  return tradesToPrices(state, { zeroForOne, limits })
}

function isZeroForOne(state: ConcentratedState, side: Side): boolean {
  return (state.base === 0) === (side === 'sell')
}

/** The first square root price at which the base's price has moved by `bps` at least. */
export function priceAfterMove({ sqrtPrice, base }: ConcentratedState, side: Side, bps: bigint): bigint {
  const squared = sqrtPrice * sqrtPrice
  const moved = side === 'sell' ? BPS - bps : BPS + bps
  // Token 1 in token 0 is the inverse of the price that the pool keeps.
  const [up, down] = base === 0 ? [moved, BPS] : [BPS, moved]
  return up < down ? squareRootDown((squared * up) / down) : squareRootUp((squared * up + down - 1n) / down)
}
