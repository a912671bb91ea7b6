import type { LendingChange, LendingResult } from '../../result.ts'
import { type Html, html } from '../html.ts'
import { looksOf } from '../palette.ts'
import { htmlFigure } from '../plot.ts'
import { changeStripPlot, isTighter } from '../plots/change-strip.ts'
import { type Cell, type Column, swatch, table } from '../tables.ts'
import { bps, count, isFigure, minute } from '../words.ts'

const ROWS_MAX = 200
const COLUMNS: readonly Column[] = [
  { title: 'time, UTC', kind: 'nowrap' },
  { title: 'policy' },
  { title: 'asset' },
  { title: 'parameter', kind: 'nowrap' },
  { title: 'from', kind: 'number' },
  { title: 'to', kind: 'number' },
  { title: 'why', kind: 'why' },
]
const NAMES: Readonly<Record<string, string>> = {
  ltvBps: 'loan-to-value',
  liquidationThresholdBps: 'liquidation threshold',
  supplyCap: 'supply cap',
  borrowCap: 'borrow cap',
}

/** When parameters moved, and why each did. */
export function changesSection(lending: LendingResult): Html {
  const { changes, changesLeftOut } = lending
  const left = Math.max(0, changes.length - ROWS_MAX) + (isFigure(changesLeftOut) ? changesLeftOut : 0)
  const all = changes.length + (isFigure(changesLeftOut) ? changesLeftOut : 0)
  if (all === 0) {
    return html`<section id="changes-of-parameters"><h2>Changes of parameters</h2><p class="lead">No policy moved a parameter.</p></section>`
  }
  const strip = changeStripPlot(lending)
  const rows = changes.slice(0, ROWS_MAX).map((change) => row(lending, change))
  const rest = left === 0 ? html`` : html`<p class="lead">${count(left)} more changes are not listed.</p>`
  return html`<section id="changes-of-parameters"><h2>Changes of parameters</h2><p class="lead">Days from the start of each crisis. A tick down tightens, a tick up loosens; one stands for an hour with a change on any asset.</p>${strip === undefined ? html`` : htmlFigure(strip)}<h4>${count(rows.length)} of ${count(all)} changes, with their reasons</h4><div class="box">${table(COLUMNS, [rows])}</div>${rest}</section>`
}

function row(lending: LendingResult, change: LendingChange): Cell[] {
  const look = looksOf(lending).find(({ id }) => id === change.policy)
  const value = (given: number) => valueText(change.parameter, given)
  return [
    minute(change.time),
    look === undefined ? change.policy : swatch(look.colour, look.label),
    change.asset,
    { content: NAMES[change.parameter] ?? change.parameter, as: isTighter(change) ? 'tighter' : 'looser' },
    value(change.from),
    value(change.to),
    change.reason,
  ]
}

function valueText(parameter: string, value: number): string {
  if (parameter.endsWith('Bps')) return bps(value)
  return /cap$/i.test(parameter) && value === 0 ? 'none' : count(value)
}
