import { invariant } from './errors.ts'

/** Far past any token's decimals (78 digits are all that 256 bits have). */
const EXPONENT_MAX = 100

/**
 * 10^n, exact. Engines may differ in the last bit of a power of doubles; `Number` of this one is the nearest double everywhere.
 * @throws {InvariantError} unless the exponent is whole and from 0 to 100.
 */
export function powerOfTen(exponent: number): bigint {
  const isFit = Number.isInteger(exponent) && exponent >= 0 && exponent <= EXPONENT_MAX
  invariant(isFit, `a power of ten has a whole exponent from 0 to ${EXPONENT_MAX}, got ${exponent}`)
  return BigInt(`1${'0'.repeat(exponent)}`)
}
