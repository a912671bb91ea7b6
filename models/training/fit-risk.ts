import ln from '@stdlib/math-base-special-ln'
import { featureIndex } from '../../oracle-node/core/feature-spec.ts'
import { type EwmaCoefficients, ewmaSigma, ewmaWeights } from '../baselines/ewma.ts'
import { type HarCoefficients, harPrediction } from '../baselines/har.ts'
import { DAYS_ROOT, type Limits, type Triple } from '../baselines/outputs.ts'
import type { Sample } from './dataset.ts'
import { fitDeviation, fitQuantile, type Rows } from './regression.ts'
import { assetWeights, weightedMean, weightedQuantile } from './weighted.ts'

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
const LEVEL = 0.99
/** One tick of a price with four decimals, a day: what a peg that nobody trades has. */
const SIGMA_FLOOR = 1e-4
/** 100 000 % a year; no day of the recordings comes near, so only a broken vector meets it. */
const VOLATILITY_CAP = 1_000

/**
 * Floors from the pooled training losses of stablecoins that kept their pegs, each asset with equal weight: a quiet peg is never called
 * safer than stablecoins were on the whole. The caps are the worst that can be.
 */
export function fitLimits(train: readonly Sample[]): Limits {
  const stable = train.filter((sample) => sample.kind === 'stable')
  const losses = Float64Array.from(stable, (sample) => sample.loss)
  const weights = assetWeights(stable)
  const valueAtRisk = weightedQuantile(losses, weights, LEVEL)
  const shortfall = weightedMean(losses, weights, (index) => (losses[index] ?? 0) > valueAtRisk)
  return {
    floor: [SIGMA_FLOOR * DAYS_ROOT, valueAtRisk, Math.max(valueAtRisk, shortfall)],
    cap: [VOLATILITY_CAP, 1, 1],
  }
}

/**
 * HAR: volatility by QLIKE, value at risk by quantile regression, and shortfall as the value at risk times the mean ratio of the losses
 * beyond it. Every row is divided by its own week's volatility and every asset weighs the same, so neither a wild asset nor one
 * with long history rules.
 */
export function fitHar(train: readonly Sample[], limits: Limits): HarCoefficients {
  const weight = assetWeights(train)
  const scales = Float64Array.from(train, scaleOf)
  const x = new Float64Array(train.length * HAR_FEATURES.length)
  const places = HAR_FEATURES.map(featureIndex)
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
  const volatility = fitDeviation(rows((sample) => sample.realized))
  const valueAtRisk = fitQuantile(
    rows((sample) => sample.loss),
    LEVEL,
  )
  const withRatio = (ratio: number): HarCoefficients => {
    const triple = (index: number): Triple => [
      (volatility[index] ?? 0) * DAYS_ROOT,
      valueAtRisk[index] ?? 0,
      (valueAtRisk[index] ?? 0) * ratio,
    ]
    return { weights: Object.fromEntries(HAR_FEATURES.map((name, index) => [name, triple(index)])), ...limits }
  }
  const plain = withRatio(1)
  const ratios = Float64Array.from(train, (sample) => sample.loss / harPrediction(sample.features, plain).valueAtRisk99)
  return withRatio(
    Math.max(
      1,
      weightedMean(ratios, weight, (row) => (ratios[row] ?? 0) > 1),
    ),
  )
}

/** EWMA: the decay that has the least QLIKE, then filtered losses' quantile and the mean beyond it. */
export function fitEwma(train: readonly Sample[], limits: Limits): EwmaCoefficients {
  const weight = assetWeights(train)
  // A peg's rare jumps would choose the decay for all: after one the fastest memory wins, whatever it costs elsewhere.
  const decayWeight = weight.map((each, row) => (train[row]?.kind === 'volatile' ? each : 0))
  const candidates = DECAYS_PER_DAY.map((decayPerDay) => {
    const weights = ewmaWeights(decayPerDay)
    const sigma = Float64Array.from(train, (sample) => Math.max(ewmaSigma(sample.features, weights), SIGMA_FLOOR))
    const rows: Rows = { width: 1, x: sigma, y: Float64Array.from(train, (sample) => sample.realized), weight }
    const scale = fitDeviation(rows)[0] ?? 1
    const decayRows = { ...rows, weight: decayWeight }
    return { decayPerDay, sigma, scale, loss: qlikeUpToConstant(decayRows, fitDeviation(decayRows)[0] ?? 1) }
  })
  const best = candidates.reduce((least, each) => (each.loss < least.loss ? each : least))
  const filtered = Float64Array.from(train, (sample, row) => sample.loss / (best.sigma[row] ?? Number.NaN))
  const valueAtRisk = weightedQuantile(filtered, weight, LEVEL)
  const shortfall = weightedMean(filtered, weight, (row) => (filtered[row] ?? 0) > valueAtRisk)
  return {
    decayPerDay: best.decayPerDay,
    multipliers: [best.scale * DAYS_ROOT, valueAtRisk, shortfall],
    ...limits,
  }
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
