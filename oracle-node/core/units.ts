import { invariant } from './errors.ts'

/** Basis points: 1/10 000 of one. Whole and never negative. */
export type Bps = number & { readonly __unit: 'bps' }
/** Seconds since 1970-01-01T00:00:00Z, whole. */
export type UnixSeconds = number & { readonly __unit: 'unix seconds' }
/** A committee member's number, from 1 to n, as FROST counts them. */
export type NodeIndex = number & { readonly __unit: 'node index' }

/** One, in basis points. */
export const BPS: Bps = 10_000 as Bps
/** The widest field of a record that holds basis points has 24 bits (volatility: up to 167 772 %). */
export const BPS_MAX: number = 2 ** 24 - 1
export const SECONDS_PER_HOUR = 3_600

/** @throws {InvariantError} unless whole and from 0 to {@link BPS_MAX}. */
export function bps(value: number): Bps {
  invariant(
    Number.isInteger(value) && value >= 0 && value <= BPS_MAX,
    `bps must be whole and 0..${BPS_MAX}, got ${value}`,
  )
  return value as Bps
}

/** @throws {InvariantError} unless a whole number that fits 32 bits, as it does in a record until 2106. */
export function unixSeconds(value: number): UnixSeconds {
  invariant(
    Number.isInteger(value) && value >= 0 && value < 2 ** 32,
    `unix seconds must be whole and fit 32 bits, got ${value}`,
  )
  return value as UnixSeconds
}

/** @throws {InvariantError} unless whole and from 1 to 65 535. */
export function nodeIndex(value: number): NodeIndex {
  invariant(Number.isInteger(value) && value >= 1 && value <= 65_535, `a node index is whole and from 1, got ${value}`)
  return value as NodeIndex
}
