import type { LendingResult, Verdict } from '../../result.ts'
import { type Html, html } from '../html.ts'
import { looksOf } from '../palette.ts'
import { type Cell, type Column, nameOf, swatch, table } from '../tables.ts'
import { verdictsByChoice } from '../totals.ts'
import { day, isFigure, knobText, percent, usd } from '../words.ts'

/** What part of the other's bad debt a bar's whole width stands for. */
const BAR_MAX = 1.5
const CHOSEN = {
  'without-it': 'Its knob chosen on all other periods, the other’s for the same capacity in this one',
  'same-capacity': 'Both knobs chosen for a given capacity in this period',
}

/** Per crisis: whether the promise was kept, with figures and why. */
export function verdictSection(lending: LendingResult): Html {
  if (lending.verdicts.length === 0) return html``
  const own = lending.policies.find(({ id }) => id === lending.verdicts[0]?.policy)?.title ?? 'Plimsoll'
  const columns: Column[] = [
    { title: 'crisis' },
    { title: 'against' },
    { title: 'promise' },
    { title: `${own}’s bad debt`, kind: 'number' },
    { title: 'the other’s', kind: 'number' },
    { title: 'share of it', kind: 'number', hint: 'The mark is the most that was promised' },
    { title: 'capacity of both', kind: 'number' },
    { title: 'liquidated', kind: 'number' },
    { title: 'the other’s', kind: 'number' },
    { title: 'knobs', kind: 'number', hint: 'Its own, and the other’s' },
  ]
  const tables = verdictsByChoice(lending).map(({ chosen, verdicts }) => {
    const groups = [...Map.groupBy(verdicts, ({ period }) => period).values()]
    const rows = groups.map((group) => group.map((verdict, index) => row(lending, verdict, index === 0)))
    return html`<h4>${CHOSEN[chosen]}</h4>${table(columns, rows)}${missedOnes(lending, verdicts)}`
  })
  return html`<section id="verdicts"><h2>Verdicts</h2><p class="lead">The bar is the share of the other policy’s bad debt; the mark is the most that was promised.</p>${tables}</section>`
}

/** In words what the table shows in figures, of those alone that were not kept. */
function missedOnes(lending: LendingResult, verdicts: readonly Verdict[]): Html {
  const missed = verdicts.filter(({ kept, compared }) => compared && !kept)
  if (missed.length === 0) return html``
  const items = missed.map((verdict) => {
    const title = lending.periods.find(({ id }) => id === verdict.period)?.title ?? verdict.period
    return html`<li><span class="badge missed">missed</span><span>${title}: ${verdict.why}</span></li>`
  })
  return html`<ul class="promises">${items}</ul>`
}

export function badge({ kept }: Pick<Verdict, 'kept'>, words = kept ? 'kept' : 'missed'): Html {
  return html`<span class="badge ${kept ? 'kept' : 'missed'}">${words}</span>`
}

function row(lending: LendingResult, verdict: Verdict, isFirst: boolean): Cell[] {
  const period = lending.periods.find(({ id }) => id === verdict.period)
  const look = looksOf(lending).find(({ id }) => id === verdict.against)
  const from = period?.crisis?.from ?? period?.from
  return [
    isFirst ? html`${nameOf(period?.title ?? verdict.period)}<br><span class="nowrap">${day(from)}</span>` : '',
    look === undefined ? verdict.against : swatch(look.colour, look.title),
    verdict.compared ? badge(verdict) : 'nothing to compare',
    usd(verdict.badDebtUsd),
    usd(verdict.otherBadDebtUsd),
    shareBar(verdict),
    usd(verdict.capacityUsd),
    usd(verdict.liquidatedUsd),
    usd(verdict.otherLiquidatedUsd),
    `${knobText(verdict.knob)} / ${knobText(verdict.otherKnob)}`,
  ]
}

function shareBar({ badDebtUsd, otherBadDebtUsd, shareMax, kept }: Verdict): Html {
  const share = isFigure(badDebtUsd) && otherBadDebtUsd > 0 ? badDebtUsd / otherBadDebtUsd : undefined
  // Of none there is no share, but any is more.
  const size = share ?? (badDebtUsd > 0 ? BAR_MAX : 0)
  const width = Math.min(1, size / BAR_MAX) * 100
  const at = Math.min(1, (isFigure(shareMax) ? shareMax : 1) / BAR_MAX) * 100
  return html`${percent(share)}<span class="bar ${kept ? 'within' : 'beyond'}" style="--at:${at.toFixed(1)}%"><i style="width:${width.toFixed(1)}%"></i></span>`
}
