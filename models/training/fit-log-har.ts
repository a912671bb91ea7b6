import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { invariant } from '../../oracle-node/core/errors.ts'
import { type LogHarCoefficients, type LogHarEquation, sigmasOfInputs } from '../baselines/log-har.ts'
import { LOG_INPUTS, logInputs } from '../baselines/log-inputs.ts'
import type { Limits } from '../baselines/outputs.ts'
import type { Sample } from './dataset.ts'
import { fitMultipliers } from './fit-multipliers.ts'

/**
 * Pull of each weight towards nothing. Several inputs measure nearly the same: without it their weights are large, of both signs, and tell nobody
 * why a forecast moved. Of 0.1, 1, 3, 10 and 30 this one had the least QLIKE on volatile assets, refitted each half year before 2024.
 */
const RIDGE = 3
const ITERATIONS_MAX = 50
/** Past this ratio of realised to forecast variance a day weighs as if it were this: one crash must not bend the line. */
const RATIO_MAX = 50
/** No day is believed to be so much calmer or wilder than its week while the weights are sought. */
const LN_RATIO_RANGE = [-12, 8] as const
/** A column that never moves, as a weekend in a sample of Mondays, keeps a weight of nothing. */
const SPREAD_MIN = 1e-9

/** Rows of 1 and the standardised inputs, with what each column was centred on and divided by. */
type Design = { readonly x: Matrix; readonly center: readonly number[]; readonly spread: readonly number[] }

/**
 * Log-HAR with leverage, by QLIKE: y·e^(−f) + f summed over samples is the likelihood of a gamma regression with a logarithmic link, which Fisher
 * scoring minimises with one fixed matrix. What is fitted is the coming variance over the week's, on logarithms less the week's own: the
 * weights of an asset's own volatilities add up to 2, so doubling all its moves doubles its forecast, and what was learned on volatile assets
 * holds for a peg. The market's level alone knows a scale.
 * @throws {Error} when there are fewer samples than weights.
 */
export function fitLogHar(train: readonly Sample[], limits: Limits): LogHarCoefficients {
  const volatile = train.filter(({ kind }) => kind === 'volatile')
  const needed = 2 * LOG_INPUTS.length
  if (volatile.length <= needed) {
    throw new Error(`log-HAR needs more than ${needed} samples of volatile assets, got ${volatile.length}`)
  }
  const inputs = volatile.map(({ features }) => knownInputs(features))
  const design = designOf(inputs.map(relative))
  const weight = rootWeights(volatile)
  const equation = (target: (sample: Sample) => number): LogHarEquation => {
    const ratios = volatile.map((sample, row) => {
      const value = target(sample)
      return value * value * exp(-2 * (inputs[row]?.[WEEK] ?? Number.NaN))
    })
    return unstandardised(design, gammaRegression(design.x, ratios, weight))
  }
  const equations = {
    day: equation((sample) => sample.realized),
    hour: equation((sample) => sample.hourRealized),
  }
  const sigmas = inputs.map((own) => sigmasOfInputs(own, equations))
  return { ...equations, multipliers: fitMultipliers(volatile, sigmas), ...limits }
}

const inputsOfWindow = new WeakMap<readonly number[], Float64Array>()

/** A window is in the training part of most refits, and its logarithms are taken once. */
function knownInputs(features: readonly number[]): Float64Array {
  const known = inputsOfWindow.get(features)
  if (known !== undefined) return known
  const inputs = logInputs(features)
  inputsOfWindow.set(features, inputs)
  return inputs
}

const placeOf = (name: string): number => LOG_INPUTS.findIndex((input) => input.name === name)
const WEEK = placeOf('realized_7d')
const MARKET_WEEK = placeOf('market_realized_7d')
/** What each input is counted from: the week of its own market. The weeks themselves stay as they are; the asset's own then is the unit. */
const BASES = LOG_INPUTS.map((input, place) => {
  if (input.kind !== 'log' || place === WEEK || place === MARKET_WEEK) return undefined
  return input.week === 'realized_7d' ? WEEK : MARKET_WEEK
})
/** The inputs that are fitted: all but the unit. */
const FITTED = LOG_INPUTS.map((_, place) => place).filter((place) => place !== WEEK)

function relative(inputs: Float64Array): number[] {
  return FITTED.map((place) => {
    const base = BASES[place]
    return (inputs[place] ?? Number.NaN) - (base === undefined ? 0 : (inputs[base] ?? Number.NaN))
  })
}

/** Weights of the inputs as they are, from those of the relative ones: what was subtracted is taken from the weeks. */
function absolute(fitted: readonly number[]): Record<string, number> {
  const weights = new Float64Array(LOG_INPUTS.length)
  weights[WEEK] = 2
  for (const [column, place] of FITTED.entries()) {
    const weight = fitted[column] ?? Number.NaN
    weights[place] = (weights[place] ?? 0) + weight
    const base = BASES[place]
    if (base !== undefined) weights[base] = (weights[base] ?? 0) - weight
  }
  return Object.fromEntries(LOG_INPUTS.map(({ name }, place) => [name, weights[place] ?? Number.NaN]))
}

/** One over the root of an asset's samples: between every sample alike, and every asset alike. */
function rootWeights(samples: readonly Sample[]): number[] {
  const counts = new Map<string, number>()
  for (const { asset } of samples) counts.set(asset, (counts.get(asset) ?? 0) + 1)
  return samples.map(({ asset }) => 1 / Math.sqrt(counts.get(asset) ?? Number.NaN))
}

function designOf(rows: readonly number[][]): Design {
  const raw = new Matrix([...rows])
  const center = raw.mean('column')
  const spread = raw
    .standardDeviation('column', { mean: center, unbiased: false })
    .map((each) => Math.max(each, SPREAD_MIN))
  const x = raw.subRowVector(center).divRowVector(spread)
  x.addColumn(0, new Array<number>(x.rows).fill(1))
  return { x, center, spread }
}

/** Intercept and weights of ln E[y] by Fisher scoring: with a logarithmic link its information is XᵀWX, whatever the weights. */
function gammaRegression(x: Matrix, y: readonly number[], weight: readonly number[]): number[] {
  const columns = Array.from({ length: x.columns }, (_, column) => Float64Array.from(x.getColumn(column)))
  const total = weight.reduce((sum, each) => sum + each, 0)
  const pull = (RIDGE * total) / x.columns
  const weighted = columns.map((column) => column.map((each, row) => each * (weight[row] ?? Number.NaN)))
  const product = new Matrix(columns.map((column) => weighted.map((other) => productOf(column, other))))
  // Symmetric to the last bit, as the decomposition asks.
  const information = Matrix.add(product, product.transpose()).mul(0.5)
  for (let column = 1; column < x.columns; column++) {
    information.set(column, column, information.get(column, column) + pull)
  }
  const cholesky = new CholeskyDecomposition(information)
  const beta = Matrix.zeros(x.columns, 1)
  beta.set(0, 0, ln(y.reduce((sum, each, row) => sum + each * (weight[row] ?? Number.NaN), 0) / total))
  const slopes = new Float64Array(x.rows)
  for (let iteration = 0; iteration < ITERATIONS_MAX; iteration++) {
    setFitted(slopes, columns, beta)
    for (let row = 0; row < slopes.length; row++) {
      const ratio = ratioOf(y[row] ?? Number.NaN, slopes[row] ?? Number.NaN)
      slopes[row] = (weight[row] ?? Number.NaN) * (ratio - 1)
    }
    const score = Matrix.columnVector(columns.map((column) => productOf(column, slopes)))
    for (let column = 1; column < x.columns; column++) {
      score.set(column, 0, score.get(column, 0) - pull * beta.get(column, 0))
    }
    const step = cholesky.solve(score)
    beta.add(step)
    if (step.abs().max() < 1e-9) break
  }
  const weights = beta.to1DArray()
  invariant(weights.every(Number.isFinite), 'log-HAR did not converge')
  return weights
}

/** Xβ, each row summed in the order of its columns. */
function setFitted(fitted: Float64Array, columns: readonly Float64Array[], beta: Matrix): void {
  fitted.fill(0)
  for (const [index, column] of columns.entries()) {
    const own = beta.get(index, 0)
    for (let row = 0; row < fitted.length; row++) {
      fitted[row] = (fitted[row] ?? Number.NaN) + (column[row] ?? Number.NaN) * own
    }
  }
}

function productOf(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let row = 0; row < a.length; row++) sum += (a[row] ?? Number.NaN) * (b[row] ?? Number.NaN)
  return sum
}

function ratioOf(realized: number, lnVariance: number): number {
  const [least, most] = LN_RATIO_RANGE
  return Math.min(realized * exp(-Math.min(Math.max(lnVariance, least), most)), RATIO_MAX)
}

function unstandardised(
  { center, spread }: Design,
  [constant = Number.NaN, ...betas]: readonly number[],
): LogHarEquation {
  const weights = betas.map((beta, column) => beta / (spread[column] ?? Number.NaN))
  return {
    intercept: weights.reduce((sum, weight, column) => sum - weight * (center[column] ?? Number.NaN), constant),
    weights: absolute(weights),
  }
}
