import * as Plot from '@observablehq/plot'
import type { LendingResult } from '../../result.ts'
import { type Look, looksOf } from '../palette.ts'
import { type Figure, figure } from '../plot.ts'
import { isFigure, knobText, percent, tick } from '../words.ts'
import { axes, type Range, rangeOf } from './axes.ts'

const SIZE = { width: 1120, height: 440, marginLeft: 62, marginRight: 110, marginTop: 26, marginBottom: 44 }
/** From where on the least bad debts lie too near to each other on a linear scale. */
const WIDE = 12

type Point = { readonly look: Look; readonly knob: number; readonly capacity: number; readonly badDebt: number }
type Spot = Point & { readonly x: number; readonly y: number }

/** What a policy costs against what it gives: one line a policy, a dot a knob. */
export function frontierPlot(lending: LendingResult): Figure | undefined {
  const points = looksOf(lending).flatMap((look) =>
    lending.frontier
      .filter(({ policy, capacity, badDebt }) => policy === look.id && isFigure(capacity) && isFigure(badDebt))
      .map(({ knob, capacity, badDebt }): Point => ({ look, knob, capacity, badDebt: Math.max(0, badDebt) }))
      .sort((a, b) => a.knob - b.knob),
  )
  if (points.length === 0) return undefined
  const x = rangeOf(widened(points.map(({ capacity }) => capacity)), 8, false)
  const y = rangeOf(
    points.map(({ badDebt }) => badDebt),
    5,
  )
  const type = isWide(points) ? 'sqrt' : 'linear'
  const spots = points.map((point) => placed(point, { x, y, type }))
  return figure({
    id: 'frontier',
    title: 'Bad debt against capacity',
    lead: `All periods, both as shares of demand${type === 'sqrt' ? '; upright, the scale is by square roots' : ''}. Down and right is better. A dot is a knob, a ring the knob that the rest of the report shows.`,
    ...SIZE,
    x: { domain: [...x.domain] },
    y: { type, domain: [...y.domain] },
    marks: [
      ...axes({ y, format: percent, zero: true }),
      Plot.axisX([...x.ticks], { tickSize: 3, tickFormat: tick(percent), color: 'var(--dim)', label: null }),
      ...axisNames(),
      ...linesAndDots(points),
      ...names(spots),
      ...knobs(spots),
    ],
  })
}

function axisNames(): Plot.Markish[] {
  const name = (text: string, options: Plot.TextOptions) =>
    Plot.text([text], { fill: 'var(--dim)', text: [text], fontSize: 12, ...options })
  return [
    name('↑ bad debt, of demand', { frameAnchor: 'top-left', dx: 4 - SIZE.marginLeft, dy: -24, textAnchor: 'start' }),
    name('capacity, of demand →', { frameAnchor: 'bottom-right', dy: 42 }),
    name('better ↘', { frameAnchor: 'bottom-right', dx: -6, dy: -8, fontStyle: 'italic' }),
  ]
}

function linesAndDots(points: readonly Point[]): Plot.Markish[] {
  const lines = [...Map.groupBy(points, ({ look }) => look)].reverse()
  return lines.flatMap(([look, own]) => {
    const shown = own.filter(({ knob }) => knob === look.shown)
    return [
      Plot.line(own, {
        x: 'capacity',
        y: 'badDebt',
        stroke: look.colour,
        strokeWidth: look.width,
        ...(look.dash === undefined ? {} : { strokeDasharray: look.dash }),
      }),
      Plot.dot(own, { x: 'capacity', y: 'badDebt', r: 3, fill: look.colour, title: titleOf }),
      Plot.dot(shown, {
        x: 'capacity',
        y: 'badDebt',
        r: 6.5,
        fill: 'var(--page)',
        stroke: look.colour,
        strokeWidth: 2.4,
        title: titleOf,
      }),
    ]
  })
}

function titleOf({ look, knob, capacity, badDebt }: Point): string {
  return `${look.title}, knob ${knobText(knob)}: bad debt ${percent(badDebt)}, capacity ${percent(capacity)} of demand`
}

/** A policy's name beside the end of its line with the most capacity, where there is room. */
function names(spots: readonly Spot[]): Plot.Markish[] {
  const ends = [...Map.groupBy(spots, ({ look }) => look.id).values()].flatMap((own) =>
    own.toSorted((a, b) => b.x - a.x).slice(0, 1),
  )
  const taken: Spot[] = []
  return ends
    .toSorted((a, b) => a.y - b.y)
    .map((spot) => {
      let y = spot.y
      for (const other of taken) if (Math.abs(other.x - spot.x) < 90 && y - other.y < 15) y = other.y + 15
      taken.push({ ...spot, y })
      return textAt(spot, spot.look.label, {
        dx: 11,
        dy: y - spot.y,
        textAnchor: 'start',
        fontSize: 13,
        fontWeight: 600,
        fill: spot.look.colour,
      })
    })
}

/** Knobs above or below their dots, left out where they would lie over another dot or label. */
function knobs(spots: readonly Spot[]): Plot.Markish[] {
  const boxes = spots.map(({ x, y }) => ({ x, y }))
  const inOrder = spots.toSorted((a, b) => Number(b.knob === b.look.shown) - Number(a.knob === a.look.shown))
  return inOrder.flatMap((spot) => {
    if (spot.look.knob === undefined && spots.filter(({ look }) => look.id === spot.look.id).length === 1) return []
    const lift = spot.knob === spot.look.shown ? 15 : 11
    const dy = [-lift, lift].find((dy) =>
      boxes.every(
        ({ x, y }) => (x === spot.x && y === spot.y) || Math.abs(x - spot.x) > 24 || Math.abs(y - spot.y - dy) > 11,
      ),
    )
    if (dy === undefined) return []
    boxes.push({ x: spot.x, y: spot.y + dy })
    return [textAt(spot, knobText(spot.knob), { dy, fill: 'var(--dim)', fontSize: 10.5 })]
  })
}

function textAt(spot: Spot, text: string, options: Plot.TextOptions): Plot.Markish {
  return Plot.text([text], {
    x: [spot.capacity],
    y: [spot.badDebt],
    text: [text],
    stroke: 'var(--page)',
    strokeWidth: 3,
    ...options,
  })
}

function placed(
  point: Point,
  { x, y, type }: { readonly x: Range; readonly y: Range; readonly type: 'sqrt' | 'linear' },
): Spot {
  const bend = type === 'sqrt' ? Math.sqrt : (value: number) => value
  const across = (point.capacity - x.domain[0]) / (x.domain[1] - x.domain[0])
  const up = bend(point.badDebt) / bend(y.domain[1])
  return {
    ...point,
    x: SIZE.marginLeft + across * (SIZE.width - SIZE.marginLeft - SIZE.marginRight),
    y: SIZE.height - SIZE.marginBottom - up * (SIZE.height - SIZE.marginTop - SIZE.marginBottom),
  }
}

function isWide(points: readonly Point[]): boolean {
  const some = points.map(({ badDebt }) => badDebt).filter((each) => each > 0)
  return some.length > 1 && Math.max(...some) > WIDE * Math.min(...some)
}

/** One capacity alone gets room around it. */
function widened(values: readonly number[]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return most - least > 1e-9 ? [...values] : [least * 0.95 - 0.01, most * 1.05 + 0.01]
}
