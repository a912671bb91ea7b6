import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { uniforms } from '../trees/random.ts'
import type { FitMlp, MlpRows } from './check.ts'
import { at, HEAD, LEVELS, type StandardTail } from './network.ts'

/** Of one horizon, in units of its base deviation. */
export type Target = { readonly loss: Float64Array; readonly variance: Float64Array }

/** What multiplies the parts of a row's loss at one horizon; `pinball` has a number a level. */
export type PartWeights = { readonly deviation: number; readonly pinball: Float64Array; readonly shortfall: number }

/** Rows as a loss over parameters needs them: weights are 1 in the mean. */
export type Problem = {
  readonly sizes: readonly number[]
  readonly x: Float64Array
  readonly weight: Float64Array
  readonly targets: readonly Target[]
  readonly parts: readonly PartWeights[]
}

/**
 * The weighted mean loss over some rows at the parameters given, whose gradient is written to the last argument.
 * Two of them are compared: by hand and by TensorFlow's automatic differentiation.
 */
export type Gradients = (parameters: Float64Array, rows: Int32Array, gradient: Float64Array) => number

/**
 * Past so many base deviations a day is a broken base or a broken price, and says no more than one just there: a single one would
 * otherwise outweigh thousands. It is far beyond the 99 % quantile, so it moves no quantile, and a shortfall hardly.
 */
const RATIO_MAX = 50

export function problemOf(fit: FitMlp, rows: MlpRows, parts: readonly PartWeights[]): Problem {
  const count = rows.weight.length
  const total = rows.weight.reduce((sum, each) => sum + each, 0)
  return {
    sizes: sizesOfFit(fit),
    x: rows.x,
    weight: rows.weight.map((each) => (each / total) * count),
    targets: targetsOf(rows),
    parts,
  }
}

/**
 * The parts so that each pulls about alike: QLIKE is free of scale, each pinball is divided by what the start has of it, since it falls with
 * 1 − level, and the joint loss is free of scale again, but counts as one level more: whole, its rare and long pulls shook the others.
 */
export function partWeightsOf(fit: FitMlp): PartWeights[] {
  const { deviation = 1, quantiles = 1, shortfall = 1 } = fit.emphasis ?? {}
  const total = fit.weight.reduce((sum, each) => sum + each, 0)
  return targetsOf(fit).map(({ loss }, horizon) => {
    const pinball = LEVELS.map((level, index) => {
      const quantile = fit.starts[horizon]?.[index] ?? Number.NaN
      const mean = loss.reduce((sum, each, row) => {
        const miss = each - quantile
        return sum + (at(fit.weight, row) / total) * (miss < 0 ? (level - 1) * miss : level * miss)
      }, 0)
      // Where the start is perfect there is nothing to divide by, and nothing to learn.
      return quantiles / (LEVELS.length * Math.max(mean, PINBALL_MIN))
    })
    return { deviation, pinball: Float64Array.from(pinball), shortfall: shortfall / LEVELS.length }
  })
}

const PINBALL_MIN = 1e-6

function targetsOf({ horizons }: MlpRows): Target[] {
  return horizons.map(({ base, realized, loss }) => ({
    loss: loss.map((each, row) => Math.max(-RATIO_MAX, Math.min(RATIO_MAX, each / at(base, row)))),
    variance: realized.map((each, row) => {
      const ratio = Math.max(1 / RATIO_MAX, Math.min(RATIO_MAX, each / at(base, row)))
      return ratio * ratio
    }),
  }))
}

export function sizesOfFit({ width, hidden, horizons }: FitMlp): number[] {
  return [width, ...hidden, horizons.length * HEAD]
}

/**
 * Where training begins: at the base model to the bit of exp and ln, its last layer being nothing but biases that make the starting tails. The
 * hidden weights are uniform with the variance of He et al. (2015, "Delving deep into rectifiers"), 2 over the inputs.
 */
export function startOf(fit: FitMlp): Float64Array {
  const uniform = uniforms(fit.seed)
  const sizes = sizesOfFit(fit)
  const hidden = fit.hidden.flatMap((outputs, layer) => {
    const inputs = sizes[layer] ?? Number.NaN
    const limit = Math.sqrt(6 / inputs)
    const weight = Array.from({ length: inputs * outputs }, () => limit * (2 * uniform() - 1))
    return [...weight, ...new Array<number>(outputs).fill(0)]
  })
  const last = (sizes.at(-2) ?? Number.NaN) * (sizes.at(-1) ?? Number.NaN)
  return Float64Array.from([...hidden, ...new Array<number>(last).fill(0), ...fit.starts.flatMap(startingBiases)])
}

/** A step s of the tail is softplus⁻¹(s) = s + ln(1 − e^−s). */
function startingBiases(tail: StandardTail): number[] {
  const [first, ...rest] = tail
  return [0, first, ...rest.map((each, index) => stepBias(each - (tail[index] ?? Number.NaN)))]
}

function stepBias(step: number): number {
  return step + ln(1 - exp(-step))
}
