import type { LendingResult, Period } from '../../result.ts'
import { short } from '../palette.ts'
import { type Figure, figure } from '../plot.ts'
import { slugOfPeriod } from '../totals.ts'
import { isFigure, percent } from '../words.ts'
import { COURSE_SIZE, type CourseLine, courseMarks } from './courses.ts'

const ASSETS_MAX = 6
const DASHES = [undefined, undefined, '5 2', '1.5 2', '9 3 2 3', '3 3']

/** What the period was like: each collateral's price as a part of its first. In greys, since colours are policies. */
export function pricesPlot(lending: LendingResult, period: Period): Figure | undefined {
  const lines = period.assets.slice(0, ASSETS_MAX).flatMap((asset, index): CourseLine[] => {
    const course = lending.courses.find(
      (each) => each.period === period.id && each.asset === asset && each.priceUsd !== undefined,
    )
    const first = course?.priceUsd?.find(isFigure)
    if (course?.priceUsd === undefined || first === undefined || first <= 0) return []
    const values = course.priceUsd.map((price) => (isFigure(price) ? price / first : Number.NaN))
    const colour = index === 0 ? 'var(--ink)' : 'var(--dim)'
    return [
      {
        look: { colour, dash: DASHES[index], width: index === 0 ? 1.6 : 1.1, label: short(asset, 10) },
        time: course.time,
        values,
      },
    ]
  })
  if (lines.length === 0) return undefined
  return figure({
    id: `prices-${slugOfPeriod(lending, period)}`,
    title: `Prices: ${period.title}`,
    caption: 'Prices, of the first',
    lead: 'Of each collateral, as a part of its price at the start. Shaded: the days of the crisis.',
    ...COURSE_SIZE,
    ...courseMarks(lines, { period, format: percent, withZero: false }),
  })
}
