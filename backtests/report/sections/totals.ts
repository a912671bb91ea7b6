import type { LendingResult, LendingRun } from '../../result.ts'
import { type Html, html } from '../html.ts'
import { type Look, looksOf } from '../palette.ts'
import { type Cell, type Column, nameOf, swatch, table } from '../tables.ts'
import { overall, shownRun } from '../totals.ts'
import { count, DASH, isFigure, knobText, percent, usd } from '../words.ts'

const COLUMNS: readonly Column[] = [
  { title: 'period' },
  { title: 'policy' },
  { title: 'bad debt', kind: 'number', hint: 'Debt that no collateral covers at the end' },
  { title: 'bad debt at risk 99 %', kind: 'number', hint: '99 % quantile of the bad debt that arises in a day' },
  { title: 'liquidations at risk 99 %', kind: 'number', hint: '99 % quantile of what is liquidated in a day' },
  { title: 'liquidated', kind: 'number' },
  { title: 'of it by the policy', kind: 'number', hint: 'Where a lowered threshold made it so, not the price' },
  { title: 'liquidations', kind: 'number' },
  { title: 'efficiency', kind: 'number', hint: 'Capacity over demand' },
  { title: 'changes', kind: 'number' },
  { title: 'equity', kind: 'number', hint: 'What was earned less what was lost' },
]

/** Policy by period, and all periods together. */
export function totalsSection(lending: LendingResult): Html {
  const looks = looksOf(lending)
  const groups = lending.periods.map(({ id, title }) => {
    const rows = looks.flatMap((look) => {
      const run = shownRun(lending, id, look)
      return run === undefined ? [] : [{ look, run }]
    })
    const least = leastOf(rows.map(({ run }) => run.badDebtUsd))
    return rows.map(({ look, run }, index) => rowOf(look, run, index === 0 ? title : '', least))
  })
  const totals = looks.map((look) => ({ look, total: overall(lending, look) })).filter(({ total }) => total.runs > 0)
  if (totals.length === 0) return html``
  const least = leastOf(totals.map(({ total }) => total.badDebtUsd))
  const all = totals.map(({ look, total }, index) => rowOf(look, total, index === 0 ? 'All periods' : '', least))
  const knobs = looks.map(({ title, knob, shown }) => `${title}: ${knob ?? 'knob'} ${knobText(shown)}`).join('; ')
  return html`<section id="totals"><h2>Totals</h2><p class="lead">Bold: the least bad debt. Quantiles have no sum over periods. ${knobs}.</p>${table(COLUMNS, lending.periods.length > 1 ? [all, ...groups] : groups, 'dense')}</section>`
}

type Row = { readonly [key in keyof LendingRun]?: LendingRun[key] | undefined }

function rowOf(look: Look, run: Row, period: string, least: number | undefined): Cell[] {
  const share = isFigure(run.liquidatedByPolicyUsd) && isFigure(run.liquidatedUsd) && run.liquidatedUsd > 0
  return [
    period === '' ? '' : nameOf(period),
    swatch(look.colour, look.title),
    { content: usd(run.badDebtUsd), as: least !== undefined && run.badDebtUsd === least ? 'best' : '' },
    usd(run.badDebtAtRisk99Usd),
    usd(run.liquidationsAtRisk99Usd),
    usd(run.liquidatedUsd),
    share ? percent((run.liquidatedByPolicyUsd ?? 0) / (run.liquidatedUsd ?? 1)) : DASH,
    count(run.liquidations),
    percent(run.efficiency),
    count(run.changes),
    usd(run.equityUsd),
  ]
}

function leastOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter(isFigure)
  const least = Math.min(...known)
  // Where all have as much there is no best.
  return known.every((value) => value === least) ? undefined : least
}
