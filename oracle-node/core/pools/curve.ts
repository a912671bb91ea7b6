import { invariant } from '../errors.ts'
import { powerOfTen } from '../power-of-ten.ts'
import type { StableSwapState } from './pool-state.ts'

/** Fees are counted in 10^-10. */
export const FEE_DENOMINATOR: bigint = 10n ** 10n
/** The contract makes so many rounds of Newton's method at most, and so do we. */
export const ITERATIONS_MAX = 255
/** Rounds that end no further apart than this part of D agree for every use but the last units. */
const NEAR = 10n ** 12n

/**
 * A pool's invariant at one state. With x_i the balances brought to 18 decimals, n coins and the coefficient A, it is D in
 *
 *     A·n·Σx + D = A·n·D + D^(n+1) / (n^n·Πx)
 *
 * where A is what the contract's `A()` says, which holds a factor n^(n−1) of the paper's (Egorov, "StableSwap", 2019).
 */
export type StableSwapCurve = {
  readonly state: StableSwapState
  /** Balances with 18 decimals. */
  readonly x: readonly bigint[]
  /** What one raw unit of each coin is with 18 decimals. */
  readonly scales: readonly bigint[]
  /** A·n, times the state's `amplificationPrecision`. */
  readonly slope: bigint
  readonly invariant: bigint
}

/** The curve of a state. `undefined` where no invariant is found: it is not a pool's state then. */
export function curveOf(state: StableSwapState): StableSwapCurve | undefined {
  const scales = state.decimals.map((decimals) => powerOfTen(18 - decimals))
  const x = state.balances.map((balance, index) => balance * at(scales, index))
  const D = getD(x, state.amplification, state.amplificationPrecision)
  return D === undefined ? undefined : { state, x, scales, slope: state.amplification * BigInt(x.length), invariant: D }
}

/**
 * The invariant D by Newton's method, each division rounded down as the contract does. Pools before and after the stETH pool
 * (2021) divide in slightly other orders, so a given pool's own D may be a few units away.
 *
 * Where A is small and a coin nearly gone, rounding keeps the rounds a few units apart for ever. The first pools then go on with the
 * last round's D, and so do we; later ones revert, which shows when they are asked for a quote.
 * @param x Balances with 18 decimals, all positive.
 * @param amplification The contract's A, times `precision`; A must be at least 1.
 * @returns `undefined` where the rounds come nowhere near each other, or where a step divides by nothing.
 */
export function getD(x: readonly bigint[], amplification: bigint, precision: bigint): bigint | undefined {
  const n = BigInt(x.length)
  const sum = x.reduce((total, each) => total + each, 0n)
  const slope = amplification * n
  let D = sum
  let apart = D
  for (let round = 0; round < ITERATIONS_MAX && apart > 1n; round++) {
    const product = productTerm(D, x)
    const divisor = ((slope - precision) * D) / precision + (n + 1n) * product
    if (divisor <= 0n) return undefined
    const next = (((slope * sum) / precision + product * n) * D) / divisor
    apart = distance(next, D)
    D = next
  }
  return apart <= 1n + D / NEAR ? D : undefined
}

/**
 * The balance y of coin `j` that keeps the invariant when coin `i` has the balance `xi`; the other coins stay. Newton's method on
 * y² + (S + D/(A·n) − D)·y = D^(n+1)/(n^n·Π·A·n), over the balances without `j`, each division rounded down.
 * @returns `undefined` where it does not converge.
 */
export function getY(curve: StableSwapCurve, i: number, j: number, xi: bigint): bigint | undefined {
  const { x, slope, invariant: D } = curve
  const precision = curve.state.amplificationPrecision
  const n = BigInt(x.length)
  let c = D
  let sum = 0n
  for (const [k, own] of x.entries()) {
    if (k === j) continue
    const balance = k === i ? xi : own
    sum += balance
    c = (c * D) / (balance * n)
  }
  c = (c * D * precision) / (slope * n)
  const b = sum + (D * precision) / slope
  let y = D
  for (let round = 0; round < ITERATIONS_MAX; round++) {
    const divisor = 2n * y + b - D
    if (divisor <= 0n) return undefined
    const next = (y * y + c) / divisor
    if (distance(next, y) <= 1n) return next
    y = next
  }
  return undefined
}

/**
 * What an exchange of `dx` raw units of coin `i` pays out in raw units of coin `j`: the fall of `j`'s balance less one unit of 18
 * decimals, against rounding, and less the fee, rounded down; so the contract's `exchange` has it. Its `get_dy` takes the fee after
 * it has gone back to raw units and may so be one raw unit off.
 * @returns 0 where the trade is too small to be paid for, `undefined` where it has no solution.
 */
export function getDy(curve: StableSwapCurve, i: number, j: number, dx: bigint): bigint | undefined {
  return paidOut(curve, i, j, dx)?.dy
}

/**
 * The curve after an exchange of `dx` raw units of coin `i` into coin `j`: what is paid out and the admin's share of the fee have
 * left, the rest of the fee stays. `undefined` where the contract would not have it.
 */
export function afterExchange(curve: StableSwapCurve, i: number, j: number, dx: bigint): StableSwapCurve | undefined {
  const paid = paidOut(curve, i, j, dx)
  if (paid === undefined) return undefined
  const { state } = curve
  const balances = state.balances.map((balance, k) =>
    k === i ? balance + dx : k === j ? balance - paid.dy - paid.adminFee : balance,
  )
  return curveOf({ ...state, balances })
}

/** What leaves the pool, in raw units of coin `j`; nothing where the trade is too small to be paid for. */
function paidOut(
  curve: StableSwapCurve,
  i: number,
  j: number,
  dx: bigint,
): { readonly dy: bigint; readonly adminFee: bigint } | undefined {
  const y = getY(curve, i, j, at(curve.x, i) + dx * at(curve.scales, i))
  if (y === undefined) return undefined
  const gross = at(curve.x, j) - y - 1n
  if (gross <= 0n) return { dy: 0n, adminFee: 0n }
  const fee = (gross * curve.state.fee) / FEE_DENOMINATOR
  const scale = at(curve.scales, j)
  return { dy: (gross - fee) / scale, adminFee: (fee * curve.state.adminFee) / FEE_DENOMINATOR / scale }
}

/** A price as numerator and denominator, exact. */
export type Ratio = readonly [numerator: bigint, denominator: bigint]

/**
 * The marginal price of coin `i` in coin `j`, whole tokens, fee left out: −dx_j/dx_i along the invariant, which is
 * (A·n + P/x_i) / (A·n + P/x_j) with P = D^(n+1)/(n^n·Πx).
 */
export function marginalPrice(curve: StableSwapCurve, i: number, j: number): Ratio {
  const product = productTerm(curve.invariant, curve.x) * curve.state.amplificationPrecision
  const xi = at(curve.x, i)
  const xj = at(curve.x, j)
  return [(curve.slope * xi + product) * xj, (curve.slope * xj + product) * xi]
}

/** P = D^(n+1)/(n^n·Πx), divided step by step as the contract does. */
function productTerm(D: bigint, x: readonly bigint[]): bigint {
  const n = BigInt(x.length)
  return x.reduce((product, each) => (product * D) / (each * n), D)
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a
}

function at<T>(values: readonly T[], index: number): T {
  const value = values[index]
  invariant(value !== undefined, `coin ${index} of ${values.length}`)
  return value
}
