import type { BacktestResult } from '../result.ts'
import { type Figure, standAlone } from './plot.ts'
import { changeStripPlot } from './plots/change-strip.ts'
import { frontierPlot } from './plots/frontier.ts'
import { regimesPlot } from './plots/regimes.ts'
import { reliabilityPlot } from './plots/reliability.ts'
import { hitPlots } from './sections/forecasts.ts'
import { periodPlots } from './sections/periods.ts'

export type ReportPlot = { readonly id: string; readonly title: string; readonly svg: string }

/** Every plot of the page as a file of its own, in the page's order. An id is a file's name: small letters, digits and dashes. */
export function reportPlots({ lending, forecast }: BacktestResult): readonly ReportPlot[] {
  const figures: readonly (Figure | undefined)[] = [
    ...(lending === undefined
      ? []
      : [
          frontierPlot(lending),
          ...lending.periods.flatMap((period) => {
            const { courses, exposure, liquidated, prices } = periodPlots(lending, period)
            return [...courses, exposure, liquidated, prices]
          }),
          changeStripPlot(lending),
        ]),
    ...(forecast === undefined ? [] : [...hitPlots(forecast).hits, reliabilityPlot(forecast), regimesPlot(forecast)]),
  ]
  return figures.flatMap((figure) =>
    figure === undefined ? [] : [{ id: figure.id, title: figure.title, svg: standAlone(figure) }],
  )
}
