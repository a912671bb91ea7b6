import * as Plot from '@observablehq/plot'
import ln from '@stdlib/math-base-special-ln'
import type { ForecastResult } from '../../result.ts'
import { short } from '../palette.ts'
import { type Figure, figure } from '../plot.ts'
import { count, isFigure, percent, tick } from '../words.ts'

const PANEL = 168
const COLUMNS = 6
const HORIZONS = [
  { colour: 'var(--a)', symbol: 'circle' },
  { colour: 'var(--b)', symbol: 'triangle' },
  { colour: 'var(--c)', symbol: 'square' },
] as const
const TICKS = [0.5, 0.9, 0.99, 0.999]

type Row = ForecastResult['reliability'][number]
type Point = {
  readonly x: number
  readonly y: number
  readonly fx: string
  readonly fy: number
  readonly horizon: string
  readonly title: string
}

/** Of days that were said to stay within a quantile, how many did: on the diagonal is right, over it cautious. */
export function reliabilityPlot({ reliability }: ForecastResult): Figure | undefined {
  const rows = reliability.filter(
    ({ level, observed }) => isFigure(level) && isFigure(observed) && level < 1 && level > 0,
  )
  const models = [...new Set(rows.map(({ model }) => model))]
  if (models.length === 0) return undefined
  const columns = Math.min(COLUMNS, models.length)
  const points = rows.map((row) => pointOf(row, models.indexOf(row.model)))
  const lines = Math.ceil(models.length / columns)
  const least = Math.max(0, Math.min(...points.flatMap(({ x, y }) => [x, y])) - 0.12)
  const most = Math.max(...points.flatMap(({ x, y }) => [x, y])) + 0.12
  const domain = [least, most]
  const horizons = [...new Set(rows.map(({ horizon }) => horizon))]
  return figure({
    id: 'reliability',
    title: 'Reliability: said against observed',
    lead: `Along: the share of days that a quantile was said to hold; up: the share that it held, of all assets; both spread towards 100 %. Over the diagonal is cautious, under it understates risk.`,
    width: 44 + columns * PANEL + 12,
    height: 34 + lines * (PANEL + 14),
    marginLeft: 44,
    marginRight: 12,
    marginTop: 8,
    marginBottom: 26,
    x: { type: 'linear', domain },
    y: { type: 'linear', domain },
    fx: { type: 'band', domain: Array.from({ length: columns }, (_, index) => index), padding: 0.09, axis: null },
    fy: { type: 'band', domain: Array.from({ length: lines }, (_, index) => index), padding: 0.12, axis: null },
    marks: panelMarks({ points, models, horizons, domain, columns }),
  })
}

function panelMarks(parts: {
  readonly points: readonly Point[]
  readonly models: readonly string[]
  readonly horizons: readonly string[]
  readonly domain: readonly number[]
  readonly columns: number
}): Plot.Markish[] {
  const { points, models, horizons, domain, columns } = parts
  const [low = 0, high = 1] = domain
  const panels = models.map((model, index) => ({
    model,
    fx: index % columns,
    fy: Math.floor(index / columns),
    low,
    high,
  }))
  const at = TICKS.map(spreadOut).filter((tick) => tick >= low && tick <= high)
  const facet = { fx: 'fx', fy: 'fy' } as const
  const label = (at: number) => tick(percent)(TICKS.find((level) => spreadOut(level) === at) ?? Number.NaN)
  return [
    Plot.frame({ stroke: 'var(--rule)' }),
    Plot.axisX(at, { tickSize: 0, tickFormat: label, color: 'var(--dim)', label: null, facetAnchor: 'bottom-empty' }),
    Plot.axisY(at, { tickSize: 0, tickFormat: label, color: 'var(--dim)', label: null, facetAnchor: 'left' }),
    Plot.link(panels, {
      ...facet,
      x1: 'low',
      y1: 'low',
      x2: 'high',
      y2: 'high',
      stroke: 'var(--dim)',
      strokeDasharray: '3 3',
    }),
    Plot.text(panels, {
      ...facet,
      text: ({ model }: { model: string }) => short(model, 20),
      frameAnchor: 'top-left',
      dx: 7,
      dy: 7,
      fontWeight: 600,
    }),
    ...horizons.flatMap((horizon, index) => {
      const own = points
        .filter((point) => point.horizon === horizon)
        .map((point) => ({ ...point, fx: Number(point.fx) % columns, fy: Math.floor(Number(point.fx) / columns) }))
      const { colour = 'var(--a)', symbol = 'circle' } = HORIZONS[index % HORIZONS.length] ?? {}
      return [
        Plot.line(own, { ...facet, x: 'x', y: 'y', z: 'fx', stroke: colour, strokeWidth: 1.3 }),
        Plot.dot(own, { ...facet, x: 'x', y: 'y', fill: colour, symbol, r: 3, title: 'title' }),
        Plot.text(panels.slice(0, 1), {
          ...facet,
          text: () => horizon,
          frameAnchor: 'bottom-right',
          dx: -7,
          dy: -7 - 14 * index,
          fill: colour,
          fontWeight: 600,
        }),
      ]
    }),
  ]
}

function pointOf({ model, horizon, level, observed, days }: Row, index: number): Point {
  // Of n days that all held, half a day may be thought beyond: the scale has no end at 100 %.
  const most = 1 - 0.5 / Math.max(1, isFigure(days) ? days : 1)
  return {
    x: spreadOut(level),
    y: spreadOut(Math.min(Math.max(observed, 0), most)),
    fx: String(index),
    fy: 0,
    horizon,
    title: `${model}, ${horizon}: said ${percent(level)}, observed ${percent(observed)} of ${count(days)} days`,
  }
}

/** 90 % at 1, 99 % at 2: the tail is what matters. */
function spreadOut(level: number): number {
  return -ln(1 - level) / Math.LN10
}
