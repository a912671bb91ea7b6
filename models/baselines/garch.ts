import { invariant } from '../../oracle-node/core/errors.ts'
import { RETURNS_OFFSET, WINDOW_HOURS } from '../../oracle-node/core/feature-spec.ts'

/** How today's variance follows from the last return and its variance. γ = 0 is GARCH (Bollerslev 1986), else GJR. */
export type GarchCoefficients = {
  /** ω, the constant, in squared units of the returns. */
  readonly omega: number
  /** α, the weight of the last squared return. */
  readonly alpha: number
  /** γ, what a negative return weighs more than a positive one. */
  readonly gamma: number
  /** β, the weight of the last variance. */
  readonly beta: number
}

/** Without ω, which each series then takes from its own mean squared return: ω = (1 − α − β − γ/2) · mean of r². */
export type GarchShape = Omit<GarchCoefficients, 'omega'>

/**
 * The variance of the first return, with s² the mean squared return about the mean. Either is a convention; they differ by some
 * units in the fourth digit of the coefficients on two thousand returns.
 * - `sample`: σ²₁ = s².
 * - `presample`: σ²₀ = r²₀ = s², so σ²₁ = ω + (α + β + γ/2) s². Fiorentini, Calzolari and Panattoni (1996), and the benchmark on it.
 */
export type GarchStart = 'sample' | 'presample'

/** α + β + γ/2: what is left a step later of a variance's distance from its mean. γ/2, since half the returns are taken to be negative. */
export function garchPersistence({ alpha, gamma, beta }: GarchShape): number {
  return alpha + gamma / 2 + beta
}

/**
 * Glosten, Jagannathan and Runkle (1993): σ²ₜ₊₁ = ω + (α + γ·[rₜ < 0]) r²ₜ + β σ²ₜ.
 * @param r the return less its mean.
 */
export function nextGarchVariance(coefficients: GarchCoefficients, variance: number, r: number): number {
  const { omega, alpha, gamma, beta } = coefficients
  return omega + (r < 0 ? alpha + gamma : alpha) * (r * r) + beta * variance
}

export type GarchFilter = {
  /** In the order of time. */
  readonly returns: Float64Array
  readonly mean: number
  readonly coefficients: GarchCoefficients
  readonly start: GarchStart
}

/** The variance of the return that follows the last one given. */
export function filteredGarchVariance({ returns, mean, coefficients, start }: GarchFilter): number {
  invariant(returns.length > 0, 'a variance is filtered from at least one return')
  const sample = meanSquare(returns, mean)
  const { omega } = coefficients
  let variance = start === 'sample' ? sample : omega + garchPersistence(coefficients) * sample
  for (const r of returns) variance = nextGarchVariance(coefficients, variance, r - mean)
  return variance
}

/**
 * The expected sum of the next `horizon` variances, from the first of them:
 * Σ_{k=1..h} [σ̄² + pᵏ⁻¹ (σ²_{T+1} − σ̄²)] with p the persistence and σ̄² = ω / (1 − p).
 */
export function summedGarchVariance(coefficients: GarchCoefficients, next: number, horizon: number): number {
  const persistence = garchPersistence(coefficients)
  invariant(persistence < 1, `a GARCH forecast needs a persistence below 1, got ${persistence}`)
  const mean = coefficients.omega / (1 - persistence)
  return horizon * mean + geometricSum(persistence, horizon) * (next - mean)
}

/** A window's variance is Σ squares[i]·r²ᵢ + negativeSquares[i]·min(rᵢ, 0)², oldest first. */
export type GarchWindowWeights = {
  readonly squares: readonly number[]
  readonly negativeSquares: readonly number[]
}

/**
 * The sum of the next hours' variances as weights of a window's squared hourly returns, so that a graph without a loop can calculate it.
 *
 * The recursion starts at m, the window's mean of r², and targets it: ω = (1 − p) m (Engle and Mezrich 1996). Solved, with
 * S(x, k) = 1 + x + … + xᵏ⁻¹ and n hours in the window,
 * σ²ₙ₊₁ = m + Σ βⁿ⁻ᵗ (α r²ₜ + γ min(rₜ, 0)²) − (p − β) S(β, n) m, and the sum is h m + S(p, h) (σ²ₙ₊₁ − m).
 * It has no scale: doubling every return makes it four times as large, so one shape can serve every asset.
 */
export function garchWindowWeights(shape: GarchShape, horizonHours: number): GarchWindowWeights {
  const persistence = garchPersistence(shape)
  invariant(persistence < 1, `a GARCH forecast needs a persistence below 1, got ${persistence}`)
  const reach = geometricSum(persistence, horizonHours)
  const news = persistence - shape.beta
  const ofMean = (horizonHours - reach * news * geometricSum(shape.beta, WINDOW_HOURS)) / WINDOW_HOURS
  const squares = new Array<number>(WINDOW_HOURS)
  const negativeSquares = new Array<number>(WINDOW_HOURS)
  let decayed = reach
  for (let index = WINDOW_HOURS - 1; index >= 0; index--) {
    squares[index] = ofMean + decayed * shape.alpha
    negativeSquares[index] = decayed * shape.gamma
    decayed *= shape.beta
  }
  return { squares, negativeSquares }
}

/** The variance that the weights give for a feature vector's returns. */
export function garchWindowVariance(values: readonly number[], weights: GarchWindowWeights): number {
  let variance = 0
  for (let index = 0; index < WINDOW_HOURS; index++) {
    const r = values[RETURNS_OFFSET + index] ?? Number.NaN
    const down = Math.min(r, 0)
    variance += (weights.squares[index] ?? Number.NaN) * (r * r)
    variance += (weights.negativeSquares[index] ?? Number.NaN) * (down * down)
  }
  return variance
}

/** Mean of (r − mean)². */
export function meanSquare(returns: Float64Array, mean: number): number {
  let sum = 0
  for (const r of returns) sum += (r - mean) * (r - mean)
  return sum / returns.length
}

/** 1 + x + … + xᵏ⁻¹, summed: (1 − xᵏ) / (1 − x) loses its digits where x is nearly 1. */
function geometricSum(ratio: number, count: number): number {
  let sum = 0
  for (let index = 0; index < count; index++) sum = 1 + ratio * sum
  return sum
}
