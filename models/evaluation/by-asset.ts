import { christoffersen, conditionalCoverage, kupiec } from '../../backtests/metrics/coverage.ts'
import { modelConfidenceSet } from '../../backtests/metrics/model-confidence-set.ts'
import { acerbiSzekely } from '../../backtests/metrics/shortfall.ts'
import { rollingTrafficLight, type TrafficZone, trafficLight } from '../../backtests/metrics/traffic-light.ts'
import { mean } from '../../oracle-node/core/stats.ts'
import type { Outcome, Panel } from './panel.ts'
import { resamplesOf } from './pooled.ts'
import { LEVEL, type Scores } from './scores.ts'

/** With fewer days an asset is listed, and not counted in shares of assets: its tests have no power. */
export const COUNTED_DAYS_MIN = 120
/** A supervisor's year. */
const LIGHT_DAYS = 250
export const CONFIDENCE = 0.9

export type AssetRows = { readonly asset: string; readonly kind: Outcome['kind']; readonly rows: readonly number[] }

/** One model on one asset. */
export type AssetResult = {
  readonly days: number
  readonly qlike: number
  readonly hits: number
  readonly kupiecP: number
  /** Of independence. */
  readonly christoffersenP: number
  /** Of Christoffersen's joint test. */
  readonly conditionalP: number
  /** Of all days together. */
  readonly light: TrafficZone
  /** The share of 250-day windows that were green, where there are as many days. */
  readonly greenShare?: number
  readonly fz: number
  readonly acerbiSzekely: number
  readonly meanValueAtRisk: number
  readonly meanShortfall: number
}

/** Assets in alphabetical order, with their rows in order. */
export function assetRows(panel: Panel): AssetRows[] {
  const byAsset = Map.groupBy(panel.keys(), (row) => panel[row]?.asset ?? '')
  return [...byAsset]
    .map(([asset, rows]) => ({ asset, kind: panel[rows[0] ?? 0]?.kind ?? 'volatile', rows }))
    .toSorted((a, b) => (a.asset < b.asset ? -1 : 1))
}

export function isCounted({ rows }: AssetRows): boolean {
  return rows.length >= COUNTED_DAYS_MIN
}

export function assetResult(panel: Panel, scores: Scores, { rows }: AssetRows): AssetResult {
  const pick = (values: Float64Array): number[] => rows.map((row) => values[row] ?? Number.NaN)
  const exceeded = rows.map((row) => scores.hits[row] ?? false)
  const [days, hits] = [rows.length, exceeded.filter(Boolean).length]
  const [valueAtRisk, shortfall] = [pick(scores.valueAtRisk), pick(scores.shortfall)]
  const forecasts = rows.map((row, index) => ({
    loss: panel[row]?.loss ?? Number.NaN,
    valueAtRisk: valueAtRisk[index] ?? Number.NaN,
    expectedShortfall: shortfall[index] ?? Number.NaN,
  }))
  return {
    days,
    qlike: mean(pick(scores.qlike)),
    hits,
    kupiecP: kupiec({ days, exceedances: hits, expectedShare: 1 - LEVEL }).pValue,
    christoffersenP: days > 1 ? christoffersen(exceeded).pValue : 1,
    conditionalP: days > 1 ? conditionalCoverage(exceeded, 1 - LEVEL).pValue : 1,
    light: trafficLight({ days, exceedances: hits }),
    ...(days >= LIGHT_DAYS && { greenShare: rollingTrafficLight(exceeded, { days: LIGHT_DAYS }).greenShare }),
    fz: mean(pick(scores.fz)),
    acerbiSzekely: acerbiSzekely(forecasts, LEVEL),
    meanValueAtRisk: mean(valueAtRisk),
    meanShortfall: mean(shortfall),
  }
}

/** On each asset the p-value of every model in the model confidence set by QLIKE; below 1 − {@link CONFIDENCE} it is not in the set. */
export function confidenceSets(
  models: readonly Scores[],
  assets: readonly AssetRows[],
): Map<string, Map<string, number>> {
  return new Map(
    assets.map(({ asset, rows }) => {
      const sets = modelConfidenceSet({
        models: models.map(({ id, qlike }) => ({ id, losses: rows.map((row) => qlike[row] ?? Number.NaN) })),
        resamples: resamplesOf(rows.length),
        confidence: CONFIDENCE,
      })
      return [asset, new Map(sets.map(({ id, pValue }) => [id, pValue]))]
    }),
  )
}
