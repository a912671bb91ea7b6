import * as Plot from '@observablehq/plot'
import type { LendingResult, Period } from '../../result.ts'
import { looksOf } from '../palette.ts'
import { type Figure, figure } from '../plot.ts'
import { shownRun, slugOfPeriod } from '../totals.ts'
import { isFigure, percent, usd } from '../words.ts'

const ROW = 30

/** How much each policy had liquidated, and the part that its own lowered thresholds brought about. */
export function liquidatedPlot(lending: LendingResult, period: Period): Figure | undefined {
  const rows = looksOf(lending).flatMap((look) => {
    const run = shownRun(lending, period.id, look)
    if (run === undefined || !isFigure(run.liquidatedUsd)) return []
    const own = isFigure(run.liquidatedByPolicyUsd) ? run.liquidatedByPolicyUsd : 0
    const share = run.liquidatedUsd > 0 ? own / run.liquidatedUsd : 0
    const note = `${usd(run.liquidatedUsd)}${share > 0 ? `, ${percent(share)} by the policy` : ''}`
    return [{ id: look.id, label: look.label, colour: look.colour, own, all: run.liquidatedUsd, note }]
  })
  if (rows.length === 0) return undefined
  const most = Math.max(...rows.map(({ all }) => all)) || 1
  return figure({
    id: `liquidated-${slugOfPeriod(lending, period)}`,
    title: `Liquidated: ${period.title}`,
    caption: 'Liquidated',
    lead: 'Collateral sold for debt, USD. Dark: where a threshold that the policy lowered made it so, not the price.',
    width: 384,
    height: ROW * rows.length + 10,
    marginLeft: 78,
    marginRight: 10,
    marginTop: 2,
    marginBottom: 8,
    x: { domain: [0, most], axis: null },
    y: { type: 'band', domain: rows.map(({ id }) => id), padding: 0, label: null },
    marks: [
      Plot.axisY({
        tickFormat: (id: string) => rows.find((row) => row.id === id)?.label ?? id,
        tickSize: 0,
        color: 'var(--ink)',
        label: null,
      }),
      ...[
        { x: 'all', fillOpacity: 0.38 },
        { x: 'own', fillOpacity: 1 },
      ].map(({ x, fillOpacity }) =>
        Plot.barX(rows, { x1: 0, x2: x, y: 'id', fill: 'colour', fillOpacity, insetTop: 17, insetBottom: 4 }),
      ),
      Plot.text(rows, { x: 0, y: 'id', text: 'note', textAnchor: 'start', dy: -5, fill: 'var(--dim)' }),
    ],
  })
}
