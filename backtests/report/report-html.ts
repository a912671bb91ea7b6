import type { BacktestResult, LendingResult } from '../result.ts'
import { type Html, html, trusted } from './html.ts'
import { htmlFigure } from './plot.ts'
import { frontierPlot } from './plots/frontier.ts'
import { answerSection } from './sections/answer.ts'
import { changesSection } from './sections/changes.ts'
import { forecastSection } from './sections/forecasts.ts'
import { periodSection } from './sections/periods.ts'
import { provenanceSection } from './sections/provenance.ts'
import { totalsSection } from './sections/totals.ts'
import { verdictSection } from './sections/verdicts.ts'
import { STYLE } from './style.ts'
import { day, exact } from './words.ts'

const SECTIONS: readonly (readonly [id: string, name: string])[] = [
  ['answer', 'Answer'],
  ['frontier-of-policies', 'Frontier'],
  ['verdicts', 'Verdicts'],
  ['periods', 'Periods'],
  ['totals', 'Totals'],
  ['changes-of-parameters', 'Changes'],
  ['forecasts', 'Forecasts'],
  ['provenance', 'Provenance'],
]

/** A whole backtest as one page that loads nothing: the same result gives the same bytes. */
export function reportHtml(result: BacktestResult): string {
  const { lending, forecast, name } = result
  const sections = [
    answerSection(result),
    ...(lending === undefined ? [] : lendingSections(lending)),
    ...(forecast === undefined ? [] : [forecastSection(forecast)]),
    provenanceSection(result),
  ].filter((section) => section.html !== '')
  const there = new Set(sections.map((section) => /^<section id="([^"]*)"/.exec(section.html)?.[1]))
  const links = SECTIONS.filter(([id]) => there.has(id)).map(
    ([id, title]) => html`<li><a href="#${id}">${title}</a></li>`,
  )
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${name}: Plimsoll backtest</title><style>${trusted(STYLE)}</style></head>
<body><header class="masthead">${MARK}<h1>${name}</h1><p>${underTitle(result)}</p></header>
<nav aria-label="Sections"><ul>${links}</ul></nav>
<main>
${sections.map((section) => html`${section}\n`)}</main></body></html>
`
  return page.html
}

/** The load line and its scale of seasons, as on a hull. */
const MARK: Html = trusted(
  '<svg class="mark" viewBox="0 0 64 40" aria-hidden="true"><circle cx="25" cy="20" r="13"/><path d="M3 20h44M56 6v28M56 6h8M56 13h8M56 20h8M56 27h8M56 34h8"/></svg>',
)

function lendingSections(lending: LendingResult): Html[] {
  const frontier = frontierPlot(lending)
  const section =
    frontier === undefined
      ? html``
      : html`<section id="frontier-of-policies"><h2>${frontier.title}</h2><p class="lead">${frontier.lead}</p>${htmlFigure(frontier)}</section>`
  return [section, verdictSection(lending), periodSection(lending), totalsSection(lending), changesSection(lending)]
}

function underTitle({ lending, forecast, provenance }: BacktestResult): string {
  const parts = [
    ...(lending === undefined ? [] : [`${lending.policies.length} policies over ${lending.periods.length} periods`]),
    ...(forecast === undefined ? [] : [`${new Set(forecast.cells.map(({ model }) => model)).size} forecasters`]),
    ...dataSpan(provenance.data),
    `code ${provenance.code.commit.slice(0, 10)}`,
    `seed ${exact(provenance.seed)}`,
  ]
  return parts.join(' · ')
}

function dataSpan(data: BacktestResult['provenance']['data']): string[] {
  if (data.length === 0) return []
  return [
    `data from ${day(Math.min(...data.map(({ from }) => from)))} to ${day(Math.max(...data.map(({ to }) => to)))}`,
  ]
}
