import ln from '@stdlib/math-base-special-ln'
import { invariant } from '../errors.ts'
import { squareRootDown } from './integer-math.ts'

/** The last tick on either side: 1.0001^887272 is the greatest power of 1.0001 below 2^128. */
export const TICK_MAX = 887_272

const BITS = 20
const Q32 = 1n << 32n
const Q128 = 1n << 128n
const UINT256_MAX = (1n << 256n) - 1n
/** Squaring 20 times doubles the error each time, so 512 bits leave far more than the 128 that are kept. */
const PRECISION = 512n

/**
 * √1.0001^−(2^i) in units of 2^−128, rounded to the nearest, for each bit i of a tick. These are the constants of the
 * contracts' TickMath, which gives them without their rule; a test compares them with the prices of the deployed contracts.
 */
const POWERS: readonly bigint[] = powersOf(squareRootDown((10_000n << (2n * PRECISION)) / 10_001n))

function powersOf(first: bigint): bigint[] {
  const powers: bigint[] = []
  let power = first
  for (let bit = 0; bit < BITS; bit++) {
    powers.push(((power >> (PRECISION - 129n)) + 1n) >> 1n)
    power = (power * power) >> PRECISION
  }
  return powers
}

/**
 * √1.0001^tick · 2^96, rounded as the contracts do: each product of powers down, the result up.
 * @throws {InvariantError} unless the tick is whole and within ±{@link TICK_MAX}.
 */
export function sqrtPriceAtTick(tick: number): bigint {
  invariant(isTick(tick), `a tick is whole and within ±${TICK_MAX}, got ${tick}`)
  const size = Math.abs(tick)
  let ratio = Q128
  for (const [bit, power] of POWERS.entries()) if ((size >> bit) % 2 === 1) ratio = (ratio * power) >> 128n
  if (tick > 0) ratio = UINT256_MAX / ratio
  return (ratio + Q32 - 1n) / Q32
}

/** The least price a pool can have, and the first that is too great for one. */
export const SQRT_PRICE_MIN: bigint = sqrtPriceAtTick(-TICK_MAX)
export const SQRT_PRICE_MAX: bigint = sqrtPriceAtTick(TICK_MAX)

/**
 * The greatest tick whose price is not above the given one.
 * @throws {InvariantError} unless `sqrtPrice` is from {@link SQRT_PRICE_MIN} to below {@link SQRT_PRICE_MAX}.
 */
export function tickAtSqrtPrice(sqrtPrice: bigint): number {
  invariant(isSqrtPrice(sqrtPrice), `a pool cannot have the square root price ${sqrtPrice}`)
  // A double is off by far less than one tick, so at most one step is left to take.
  const estimate = Math.floor((2 * ln(Number(sqrtPrice) / 2 ** 96)) / LN_TICK)
  let tick = Math.max(-TICK_MAX, Math.min(TICK_MAX - 1, estimate))
  while (sqrtPriceAtTick(tick) > sqrtPrice) tick -= 1
  while (sqrtPriceAtTick(tick + 1) <= sqrtPrice) tick += 1
  return tick
}

const LN_TICK: number = ln(1.0001)

export function isTick(tick: unknown): tick is number {
  return typeof tick === 'number' && Number.isInteger(tick) && Math.abs(tick) <= TICK_MAX
}

export function isSqrtPrice(sqrtPrice: unknown): sqrtPrice is bigint {
  return typeof sqrtPrice === 'bigint' && sqrtPrice >= SQRT_PRICE_MIN && sqrtPrice < SQRT_PRICE_MAX
}
