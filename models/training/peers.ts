import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { featureIndex, RETURNS_OFFSET, WINDOW_HOURS } from '../../oracle-node/core/feature-spec.ts'
import { RISK_OUTPUT_COUNT } from '../../oracle-node/core/prediction.ts'
import { type GarchCoefficients, type GarchShape, garchPersistence, nextGarchVariance } from '../baselines/garch.ts'
import { DAYS_ROOT } from '../baselines/outputs.ts'
import type { Sample } from './dataset.ts'
import { fitGarch, fitPooledGarch, GARCH_RETURNS_MIN } from './fit-garch.ts'
import { LEVEL, SIGMA_FLOOR } from './fit-multipliers.ts'
import type { FoldSamples } from './walk-forward.ts'
import { weightedMean, weightedQuantile } from './weighted.ts'

/*
 * What a quant would use instead, one model an asset on daily data with the whole of its past: HAR on realised volatility, and GARCH(1,1), each
 * with filtered historical simulation. They are measured beside ours and do not ship.
 */

const DAY = 86_400
/** Fewer days tell of one market phase only; until then an asset is forecast by what was fitted on all. */
const DAYS_MIN = GARCH_RETURNS_MIN
/** A day or two without a sample, as around a halt, is no gap. */
const GAP_SECONDS_MAX = 3 * DAY

/** The asset that a series tells of: BTC-2020 and BTC are one, and follow each other. */
export function assetOfSeries(name: string): string {
  return name.split('-')[0] ?? name
}

/** One asset's days at 00:00 UTC, past and tested, in the order of time. `sigma` and `loss` have an entry a day. */
type Days = { readonly days: readonly Sample[]; readonly fitted: number }

/** Forecasts of a day's deviation by day, from what was known at the end of the training part. */
type SigmaPeer = (asset: Days, all: readonly Days[]) => Float64Array

/** Corsi's HAR by least squares on realised volatility: a constant, the day, the week and four weeks. */
export function harPeer(input: FoldSamples): Float64Array[] {
  return peerForecasts(input, harSigmas)
}

/** GARCH(1,1) with a constant mean on daily returns. */
export function garchPeer(input: FoldSamples): Float64Array[] {
  return peerForecasts(input, garchSigmas)
}

function peerForecasts({ train, test }: FoldSamples, sigmasOf: SigmaPeer): Float64Array[] {
  const byAsset = assetsOf(train, test)
  const all = [...byAsset.values()]
  const sigmas = all.map((asset) => sigmasOf(asset, all).map((sigma) => Math.max(sigma, SIGMA_FLOOR)))
  const pooled = tailOf(all.flatMap((asset, index) => standardised(asset, sigmas[index] ?? new Float64Array())))
  const outputs = new Map<Sample, Float64Array>()
  for (const [index, { days, fitted }] of all.entries()) {
    const own = standardised({ days, fitted }, sigmas[index] ?? new Float64Array())
    const { scale, valueAtRisk, shortfall } = own.length < DAYS_MIN ? pooled : tailOf(own)
    for (const [day, sample] of days.entries()) {
      const sigma = sigmas[index]?.[day] ?? Number.NaN
      const out = new Float64Array(RISK_OUTPUT_COUNT).fill(Number.NaN)
      out[0] = sigma * scale * DAYS_ROOT
      out[1] = Math.min(1, sigma * valueAtRisk)
      out[2] = Math.min(1, sigma * shortfall)
      outputs.set(sample, out)
    }
  }
  return test.map((sample) => outputs.get(sample) ?? new Float64Array(RISK_OUTPUT_COUNT).fill(Number.NaN))
}

function assetsOf(train: readonly Sample[], test: readonly Sample[]): Map<string, Days> {
  const known = new Set(train)
  const daily = [...train, ...test].filter(({ time }) => time % DAY === 0)
  const grouped = Map.groupBy(daily, ({ asset }) => assetOfSeries(asset))
  return new Map(
    [...grouped].map(([asset, days]) => {
      const sorted = days.toSorted((a, b) => a.time - b.time)
      return [asset, { days: sorted, fitted: sorted.filter((each) => known.has(each)).length }]
    }),
  )
}

type Standardised = { readonly loss: number; readonly realized: number }

function standardised({ days, fitted }: Days, sigmas: Float64Array): Standardised[] {
  return days.slice(0, fitted).map(({ loss, realized }, day) => {
    const sigma = sigmas[day] ?? Number.NaN
    return { loss: loss / sigma, realized: realized / sigma }
  })
}

/** Scale by QLIKE, quantile and mean beyond it, of past days over their forecasts. */
function tailOf(days: readonly Standardised[]): { scale: number; valueAtRisk: number; shortfall: number } {
  const losses = Float64Array.from(days, ({ loss }) => loss)
  const equal = new Float64Array(days.length).fill(1)
  const valueAtRisk = weightedQuantile(losses, equal, LEVEL)
  const squares = Float64Array.from(days, ({ realized }) => realized * realized)
  return {
    scale: Math.sqrt(weightedMean(squares, equal, () => true)),
    valueAtRisk,
    shortfall: weightedMean(losses, equal, (day) => (losses[day] ?? 0) >= valueAtRisk),
  }
}

/** 1, day, week, four weeks: realised volatilities. */
function harRow(days: readonly Sample[], day: number): [number, number, number, number] {
  const { features } = days[day] ?? { features: [] }
  const week = features[featureIndex('realized_7d')] ?? Number.NaN
  let squares = 0
  let weeks = 0
  const now = days[day]?.time ?? Number.NaN
  for (let back = day; back >= 0 && weeks < 4; back--) {
    const sample = days[back]
    // Over a gap of the recording there is no earlier week: weeks are counted by the calendar, not by rows.
    if (sample === undefined || sample.time < now - 21 * DAY) break
    if (sample.time !== now - 7 * weeks * DAY) continue
    const own = sample.features[featureIndex('realized_7d')] ?? Number.NaN
    squares += own * own
    weeks++
  }
  return [1, features[featureIndex('realized_24h')] ?? Number.NaN, week, Math.sqrt(squares / weeks)]
}

const harSigmas: SigmaPeer = (asset, all) => {
  const enough = asset.fitted >= DAYS_MIN
  // Until then: of all assets, each day in units of its own four weeks.
  const parts = enough ? [asset] : all
  const rows = parts.flatMap(({ days, fitted }) =>
    days.slice(0, fitted).map((sample, day) => {
      const row = harRow(days, day)
      const unit = enough ? 1 : Math.max(row[3], SIGMA_FLOOR)
      return { x: row.map((value, index) => (index === 0 ? value : value / unit)), y: sample.realized / unit }
    }),
  )
  const beta = leastSquares(rows)
  return Float64Array.from(asset.days, (_, day) => {
    const row = harRow(asset.days, day)
    const unit = enough ? 1 : Math.max(row[3], SIGMA_FLOOR)
    const fitted = row.reduce((sum, value, index) => sum + (index === 0 ? value : value / unit) * (beta[index] ?? 0), 0)
    // A line may go below nothing: a quarter of the day's own volatility is the least that is believed.
    return Math.max(fitted * unit, row[1] / 4)
  })
}

function leastSquares(rows: ReadonlyArray<{ readonly x: readonly number[]; readonly y: number }>): number[] {
  const x = new Matrix(rows.map((row) => [...row.x]))
  const y = Matrix.columnVector(rows.map((row) => row.y))
  const gram = x.transpose().mmul(x)
  for (let index = 0; index < 4; index++) gram.set(index, index, gram.get(index, index) * (1 + 1e-10))
  return new CholeskyDecomposition(gram).solve(x.transpose().mmul(y)).to1DArray()
}

/** The log return of the day before each 00:00 UTC. */
function dailyReturns(days: readonly Sample[]): Float64Array {
  return Float64Array.from(days, ({ features }) => {
    let sum = 0
    for (let hour = WINDOW_HOURS - 24; hour < WINDOW_HOURS; hour++) sum += features[RETURNS_OFFSET + hour] ?? Number.NaN
    return sum
  })
}

const pooledShapes = new WeakMap<readonly Days[], GarchShape>()

/** Of all assets with enough days, worked out once a fold. */
function pooledShape(all: readonly Days[]): GarchShape {
  const known = pooledShapes.get(all)
  if (known !== undefined) return known
  const series = all.flatMap(({ days, fitted }) => (fitted >= DAYS_MIN ? [dailyReturns(days.slice(0, fitted))] : []))
  const { shape } = fitPooledGarch(series, { asymmetric: false, start: 'sample' })
  pooledShapes.set(all, shape)
  return shape
}

const garchSigmas: SigmaPeer = (asset, all) => {
  const returns = dailyReturns(asset.days)
  const past = returns.slice(0, asset.fitted)
  const { mean, coefficients } = asset.fitted >= DAYS_MIN ? ownGarch(past) : youngGarch(past, all, asset)
  const square = past.length === 0 ? weekVariance(asset) : past.reduce((sum, r) => sum + r * r, 0) / past.length
  let variance = square
  return returns.map((r, day) => {
    // After a gap of the recording nothing is known but the long run.
    if (day > 0 && (asset.days[day]?.time ?? 0) - (asset.days[day - 1]?.time ?? 0) > GAP_SECONDS_MAX) variance = square
    variance = nextGarchVariance(coefficients, variance, r - mean)
    return Math.sqrt(variance)
  })
}

function ownGarch(past: Float64Array): { mean: number; coefficients: GarchCoefficients } {
  return fitGarch(past, { asymmetric: false, mean: 'constant', start: 'sample', targeting: false })
}

/** The pooled shape about the asset's own variance so far, or that of its first week. */
function youngGarch(
  past: Float64Array,
  all: readonly Days[],
  asset: Days,
): { mean: number; coefficients: GarchCoefficients } {
  const shape = pooledShape(all)
  const square = past.length < 30 ? weekVariance(asset) : past.reduce((sum, r) => sum + r * r, 0) / past.length
  return { mean: 0, coefficients: { ...shape, omega: (1 - garchPersistence(shape)) * square } }
}

function weekVariance({ days }: Days): number {
  const week = days[0]?.features[featureIndex('realized_7d')] ?? Number.NaN
  return week * week
}
