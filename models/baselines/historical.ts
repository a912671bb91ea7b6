import { featureIndex, RETURNS_OFFSET, WINDOW_HOURS } from '../../oracle-node/core/feature-spec.ts'
import type { RiskModel } from '../../oracle-node/ports/model.ts'
import { DAYS_ROOT, formulaModel, HOURS_ROOT, type Limits, limited } from './outputs.ts'

const DAY_HOURS = 24

/**
 * Plain historical simulation: the losses of the 145 overlapping days and of the 168 hours within the window, their quantiles, and the mean
 * from the 99 % one on; volatility is the window's. Needs no fit, so it is the bar that a fitted model must clear. A log loss stands
 * for the loss: 1 − e^r < −r, so it never understates, and needs no exponential.
 */
export function historicalOutputs(values: readonly number[], limits: Limits): Float64Array {
  const returns = values.slice(RETURNS_OFFSET)
  const days: number[] = []
  for (let start = 0; start + DAY_HOURS <= WINDOW_HOURS; start++) {
    let sum = 0
    for (let hour = 0; hour < DAY_HOURS; hour++) sum -= returns[start + hour] ?? Number.NaN
    days.push(sum)
  }
  const week = values[featureIndex('realized_7d')] ?? Number.NaN
  const hours = returns.map((r) => -r)
  const raw = Float64Array.of(week * DAYS_ROOT, ...tail(days), (week / DAY_HOURS_ROOT) * HOURS_ROOT, ...tail(hours))
  return limited(raw, limits)
}

const DAY_HOURS_ROOT = Math.sqrt(DAY_HOURS)

/** Ranks from the largest, 1 the first: ⌊n(1 − level)⌋ + 1, as a graph's TopK finds them. */
export function tailRanks(count: number): { readonly [level in 50 | 90 | 95 | 99]: number } {
  const rank = (percent: number): number => Math.floor((count * (100 - percent)) / 100) + 1
  return { 50: rank(50), 90: rank(90), 95: rank(95), 99: rank(99) }
}

/** The 99 % quantile, the mean from it on, and the 50, 90 and 95 % quantiles: the order of a model's outputs. */
function tail(losses: readonly number[]): number[] {
  const sorted = Float64Array.from(losses).sort().reverse()
  const ranks = tailRanks(losses.length)
  const at = (level: 50 | 90 | 95 | 99): number => sorted[ranks[level] - 1] ?? Number.NaN
  let beyond = 0
  for (let index = 0; index < ranks[99]; index++) beyond += sorted[index] ?? Number.NaN
  return [at(99), beyond / ranks[99], at(50), at(90), at(95)]
}

export function historicalModel(id: string, limits: Limits): RiskModel {
  return formulaModel(id, (values) => historicalOutputs(values, limits))
}
