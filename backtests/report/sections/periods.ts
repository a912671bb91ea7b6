import type { LendingResult, Period } from '../../result.ts'
import { type Html, html } from '../html.ts'
import { looksOf } from '../palette.ts'
import { htmlFigure } from '../plot.ts'
import { coursePlots } from '../plots/courses.ts'
import { exposurePlot } from '../plots/exposure.ts'
import { liquidatedPlot } from '../plots/liquidated.ts'
import { pricesPlot } from '../plots/prices.ts'
import { rivals, slugOfPeriod, verdictsByChoice } from '../totals.ts'
import { day, list } from '../words.ts'
import { badge } from './verdicts.ts'

const ASSETS_MAX = 8

/** One period after the other, each with the same plots in the same places. */
export function periodSection(lending: LendingResult): Html {
  if (lending.periods.length === 0) return html``
  const key = looksOf(lending).map(({ colour, title, dash }) => {
    const line = dash === undefined ? 'solid' : dash.startsWith('2') ? 'dotted' : 'dashed'
    return html`<li><i style="border-color:${colour};border-top-style:${line}"></i>${title}</li>`
  })
  return html`<section id="periods"><h2>Period by period</h2><p class="lead">At the knobs that are shown. Shaded: the days of the crisis. Water: what a dollar of collateral was worth at its lowest within the next 24 h; on it the liquidation threshold, and dashed the loan-to-value. Red: the line was over the water, and a loan at the threshold not covered.</p><ul class="key">${key}</ul>${lending.periods.map((period) => article(lending, period))}</section>`
}

/** The same figures that the page shows, for files of their own. */
export function periodPlots(lending: LendingResult, period: Period) {
  const { own, other } = rivals(lending)
  const pair = [own, other].filter((id) => id !== undefined)
  return {
    courses: coursePlots(lending, period),
    exposure: exposurePlot(lending, period, pair),
    liquidated: liquidatedPlot(lending, period),
    prices: pricesPlot(lending, period),
  }
}

function article(lending: LendingResult, period: Period): Html {
  const { courses, exposure, liquidated, prices } = periodPlots(lending, period)
  const title = (id: string) => lending.policies.find((policy) => policy.id === id)?.title ?? id
  const [choice] = verdictsByChoice(lending)
  const badges = (choice?.verdicts ?? [])
    .filter((verdict) => verdict.period === period.id)
    .filter(({ compared }) => compared)
    .map((verdict) => badge(verdict, `${verdict.kept ? 'kept' : 'missed'} against ${title(verdict.against)}`))
  const crisis = period.crisis === undefined ? '' : `, crisis ${day(period.crisis.from)} to ${day(period.crisis.to)}`
  const side = [liquidated, prices].filter((figure) => figure !== undefined)
  const below = [
    ...(exposure === undefined ? [] : [htmlFigure(exposure)]),
    ...(side.length === 0 ? [] : [html`<div>${side.map(htmlFigure)}</div>`]),
  ]
  const figures = [
    courses.length === 0 ? html`` : html`<div class="row">${courses.map(htmlFigure)}</div>`,
    below.length === 0 ? html`` : html`<div class="pair">${below}</div>`,
  ]
  return html`<article class="period" id="period-${slugOfPeriod(lending, period)}"><header><h3>${period.title}</h3><p>${day(period.from)} to ${day(period.to)}${crisis}; ${period.assets.length > ASSETS_MAX ? `${period.assets.length} assets` : list(period.assets)}</p>${badges}</header>${figures}</article>`
}
