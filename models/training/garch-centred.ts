import ln from '@stdlib/math-base-special-ln'
import {
  addScaled,
  firstSlopes,
  firstVariance,
  type GarchParameters,
  type LikelihoodSeries,
  type LikelihoodSums,
  LN_TWO_PI,
} from './garch-likelihood.ts'

/** A series about a mean of 0, as its likelihood sees it again and again. */
export type CentredSeries = LikelihoodSeries & {
  /** Squares of rises and of falls, 0 where the return is of the other sign. */
  readonly rises: Float64Array
  readonly falls: Float64Array
  /** Of the place looked at last: e² / σ² and σ² of each return. */
  readonly shares: Float64Array
  readonly variances: Float64Array
}

export function centredSeries(series: LikelihoodSeries): CentredSeries {
  const { returns } = series
  return {
    ...series,
    rises: returns.map((e) => (e < 0 ? 0 : e * e)),
    falls: returns.map((e) => (e < 0 ? e * e : 0)),
    shares: new Float64Array(returns.length),
    variances: new Float64Array(returns.length),
  }
}

/**
 * What {@link addLikelihood} adds at a mean of 0, to the bit, but for the slopes by the mean, which are left at 0: no search that holds the mean
 * looks at them. Without them, without a branch on a return's sign and without a call the loop takes less than half as long.
 */
export function addCentredLikelihood(sums: LikelihoodSums, series: CentredSeries, at: GarchParameters): void {
  const { rises, falls, shares, variances, weight } = series
  const { omega, up, down, beta } = at
  let variance = firstVariance(series, at)
  let [, slopeO = 0, slopeU = 0, slopeD = 0, slopeB = 0] = firstSlopes(series, at)
  let [gradientO, gradientU, gradientD, gradientB] = [0, 0, 0, 0]
  let [oo, uo, uu, od, du, dd, bo, bu, bd, bb] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  for (let t = 0; t < rises.length; t++) {
    const rise = value(rises, t)
    const fall = value(falls, t)
    const precision = 1 / variance
    const share = (rise + fall) * precision
    const pull = 1 - share
    shares[t] = share
    variances[t] = variance
    const o = slopeO * precision
    const u = slopeU * precision
    const d = slopeD * precision
    const b = slopeB * precision
    gradientO += pull * o
    gradientU += pull * u
    gradientD += pull * d
    gradientB += pull * b
    oo += o * o
    uo += u * o
    uu += u * u
    od += d * o
    du += d * u
    dd += d * d
    bo += b * o
    bu += b * u
    bd += b * d
    bb += b * b
    slopeO = beta * slopeO + 1
    slopeU = beta * slopeU + rise
    slopeD = beta * slopeD + fall
    slopeB = beta * slopeB + variance
    variance = omega + (up * rise + down * fall) + beta * variance
  }
  sums.value += (weight / 2) * (devianceOf(shares, variances) + rises.length * LN_TWO_PI)
  addScaled(sums.gradient, weight / 2, [0, gradientO, gradientU, gradientD, gradientB])
  addScaled(sums.information, weight / 2, [0, 0, oo, 0, uo, uu, 0, od, du, dd, 0, bo, bu, bd, bb])
}

/** Σ e²/σ² + ln σ², a logarithm of eight variances at once. */
function devianceOf(shares: Float64Array, variances: Float64Array): number {
  let [deviance, product] = [0, 1]
  for (let t = 0; t < shares.length; t++) {
    deviance += value(shares, t)
    product *= value(variances, t)
    if (t % 8 === 7) {
      deviance += ln(product)
      product = 1
    }
  }
  return deviance + ln(product)
}

function value(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN
}
