import ln from '@stdlib/math-base-special-ln'
import { featureIndex, RETURNS_OFFSET, WINDOW_HOURS } from '../../oracle-node/core/feature-spec.ts'
import { type EwmaCoefficients, ewmaSigma, ewmaWeights, HOUR_OF_DAY } from '../baselines/ewma.ts'
import type { GarchShape } from '../baselines/garch.ts'
import { type GarchModelCoefficients, garchHorizons, garchSigmas } from '../baselines/garch-window.ts'
import type { HarCoefficients } from '../baselines/har.ts'
import { DAYS_ROOT, HOURS_ROOT, type Limits, type Sigmas } from '../baselines/outputs.ts'
import type { Sample } from './dataset.ts'
import { fitPooledGarch } from './fit-garch.ts'
import { fitMultipliers, LEVEL, SIGMA_FLOOR } from './fit-multipliers.ts'
import { fitDeviation, fitQuantile, type Rows } from './regression.ts'
import { assetWeights, weightedMean, weightedQuantiles } from './weighted.ts'

const HAR_FEATURES = [
  'realized_1h',
  'realized_6h',
  'realized_24h',
  'realized_7d',
  'parkinson_24h',
  'parkinson_7d',
  'downside_24h',
  'daily_7d',
]
const DECAYS_PER_DAY = [0.97, 0.94, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.4, 0.3]

/**
 * HAR: volatility by QLIKE, value at risk by quantile regression, and shortfall and the lower quantiles as the value at risk times the mean
 * ratio of the losses beyond it, and the ratios' own quantiles, so that they never cross. Every row is divided by its own week's
 * volatility and every asset weighs the same, so neither a wild asset nor one with long history rules.
 */
export function fitHar(train: readonly Sample[], limits: Limits): HarCoefficients {
  const weight = assetWeights(train)
  const scales = Float64Array.from(train, scaleOf)
  const places = HAR_FEATURES.map(featureIndex)
  const x = new Float64Array(train.length * places.length)
  for (const [row, sample] of train.entries()) {
    for (const [column, place] of places.entries()) {
      x[row * places.length + column] = (sample.features[place] ?? Number.NaN) / (scales[row] ?? Number.NaN)
    }
  }
  const rows = (target: (sample: Sample) => number): Rows => ({
    width: places.length,
    x,
    y: Float64Array.from(train, (sample, row) => target(sample) / (scales[row] ?? Number.NaN)),
    weight,
  })
  const columns = [
    ...harColumns(rows, DAYS_ROOT, { loss: (each) => each.loss, realized: (each) => each.realized }),
    ...harColumns(rows, HOURS_ROOT, { loss: (each) => each.hourLoss, realized: (each) => each.hourRealized }),
  ]
  const weights = HAR_FEATURES.map((name, index) => [name, columns.map((column) => column[index] ?? 0)] as const)
  return { weights: Object.fromEntries(weights), ...limits }
}

/** The six columns of one horizon, in the order of a model's outputs. */
function harColumns(
  rows: (target: (sample: Sample) => number) => Rows,
  root: number,
  of: { readonly loss: (sample: Sample) => number; readonly realized: (sample: Sample) => number },
): number[][] {
  const volatility = fitDeviation(rows(of.realized))
  const losses = rows(of.loss)
  const valueAtRisk = fitQuantile(losses, LEVEL)
  const { width, x, y, weight } = losses
  const ratios = y.map((loss, row) => {
    let fitted = 0
    for (let column = 0; column < width; column++) fitted += (x[row * width + column] ?? 0) * (valueAtRisk[column] ?? 0)
    return loss / fitted
  })
  const beyond = weightedMean(ratios, weight, (row) => (ratios[row] ?? 0) > 1)
  const lower = weightedQuantiles(ratios, weight, [0.5, 0.9, 0.95]).map((ratio) => Math.min(1, ratio))
  return [
    volatility.map((each) => each * root),
    ...[1, Math.max(1, beyond), ...lower].map((ratio) => valueAtRisk.map((each) => each * ratio)),
  ]
}

/** EWMA with its losses' quantiles over it; the decay that has the least QLIKE, or the one that is given. */
export function fitEwma(train: readonly Sample[], limits: Limits, decayPerDay?: number): EwmaCoefficients {
  const decay = decayPerDay ?? bestDecay(train)
  const weights = ewmaWeights(decay)
  const sigmas = train.map(({ features }): Sigmas => {
    const sigma = ewmaSigma(features, weights)
    return [sigma, sigma * HOUR_OF_DAY]
  })
  return { decayPerDay: decay, multipliers: fitMultipliers(train, sigmas), ...limits }
}

function bestDecay(train: readonly Sample[]): number {
  const weight = assetWeights(train)
  // A peg's rare jumps would choose the decay for all: after one the fastest memory wins, whatever it costs elsewhere.
  const decayWeight = weight.map((each, row) => (train[row]?.kind === 'volatile' ? each : 0))
  const sigmas = train.map(({ features }) => decaySigmas(features))
  const y = Float64Array.from(train, ({ realized }) => realized)
  const candidates = DECAYS_PER_DAY.map((decayPerDay, decay) => {
    const x = Float64Array.from(sigmas, (own) => Math.max(own[decay] ?? Number.NaN, SIGMA_FLOOR))
    const rows: Rows = { width: 1, x, y, weight: decayWeight }
    return { decayPerDay, loss: qlikeUpToConstant(rows, fitDeviation(rows)[0] ?? 1) }
  })
  return candidates.reduce((least, each) => (each.loss < least.loss ? each : least)).decayPerDay
}

const sigmasOfWindow = new WeakMap<readonly number[], Float64Array>()
const DECAY_WEIGHTS = DECAYS_PER_DAY.map(ewmaWeights)

/** A window's volatility by each decay; it is in the training part of most refits, and worked out once. */
function decaySigmas(features: readonly number[]): Float64Array {
  const known = sigmasOfWindow.get(features)
  if (known !== undefined) return known
  const sigmas = Float64Array.from(DECAY_WEIGHTS, (weights) => ewmaSigma(features, weights))
  sigmasOfWindow.set(features, sigmas)
  return sigmas
}

/**
 * GARCH, or GJR with `asymmetric`, over the hours of a window: one shape pooled over volatile assets, from windows that do not overlap, and
 * past losses' quantiles over its forecasts.
 */
export function fitGarchModel(train: readonly Sample[], limits: Limits, asymmetric: boolean): GarchModelCoefficients {
  const volatile = train.filter(({ kind }) => kind === 'volatile')
  const series = [...Map.groupBy(volatile, ({ asset }) => asset).values()].map(hourlyReturns)
  const { shape } = fitPooledGarch(
    series.filter(({ length }) => length >= GARCH_HOURS_MIN),
    { asymmetric, start: 'sample' },
  )
  const horizons = garchHorizons(shape)
  const sigmas = train.map(({ features }) => garchSigmas(features, horizons))
  return { shape: plainShape(shape), multipliers: fitMultipliers(train, sigmas), ...limits }
}

/** A month: less would tell of its start more than of the asset. */
const GARCH_HOURS_MIN = 720
const WEEK_SECONDS = 604_800

/** The windows of samples a week apart, one after another. */
function hourlyReturns(samples: readonly Sample[]): Float64Array {
  const windows: (readonly number[])[] = []
  let next = Number.NEGATIVE_INFINITY
  for (const { time, features } of samples) {
    if (time < next) continue
    windows.push(features)
    next = time + WEEK_SECONDS
  }
  const returns = new Float64Array(windows.length * WINDOW_HOURS)
  for (const [window, features] of windows.entries()) {
    for (let hour = 0; hour < WINDOW_HOURS; hour++) {
      returns[window * WINDOW_HOURS + hour] = features[RETURNS_OFFSET + hour] ?? Number.NaN
    }
  }
  return returns
}

function plainShape({ alpha, gamma, beta }: GarchShape): GarchShape {
  return { alpha, gamma, beta }
}

/** QLIKE but for the part that no forecast changes. */
function qlikeUpToConstant(rows: Rows, scale: number): number {
  return weightedMean(
    Float64Array.from(rows.y, (realized, row) => {
      const forecast = scale * (rows.x[row] ?? Number.NaN)
      const ratio = realized / forecast
      return ratio * ratio + 2 * ln(forecast)
    }),
    rows.weight,
    () => true,
  )
}

function scaleOf(sample: Sample): number {
  return Math.max(sample.features[featureIndex('realized_7d')] ?? Number.NaN, SIGMA_FLOOR)
}
