import * as Plot from '@observablehq/plot'
import { isFigure, tick } from '../words.ts'

/** What the marks of a plot are, in the house's terms. */
export type Marks = Plot.Markish[]

/** A scale's ends and what is written along it, round numbers both. */
export type Range = { readonly domain: readonly [number, number]; readonly ticks: readonly number[] }

/** Round ends around all the values, zero among them where told. Values that are none are left out. */
export function rangeOf(values: Iterable<number | null>, wanted = 4, withZero = true): Range {
  let [least, most] = withZero ? [0, 0] : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (!isFigure(value)) continue
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  if (!(least <= most)) return { domain: [0, 1], ticks: [0] }
  if (least === most) return least === 0 ? { domain: [0, 1], ticks: [0] } : rangeOf([0, least], wanted)
  const step = roundStep((most - least) / wanted)
  const [first, last] = [Math.floor(least / step), Math.ceil(most / step - 1e-9)]
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)))
  return { domain: [ticks[0] ?? 0, ticks.at(-1) ?? 1], ticks }
}

/** The axis on the left with its grid, and one along the bottom. */
export function axes(parts: {
  readonly y: Range
  readonly format: (value: number) => string
  readonly zero?: boolean
}): Marks {
  const ticks = [...parts.y.ticks]
  return [
    Plot.gridY(ticks, { stroke: 'var(--rule)', strokeOpacity: 1 }),
    ...(parts.zero && ticks.includes(0) ? [Plot.ruleY([0], { stroke: 'var(--dim)', strokeWidth: 0.75 })] : []),
    Plot.axisY(ticks, { tickSize: 0, tickFormat: tick(parts.format), color: 'var(--dim)', label: null }),
  ]
}

/** Unix seconds. Days, with the year under the first; over much of a year, months. */
export function timeAxis(span: { readonly from: number; readonly to: number }, ticks: number): Plot.Markish {
  const isLong = span.to - span.from > 250 * 86_400
  const tickFormat = isLong ? (value: Date) => new Date(value).toISOString().slice(0, 7) : dayTick
  return Plot.axisX({ ticks, tickSize: 3, color: 'var(--dim)', label: null, tickFormat })
}

/** Days that a period is about, as a band behind all else. */
export function crisisBand(crisis: { readonly from: number; readonly to: number } | undefined): Marks {
  if (crisis === undefined) return []
  return [Plot.rectX([crisis], { x1: 'from', x2: 'to', fill: 'var(--band)' })]
}

function dayTick(value: Date, index: number): string {
  const day = new Date(value).toISOString().slice(0, 10)
  return index === 0 ? `${day.slice(5)}\n${day.slice(0, 4)}` : day.slice(5)
}

function roundStep(least: number): number {
  let power = 1
  while (power > least) power /= 10
  while (power * 10 <= least) power *= 10
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power || 1
}
