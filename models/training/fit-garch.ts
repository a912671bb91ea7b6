import ln from '@stdlib/math-base-special-ln'
import { type GarchCoefficients, type GarchShape, type GarchStart, meanSquare } from '../baselines/garch.ts'
import { type BoxMinimum, type BoxProblem, minimumInBox } from './box-newton.ts'
import { centredSeries } from './garch-centred.ts'
import type { GarchParameters, LikelihoodSeries } from './garch-likelihood.ts'
import { type GarchCost, garchCost, parametersAt, searchCoordinates } from './garch-search.ts'

export type GarchOptions = {
  /** Whether negative returns have a weight of their own (GJR), or γ is 0 (GARCH). */
  readonly asymmetric: boolean
  /** `constant`: the mean is a coefficient too. `zero`: returns are taken as they are. */
  readonly mean: 'zero' | 'constant'
  readonly start: GarchStart
  /** Variance targeting (Engle and Mezrich 1996): ω is not free but (1 − p) times the mean squared return. */
  readonly targeting: boolean
  /** A guess, such as the last fit's: it is tried beside the fixed ones, and makes a refit faster. */
  readonly guess?: GarchShape
}

export type GarchFit = {
  readonly mean: number
  readonly coefficients: GarchCoefficients
  /** Gaussian, with every constant, in the units of the returns given. */
  readonly logLikelihood: number
  readonly iterations: number
  /** Whether no step could gain more than 1e-12 nats: coefficients within a millionth of a standard error of the optimum. */
  readonly converged: boolean
}

/** A year of trading days. Of fewer returns the likelihood is nearly flat in β, and a fit tells more of its start than of the series. */
export const GARCH_RETURNS_MIN = 250

/** A fit may forget no slower: half of a shock is left after 6,931 steps. Above it no series here is long enough to tell from 1. */
export const GARCH_PERSISTENCE_MAX = 0.9999

/** Gaussian quasi-maximum likelihood of one series. @throws {Error} when it is too short, flat or not finite. */
export function fitGarch(returns: Float64Array, options: GarchOptions): GarchFit {
  const center = options.mean === 'zero' ? 0 : arithmeticMean(returns)
  const scale = spread(returns, center)
  // In units of its own deviation, so that bounds, grid and conditioning are alike for every series.
  const scaled = returns.map((r) => r / scale)
  const series = [{ returns: scaled, weight: 1, start: options.start }]
  const { at, minimum } = best({ series, ...options }, center / scale)
  return {
    mean: at.mean * scale,
    coefficients: { ...shapeOf(at), omega: at.omega * scale * scale },
    logLikelihood: -minimum.value - returns.length * ln(scale),
    iterations: minimum.iterations,
    converged: minimum.converged,
  }
}

export type PooledGarchOptions = Pick<GarchOptions, 'asymmetric' | 'start' | 'guess'>

export type PooledGarchFit = {
  readonly shape: GarchShape
  /** Of a return over its asset's root mean square: the mean over each asset's returns, and of these over the assets. */
  readonly meanLogLikelihood: number
  readonly iterations: number
  readonly converged: boolean
}

/**
 * One shape for several assets: the greatest sum of their log-likelihoods a return, so that a long history weighs no more than a
 * short one. Each asset's ω is its own by variance targeting, which dividing by its root mean square does; means are taken to be 0.
 * @throws {Error} when there is no series, or one is too short, flat or not finite.
 */
export function fitPooledGarch(assets: readonly Float64Array[], options: PooledGarchOptions): PooledGarchFit {
  const total = assets.reduce((sum, returns) => sum + returns.length, 0)
  if (total === 0) throw new Error('a pooled GARCH needs at least one series, got none')
  const series = assets.map((returns) => {
    const scale = spread(returns, 0)
    return {
      returns: returns.map((r) => r / scale),
      weight: total / (assets.length * returns.length),
      start: options.start,
    }
  })
  const { at, minimum } = best({ series, mean: 'zero', targeting: true, ...options }, 0)
  const { iterations, converged } = minimum
  return { shape: shapeOf(at), meanLogLikelihood: -minimum.value / total, iterations, converged }
}

type Problem = Omit<GarchOptions, 'start'> & { readonly series: readonly LikelihoodSeries[] }

type Box = Omit<BoxProblem, 'start' | 'tolerance'>
type Best = { readonly at: GarchParameters; readonly minimum: BoxMinimum }

/** The minimum that the best of several starts leads to, the first of equals. @param center where the mean is, or starts. */
function best(options: Problem, center: number): Best {
  const problem: GarchCost = {
    series: options.series,
    targeting: options.targeting,
    ...(options.mean === 'zero' && { centred: options.series.map(centredSeries) }),
  }
  const box = boxOf(options, problem, center)
  const rough = startsOf(options, problem, center).map((start) =>
    minimumInBox({ ...box, start, tolerance: ROUGH_NATS }),
  )
  const begun = rough.reduce((least, each) => (each.value < least.value ? each : least))
  const minimum = minimumInBox({
    ...box,
    start: [...begun.x],
    startCost: begun.cost,
    tolerance: TOLERANCE_NATS,
  })
  const iterations = begun.iterations + minimum.iterations
  return { at: parametersAt(problem, minimum.x), minimum: { ...minimum, iterations } }
}

/** All of the grid, or the guess and the likeliest of it: a guess alone would keep a refit at a maximum that has been overtaken. */
function startsOf({ guess }: Problem, problem: GarchCost, center: number): (readonly number[])[] {
  const grid = SHAPES.map((shape) => searchCoordinates(center, shape))
  if (guess === undefined) return grid
  const costs = grid.map((start) => garchCost(problem, Float64Array.from(start)).value)
  const likeliest = grid.filter((_, index) => index === costs.indexOf(Math.min(...costs)))
  return [searchCoordinates(center, guess), ...likeliest]
}

function boxOf({ mean, targeting, asymmetric }: Problem, problem: GarchCost, center: number): Box {
  const reach = mean === 'constant' ? 1 : 0
  const [omegaLow, omegaHigh] = targeting ? [0, 0] : [OMEGA_MIN, OMEGA_MAX]
  const [downLow, downHigh] = asymmetric ? [0, 1] : [0.5, 0.5]
  return {
    cost: (x) => garchCost(problem, x),
    lower: [center - reach, omegaLow, 0, 0, downLow],
    upper: [center + reach, omegaHigh, GARCH_PERSISTENCE_MAX, 1, downHigh],
    near: NEAR_NATS,
    iterationsMax: ITERATIONS_MAX,
  }
}

/** Where a search may begin: returns by day and by hour, of calm and of nervous assets, lie between these. */
const SHAPES: readonly GarchShape[] = [
  { alpha: 0.05, gamma: 0, beta: 0.94 },
  { alpha: 0.1, gamma: 0, beta: 0.8 },
  { alpha: 0.2, gamma: 0, beta: 0.5 },
  { alpha: 0.03, gamma: 0, beta: 0.1 },
]

/** ω of a series with variance 1. The least keeps every variance positive; more than twice the variance none can be. */
const [OMEGA_MIN, OMEGA_MAX] = [1e-8, 2]

/** Near enough to tell the better of two starts. */
const ROUGH_NATS = 0.01
/** A gain of d nats is a move of √(2d) standard errors. */
const TOLERANCE_NATS = 1e-12
/** Measured: any from 1 to 0.001 saves half of the steps. */
const NEAR_NATS = 0.1
/** Measured need: at most 20 on GARCH series, 150 on series that are mostly zeros. */
const ITERATIONS_MAX = 200

function shapeOf({ up, down, beta }: GarchParameters): GarchShape {
  return { alpha: up, gamma: down - up, beta }
}

function arithmeticMean(returns: Float64Array): number {
  return returns.reduce((sum, r) => sum + r, 0) / returns.length
}

/** Root mean square about a center, of a series that can be fitted. */
function spread(returns: Float64Array, center: number): number {
  if (returns.length < GARCH_RETURNS_MIN) {
    throw new Error(`a GARCH fit needs at least ${GARCH_RETURNS_MIN} returns, got ${returns.length}`)
  }
  const bad = returns.findIndex((r) => !Number.isFinite(r))
  if (bad >= 0) throw new Error(`a GARCH fit needs finite returns, got ${returns[bad]} at ${bad}`)
  const mean = arithmeticMean(returns)
  // Equal returns differ from their rounded mean by their last bits.
  if (!(meanSquare(returns, mean) > 1e-24 * mean * mean)) {
    throw new Error(`a GARCH fit needs returns that vary, got ${returns.length} that are all about ${mean}`)
  }
  return Math.sqrt(meanSquare(returns, center))
}
