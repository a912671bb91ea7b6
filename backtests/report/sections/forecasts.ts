import type { ForecastResult } from '../../result.ts'
import { type Html, html } from '../html.ts'
import { htmlFigure } from '../plot.ts'
import { hitsPlot } from '../plots/hits.ts'
import { regimesPlot } from '../plots/regimes.ts'
import { reliabilityPlot } from '../plots/reliability.ts'
import { count, day, isFigure } from '../words.ts'
import { comparisonTable, coverageTable, qlikeTable } from './forecast-tables.ts'

const COURSES_MAX = 12

/** Errors, value at risk, reliability and regimes of the models, each where there is something to show. */
export function forecastSection(forecast: ForecastResult): Html {
  const { splits, cells } = forecast
  const dates = splits.refits.filter(isFigure)
  const refits =
    dates.length === 0 ? '' : `, fitted anew ${count(dates.length)} times from ${day(dates[0])} to ${day(dates.at(-1))}`
  const { hits, left } = hitPlots(forecast)
  const [reliability, regimes] = [reliabilityPlot(forecast), regimesPlot(forecast)]
  return html`<section id="forecasts"><h2>Forecasts</h2><p class="lead">${splits.kind}, ${count(splits.folds)} folds${refits}.</p>${[
    part(
      'QLIKE',
      'Less is better; bold is the least of its column, a dot is a model of the 90 % confidence set. All assets: the mean.',
      cells.length === 0 ? [] : [qlikeTable(forecast)],
    ),
    part(
      'Compared by pairs (Diebold and Mariano)',
      'On how many assets the first model’s loss is smaller or larger than the other’s at the 5 % level.',
      forecast.comparisons.length === 0 ? [] : [comparisonTable(forecast)],
    ),
    part(
      'Losses beyond the value at risk',
      `Grey: losses of the days that lost; line: 99 % value at risk; red: beyond it. Strip: the Basel traffic light of the trailing 250 days.${left > 0 ? ` ${count(left)} more are not drawn.` : ''}`,
      hits.map(htmlFigure),
    ),
    part(
      'Coverage of the 99 % value at risk',
      'Red: p below 5 %. Z1 and Z2 are Acerbi and Székely’s; less than 0 is a shortfall that was understated.',
      cells.length === 0 ? [] : [coverageTable(forecast)],
    ),
    part('Reliability', reliability?.lead ?? '', reliability === undefined ? [] : [htmlFigure(reliability)]),
    part('QLIKE by regime', regimes?.lead ?? '', regimes === undefined ? [] : [htmlFigure(regimes)]),
  ]}</section>`
}

export function hitPlots({ courses }: ForecastResult) {
  const hits = courses.slice(0, COURSES_MAX).flatMap((course) => hitsPlot(course, courses) ?? [])
  return { hits, left: Math.max(0, courses.length - COURSES_MAX) }
}

function part(title: string, lead: string, content: readonly Html[]): Html {
  return content.length === 0 ? html`` : html`<h4>${title}</h4><p class="lead">${lead}</p>${content}`
}
