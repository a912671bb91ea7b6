import * as Plot from '@observablehq/plot'
import type { ForecastResult } from '../../result.ts'
import { short } from '../palette.ts'
import { type Figure, figure } from '../plot.ts'
import { decimal, isFigure } from '../words.ts'
import { rangeOf } from './axes.ts'

const ROW = 24
const REGIMES = [
  { id: 'calm', colour: 'var(--c)', symbol: 'circle' },
  { id: 'ordinary', colour: 'var(--a)', symbol: 'square' },
  { id: 'wild', colour: 'var(--b)', symbol: 'triangle' },
] as const

type Row = ForecastResult['regimes'][number]

/** QLIKE of each model where the week before was calm, ordinary and wild: a line a model, left is better. */
export function regimesPlot({ regimes }: ForecastResult): Figure | undefined {
  const rows = regimes.filter(({ qlike }) => isFigure(qlike))
  if (rows.length === 0) return undefined
  const models = [...new Set(rows.map(({ model }) => model))]
  const horizons = [...new Set(rows.map(({ horizon }) => horizon))]
  const x = rangeOf(
    rows.map(({ qlike }) => qlike),
    6,
    false,
  )
  const spans = [...Map.groupBy(rows, ({ model, horizon }) => `${horizon} ${model}`).values()].flatMap((own) => {
    const values = own.map(({ qlike }) => qlike)
    return own
      .slice(0, 1)
      .map(({ model, horizon }) => ({ model, horizon, low: Math.min(...values), high: Math.max(...values) }))
  })
  return figure({
    id: 'regimes',
    title: 'QLIKE by regime',
    lead: 'Where the trailing week was calm, ordinary or wild (terciles of its realised volatility). Left is better.',
    width: 1120,
    height: models.length * ROW + 72,
    marginLeft: 130,
    marginRight: 14,
    marginTop: 44,
    marginBottom: 28,
    x: { type: 'linear', domain: [...x.domain] },
    y: { type: 'point', domain: models, label: null },
    fx: { domain: horizons, padding: 0.1, label: null },
    marks: [
      Plot.axisFx({ anchor: 'top', fontWeight: 600, label: null, color: 'var(--ink)', dy: -14 }),
      Plot.gridX([...x.ticks], { stroke: 'var(--rule)', strokeOpacity: 1 }),
      Plot.axisX([...x.ticks], { tickSize: 0, color: 'var(--dim)', label: null }),
      Plot.axisY({
        tickFormat: (model: string) => short(model, 18),
        tickSize: 0,
        color: 'var(--ink)',
        label: null,
        facetAnchor: 'left',
      }),
      Plot.link(spans, {
        fx: 'horizon',
        x1: 'low',
        x2: 'high',
        y1: 'model',
        y2: 'model',
        stroke: 'var(--rule)',
        strokeWidth: 2.5,
      }),
      ...REGIMES.flatMap((regime) =>
        regimeMarks(
          rows.filter((row) => row.regime === regime.id),
          regime,
          models[0],
        ),
      ),
    ],
  })
}

function regimeMarks(own: readonly Row[], { colour, symbol }: (typeof REGIMES)[number], first: string | undefined) {
  return [
    Plot.dot([...own], { fx: 'horizon', x: 'qlike', y: 'model', fill: colour, symbol, r: 4.2, title: titleOf }),
    // Named once, over the first model's dots.
    Plot.text(
      own.filter(({ model }) => model === first),
      { fx: 'horizon', x: 'qlike', y: 'model', text: 'regime', dy: -15, fill: colour },
    ),
  ]
}

function titleOf({ model, horizon, regime, qlike, days }: Row): string {
  return `${model}, ${horizon}, ${regime}: ${decimal(qlike)} on ${days} days`
}
