import { invariant } from '../../oracle-node/core/errors.ts'
import { mean } from '../../oracle-node/core/stats.ts'
import type { Resamples } from './bootstrap.ts'
import { requireFinite } from './finite.ts'

/** A model and its loss on each day, the same days for all. */
export type Candidate = { readonly id: string; readonly losses: readonly number[] }

export type Confidence = {
  readonly id: string
  readonly meanLoss: number
  /** The smallest 1 − confidence at which the model leaves the set. */
  readonly pValue: number
  /** Whether the set of the confidence asked for holds the model. */
  readonly inSet: boolean
  /** The round, from 0, in which it went; the best has the last. */
  readonly round: number
}

/** More would take seconds: time grows with the cube. */
const MODELS_MAX = 64

/**
 * The model confidence set (Hansen, Lunde and Nason 2011): the models among which the best is, with the confidence given. While they are not
 * equally good by the test, the worst goes; a model's p-value is the largest test's so far. Tests are by bootstrap, centred at the
 * sample's means, and the last model has p = 1.
 * Deviation from the paper: models with exactly the same statistic go together, so that the order of the models changes nothing.
 * @param statistic `max`: T_max of each model's loss less all models' mean, the default; `range`: T_R of all pairs.
 * @throws {InvariantError} on a loss that is not finite, other numbers of days than the resamples', an id given twice.
 */
export function modelConfidenceSet(parts: {
  readonly models: readonly Candidate[]
  readonly resamples: Resamples
  readonly confidence?: number
  readonly statistic?: 'max' | 'range'
}): readonly Confidence[] {
  const { models, resamples, confidence = 0.9, statistic = 'max' } = parts
  invariant(confidence > 0 && confidence < 1, `a confidence is between 0 and 1, got ${confidence}`)
  requireModels(models, resamples.days)
  const sample: Sample = {
    draws: resamples.draws,
    width: models.length,
    means: Float64Array.from(models, ({ losses }) => mean(losses)),
    resampled: resampledMeans(models, resamples),
  }
  const test = statistic === 'max' ? testAgainstMean : testPairs
  const outcome = new Map<number, { readonly pValue: number; readonly round: number }>()
  let alive = [...models.keys()]
  let pValue = 0
  for (let round = 0; alive.length > 0; round++) {
    const { pValue: own, statistics } = alive.length === 1 ? { pValue: 1, statistics: [0] } : test(sample, alive)
    pValue = Math.max(pValue, own)
    const worst = Math.max(...statistics)
    // Only losses near the largest number there is overflow into it.
    invariant(!Number.isNaN(worst), 'the losses are too large for their means')
    for (const [rank, model] of alive.entries()) if (statistics[rank] === worst) outcome.set(model, { pValue, round })
    alive = alive.filter((_, rank) => statistics[rank] !== worst)
  }
  return models.map(({ id, losses }, index) => {
    const { pValue: reached, round } = outcome.get(index) ?? { pValue: Number.NaN, round: -1 }
    // As a sum, since 1 − 0.95 is not 0.05 in binary.
    return { id, meanLoss: mean(losses), pValue: reached, inSet: reached + confidence >= 1, round }
  })
}

/** Means of the sample by model, and of each draw, draw by draw. */
type Sample = {
  readonly draws: number
  readonly width: number
  readonly means: Float64Array
  readonly resampled: Float64Array
}

/** The p-value of equal predictive ability, and how bad each model is. */
type EqualityTest = { readonly pValue: number; readonly statistics: readonly number[] }

/**
 * T_max: the largest of t_i = d̄_i / √var(d̄_i), d̄_i being the mean over j of the loss of i less that of j. Differences first, then the mean: so
 * that equal models give an exact zero.
 */
function testAgainstMean({ draws, width, means, resampled }: Sample, alive: readonly number[]): EqualityTest {
  const count = alive.length
  const centre = relativeLosses(means, 0, alive)
  const noise = new Float64Array(draws * count)
  const variance = new Float64Array(count)
  for (let draw = 0; draw < draws; draw++) {
    const relative = relativeLosses(resampled, draw * width, alive)
    for (let i = 0; i < count; i++) {
      const own = at(relative, i) - at(centre, i)
      noise[draw * count + i] = own
      variance[i] = at(variance, i) + (own * own) / draws
    }
  }
  const statistics = Array.from(centre, (loss, i) => standardised(loss, at(variance, i)))
  return { statistics, pValue: shareAsLarge(noise, variance, Math.max(...statistics)) }
}

/**
 * T_R: the largest |t_ij| = |d̄_ij| / √var(d̄_ij) of all pairs. The worst model is the one with the largest t_ij against some other.
 */
function testPairs({ draws, width, means, resampled }: Sample, alive: readonly number[]): EqualityTest {
  const pairs = alive.flatMap((i) => alive.filter((j) => j !== i).map((j) => ({ i, j })))
  const noise = new Float64Array(draws * pairs.length)
  const variance = new Float64Array(pairs.length)
  for (let draw = 0; draw < draws; draw++) {
    for (const [pair, { i, j }] of pairs.entries()) {
      const own = at(resampled, draw * width + i) - at(resampled, draw * width + j) - (at(means, i) - at(means, j))
      noise[draw * pairs.length + pair] = own
      variance[pair] = at(variance, pair) + (own * own) / draws
    }
  }
  const byPair = pairs.map(({ i, j }, pair) => standardised(at(means, i) - at(means, j), at(variance, pair)))
  const against = alive.length - 1
  const statistics = alive.map((_, rank) => Math.max(...byPair.slice(rank * against, (rank + 1) * against)))
  // Both directions of a pair are there, so the largest is that of the absolute values.
  return { statistics, pValue: shareAsLarge(noise, variance, Math.max(...statistics)) }
}

/** Of draws, one row of noise each: the share whose largest standardised noise is at least the statistic seen. */
function shareAsLarge(noise: Float64Array, variance: Float64Array, seen: number): number {
  const columns = variance.length
  const draws = noise.length / columns
  let asLarge = 0
  for (let draw = 0; draw < draws; draw++) {
    let largest = Number.NEGATIVE_INFINITY
    for (let column = 0; column < columns; column++) {
      largest = Math.max(largest, standardised(at(noise, draw * columns + column), at(variance, column)))
    }
    if (largest >= seen) asLarge++
  }
  return asLarge / draws
}

/** Where nothing varies a difference is certain, and no difference is none. */
function standardised(value: number, variance: number): number {
  return value === 0 ? 0 : value / Math.sqrt(variance)
}

function relativeLosses(losses: Float64Array, offset: number, alive: readonly number[]): Float64Array {
  return Float64Array.from(alive, (i) => {
    let sum = 0
    for (const j of alive) sum += at(losses, offset + i) - at(losses, offset + j)
    return sum / alive.length
  })
}

/** Mean losses of each draw by model, each day's losses side by side so that a day is one look-up. */
function resampledMeans(models: readonly Candidate[], { days, draws, indices }: Resamples): Float64Array {
  const width = models.length
  const byDay = new Float64Array(days * width)
  for (const [model, { losses }] of models.entries()) {
    for (const [day, loss] of losses.entries()) byDay[day * width + model] = loss
  }
  const means = new Float64Array(draws * width)
  for (let draw = 0; draw < draws; draw++) {
    const row = draw * width
    for (let step = draw * days; step < (draw + 1) * days; step++) {
      const day = at(indices, step) * width
      for (let model = 0; model < width; model++) means[row + model] = at(means, row + model) + at(byDay, day + model)
    }
    for (let model = 0; model < width; model++) means[row + model] = at(means, row + model) / days
  }
  return means
}

function requireModels(models: readonly Candidate[], days: number): void {
  invariant(models.length > 0 && models.length <= MODELS_MAX, `1 to ${MODELS_MAX} models, got ${models.length}`)
  invariant(new Set(models.map(({ id }) => id)).size === models.length, 'each model has its own id')
  for (const { id, losses } of models) {
    invariant(losses.length === days, `${id} has ${losses.length} losses, the resamples ${days} days`)
    requireFinite(`the losses of ${id}`, losses)
  }
}

/** Out of range reads NaN; a check an element would cost more than the arithmetic. */
function at(values: Float64Array | Int32Array, index: number): number {
  return values[index] ?? Number.NaN
}
