import ln from '@stdlib/math-base-special-ln'
import type { GarchStart } from '../baselines/garch.ts'

/**
 * A GARCH as its likelihood sees it: the mean and what makes the next variance. Positive and negative returns have a weight each
 * (α and α + γ), so that no variance is negative exactly where no weight is.
 */
export type GarchParameters = {
  readonly mean: number
  readonly omega: number
  readonly up: number
  readonly down: number
  readonly beta: number
}

/** Length of a gradient; its order is that of `GarchParameters`. */
export const GARCH_WIDTH = 5

/** What the likelihood of one or more series adds up to. The sums are of −ln L, so that less is better. */
export type LikelihoodSums = {
  value: number
  readonly gradient: Float64Array
  /** The lower triangle row by row. */
  readonly information: Float64Array
}

export function emptySums(): LikelihoodSums {
  return {
    value: 0,
    gradient: new Float64Array(GARCH_WIDTH),
    information: new Float64Array((GARCH_WIDTH * (GARCH_WIDTH + 1)) / 2),
  }
}

export type LikelihoodSeries = {
  readonly returns: Float64Array
  /** Each return's log-likelihood is counted times this. */
  readonly weight: number
  readonly start: GarchStart
}

/** Mean of e² and of e, for residuals e. */
export type Moments = { readonly square: number; readonly residual: number }

type MomentsAbout = { readonly mean: number; readonly moments: Moments }
const lastMoments = new WeakMap<Float64Array, MomentsAbout>()

/** Of returns that do not change; a likelihood asks for them several times at each place. */
export function moments(returns: Float64Array, mean: number): Moments {
  const last = lastMoments.get(returns)
  if (last?.mean === mean) return last.moments
  const found = momentsAbout(returns, mean)
  lastMoments.set(returns, { mean, moments: found })
  return found
}

function momentsAbout(returns: Float64Array, mean: number): Moments {
  let square = 0
  let residual = 0
  for (const r of returns) {
    residual += r - mean
    square += (r - mean) * (r - mean)
  }
  return { square: square / returns.length, residual: residual / returns.length }
}

/**
 * Adds a series' Gaussian −ln L = ½ Σ (ln 2π + ln σ²ₜ + e²ₜ/σ²ₜ), its gradient, and its information matrix
 * ½ Σ (∂σ²/σ²)(∂σ²/σ²)ᵀ + Σ ∂μ∂μᵀ/σ², all by the recursions of Fiorentini, Calzolari and Panattoni (1996, "Analytic derivatives
 * and the computation of GARCH estimates"). The information needs first derivatives only, is never indefinite and, unlike the scores'
 * outer product, stays near the Hessian when returns have heavier tails than a Gaussian.
 */
export function addLikelihood(sums: LikelihoodSums, series: LikelihoodSeries, at: GarchParameters): void {
  const { returns, weight } = series
  let variance = firstVariance(series, at)
  // Slopes of σ² by mean (m), omega (o), up (u), down (d) and beta (b). In variables of their own, and the sums over them unrolled:
  // in arrays this loop, of which a training consists, takes ten times as long.
  let [slopeM = 0, slopeO = 0, slopeU = 0, slopeD = 0, slopeB = 0] = firstSlopes(series, at)
  let [gradientM, gradientO, gradientU, gradientD, gradientB] = [0, 0, 0, 0, 0]
  let [mm, om, oo, um, uo, uu, dm, od, du, dd, bm, bo, bu, bd, bb] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  let [deviance, product] = [0, 1]
  for (let t = 0; t < returns.length; t++) {
    const e = value(returns, t) - at.mean
    const square = e * e
    const precision = 1 / variance
    const pull = 1 - square * precision
    deviance += square * precision
    // A logarithm costs as much as all else here; a product of eight scaled variances is far from a double's ends.
    product *= variance
    if (t % 8 === 7) {
      deviance += ln(product)
      product = 1
    }
    const m = slopeM * precision
    const o = slopeO * precision
    const u = slopeU * precision
    const d = slopeD * precision
    const b = slopeB * precision
    gradientM += pull * m - 2 * e * precision
    gradientO += pull * o
    gradientU += pull * u
    gradientD += pull * d
    gradientB += pull * b
    mm += m * m + 2 * precision
    om += o * m
    oo += o * o
    um += u * m
    uo += u * o
    uu += u * u
    dm += d * m
    od += d * o
    du += d * u
    dd += d * d
    bm += b * m
    bo += b * o
    bu += b * u
    bd += b * d
    bb += b * b
    const news = e < 0 ? at.down : at.up
    slopeM = at.beta * slopeM - 2 * news * e
    slopeO = at.beta * slopeO + 1
    slopeU = at.beta * slopeU + (e < 0 ? 0 : square)
    slopeD = at.beta * slopeD + (e < 0 ? square : 0)
    slopeB = at.beta * slopeB + variance
    variance = at.omega + news * square + at.beta * variance
  }
  sums.value += (weight / 2) * (deviance + ln(product) + returns.length * LN_TWO_PI)
  addScaled(sums.gradient, weight / 2, [gradientM, gradientO, gradientU, gradientD, gradientB])
  addScaled(sums.information, weight / 2, [mm, om, oo, um, uo, uu, dm, od, du, dd, bm, bo, bu, bd, bb])
}

export function addScaled(to: Float64Array, scale: number, from: readonly number[]): void {
  for (const [index, each] of from.entries()) to[index] = value(to, index) + scale * each
}

export function firstVariance({ returns, start }: LikelihoodSeries, at: GarchParameters): number {
  const { square } = moments(returns, at.mean)
  return start === 'sample' ? square : at.omega + persistenceOf(at) * square
}

/** The first variance's slopes: the mean square moves with the mean, and so do they. */
export function firstSlopes({ returns, start }: LikelihoodSeries, at: GarchParameters): readonly number[] {
  const { square, residual } = moments(returns, at.mean)
  if (start === 'sample') return [-2 * residual, 0, 0, 0, 0]
  return [-2 * residual * persistenceOf(at), 1, square / 2, square / 2, square]
}

function persistenceOf({ up, down, beta }: GarchParameters): number {
  return (up + down) / 2 + beta
}

/** ln 2π, rounded to a double. */
export const LN_TWO_PI = 1.8378770664093453

function value(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN
}
