import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import type { Series } from '../series.ts'

/** What data of a crisis must show for it to be that crisis, within its days. Ratios: .4 is 40 %. */
export type Fact =
  /** The most that a low fell below the close of at most `hours` before. */
  | { readonly kind: 'fall'; readonly asset: string; readonly hours: number; readonly atLeast: number }
  /** The lowest price, in USD. */
  | { readonly kind: 'low'; readonly asset: string; readonly atMost: number }
  /** The last close under the first open. */
  | { readonly kind: 'loss'; readonly asset: string; readonly atLeast: number }
  /** Of the day in which it was largest: the median of the hours' 1 − close / close of the other. */
  | { readonly kind: 'discount'; readonly asset: string; readonly to: string; readonly atLeast: number }

export type FactCheck = {
  readonly what: string
  readonly expected: string
  /** `no data` where the series lacks the days. */
  readonly seen: string
  readonly ok: boolean
}

const HOURS_A_DAY = 24

/** Whether series show a fact in [from, to). */
export function checkFact(fact: Fact, series: ReadonlyMap<string, Series>, from: number, to: number): FactCheck {
  const hours = cut(series.get(fact.asset), from, to)
  const base = fact.kind === 'discount' ? cut(series.get(fact.to), from, to) : undefined
  const { what, expected } = wordsOf(fact)
  const value = hours === undefined ? Number.NaN : measured(fact, hours, base)
  if (Number.isNaN(value)) return { what, expected, seen: 'no data', ok: false }
  if (fact.kind === 'low') return { what, expected, seen: `${value} USD`, ok: value <= fact.atMost }
  return { what, expected, seen: percent(value), ok: value >= fact.atLeast }
}

type Cut = { readonly open: Float64Array; readonly low: Float64Array; readonly close: Float64Array }

/** The hours within [from, to) that were recorded; undefined where there is none. */
function cut(series: Series | undefined, from: number, to: number): Cut | undefined {
  if (series === undefined) return undefined
  const [first, end] = [from, to].map((time) =>
    Math.min(series.close.length, Math.max(0, Math.round((time - series.from) / SECONDS_PER_HOUR))),
  )
  if (series.missing.subarray(first, end).every((missing) => missing === 1)) return undefined
  return {
    open: series.open.subarray(first, end),
    low: series.low.subarray(first, end),
    close: series.close.subarray(first, end),
  }
}

function measured(fact: Fact, hours: Cut, base: Cut | undefined): number {
  switch (fact.kind) {
    case 'fall':
      return deepestFall(hours, fact.hours)
    case 'low':
      return hours.low.reduce((least, low) => Math.min(least, low))
    case 'loss':
      return 1 - (hours.close.at(-1) ?? Number.NaN) / (hours.open[0] ?? Number.NaN)
    case 'discount':
      return base === undefined ? Number.NaN : largestDiscount(hours.close, base.close)
  }
}

function deepestFall({ low, close }: Cut, hours: number): number {
  let deepest = 0
  for (let hour = 1; hour < low.length; hour++) {
    const highest = close.subarray(Math.max(0, hour - hours), hour).reduce((most, price) => Math.max(most, price))
    deepest = Math.max(deepest, 1 - (low[hour] ?? Number.NaN) / highest)
  }
  return deepest
}

function largestDiscount(close: Float64Array, base: Float64Array): number {
  if (close.length !== base.length) return Number.NaN
  const discounts = close.map((price, hour) => 1 - price / (base[hour] ?? Number.NaN))
  let largest = Number.NEGATIVE_INFINITY
  for (let hour = 0; hour < discounts.length; hour += HOURS_A_DAY) {
    const day = discounts.slice(hour, hour + HOURS_A_DAY).toSorted()
    largest = Math.max(largest, day[day.length >> 1] ?? Number.NaN)
  }
  return largest
}

function wordsOf(fact: Fact): { what: string; expected: string } {
  switch (fact.kind) {
    case 'fall':
      return { what: `${fact.asset}'s deepest fall within ${fact.hours} h`, expected: `≥ ${percent(fact.atLeast)}` }
    case 'low':
      return { what: `${fact.asset}'s lowest price`, expected: `≤ ${fact.atMost} USD` }
    case 'loss':
      return { what: `${fact.asset}'s loss from the first hour to the last`, expected: `≥ ${percent(fact.atLeast)}` }
    case 'discount':
      return { what: `${fact.asset}'s discount to ${fact.to} on its worst day`, expected: `≥ ${percent(fact.atLeast)}` }
  }
}

function percent(ratio: number): string {
  return `${Number((100 * ratio).toPrecision(4))} %`
}
