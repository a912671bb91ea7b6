import { type GarchShape, garchPersistence } from '../baselines/garch.ts'
import type { Quadratic } from './box-newton.ts'
import { addCentredLikelihood, type CentredSeries } from './garch-centred.ts'
import {
  addLikelihood,
  emptySums,
  GARCH_WIDTH,
  type GarchParameters,
  type LikelihoodSeries,
  type Moments,
  moments,
} from './garch-likelihood.ts'

export type GarchCost = {
  readonly series: readonly LikelihoodSeries[]
  /** ω is (1 − persistence) times the mean square of the first series; the others must be scaled to the same. */
  readonly targeting: boolean
  /** The same series where the mean is held at 0: the likelihood then is not slanted by the mean, which is not looked for. */
  readonly centred?: readonly CentredSeries[]
}

/**
 * The coordinates of the search. In them every constraint is a bound of its own: mean; ω; persistence p; news s, the share of p that
 * is not β; and down q, the share of the news' weight that negative returns have. So α = 2ps(1 − q), α + γ = 2psq, β = p(1 − s).
 */
export function searchCoordinates(mean: number, shape: GarchShape): number[] {
  const persistence = garchPersistence(shape)
  const news = persistence - shape.beta
  return [
    mean,
    1 - persistence,
    persistence,
    persistence === 0 ? 0 : news / persistence,
    news === 0 ? 0.5 : (shape.alpha + shape.gamma) / (2 * news),
  ]
}

/** The coefficients at a place of the search. */
export function parametersAt({ series, targeting }: GarchCost, x: Float64Array): GarchParameters {
  const [mean = Number.NaN, omega = Number.NaN, persistence = Number.NaN, news = Number.NaN, down = Number.NaN] = x
  return {
    mean,
    omega: targeting ? (1 - persistence) * firstMoments(series, mean).square : omega,
    up: 2 * persistence * news * (1 - down),
    down: 2 * persistence * news * down,
    beta: persistence * (1 - news),
  }
}

/** −ln L at a place of the search, its slope and its information. */
export function garchCost(cost: GarchCost, x: Float64Array): Quadratic {
  const sums = emptySums()
  const at = parametersAt(cost, x)
  if (cost.centred === undefined) for (const each of cost.series) addLikelihood(sums, each, at)
  else for (const each of cost.centred) addCentredLikelihood(sums, each, at)
  const jacobian = jacobianAt(cost, x)
  return {
    value: sums.value,
    gradient: pulledBack(jacobian, sums.gradient),
    curvature: congruent(jacobian, sums.information),
  }
}

/** Derivatives of the coefficients (rows) by the coordinates (columns). */
function jacobianAt({ series, targeting }: GarchCost, x: Float64Array): Float64Array {
  const [mean = Number.NaN, , p = Number.NaN, s = Number.NaN, q = Number.NaN] = x
  const { square, residual } = firstMoments(series, mean)
  const omega = targeting ? [-2 * (1 - p) * residual, 0, -square, 0, 0] : [0, 1, 0, 0, 0]
  return Float64Array.of(
    ...[1, 0, 0, 0, 0],
    ...omega,
    ...[0, 0, 2 * s * (1 - q), 2 * p * (1 - q), -2 * p * s],
    ...[0, 0, 2 * s * q, 2 * p * q, 2 * p * s],
    ...[0, 0, 1 - s, -p, 0],
  )
}

function firstMoments(series: readonly LikelihoodSeries[], mean: number): Moments {
  return moments(series[0]?.returns ?? new Float64Array(0), mean)
}

/** Jᵀg. */
function pulledBack(jacobian: Float64Array, gradient: Float64Array): Float64Array {
  const out = new Float64Array(GARCH_WIDTH)
  for (let row = 0; row < GARCH_WIDTH; row++) {
    for (let column = 0; column < GARCH_WIDTH; column++) {
      out[column] = value(out, column) + value(jacobian, row * GARCH_WIDTH + column) * value(gradient, row)
    }
  }
  return out
}

/** JᵀAJ for a symmetric A of which the lower triangle is given, row by row. */
function congruent(jacobian: Float64Array, lower: Float64Array): Float64Array {
  const out = new Float64Array(GARCH_WIDTH * GARCH_WIDTH)
  for (let i = 0; i < GARCH_WIDTH; i++) {
    for (let j = 0; j < GARCH_WIDTH; j++) {
      const row = Math.max(i, j)
      const each = value(lower, (row * (row + 1)) / 2 + Math.min(i, j))
      for (let k = 0; k < GARCH_WIDTH; k++) {
        const left = each * value(jacobian, i * GARCH_WIDTH + k)
        for (let l = 0; l < GARCH_WIDTH; l++) {
          const place = k * GARCH_WIDTH + l
          out[place] = value(out, place) + left * value(jacobian, j * GARCH_WIDTH + l)
        }
      }
    }
  }
  return out
}

function value(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN
}
