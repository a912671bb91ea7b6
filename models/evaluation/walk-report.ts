import type { Interval } from '../../backtests/metrics/bootstrap.ts'
import { type AssetResult, COUNTED_DAYS_MIN } from './by-asset.ts'
import { CRISES, crisisRows } from './crises.ts'
import type { ModelResult, PooledResult, WalkResult } from './evaluate-walk.ts'
import type { Difference, Figure } from './pooled.ts'
import { LEVELS } from './scores.ts'

/** Four digits tell models apart whose intervals do not overlap. */
const DIGITS = 4

/** Plain data for JSON, rounded: what the results file and `--json` hold. Intervals are 95 %. */
export function walkReport({ panel, assets, models }: WalkResult, about: object): object {
  return rounded({
    bench: 'models',
    ...about,
    forecasts: panel.length,
    from: dayOf(panel[0]?.time),
    to: dayOf(panel.at(-1)?.time),
    assets: assets.map(({ asset, kind, rows }) => ({
      asset,
      kind,
      days: rows.length,
      from: dayOf(panel[rows[0] ?? 0]?.time),
      to: dayOf(panel[rows.at(-1) ?? 0]?.time),
    })),
    countedDaysMin: COUNTED_DAYS_MIN,
    assetColumns: ASSET_COLUMNS,
    crises: CRISES.map((crisis) => ({ ...crisis, forecasts: crisisRows(panel, crisis).length })),
    notes: [
      'a figure is [mean, low, high] with the 95 % interval by the stationary bootstrap of whole days, mean block 10 days, 1,000 draws',
      'a difference is [mean of the days’ means, low, high, Diebold-Mariano statistic], negative where the model is better',
      `coverage: the share of losses within the ${LEVELS.map(({ level }) => `${100 * level} %`).join(', ')} quantiles, in that order (a peer has the last alone)`,
      'setP: the p-value in the 90 % model confidence set by QLIKE, of models without the conformal layer, which leaves volatility as it is',
      'a crisis with 0 forecasts is not in the recording',
      'days on which an asset did not move at all are left out for every model: there is no logarithm of their variance',
      'UST, and USDC on Kraken in March 2023, are tested and never fitted; the guard, which sends what models have not learned to the baseline, is not applied',
      'the hour is the one after 00:00 UTC; its peer has none. Depth is not judged: no recording has it for a day',
    ],
    models: Object.fromEntries(models.map((model) => [model.id, modelReport(model)])),
  }) as object
}

function modelReport({ peer, pooled, assets, crises, bars }: ModelResult): object {
  return {
    peer,
    bars: bars.map(({ interval, ...bar }) => ({ ...bar, interval: pair(interval) })),
    pooled: Object.fromEntries(pooled.map((each) => [`${each.group} ${each.period}`, pooledReport(each)])),
    crises: Object.fromEntries(crises.map(({ crisis, qlike, hits }) => [crisis, { qlike, hits }])),
    assets: Object.fromEntries([...assets].map(([asset, result]) => [asset, assetReport(result)])),
  }
}

function pooledReport(result: PooledResult): object {
  const { days, forecasts, qlike, fz, coverage, hour } = result
  return {
    days,
    forecasts,
    qlike: figure(qlike),
    qlikeLessHar: difference(result.qlikeLessHar),
    qlikeLessEwma94: difference(result.qlikeLessEwma94),
    fz: figure(fz),
    ...(result.qlikeLessLogHar && { qlikeLessLogHar: difference(result.qlikeLessLogHar) }),
    fzLessHar: difference(result.fzLessHar),
    fzLessGarch: difference(result.fzLessGarch),
    coverage: coverage.map(figure),
    acerbiSzekely: result.acerbiSzekely,
    ...(hour && { hourQlike: figure(hour.qlike), hourCoverage: figure(hour.coverage) }),
  }
}

const ASSET_COLUMNS = [
  'days',
  'qlike',
  'setP',
  'hits',
  'kupiecP',
  'christoffersenP',
  'conditionalP',
  'light',
  'greenShare',
  'fz',
  'acerbiSzekely',
  'meanValueAtRisk',
  'meanShortfall',
] as const

/** Null where there is none: an asset with few days has no confidence set and no 250-day window. */
function assetReport(result: AssetResult & { readonly setP: number }): unknown[] {
  return ASSET_COLUMNS.map((column) => result[column] ?? null)
}

function figure({ mean, interval }: Figure): number[] {
  return [mean, ...pair(interval)]
}

function difference({ mean, interval, statistic }: Difference): number[] {
  return [mean, ...pair(interval), statistic]
}

function pair({ low, high }: Interval): number[] {
  return [low, high]
}

function dayOf(seconds: number | undefined): string {
  return new Date((seconds ?? Number.NaN) * 1_000).toISOString().slice(0, 10)
}

function rounded(value: unknown): unknown {
  if (Number.isNaN(value)) return null
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS))
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rounded(each)]))
}

/** JSON with a line for each value at the depth given and what is deeper within it: small, and a change shows where it is. */
export function jsonByLine(value: unknown, depth: number, indent = ''): string {
  if (depth === 0 || typeof value !== 'object' || value === null) return JSON.stringify(value)
  const deeper = `${indent}  `
  const lines = Array.isArray(value)
    ? value.map((each) => deeper + jsonByLine(each, depth - 1, deeper))
    : Object.entries(value).map(
        ([key, each]) => `${deeper}${JSON.stringify(key)}: ${jsonByLine(each, depth - 1, deeper)}`,
      )
  if (lines.length === 0) return JSON.stringify(value)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`
}
