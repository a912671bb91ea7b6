import { invariant } from '../errors.ts'

/** The quotient of two amounts that are not negative, rounded up. */
export function divideUp(numerator: bigint, denominator: bigint): bigint {
  return numerator === 0n ? 0n : (numerator - 1n) / denominator + 1n
}

/** Numbers below this are doubles too. */
const DOUBLE_END = 1n << 1_000n

/** ⌊√n⌋, by Newton's rule from above the root. @throws {InvariantError} below zero. */
export function squareRootDown(n: bigint): bigint {
  invariant(n >= 0n, `a square root needs a number from zero, got ${n}`)
  if (n === 0n) return 0n
  let root = aboveRoot(n)
  for (;;) {
    const next = (root + n / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** From a double 50 bits are right at once, and a step doubles them. */
function aboveRoot(n: bigint): bigint {
  if (n >= DOUBLE_END) return 1n << BigInt(n.toString(16).length * 2)
  return BigInt(Math.floor(Math.sqrt(Number(n)) * (1 + 1e-15))) + 1n
}

/** ⌈√n⌉. @throws {InvariantError} below zero. */
export function squareRootUp(n: bigint): bigint {
  return n === 0n ? 0n : squareRootDown(n - 1n) + 1n
}

/** A token amount as a number of whole tokens. */
export function tokens(amount: bigint, decimals: number): number {
  return Number(amount) / powerOfTen(decimals)
}

/** The double nearest to 10^exponent, from a literal's digits: Math.pow may differ between machines in the last bit. */
export function powerOfTen(exponent: number): number {
  return Number(`1e${exponent}`)
}
