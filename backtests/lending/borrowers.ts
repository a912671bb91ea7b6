import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { mulberry32 } from '../metrics/generator.ts'
import type { Borrowers } from './market.ts'

/** How much of its borrowing power a borrower draws, 0 to 1. */
export type UseDistribution =
  /** Of this mean; its variance is mean · (1 − mean) / (concentration + 1). */
  | { readonly distribution: 'beta'; readonly mean: number; readonly concentration: number }
  | { readonly distribution: 'uniform'; readonly from: number; readonly to: number }
  | { readonly distribution: 'fixed'; readonly value: number }

export type BorrowersConfig = {
  readonly count: number
  /** Tokens, of all together. */
  readonly totalCollateral: number
  /** Pareto's α of the sizes; 1.16, the default, has a fifth of the borrowers hold four fifths. */
  readonly sizeTail?: number
  /**
   * The largest that a borrower can be over the smallest; without it one of 10 000 has from 2 to 45 % of everything, by the seed, and what becomes
   * of it decides the run.
   */
  readonly sizeRange?: number
  readonly use: UseDistribution
  /** Some that buy more collateral with what they borrow, and so sit near the limit: their share of the borrowers, and their use. */
  readonly loopers?: { readonly share: number; readonly use: number }
  readonly seed: number
}

const SIZE_TAIL = 1.16
const COUNT_MAX = 10_000_000

/**
 * A population of borrowers, the same bits on every machine. Sizes, use and loopers are drawn from streams of their own, so that one can be
 * changed with the others kept.
 * @throws {RangeError} that names the field, what was given and what is possible.
 */
export function makeBorrowers(config: BorrowersConfig): Borrowers {
  const { count, totalCollateral, sizeTail = SIZE_TAIL, loopers = { share: 0, use: 0 } } = config
  const { sizeRange = Number.POSITIVE_INFINITY } = config
  check('count', count, Number.isInteger(count) && count >= 1 && count <= COUNT_MAX, `whole, 1 to ${COUNT_MAX}`)
  check('totalCollateral', totalCollateral, totalCollateral > 0 && Number.isFinite(totalCollateral), 'above 0')
  check('sizeTail', sizeTail, sizeTail >= 0.1 && sizeTail <= 1_000, '0.1 to 1000')
  check('sizeRange', sizeRange, sizeRange >= 1, 'at least 1')
  check('seed', config.seed, Number.isSafeInteger(config.seed), 'a whole number')
  checkRatio('loopers.share', loopers.share)
  checkRatio('loopers.use', loopers.use)
  checkUse(config.use)

  const seeds = mulberry32(config.seed)
  const stream = (): (() => number) => mulberry32(seeds() * 2 ** 32)
  const [sizes, uses, loops] = [stream(), stream(), stream()]
  const use = Float64Array.from({ length: count }, () => drawUse(config.use, uses))
  for (let index = 0; index < count; index++) if (loops() < loopers.share) use[index] = loopers.use
  return {
    collateral: paretoSizes({ count, total: totalCollateral, tail: sizeTail, range: sizeRange, uniform: sizes }),
    use,
    debt: new Float64Array(count).fill(Number.NaN),
  }
}

/** Draws of Pareto's distribution cut off at the range, (1 − u·(1 − range^−α))^(−1/α), scaled to their total. */
function paretoSizes(draw: {
  readonly count: number
  readonly total: number
  readonly tail: number
  readonly range: number
  readonly uniform: () => number
}): Float64Array {
  const { tail, uniform } = draw
  const within = 1 - exp(-tail * ln(draw.range))
  const sizes = Float64Array.from({ length: draw.count }, () => exp(-ln(1 - uniform() * within) / tail))
  const sum = sizes.reduce((total, size) => total + size, 0)
  return sizes.map((size) => (size / sum) * draw.total)
}

function drawUse(use: UseDistribution, uniform: () => number): number {
  if (use.distribution === 'fixed') return use.value
  if (use.distribution === 'uniform') return use.from + (use.to - use.from) * uniform()
  const { mean, concentration } = use
  const x = lnGammaDraw(mean * concentration, uniform)
  const y = lnGammaDraw((1 - mean) * concentration, uniform)
  // X / (X + Y) of two gammas is beta. Of logarithms, since a gamma of a small shape is often too small for a number.
  return 1 / (1 + exp(y - x))
}

/**
 * The logarithm of a draw of the gamma distribution: Marsaglia and Tsang (2000), without their shortcut; a shape below one by
 * Γ(a) = Γ(a + 1) · U^(1/a).
 */
function lnGammaDraw(shape: number, uniform: () => number): number {
  if (shape < 1) return lnGammaDraw(shape + 1, uniform) + ln(1 - uniform()) / shape
  const d = shape - 1 / 3
  const c = 1 / (3 * Math.sqrt(d))
  for (;;) {
    const z = normalDraw(uniform)
    const root = 1 + c * z
    if (root <= 0) continue
    const v = root * root * root
    if (ln(1 - uniform()) < (z * z) / 2 + d * (1 - v + ln(v))) return ln(d) + ln(v)
  }
}

/** Standard normal by Marsaglia's polar method (1964); its second draw is thrown away. */
function normalDraw(uniform: () => number): number {
  for (;;) {
    const x = 2 * uniform() - 1
    const y = 2 * uniform() - 1
    const square = x * x + y * y
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * ln(square)) / square)
  }
}

function checkUse(use: UseDistribution): void {
  switch (use.distribution) {
    case 'fixed':
      checkRatio('use.value', use.value)
      break
    case 'uniform':
      checkRatio('use.from', use.from)
      checkRatio('use.to', use.to)
      check('use.to', use.to, use.to >= use.from, `at least use.from, ${use.from}`)
      break
    case 'beta':
      check('use.mean', use.mean, use.mean > 0 && use.mean < 1, 'between 0 and 1')
      check(
        'use.concentration',
        use.concentration,
        use.concentration >= 0.01 && use.concentration <= 1e6,
        '0.01 to 1000000',
      )
      break
  }
}

function checkRatio(field: string, value: number): void {
  check(field, value, value >= 0 && value <= 1, '0 to 1')
}

function check(field: string, value: number, possible: boolean, needed: string): void {
  if (!possible) throw new RangeError(`borrowers.${field} must be ${needed}, got ${value}`)
}
