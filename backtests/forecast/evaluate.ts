import { withConformal } from '../../models/evaluation/panel.ts'
import { LEVELS } from '../../models/evaluation/scores.ts'
import { RISK_METRICS } from '../../models/training/candidates.ts'
import { DEFAULT_RISK } from '../../models/training/defaults.ts'
import { RISK_OUTPUT_COUNT } from '../../oracle-node/core/prediction.ts'
import type { ForecastResult } from '../result.ts'
import { type AssetPlaces, cellOf, meanQlike } from './cells.ts'
import { comparisonsOf, confidenceSetsOf, resampler } from './compare.ts'
import { CONFORMAL, flat, type ModelForecasts, plainOf } from './grid.ts'
import { type ForecastRow, HORIZONS, type Horizon, type HorizonScores, horizonScores } from './rows.ts'
import type { Splits } from './splits.ts'

export type EvaluateOptions = {
  readonly seed: number
  /** What every model is tested against beside the default model; RiskMetrics' EWMA unless told. */
  readonly baseline?: string
  /** Whose days are listed; the one of the least QLIKE unless told. */
  readonly shown?: string
  /** Resampled series of a confidence set, and simulated ones of a shortfall's p-value. */
  readonly draws?: number
  readonly simulations?: number
}

const DRAWS = 1_000

/**
 * All figures of some models' forecasts of the same rows, models in the order asked for and assets in that of their names.
 * @param rows each asset's in the order of time.
 * @param forecasts of the models, or of what they are with the conformal layer.
 * @throws {Error} on a forecast that cannot be one, or a model without forecasts.
 */
export function evaluateGrid(parts: {
  readonly rows: readonly ForecastRow[]
  readonly models: readonly string[]
  readonly forecasts: readonly ModelForecasts[]
  readonly splits: Pick<Splits, 'kind' | 'folds'>
  readonly options: EvaluateOptions
}): ForecastResult {
  const { rows, options, splits } = parts
  if (rows.length === 0) throw new Error('a forecast backtest needs a tested day, got none')
  const assets = placesOf(rows)
  const models = requested(rows, parts.models, parts.forecasts)
  for (const field of ['baseline', 'shown'] as const) {
    const id = options[field]
    if (id === undefined || parts.models.includes(id)) continue
    throw new Error(`${field}: "${id}" is not among the models, ${parts.models.join(', ')}`)
  }
  const resamplesOf = resampler(options.draws ?? DRAWS, options.seed)
  const against = [...new Set([options.baseline ?? RISK_METRICS, DEFAULT_RISK])]
  const simulations = options.simulations ?? DRAWS
  const byHorizon = HORIZONS.map((horizon) => ({
    horizon,
    scores: models.flatMap((model) => horizonScores(rows, model, horizon) ?? []),
  }))
  const each = <T>(
    of: (scores: readonly HorizonScores[], where: { asset: AssetPlaces; horizon: Horizon }) => readonly T[],
  ): T[] => byHorizon.flatMap(({ horizon, scores }) => assets.flatMap((asset) => of(scores, { asset, horizon })))
  return {
    splits: { kind: splits.kind, folds: splits.folds.length, refits: splits.folds.map(({ start }) => start) },
    cells: each((scores, { asset, horizon }) =>
      scores.map((own) => cellOf(own, asset, { horizon, simulations, seed: options.seed })),
    ),
    comparisons: each((scores, where) => comparisonsOf(scores, against, where)),
    confidenceSets: each((scores, where) => confidenceSetsOf(scores, where, resamplesOf)),
    regimes: byHorizon.flatMap(({ horizon, scores }) => regimesOf(rows, assets, scores, horizon)),
    reliability: byHorizon.flatMap(({ horizon, scores }) => reliabilityOf(scores, horizon)),
    courses: byHorizon.flatMap(({ horizon, scores }) => coursesOf(rows, assets, scores, horizon, options.shown)),
  }
}

/** Assets by name, each with the places of its rows. */
function placesOf(rows: readonly ForecastRow[]): AssetPlaces[] {
  const grouped = Map.groupBy(rows.keys(), (row) => rows[row]?.asset ?? '')
  for (const [asset, places] of grouped) {
    for (const [index, place] of places.entries()) {
      const [before, now] = [rows[places[index - 1] ?? -1]?.time, rows[place]?.time ?? Number.NaN]
      if (before !== undefined && !(now > before)) throw new Error(`rows of ${asset} are not in the order of time`)
    }
  }
  return [...grouped].map(([asset, places]) => ({ asset, places })).toSorted((a, b) => (a.asset < b.asset ? -1 : 1))
}

function requested(
  rows: readonly ForecastRow[],
  models: readonly string[],
  forecasts: readonly ModelForecasts[],
): ModelForecasts[] {
  return models.map((id) => {
    const own = forecasts.find((each) => each.id === id)
    if (own !== undefined) return own
    const plain = forecasts.find((each) => each.id === plainOf(id))
    if (plain === undefined || !id.endsWith(CONFORMAL)) throw new Error(`there are no forecasts of "${id}"`)
    const outputs = rows.map((_, row) => plain.outputs.subarray(row * RISK_OUTPUT_COUNT, (row + 1) * RISK_OUTPUT_COUNT))
    return { id, outputs: flat(withConformal(rows, { id: plain.id, outputs }).outputs) }
  })
}

const REGIMES = ['calm', 'ordinary', 'wild'] as const

/** By terciles of each asset's own weeks. */
function regimesOf(
  rows: readonly ForecastRow[],
  assets: readonly AssetPlaces[],
  scores: readonly HorizonScores[],
  horizon: Horizon,
): ForecastResult['regimes'] {
  const placesIn = new Map<string, number[]>(REGIMES.map((regime) => [regime, []]))
  for (const { places } of assets) {
    const weekOf = (place: number): number => rows[place]?.weekVolatility ?? Number.NaN
    const sorted = Float64Array.from(places, weekOf).sort()
    const [low = 0, high = 0] = [1, 2].map((third) => sorted[Math.floor((third * sorted.length) / 3)])
    for (const place of places) {
      const week = weekOf(place)
      placesIn.get(week < low ? 'calm' : week < high ? 'ordinary' : 'wild')?.push(place)
    }
  }
  return scores.flatMap((own) =>
    REGIMES.flatMap((regime) => {
      const moved = (placesIn.get(regime) ?? []).filter((place) => !Number.isNaN(own.qlike[place]))
      if (moved.length === 0) return []
      return [{ model: own.id, horizon, regime, days: moved.length, qlike: meanQlike(own, moved) }]
    }),
  )
}

function reliabilityOf(scores: readonly HorizonScores[], horizon: Horizon): ForecastResult['reliability'] {
  return scores.flatMap(({ id, loss, quantiles }) =>
    LEVELS.flatMap(({ level }, index) => {
      const quantile = quantiles[index] ?? new Float64Array()
      if (quantile.every(Number.isNaN)) return []
      const within = loss.filter((each, row) => each <= (quantile[row] ?? Number.NaN)).length
      return [{ model: id, horizon, level, observed: within / loss.length, days: loss.length }]
    }),
  )
}

function coursesOf(
  rows: readonly ForecastRow[],
  assets: readonly AssetPlaces[],
  scores: readonly HorizonScores[],
  horizon: Horizon,
  shown: string | undefined,
): ForecastResult['courses'] {
  const all = [...rows.keys()]
  const best = scores.reduce<HorizonScores | undefined>(
    (least, own) => (least === undefined || meanQlike(own, all) < meanQlike(least, all) ? own : least),
    undefined,
  )
  const own = shown === undefined ? best : scores.find(({ id }) => id === shown)
  if (own === undefined) return []
  return assets.map(({ asset, places }) => ({
    model: own.id,
    asset,
    horizon,
    time: places.map((place) => rows[place]?.time ?? Number.NaN),
    loss: places.map((place) => own.loss[place] ?? Number.NaN),
    valueAtRisk99: places.map((place) => own.valueAtRisk[place] ?? Number.NaN),
  }))
}

/** How one model's mean QLIKE on an asset spreads over the paths of combinatorial splits. */
export type PathSpread = {
  readonly model: string
  readonly asset: string
  readonly horizon: Horizon
  readonly paths: number
  readonly min: number
  readonly median: number
  readonly max: number
}

/** @param paths each path's forecasts of the same rows. */
export function pathSpreads(
  rows: readonly ForecastRow[],
  models: readonly string[],
  paths: readonly (readonly ModelForecasts[])[],
): PathSpread[] {
  const assets = placesOf(rows)
  const plain = [...new Set(models.map(plainOf))]
  return HORIZONS.flatMap((horizon) =>
    plain.flatMap((model) => {
      const scores = paths.flatMap((forecasts) => {
        const own = forecasts.find(({ id }) => id === model)
        if (own === undefined) throw new Error(`there are no forecasts of "${model}"`)
        return horizonScores(rows, own, horizon) ?? []
      })
      if (scores.length === 0) return []
      return assets.map(({ asset, places }): PathSpread => {
        const sorted = scores.map((own) => meanQlike(own, places)).sort((a, b) => a - b)
        const middle = (sorted.length - 1) / 2
        const at = (place: number): number => sorted[place] ?? Number.NaN
        const median = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2
        return { model, asset, horizon, paths: sorted.length, min: at(0), median, max: at(sorted.length - 1) }
      })
    }),
  )
}
