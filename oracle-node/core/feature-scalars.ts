import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import type { DepthProfile } from './depth.ts'
import { featureIndex } from './feature-spec.ts'
import type { HourGrid } from './hour-grid.ts'
import type { FeatureVector } from './prediction.ts'

/** What a vector says beside its own asset's bars; what is absent takes the value that the feature spec names. */
export type MarketContext = {
  /** Of the asset that stands for the market (BTC), at the same time; absent for that asset itself. */
  readonly market?: FeatureVector | undefined
  readonly depth?: DepthProfile | undefined
  /** Half of the spread between the venues' prices, as a ratio of the price. */
  readonly dispersion?: number | undefined
  /** USD of one unit of each quote currency that prices were converted from. */
  readonly quoteRates?: readonly number[] | undefined
  /** Debt over liquidity and debt of the asset's reserve, 0 to 1. */
  readonly utilisation?: number | undefined
}

const DAY_HOURS = 24
const WEEK_HOURS = 168
/** Below these a logarithm would say nothing but how still the market stood. */
const VOLATILITY_MIN = 1e-9
const ILLIQUIDITY_MIN = 1e-18
/** 1970-01-01 was a Thursday: its week began three days before. */
const EPOCH_HOUR_OF_WEEK = 72

/**
 * Seven days of hours within columns that may reach further: those of one vector for a node, of years for whoever walks over the past, so that
 * the logarithms of an hour are not taken again for every vector that it is part of.
 */
export type HourWindow = {
  readonly returns: readonly number[]
  readonly ranges: readonly number[]
  readonly volumes: readonly number[]
  /** One past the place of the newest hour in them. */
  readonly last: number
  readonly bars: LogBars
  /** Where the newest day begins in `bars`. */
  readonly dayFrom: number
}

/**
 * The scalars of a vector, in the order of the spec, whose formulas they follow.
 * @param end unix seconds at which the newest hour of the grid ended.
 */
export function scalarsOf(grid: HourGrid, end: number, context: MarketContext): number[] {
  const { returns, ranges, volumes } = grid
  const last = returns.length
  return scalarsAt({ returns, ranges, volumes, last, bars: logBars(grid, last - DAY_HOURS), dayFrom: 0 }, end, context)
}

/** As {@link scalarsOf}, of any seven days of longer columns. */
export function scalarsAt(window: HourWindow, end: number, context: MarketContext): number[] {
  const { returns, ranges, volumes, last, bars, dayFrom } = window
  const [week, day] = [last - WEEK_HOURS, last - DAY_HOURS]
  const daily = Math.sqrt(squares(returns, day, last))
  const bipower = Math.sqrt((Math.PI / 2) * (24 / 23) * products(returns, day, last))
  const realized = [
    Math.sqrt(24 * squares(returns, last - 1, last)),
    Math.sqrt(4 * squares(returns, last - 6, last)),
    daily,
    Math.sqrt(squares(returns, week, last) / 7),
  ]
  const falls = [Math.max(0, -sum(returns, day, last)), Math.max(0, -sum(returns, week, last))]
  const lnVolume = ln(Math.max(1, sum(volumes, day, last)))
  return [
    ...realized,
    Math.sqrt(squares(ranges, day, last) / (4 * Math.LN2)),
    Math.sqrt(squares(ranges, week, last) / (28 * Math.LN2)),
    ...rangeVolatilities(bars, dayFrom),
    bipower,
    daily === 0 ? 0 : Math.max(0, 1 - (bipower * bipower) / (daily * daily)),
    Math.sqrt(downside(returns, day, last)),
    Math.sqrt(squaredDays(returns, week) / 7),
    ...falls,
    Math.sqrt(24 * sameHour(returns, last)),
    lnVolume,
    ln(Math.max(1, sum(volumes, week, last) / 7)),
    ln(Math.max(ILLIQUIDITY_MIN, amihud(window, day))),
    corwinSchultz(bars, dayFrom),
    abdiRanaldo(bars, dayFrom),
    (2 * ln(Math.max(VOLATILITY_MIN, daily)) - lnVolume) / 3,
    ...marketScalars(context.market, realized, falls),
    ...calendar(end),
    ...contextScalars(context),
  ]
}

// Plain loops, oldest first: the order of a sum decides its last bits, and this runs for every asset in every round.

function sum(values: readonly number[], from: number, to: number): number {
  let total = 0
  for (let index = from; index < to; index++) total += values[index] ?? 0
  return total
}

function squares(values: readonly number[], from: number, to: number): number {
  let total = 0
  for (let index = from; index < to; index++) {
    const value = values[index] ?? 0
    total += value * value
  }
  return total
}

function products(returns: readonly number[], from: number, to: number): number {
  let total = 0
  for (let index = from + 1; index < to; index++) {
    total += Math.abs((returns[index] ?? 0) * (returns[index - 1] ?? 0))
  }
  return total
}

function downside(returns: readonly number[], from: number, to: number): number {
  let total = 0
  for (let index = from; index < to; index++) {
    const value = Math.min(returns[index] ?? 0, 0)
    total += value * value
  }
  return total
}

function squaredDays(returns: readonly number[], from: number): number {
  let total = 0
  for (let day = from; day < from + WEEK_HOURS; day += DAY_HOURS) {
    const move = sum(returns, day, day + DAY_HOURS)
    total += move * move
  }
  return total
}

/** The mean square of the hours that lie whole days before the coming one. */
function sameHour(returns: readonly number[], last: number): number {
  let total = 0
  for (let day = 1; day <= 7; day++) {
    const value = returns[last - day * DAY_HOURS] ?? 0
    total += value * value
  }
  return total / 7
}

function amihud({ returns, volumes, last }: HourWindow, from: number): number {
  let total = 0
  let hours = 0
  for (let index = from; index < last; index++) {
    const volume = volumes[index] ?? 0
    if (volume >= 1) {
      total += Math.abs(returns[index] ?? 0) / volume
      hours++
    }
  }
  return hours === 0 ? 0 : total / hours
}

/** Hours as logarithms of ratios to their own open, and the step from the close before. */
export type LogBars = {
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  /** o − previous c. */
  readonly step: Float64Array
}

/** Those of a grid's hours from one on. */
export function logBars({ hours, returns }: Pick<HourGrid, 'hours' | 'returns'>, from: number): LogBars {
  const count = hours.length - from
  const bars = {
    high: new Float64Array(count),
    low: new Float64Array(count),
    close: new Float64Array(count),
    step: new Float64Array(count),
  }
  for (let hour = 0; hour < count; hour++) {
    const bar = hours[from + hour]
    const open = bar?.open ?? Number.NaN
    bars.high[hour] = ln((bar?.high ?? Number.NaN) / open)
    bars.low[hour] = ln((bar?.low ?? Number.NaN) / open)
    const close = ln((bar?.close ?? Number.NaN) / open)
    bars.close[hour] = close
    bars.step[hour] = (returns[from + hour] ?? Number.NaN) - close
  }
  return bars
}

/** Yang and Zhang's weight for 24 bars, which makes their estimator's variance least. */
const YANG_ZHANG_WEIGHT = 0.34 / (1.34 + 25 / 23)

/** Garman-Klass, Rogers-Satchell, Yang-Zhang: deviations of a day. */
function rangeVolatilities({ high, low, close, step }: LogBars, from: number): [number, number, number] {
  let garmanKlass = 0
  let rogersSatchell = 0
  for (let hour = from; hour < from + DAY_HOURS; hour++) {
    const [h, l, c] = [high[hour] ?? 0, low[hour] ?? 0, close[hour] ?? 0]
    garmanKlass += ((h - l) * (h - l)) / 2 - (2 * Math.LN2 - 1) * c * c
    rogersSatchell += h * (h - c) + l * (l - c)
  }
  const yangZhang =
    24 * variance(step, from) +
    YANG_ZHANG_WEIGHT * 24 * variance(close, from) +
    (1 - YANG_ZHANG_WEIGHT) * rogersSatchell
  return [
    Math.sqrt(Math.max(0, garmanKlass)),
    Math.sqrt(Math.max(0, rogersSatchell)),
    Math.sqrt(Math.max(0, yangZhang)),
  ]
}

/** Of the day's hours from one on. */
function variance(values: Float64Array, from: number): number {
  let total = 0
  for (let hour = from; hour < from + DAY_HOURS; hour++) total += values[hour] ?? 0
  const mean = total / DAY_HOURS
  let spread = 0
  for (let hour = from; hour < from + DAY_HOURS; hour++) {
    const away = (values[hour] ?? 0) - mean
    spread += away * away
  }
  return spread / (DAY_HOURS - 1)
}

/** 3 − 2√2, of the paper. */
const CORWIN_SCHULTZ = 3 - 2 * Math.sqrt(2)

/** A spread shows in that the high of two hours together lies less above their low than each hour's own range would make it. */
function corwinSchultz({ high, low, close, step }: LogBars, from: number): number {
  let total = 0
  for (let hour = from + 1; hour < from + DAY_HOURS; hour++) {
    // Where this hour's open lies, counted from the open of the one before.
    const open = (close[hour - 1] ?? 0) + (step[hour] ?? 0)
    const [h1, l1] = [high[hour - 1] ?? 0, low[hour - 1] ?? 0]
    const [h2, l2] = [open + (high[hour] ?? 0), open + (low[hour] ?? 0)]
    const beta = (h1 - l1) * (h1 - l1) + (h2 - l2) * (h2 - l2)
    const both = Math.max(h1, h2) - Math.min(l1, l2)
    const alpha = (Math.sqrt(2 * beta) - Math.sqrt(beta)) / CORWIN_SCHULTZ - both / Math.sqrt(CORWIN_SCHULTZ)
    // 2(e^α − 1)/(1 + e^α), in a form that no α overflows.
    if (alpha > 0) total += 2 - 4 / (1 + exp(alpha))
  }
  return total / (DAY_HOURS - 1)
}

function abdiRanaldo({ high, low, close, step }: LogBars, from: number): number {
  let total = 0
  for (let hour = from + 1; hour < from + DAY_HOURS; hour++) {
    const before = ((high[hour - 1] ?? 0) + (low[hour - 1] ?? 0)) / 2 - (close[hour - 1] ?? 0)
    const after = (step[hour] ?? 0) + ((high[hour] ?? 0) + (low[hour] ?? 0)) / 2
    // Both middles, counted from the close between them.
    total += before * after
  }
  return Math.sqrt(Math.max(0, (4 * total) / (DAY_HOURS - 1)))
}

/** Of the market's own vector; of the asset's own hours where there is none, so that the market asset is its own market. */
function marketScalars(
  market: FeatureVector | undefined,
  [realized1h = 0, , realized24h = 0, realized7d = 0]: readonly number[],
  [fall24h = 0]: readonly number[],
): number[] {
  if (market === undefined) return [realized1h, realized24h, realized7d, fall24h]
  return ['realized_1h', 'realized_24h', 'realized_7d', 'fall_24h'].map(
    (name) => market.values[featureIndex(name)] ?? Number.NaN,
  )
}

function calendar(end: number): [number, number] {
  const hour = (end / 3_600 + EPOCH_HOUR_OF_WEEK) % WEEK_HOURS
  const saturday = 5 * DAY_HOURS
  const ahead = Math.max(0, Math.min(hour + DAY_HOURS, WEEK_HOURS) - Math.max(hour, saturday))
  return [hour, ahead / DAY_HOURS]
}

function contextScalars({ depth, dispersion = 0, quoteRates = [], utilisation = 0 }: MarketContext): number[] {
  const [narrow, , middle] = depth?.sell ?? [0, 0, 0, 0]
  const basis = quoteRates.reduce((largest, rate) => Math.max(largest, Math.abs(rate - 1)), 0)
  const slope = narrow > 0 && middle > 0 ? ln(middle / narrow) / ln(4) : 0
  return [ln(Math.max(1, middle)), slope, dispersion, basis, utilisation]
}
