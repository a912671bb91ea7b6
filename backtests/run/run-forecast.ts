import type { ForecastConfig } from '../config/forecast-schema.ts'
import { evaluateGrid, pathSpreads } from '../forecast/evaluate.ts'
import { assembled, type ModelForecasts, walkedModels } from '../forecast/grid.ts'
import { forecastRows } from '../forecast/rows.ts'
import { pathPlaces, type Splits, testedRows } from '../forecast/splits.ts'
import { unpackArrays } from '../pack-arrays.ts'
import type { ForecastResult } from '../result.ts'
import { encodeSeries } from '../series-bytes.ts'
import type { Json, Task } from '../tasks/task.ts'
import type { Engine } from './engine.ts'
import type { Data, Range } from './load-data.ts'
import { splitsFor, type Walk, walkSplits } from './walk-task.ts'

export type ForecastParts = {
  readonly forecast: ForecastConfig
  readonly seed: number
  readonly marketAsset: string
  readonly data: Data
  readonly engine: Engine
}

/** Every model through every fold, then all figures. @throws {Error} that names the field that cannot be. */
export async function runForecast({
  forecast,
  seed,
  marketAsset,
  data,
  engine,
}: ForecastParts): Promise<ForecastResult> {
  const walked = walkedModels(forecast.models, kindOf(forecast))
  const walk = await walkOf(forecast, marketAsset, data, engine)
  const splits = await walkSplits(walk, { read: engine.result })
  const groups = forecast.fit === 'pooled' ? [undefined] : [...forecast.assets].sort()
  const taskOf = (model: string, asset: string | undefined): Task => ({
    kind: 'walk',
    label: asset === undefined ? model : `${model}, ${asset}`,
    input: JSON.parse(JSON.stringify({ ...walk, model, ...(asset !== undefined && { asset }) })) as Json,
    needs: [...new Set([...walk.series, ...(walk.market === undefined ? [] : [walk.market])])],
  })
  await engine.do(
    'forecasts',
    groups.flatMap((asset) => walked.map((model) => taskOf(model, asset))),
  )
  const parts = await Promise.all(
    groups.map(async (asset) => {
      const outputs = await Promise.all(
        walked.map(async (model) => [model, await outputsOf(engine, taskOf(model, asset))] as const),
      )
      return { splits: splitsFor(splits, asset), outputs: new Map(outputs) }
    }),
  )
  const rows = parts.flatMap((part) => forecastRows(testedRows(part.splits)))
  const paths = splits.paths.map((_, path) => forecastsOf(forecast.models, parts, path))
  const { models, baseline, shown, draws, horizons } = forecast
  const result = evaluateGrid({
    rows,
    models,
    forecasts: paths[0] ?? [],
    splits,
    options: {
      seed,
      draws,
      simulations: draws,
      ...(models.includes(baseline) && { baseline }),
      ...(shown !== undefined && { shown }),
    },
  })
  return onlyHorizons(result, horizons, paths.length > 1 ? pathSpreads(rows, models, paths) : undefined)
}

function kindOf({ split }: ForecastConfig): Splits['kind'] {
  if (split.kind === 'walk-forward') return split.window
  return split.kind === 'purged-k-fold' ? 'k-fold' : 'combinatorial'
}

async function walkOf(forecast: ForecastConfig, marketAsset: string, data: Data, engine: Engine): Promise<Walk> {
  const range = rangeOf(forecast)
  const keys = new Map<string, string>()
  const market = data.has(marketAsset) ? [marketAsset] : []
  for (const asset of new Set([...forecast.assets, ...market])) {
    keys.set(asset, await engine.put(encodeSeries(await data.series(asset, range))))
  }
  const key = (asset: string): string => keys.get(asset) ?? ''
  return {
    series: [...forecast.assets].sort().map(key),
    ...(market.length > 0 && { market: key(marketAsset) }),
    stepHours: forecast.stepHours,
    split: forecast.split,
  }
}

function rangeOf({ from, to, gapHoursMax }: ForecastConfig): Range {
  const seconds = (day: string): number => Date.parse(`${day}T00:00:00Z`) / 1_000
  return {
    ...(from !== undefined && { from: seconds(from) }),
    ...(to !== undefined && { to: seconds(to) }),
    ...(gapHoursMax !== undefined && { gapHoursMax }),
  }
}

async function outputsOf(engine: Engine, task: Task): Promise<Float64Array> {
  const { outputs } = unpackArrays(await engine.result(engine.keyOf(task)), task.label).arrays
  if (outputs instanceof Float64Array) return outputs
  throw new Error(`the result of ${task.label} holds no outputs`)
}

type Part = { readonly splits: Splits; readonly outputs: ReadonlyMap<string, Float64Array> }

/** One path's forecasts of all rows, group after group. */
function forecastsOf(models: readonly string[], parts: readonly Part[], path: number): ModelForecasts[] {
  const byPart = parts.map(({ splits, outputs }) => assembled(models, outputs, pathPlaces(splits, path)))
  return (byPart[0] ?? []).map(({ id }) => ({
    id,
    outputs: joined(byPart.map((forecasts) => forecasts.find((each) => each.id === id)?.outputs ?? new Float64Array())),
  }))
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let place = 0
  for (const part of parts) {
    all.set(part, place)
    place += part.length
  }
  return all
}

function onlyHorizons(
  result: ForecastResult,
  horizons: ForecastConfig['horizons'],
  spreads: ForecastResult['paths'],
): ForecastResult {
  const asked = new Set<string>(horizons)
  const of = <T extends { readonly horizon: string }>(rows: readonly T[]): readonly T[] =>
    rows.filter(({ horizon }) => asked.has(horizon))
  return {
    splits: result.splits,
    cells: of(result.cells),
    comparisons: of(result.comparisons),
    confidenceSets: of(result.confidenceSets),
    regimes: of(result.regimes),
    reliability: of(result.reliability),
    courses: of(result.courses),
    ...(spreads !== undefined && { paths: of(spreads) }),
  }
}
