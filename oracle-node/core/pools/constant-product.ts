import { divideUp, squareRootDown } from './integer-math.ts'
import type { ConstantProductState, Side, Trade } from './pool-state.ts'

/** Uniswap v2 keeps 3 in 1000 of the input, which stay in the reserves. */
const KEPT = 997n
const OF = 1_000n
const BPS = 10_000n

/** The fee as a share of the input. */
export const CONSTANT_PRODUCT_FEE: number = 0.003

type Reserves = { readonly reserveIn: bigint; readonly reserveOut: bigint }

/** The most that a pair lets out for an input; the pair's product check is the formula, with whole units. */
export function amountOutOf({ amountIn, reserveIn, reserveOut }: Reserves & { readonly amountIn: bigint }): bigint {
  const kept = amountIn * KEPT
  return (kept * reserveOut) / (reserveIn * OF + kept)
}

/** The least input for which a pair lets this output out; undefined where the reserve does not hold it and one unit more. */
export function amountInFor(args: Reserves & { readonly amountOut: bigint }): bigint | undefined {
  const { amountOut, reserveIn, reserveOut } = args
  if (amountOut >= reserveOut) return undefined
  return divideUp(reserveIn * amountOut * OF, (reserveOut - amountOut) * KEPT)
}

/**
 * The least input in one swap after which the reserves' ratio has moved by `bps`: fallen where base is sold, risen where it is
 * bought. The fee is in the reserves by then, and so in the ratio.
 */
export function tradeToMove(
  state: ConstantProductState,
  args: { readonly side: Side; readonly bps: number },
): Trade | undefined {
  const input = args.side === 'sell' ? state.base : state.base === 0 ? 1 : 0
  const reserveIn = state.reserves[input]
  const reserveOut = state.reserves[input === 0 ? 1 : 0]
  // The ratio of input to output reserve has to grow by this factor.
  const bps = BigInt(args.bps)
  const [up, down] = args.side === 'sell' ? [BPS, BPS - bps] : [BPS + bps, BPS]
  if (down <= 0n) return undefined
  const after = (amountIn: bigint): Trade => ({
    amountIn,
    amountOut: amountOutOf({ amountIn, reserveIn, reserveOut }),
  })
  const reached = (amountIn: bigint): boolean => {
    const { amountOut } = after(amountIn)
    return (reserveIn + amountIn) * reserveOut * down >= reserveIn * (reserveOut - amountOut) * up
  }
  return after(leastFrom(estimate({ reserveIn, up, down }), reached))
}

/** The root of (x + d)(x + 0.997 d) = x² · up/down in d, where x is the input's reserve: the move without whole units. */
function estimate(args: { readonly reserveIn: bigint; readonly up: bigint; readonly down: bigint }): bigint {
  const { reserveIn, up, down } = args
  const both = OF + KEPT
  const squared = (reserveIn * reserveIn * (both * both * down + 4n * KEPT * OF * (up - down))) / down
  return (squareRootDown(squared) - both * reserveIn) / (2n * KEPT)
}

/**
 * The least amount from the guess on for which `reached` holds, which holds for all greater ones too. The guess is rounded down and
 * takes no account of an output in whole units, which moves the price less: no amount below it has ever reached.
 */
function leastFrom(guess: bigint, reached: (amount: bigint) => boolean): bigint {
  if (reached(guess)) return guess
  let low = guess
  let high = guess + 1n
  for (let step = 1n; !reached(high); step *= 2n) {
    low = high
    high += step
  }
  while (low + 1n < high) {
    const middle = (low + high) / 2n
    if (reached(middle)) high = middle
    else low = middle
  }
  return high
}
