import ln from '@stdlib/math-base-special-ln'
import { mean, median } from '../../oracle-node/core/stats.ts'

/** What of a series of hourly closes the simulator has to match. */
export type Moments = {
  /** Standard deviation of hourly log returns. */
  readonly hourlyVolatility: number
  /** Fourth moment over the squared second; 3 for a normal law. */
  readonly kurtosis: number
  /** Autocorrelation of squared returns, one hour and one day apart. */
  readonly squaredAcf1: number
  readonly squaredAcf24: number
  /** Share of hours whose return is more than four standard deviations by the fitted GARCH. */
  readonly jumpRate: number
}

/** GARCH(1,1) with its long-run variance set to the sample's (variance targeting; Engle and Mezrich 1996). */
export type Garch = { readonly alpha: number; readonly beta: number; readonly variance: number }

export const JUMP_DEVIATIONS = 4

/** Log returns between closes one hour apart; moves over holes are left out. */
export function hourlyReturns(closes: ReadonlyArray<{ readonly ts: number; readonly close: number }>): number[] {
  const returns: number[] = []
  for (const [index, { ts, close }] of closes.entries()) {
    const before = closes[index - 1]
    if (before !== undefined && ts - before.ts === 3_600) returns.push(ln(close / before.close))
  }
  return returns
}

export function momentsOf(returns: readonly number[], garch: Garch): Moments {
  const squares = returns.map((r) => r * r)
  const variance = mean(squares)
  return {
    hourlyVolatility: Math.sqrt(variance),
    kurtosis: mean(squares.map((square) => square * square)) / (variance * variance),
    squaredAcf1: autocorrelation(squares, 1),
    squaredAcf24: autocorrelation(squares, 24),
    jumpRate: mean(standardised(returns, garch).map((z) => (Math.abs(z) > JUMP_DEVIATIONS ? 1 : 0))),
  }
}

/** Quasi maximum likelihood over a grid of alpha and persistence: coarse, but a simulator needs no third digit. */
export function fitGarch(returns: readonly number[]): Garch {
  const variance = mean(returns.map((r) => r * r))
  let best: { garch: Garch; loss: number } | undefined
  for (const alpha of [0.02, 0.03, 0.05, 0.07, 0.1, 0.13, 0.17, 0.21, 0.25]) {
    for (const persistence of [0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.985, 0.99, 0.995]) {
      const garch = { alpha, beta: persistence - alpha, variance }
      const loss = gaussianLoss(returns, garch)
      if (best === undefined || loss < best.loss) best = { garch, loss }
    }
  }
  if (best === undefined) throw new Error('the grid is empty')
  return best.garch
}

/** Returns over the standard deviation that the model gave for their hour. */
export function standardised(returns: readonly number[], garch: Garch): number[] {
  const variances = conditionalVariances(returns, garch)
  return returns.map((r, index) => r / Math.sqrt(variances[index] ?? garch.variance))
}

export function kurtosisOf(values: readonly number[]): number {
  const second = mean(values.map((value) => value * value))
  return mean(values.map((value) => value ** 4)) / (second * second)
}

export function autocorrelation(values: readonly number[], lag: number): number {
  const centre = mean(values)
  const centred = values.map((value) => value - centre)
  const products = centred.slice(lag).map((value, index) => value * (centred[index] ?? 0))
  return mean(products) / mean(centred.map((value) => value * value))
}

/** Mean and standard deviation of logs, over the positive values, from the median and the quartiles: robust against dead hours. */
export function logNormalOf(values: readonly number[]): { readonly median: number; readonly logSd: number } {
  const logs = values.filter((value) => value > 0).map((value) => ln(value))
  const centre = median(logs)
  // A normal law has half its mass within 0.6745 standard deviations.
  const logSd = median(logs.map((value) => Math.abs(value - centre))) / 0.6745
  return { median: median(values.filter((value) => value > 0)), logSd }
}

function gaussianLoss(returns: readonly number[], garch: Garch): number {
  const variances = conditionalVariances(returns, garch)
  return mean(returns.map((r, index) => ln(variances[index] ?? 1) + (r * r) / (variances[index] ?? 1)))
}

function conditionalVariances(returns: readonly number[], { alpha, beta, variance }: Garch): number[] {
  let now = variance
  return returns.map((r) => {
    const here = now
    now = (1 - alpha - beta) * variance + alpha * r * r + beta * now
    return here
  })
}
