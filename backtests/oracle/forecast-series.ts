import { activityOf, type DepthCoefficients, depthNow } from '../../models/baselines/depth.ts'
import { baselineRisk } from '../../oracle-node/core/baseline.ts'
import { type Conformal, calibrated, followConformal, NEUTRAL } from '../../oracle-node/core/conformal.ts'
import { RETURNS_OFFSET } from '../../oracle-node/core/feature-spec.ts'
import { guardFault } from '../../oracle-node/core/model-guard.ts'
import type { RiskPrediction } from '../../oracle-node/core/prediction.ts'
import { scoreRisk } from '../../oracle-node/core/score.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from '../../oracle-node/core/units.ts'
import type { Series } from '../series.ts'
import type { ForecastColumns } from './forecast-columns.ts'
import { type Fitted, type FittedFrom, type ForecasterId, isFitted, predictorOf } from './forecasters.ts'
import type { Predict } from './gaussian-rules.ts'
import { type HourFeatures, hourlyFeatures, marketMemory } from './hourly-features.ts'

export type ForecastInput = {
  readonly series: Series
  /** Of the asset that stands for the market; absent for that asset itself, and where none does. */
  readonly market?: Series | undefined
  /** In the order of time. Before the first nobody judges. */
  readonly fits: readonly FittedFrom[]
  readonly depth: DepthCoefficients
}

/**
 * What one honest node says of a series at every hour's end: features, guard, model or baseline, calibration and depth, in the order in which
 * the node's own round goes through them, and by the same functions. A row knows no bar after its hour.
 * @throws {RangeError} when the fits are none, of several forecasters or out of order.
 */
export function forecastColumns({ series, market, fits, depth }: ForecastInput): ForecastColumns {
  const forecaster = forecasterOf(fits)
  const columns = emptyColumns(series, forecaster)
  // Rules read nothing of the market, and half of the work is its vectors.
  const memory = market && isFitted(forecaster) ? marketMemory(market, series.from) : undefined
  let calibration = NEUTRAL
  let next = 0
  let judge: Judge | undefined
  for (const hour of hourlyFeatures(series, memory)) {
    for (let fit = fits[next]; fit !== undefined && fit.from <= hour.now; fit = fits[++next]) {
      judge = { fitted: fit.fitted, predict: predictorOf(fit.fitted) }
    }
    if (judge === undefined) continue
    const priceUsd = series.close[hour.row] ?? Number.NaN
    const judged = judgeHour(hour, { judge, calibration, priceUsd, depth })
    if (judged === undefined) continue
    writeRow(columns, hour.row, { ...judged, priceUsd, calibration })
    if (judged.prediction !== undefined && 'guard' in judge.fitted) {
      const { valueAtRisk99 } = judged.prediction
      const returns = hour.features.values.slice(RETURNS_OFFSET)
      calibration = followConformal(calibration, { end: hour.end, returns, valueAtRisk99 })
    }
  }
  return columns
}

type Judge = { readonly fitted: Fitted; readonly predict: Predict }

type Judged = {
  /** As it is published, calibrated. */
  readonly risk: RiskPrediction
  /** As the model said it; absent where the baseline judged. */
  readonly prediction: RiskPrediction | undefined
  readonly depthUsd: number
  readonly depthNowUsd: number
}

type Around = {
  readonly judge: Judge
  readonly calibration: Conformal
  readonly priceUsd: number
  readonly depth: DepthCoefficients
}

/** As the node judges an asset: by its model, or by the baseline where the model must not be asked or gave what cannot be signed. */
function judgeHour(
  hour: HourFeatures,
  { judge: { fitted, predict }, calibration, priceUsd, depth }: Around,
): Judged | undefined {
  const { features, now, noMarket } = hour
  const depthNowUsd = depthNow(activityOf(features.values), depth)
  const depthUsd = Math.min(depthNowUsd * depth.lowQuantileShare, depth.capUsd)
  const isSound = (risk: RiskPrediction): boolean =>
    scoreRisk({
      prediction: risk,
      depthUsd,
      priceUsd,
      dispersion: 0,
      observedAt: now as UnixSeconds,
      validForSeconds: SECONDS_PER_HOUR,
    }).ok
  const prediction = predict(hour)
  if (!('guard' in fitted)) {
    return isSound(prediction) ? { risk: prediction, prediction, depthUsd, depthNowUsd } : undefined
  }
  if (!noMarket && guardFault(features, fitted.guard) === undefined) {
    const risk = calibrated(prediction, calibration)
    if (isSound(risk)) return { risk, prediction, depthUsd, depthNowUsd }
  }
  const answer = baselineRisk(features, fitted.baseline)
  if (!answer.ok) return undefined
  const risk = calibrated(answer.value, { lnMultiplier: Math.max(0, calibration.lnMultiplier) })
  return isSound(risk) ? { risk, prediction: undefined, depthUsd, depthNowUsd } : undefined
}

function writeRow(
  columns: ForecastColumns,
  row: number,
  judged: Judged & { readonly priceUsd: number; readonly calibration: Conformal },
): void {
  const { risk, prediction, depthUsd, depthNowUsd, priceUsd, calibration } = judged
  columns.known[row] = 1
  columns.fallback[row] = prediction === undefined ? 1 : 0
  columns.priceUsd[row] = priceUsd
  columns.volatility[row] = risk.volatility
  // The baseline says no more than a record holds.
  columns.valueAtRisk50[row] = risk.outlook?.day.valueAtRisk50 ?? Number.NaN
  columns.valueAtRisk90[row] = risk.outlook?.day.valueAtRisk90 ?? Number.NaN
  columns.valueAtRisk95[row] = risk.outlook?.day.valueAtRisk95 ?? Number.NaN
  columns.valueAtRisk99[row] = risk.valueAtRisk99
  columns.expectedShortfall99[row] = risk.expectedShortfall99
  columns.depthUsd[row] = depthUsd
  columns.depthNowUsd[row] = depthNowUsd
  columns.lnMultiplier[row] = calibration.lnMultiplier
}

function emptyColumns({ asset, from, close }: Series, forecaster: string): ForecastColumns {
  const unknown = (): Float64Array => new Float64Array(close.length).fill(Number.NaN)
  return {
    asset,
    forecaster,
    from: from + SECONDS_PER_HOUR,
    known: new Uint8Array(close.length),
    fallback: new Uint8Array(close.length),
    priceUsd: unknown(),
    volatility: unknown(),
    valueAtRisk50: unknown(),
    valueAtRisk90: unknown(),
    valueAtRisk95: unknown(),
    valueAtRisk99: unknown(),
    expectedShortfall99: unknown(),
    depthUsd: unknown(),
    depthNowUsd: unknown(),
    lnMultiplier: unknown(),
  }
}

function forecasterOf(fits: readonly FittedFrom[]): ForecasterId {
  const ids = [...new Set(fits.map(({ fitted }) => fitted.id))]
  const [id, ...others] = ids
  if (id === undefined || others.length > 0) {
    throw new RangeError(`columns need the fits of one forecaster, got ${ids.join(', ') || 'none'}`)
  }
  const late = fits.findIndex(({ from }, place) => from <= (fits[place - 1]?.from ?? Number.NEGATIVE_INFINITY))
  if (late >= 0)
    throw new RangeError(`fits need ascending times, got ${fits[late]?.from} after ${fits[late - 1]?.from}`)
  return id
}
