import { type Interval, type Resamples, stationaryBootstrap } from '../../backtests/metrics/bootstrap.ts'
import { pooledDieboldMariano } from '../../backtests/metrics/diebold-mariano.ts'
import { acerbiSzekely } from '../../backtests/metrics/shortfall.ts'
import { invariant } from '../../oracle-node/core/errors.ts'
import { TEST_START } from '../training/series.ts'
import type { Outcome, Panel } from './panel.ts'
import { LEVEL, LEVELS, type Scores } from './scores.ts'

export type Group = 'all' | 'volatile' | 'stable'
export const GROUPS: readonly Group[] = ['all', 'volatile', 'stable']

/** The whole of it, the part by whose figures most was chosen, and the part that was less looked at; none is blind. */
export const PERIODS: ReadonlyArray<{ readonly name: string; readonly from: number; readonly until: number }> = [
  { name: 'from 2020-03', from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY },
  { name: 'before 2024', from: Number.NEGATIVE_INFINITY, until: TEST_START },
  { name: 'from 2024', from: TEST_START, until: Number.POSITIVE_INFINITY },
]

/** A mean with its 95 % interval. */
export type Figure = { readonly mean: number; readonly interval: Interval }

/** A difference of two models' losses, negative where the first is better: the mean of the days' means, and Diebold and Mariano's statistic. */
export type Difference = Figure & { readonly statistic: number; readonly pValue: number }

export type Pooled = {
  readonly days: number
  readonly forecasts: number
  readonly qlike: Figure
  readonly fz: Figure
  /** The share of days within each quantile, from the lowest on; the last is value at risk. */
  readonly coverage: readonly Figure[]
  readonly acerbiSzekely: number
  /** Of the hour after midnight; a daily peer has none. */
  readonly hour?: { readonly qlike: Figure; readonly coverage: Figure }
}

/** Ten days hold a volatility cluster's core; a thousand draws give an interval to two digits. */
const BOOTSTRAP = { meanBlockDays: 10, draws: 1_000, seed: 20_240_808 }

const drawn = new Map<number, Resamples>()

/** Resampled days, the same for every series of as many. */
export function resamplesOf(days: number): Resamples {
  const known = drawn.get(days) ?? stationaryBootstrap({ ...BOOTSTRAP, days })
  drawn.set(days, known)
  return known
}

/** The rows of a group in a period. */
export function rowsOf(
  panel: Panel,
  group: Group,
  { from, until }: { readonly from: number; readonly until: number } = {
    from: Number.NEGATIVE_INFINITY,
    until: Number.POSITIVE_INFINITY,
  },
): number[] {
  const isIn = ({ kind, time }: Outcome): boolean => (group === 'all' || kind === group) && time >= from && time < until
  return panel.flatMap((outcome, row) => (isIn(outcome) ? [row] : []))
}

/** One model over some rows of the panel; whole days are drawn together, so assets that fall together count as they should. */
export function pooledOf(panel: Panel, scores: Scores, rows: readonly number[]): Pooled {
  const figure = (values: Float64Array): Figure => figureOf(panel, values, rows)
  const at = (values: Float64Array, row: number): number => values[row] ?? Number.NaN
  const hasHour = rows.some((row) => !Number.isNaN(at(scores.hourQlike, row)))
  return {
    days: new Set(rows.map((row) => panel[row]?.time)).size,
    forecasts: rows.length,
    qlike: figure(scores.qlike),
    fz: figure(scores.fz),
    coverage: LEVELS.flatMap((_, index) => {
      const within = scores.within[index] ?? new Float64Array()
      return rows.some((row) => Number.isNaN(at(within, row))) ? [] : [figure(within)]
    }),
    acerbiSzekely: acerbiSzekely(
      rows.map((row) => ({
        loss: panel[row]?.loss ?? Number.NaN,
        valueAtRisk: at(scores.valueAtRisk, row),
        expectedShortfall: at(scores.shortfall, row),
      })),
      LEVEL,
    ),
    ...(hasHour && { hour: { qlike: figure(scores.hourQlike), coverage: figure(scores.hourWithin) } }),
  }
}

/** The first model's losses less the second's. */
export function differenceOf(
  panel: Panel,
  losses: { readonly of: Float64Array; readonly against: Float64Array },
  rows: readonly number[],
): Difference {
  const differences = losses.of.map((loss, row) => loss - (losses.against[row] ?? Number.NaN))
  const { statistic, pValue, meanDifference } = pooledDieboldMariano(
    rows.map((row) => ({ time: panel[row]?.time ?? Number.NaN, difference: differences[row] ?? Number.NaN })),
  )
  const days = daysOf(panel, differences, rows)
  // A day counts once, whatever the number of its assets, as in the test.
  const means = { sums: days.sums.map((sum, day) => sum / (days.counts[day] ?? 1)), counts: days.counts.map(() => 1) }
  return { mean: meanDifference, interval: meanInterval(means), statistic, pValue }
}

/** The ratio of two models' mean losses over some rows, with its interval. */
export function ratioOf(
  panel: Panel,
  losses: { readonly of: Float64Array; readonly against: Float64Array },
  rows: readonly number[],
): Figure {
  const [own, other] = [daysOf(panel, losses.of, rows), daysOf(panel, losses.against, rows)]
  return {
    mean: total(own.sums) / total(other.sums),
    interval: meanInterval({ sums: own.sums, counts: other.sums }),
  }
}

function figureOf(panel: Panel, values: Float64Array, rows: readonly number[]): Figure {
  const days = daysOf(panel, values, rows)
  return { mean: total(days.sums) / total(days.counts), interval: meanInterval(days) }
}

/** Of each day in order: the sum of its values and their number. */
type Days = { readonly sums: Float64Array; readonly counts: Float64Array }

function daysOf(panel: Panel, values: Float64Array, rows: readonly number[]): Days {
  invariant(rows.length > 0, 'a figure needs forecasts')
  const places = new Map<number, number>()
  for (const row of rows) {
    const time = panel[row]?.time ?? Number.NaN
    if (!places.has(time)) places.set(time, places.size)
  }
  const [sums, counts] = [new Float64Array(places.size), new Float64Array(places.size)]
  for (const row of rows) {
    const day = places.get(panel[row]?.time ?? Number.NaN) ?? 0
    sums[day] = (sums[day] ?? 0) + (values[row] ?? Number.NaN)
    counts[day] = (counts[day] ?? 0) + 1
  }
  return { sums, counts }
}

/** The 95 % interval of Σ sums / Σ counts over resampled days. */
function meanInterval({ sums, counts }: Days): Interval {
  const { draws, days, indices } = resamplesOf(sums.length)
  const means = new Float64Array(draws)
  for (let draw = 0; draw < draws; draw++) {
    let [sum, count] = [0, 0]
    for (let step = draw * days; step < (draw + 1) * days; step++) {
      const day = indices[step] ?? 0
      sum += sums[day] ?? Number.NaN
      count += counts[day] ?? Number.NaN
    }
    means[draw] = sum / count
  }
  means.sort()
  const at = (share: number): number => means[Math.floor(share * (draws - 1))] ?? Number.NaN
  return { low: at(0.025), high: at(0.975) }
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0)
}
