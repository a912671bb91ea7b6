import * as Plot from '@observablehq/plot'
import type { LendingCourse, LendingResult, Period } from '../../result.ts'
import { type Look, looksOf } from '../palette.ts'
import { date, type Figure, figure, spread } from '../plot.ts'
import { slugOfPeriod } from '../totals.ts'
import { isFigure, usd } from '../words.ts'
import { axes, crisisBand, rangeOf, timeAxis } from './axes.ts'

export const COURSE_SIZE = { width: 384, height: 220, marginLeft: 54, marginRight: 74, marginTop: 10, marginBottom: 34 }

const SHOWN = [
  { key: 'equityUsd', caption: 'Equity of the protocol', id: 'equity', lead: 'What it earned less what it lost.' },
  { key: 'badDebtUsd', caption: 'Bad debt', id: 'bad-debt', lead: 'Debt that no collateral covers.' },
  { key: 'capacityUsd', caption: 'Capacity', id: 'capacity', lead: 'What could be borrowed.' },
] as const

/** Equity, bad debt and capacity over one period, one line a policy, at the knob that is shown. */
export function coursePlots(lending: LendingResult, period: Period): readonly Figure[] {
  const drawn = looksOf(lending).flatMap((look) => {
    const course = courseOf(lending, period.id, look)
    return course === undefined ? [] : [{ look, course }]
  })
  if (drawn.length === 0) return []
  return SHOWN.map(({ key, caption, id, lead }) =>
    figure({
      id: `${id}-${slugOfPeriod(lending, period)}`,
      title: `${caption}: ${period.title}`,
      caption,
      lead: `${lead} Summed over markets, USD. Shaded: the days of the crisis.`,
      ...COURSE_SIZE,
      ...courseMarks(
        drawn.map(({ look, course }) => ({ look, time: course.time, values: course[key] })),
        { period, format: usd, withZero: key !== 'capacityUsd' },
      ),
    }),
  )
}

/** The course of a policy over all markets, or of one, at the knob that is shown. */
export function courseOf(
  { courses }: LendingResult,
  period: string,
  { id, shown }: Pick<Look, 'id' | 'shown'>,
  asset?: string,
): LendingCourse | undefined {
  const own = courses.filter((each) => each.period === period && each.policy === id && each.asset === asset)
  return own.find(({ knob }) => knob === shown) ?? own[0]
}

export type CourseLine = { readonly look: Stroke; readonly time: readonly number[]; readonly values: readonly number[] }

type Stroke = Pick<Look, 'colour' | 'dash' | 'width' | 'label'>

/** Lines over a period's time with their names at their ends, and what is common to all such plots. */
export function courseMarks(
  lines: readonly CourseLine[],
  parts: { readonly period: Period; readonly format: (value: number) => string; readonly withZero: boolean },
) {
  const { period, format, withZero } = parts
  const y = rangeOf(
    lines.flatMap(({ values }) => values),
    4,
    withZero,
  )
  const [from, to] = [date(period.from), date(period.to)]
  const crisis = period.crisis && { from: date(period.crisis.from), to: date(period.crisis.to) }
  const band = crisis === undefined ? [] : crisisBand({ from: crisis.from.getTime(), to: crisis.to.getTime() })
  // Who is under test is drawn last, so over the others.
  const order = [...lines].reverse()
  return {
    x: { type: 'utc', domain: [from, to] },
    y: { type: 'linear', domain: [...y.domain] },
    marks: [
      ...band,
      ...axes({ y, format, zero: true }),
      timeAxis(period, 4),
      ...order.map(({ look, time, values }) => lineMark(look, time, values)),
      ...endLabels(lines, y.domain, to),
      ...(y.ticks.length === 1 ? [nothing()] : []),
    ],
  } as const
}

/** A plot of zeros says so, since it might be thought to lack its lines. */
function nothing(): Plot.Markish {
  return Plot.text(['zero throughout'], { frameAnchor: 'middle', fill: 'var(--dim)', fontSize: 12 })
}

export function lineMark(
  look: Pick<Look, 'colour' | 'dash' | 'width'>,
  time: readonly number[],
  values: readonly (number | null)[],
): Plot.Markish {
  return Plot.line(time, {
    x: time.map(date),
    y: values.map((value) => (isFigure(value) ? value : Number.NaN)),
    stroke: look.colour,
    strokeWidth: look.width,
    ...(look.dash === undefined ? {} : { strokeDasharray: look.dash }),
  })
}

/** Names at the lines' ends, moved apart where they would lie over each other. */
function endLabels(lines: readonly CourseLine[], [low, high]: readonly [number, number], to: Date): Plot.Markish[] {
  const [top, bottom] = [COURSE_SIZE.marginTop, COURSE_SIZE.height - COURSE_SIZE.marginBottom]
  const ends = lines.flatMap(({ look, values }) => {
    const last = values.findLast(isFigure)
    return last === undefined ? [] : [{ look, last, place: bottom - ((last - low) / (high - low)) * (bottom - top) }]
  })
  const places = spread(
    ends.map(({ place }) => place),
    12,
    [top + 2, bottom - 2],
  )
  return ends.map(({ look, last, place }, index) =>
    Plot.text([last], {
      x: [to],
      y: [last],
      text: [look.label],
      dx: 5,
      dy: (places[index] ?? place) - place,
      textAnchor: 'start',
      fill: look.colour,
      fontWeight: look.width > 2 ? 600 : 400,
    }),
  )
}
