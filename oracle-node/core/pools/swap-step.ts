import { divideUp } from './integer-math.ts'

/** Fees are counted in these. */
export const FEE_UNITS = 1_000_000

const FEE_ONE = BigInt(FEE_UNITS)
const Q96 = 1n << 96n
const UINT256 = 1n << 256n

/** A swap between two ticks, where liquidity is constant. */
export type Step = {
  readonly sqrtPrice: bigint
  /** Without the fee. */
  readonly amountIn: bigint
  readonly amountOut: bigint
  readonly fee: bigint
}

/** How much is still to be given in, or to be got out. */
export type Remaining = { readonly exact: 'input' | 'output'; readonly amount: bigint }

/**
 * One step of a swap towards `target`, which ends there or where `remaining` does. Formulas 6.7, 6.9, 6.13 to 6.16 of the
 * v3 paper with the contracts' rounding: always against the swapper.
 */
export function swapStep(args: {
  readonly sqrtPrice: bigint
  readonly target: bigint
  readonly liquidity: bigint
  readonly fee: number
  readonly remaining: Remaining
}): Step {
  const { sqrtPrice, target, liquidity, remaining } = args
  const zeroForOne = target <= sqrtPrice
  const fee = BigInt(args.fee)
  if (remaining.exact === 'input') {
    const budget = (remaining.amount * (FEE_ONE - fee)) / FEE_ONE
    const step = stepTo({ sqrtPrice, target, liquidity, fee: args.fee })
    if (budget >= step.amountIn) return step
    const next = priceAfterInput({ sqrtPrice, liquidity, amount: budget, zeroForOne })
    const amountOut = outputBetween({ sqrtPrice, next, liquidity })
    // Short of the target all that is left is taken, so what rounding leaves goes to the fee.
    return { sqrtPrice: next, amountIn: budget, amountOut, fee: remaining.amount - budget }
  }
  if (remaining.amount >= outputBetween({ sqrtPrice, next: target, liquidity })) {
    return stepTo({ sqrtPrice, target, liquidity, fee: args.fee })
  }
  const next = priceAfterOutput({ sqrtPrice, liquidity, amount: remaining.amount, zeroForOne })
  const amountIn = inputBetween({ sqrtPrice, next, liquidity, zeroForOne })
  return { sqrtPrice: next, amountIn, amountOut: remaining.amount, fee: feeOn(amountIn, args.fee) }
}

/** The step that ends at `target`, whatever it takes. */
export function stepTo(args: {
  readonly sqrtPrice: bigint
  readonly target: bigint
  readonly liquidity: bigint
  readonly fee: number
}): Step {
  const { sqrtPrice, target, liquidity } = args
  const amountIn = inputBetween({ sqrtPrice, next: target, liquidity, zeroForOne: target <= sqrtPrice })
  const amountOut = outputBetween({ sqrtPrice, next: target, liquidity })
  return { sqrtPrice: target, amountIn, amountOut, fee: feeOn(amountIn, args.fee) }
}

/** The fee is a share of the whole input, which is `amountIn` and the fee. */
function feeOn(amountIn: bigint, fee: number): bigint {
  return divideUp(amountIn * BigInt(fee), BigInt(FEE_UNITS - fee))
}

type Move = { readonly sqrtPrice: bigint; readonly next: bigint; readonly liquidity: bigint }

function inputBetween({ sqrtPrice, next, liquidity, zeroForOne }: Move & { zeroForOne: boolean }): bigint {
  return zeroForOne
    ? divideUp(divideUp((liquidity << 96n) * (sqrtPrice - next), sqrtPrice), next)
    : divideUp(liquidity * (next - sqrtPrice), Q96)
}

function outputBetween({ sqrtPrice, next, liquidity }: Move): bigint {
  return next <= sqrtPrice
    ? (liquidity * (sqrtPrice - next)) / Q96
    : ((liquidity << 96n) * (next - sqrtPrice)) / next / sqrtPrice
}

type Push = {
  readonly sqrtPrice: bigint
  readonly liquidity: bigint
  readonly amount: bigint
  readonly zeroForOne: boolean
}

/** Rounded so that the price never goes past what the input pays for. */
function priceAfterInput({ sqrtPrice, liquidity, amount, zeroForOne }: Push): bigint {
  if (amount === 0n) return sqrtPrice
  if (!zeroForOne) return sqrtPrice + (amount * Q96) / liquidity
  const numerator = liquidity << 96n
  const product = amount * sqrtPrice
  // Where 256 bits would overflow, the contracts take a form that is less exact.
  return product < UINT256 && numerator + product < UINT256
    ? divideUp(numerator * sqrtPrice, numerator + product)
    : divideUp(numerator, numerator / sqrtPrice + amount)
}

/** Rounded so that the price goes far enough to pay for the output. */
function priceAfterOutput({ sqrtPrice, liquidity, amount, zeroForOne }: Push): bigint {
  if (zeroForOne) return sqrtPrice - divideUp(amount * Q96, liquidity)
  if (amount === 0n) return sqrtPrice
  const numerator = liquidity << 96n
  return divideUp(numerator * sqrtPrice, numerator - amount * sqrtPrice)
}
