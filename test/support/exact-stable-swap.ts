import type { StableSwapState } from '../../oracle-node/core/pools/pool-state.ts'

/** Places after the 18 decimals: roots are found to 10^-24 of a unit. */
const Q = 10n ** 24n

/** A StableSwap pool solved without its contract's method, to be compared with what has it. */
export type ExactPool = {
  /** The invariant, times 10^24. */
  readonly invariant: bigint
  /** What leaves coin `j` for `dx` raw units of coin `i` before any fee, with 18 decimals and times 10^24. */
  gross(i: number, j: number, dx: bigint): bigint
}

/** The paper's equation, cleared of its fractions and solved by bisection in whole numbers: no Newton, no division on the way. */
export function exactPool(state: StableSwapState): ExactPool {
  const x = state.balances.map((balance, k) => balance * 10n ** BigInt(18 - (state.decimals[k] ?? 0)) * Q)
  const n = BigInt(x.length)
  const precision = state.amplificationPrecision
  const slope = state.amplification * n
  const nn = n ** n
  /** A·n·Σ + D − A·n·D − D^(n+1)/(n^n·Π), times the positive n^n·Π·precision: falls in D, rises in each balance. */
  const residual = (balances: readonly bigint[], D: bigint): bigint => {
    const sum = balances.reduce((total, each) => total + each, 0n)
    const product = balances.reduce((total, each) => total * each, nn)
    return (slope * sum + precision * D - slope * D) * product - precision * D ** (n + 1n)
  }
  const total = x.reduce((all, each) => all + each, 0n)
  const invariant = lastTrue((D) => residual(x, D) >= 0n, 2n * total)
  return {
    invariant,
    gross: (i, j, dx) => {
      const after = [...x]
      after[i] = (after[i] ?? 0n) + dx * 10n ** BigInt(18 - (state.decimals[i] ?? 0)) * Q
      const before = x[j] ?? 0n
      const below = (y: bigint): boolean => residual(after.with(j, y), invariant) < 0n
      return before - lastTrue(below, before)
    },
  }
}

/** In what {@link exactPool} counts, one unit of 18 decimals. */
export const UNIT: bigint = Q

function lastTrue(holds: (value: bigint) => boolean, most: bigint): bigint {
  let [low, high] = [0n, most + 1n]
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (holds(middle)) low = middle
    else high = middle
  }
  return low
}
