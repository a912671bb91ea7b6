import * as Plot from '@observablehq/plot'
import { invariant } from '../../../oracle-node/core/errors.ts'
import { type TrafficZone, trafficLight } from '../../metrics/traffic-light.ts'
import type { ForecastResult } from '../../result.ts'
import { slugAmong } from '../html.ts'
import { date, type Figure, figure } from '../plot.ts'
import { count, isFigure, percent } from '../words.ts'
import { axes, type Range, rangeOf, timeAxis } from './axes.ts'
import { lineMark } from './courses.ts'

type Course = ForecastResult['courses'][number]

const YEAR = 250
const STRIP = 14
const SIZE = { width: 1120, height: 208, marginLeft: 54, marginRight: 12, marginTop: 8, marginBottom: 40 }
const LIGHTS: Readonly<Record<TrafficZone, string>> = {
  green: 'var(--good)',
  yellow: 'var(--warn)',
  red: 'var(--hit)',
}

/** A day's loss beyond its value at risk is a hit; beneath, the light that a supervisor would have seen on the trailing year. */
export function hitsPlot(course: Course, all: readonly Course[]): Figure | undefined {
  const { model, asset, horizon, time, loss, valueAtRisk99 } = course
  const days = time.flatMap((at, index) => {
    const [lost, said] = [loss[index], valueAtRisk99[index]]
    return isFigure(at) && isFigure(lost) && isFigure(said) ? [{ at, lost, said, hit: lost > said }] : []
  })
  const [first, last] = [days[0], days.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const y = rangeOf(
    days.flatMap(({ lost, said }) => [lost, said]).filter((value) => value > 0),
    4,
  )
  const hits = days.filter(({ hit }) => hit)
  const caption = `${asset}, ${horizon}: ${count(hits.length)} of ${count(days.length)} days beyond the value at risk of ${model}; ${count(Math.round(days.length * 0.01))} are expected`
  return figure({
    id: `hits-${slugAmong(nameOf(course), all.map(nameOf))}`,
    title: `Losses and the 99 % value at risk: ${model}, ${asset}, ${horizon}`,
    caption,
    lead: `${caption}. Dots: losses of the days that lost. Strip: traffic light of the trailing ${YEAR} days.`,
    ...SIZE,
    x: { type: 'utc', domain: [date(first.at), date(Math.max(last.at, first.at + 86_400))] },
    y: { type: 'linear', domain: [...y.domain] },
    marks: [
      ...axes({ y, format: percent, zero: true }),
      timeAxis({ from: first.at, to: last.at }, 10),
      dots(days.filter(({ hit, lost }) => !hit && lost > 0)),
      lineMark({ colour: 'var(--a)', dash: undefined, width: 1.4 }, ...broken(days)),
      Plot.dot(hits, {
        x: ({ at }: Day) => date(at),
        y: 'lost',
        r: 3.2,
        fill: 'var(--hit)',
        title: ({ at, lost, said }: Day) =>
          `${date(at).toISOString().slice(0, 10)}: lost ${percent(lost)}, value at risk ${percent(said)}`,
      }),
      ...lightStrip(days, y),
    ],
  })
}

/** So many days without a forecast are a hole, which no line should bridge. */
const HOLE_SECONDS = 4 * 86_400

function broken(days: readonly Day[]): [time: number[], said: number[]] {
  const line: [number[], number[]] = [[], []]
  for (const [index, { at, said }] of days.entries()) {
    const before = days[index - 1]?.at ?? at
    if (at - before > HOLE_SECONDS) {
      line[0].push(before + 1)
      line[1].push(Number.NaN)
    }
    line[0].push(at)
    line[1].push(said)
  }
  return line
}

function nameOf({ model, asset, horizon }: Course): string {
  return `${model} ${asset} ${horizon}`
}

type Day = { readonly at: number; readonly lost: number; readonly said: number; readonly hit: boolean }

/** One path for all: round ends make dots out of lines without length. */
function dots(days: readonly Day[]): Plot.Markish {
  return (_index, scales, _channels, _size, context) => {
    const path = context.document.createElementNS('http://www.w3.org/2000/svg', 'path')
    const [x, y] = [scales.x, scales.y]
    invariant(x !== undefined && y !== undefined, 'a plot of losses has two scales')
    const places = days.map(({ at, lost }) => `M${fixed(x(at * 1000))},${fixed(y(lost))}h0`)
    path.setAttribute('d', places.join('') || 'M0,0')
    path.setAttribute('stroke', 'var(--dim)')
    path.setAttribute('stroke-opacity', '0.55')
    path.setAttribute('stroke-width', '2.4')
    path.setAttribute('stroke-linecap', 'round')
    return path
  }
}

/** Runs of days with one light. The first year has no trailing year, so none. */
function lightStrip(days: readonly Day[], y: Range): Plot.Markish[] {
  const runs: { from: number; to: number; light: TrafficZone }[] = []
  let hits = 0
  for (const [index, { at, hit }] of days.entries()) {
    if (hit) hits++
    if (days[index - YEAR]?.hit) hits--
    if (index < YEAR - 1) continue
    const light = trafficLight({ days: YEAR, exceedances: hits })
    const run = runs.at(-1)
    if (run !== undefined) run.to = at
    if (run?.light !== light) runs.push({ from: at, to: at, light })
  }
  const perPixel = (y.domain[1] - y.domain[0]) / (SIZE.height - SIZE.marginTop - SIZE.marginBottom)
  const [top, bottom] = [y.domain[0] - 22 * perPixel, y.domain[0] - (22 + STRIP) * perPixel]
  return [
    Plot.rect(runs, {
      x1: (run: { from: number }) => date(run.from),
      x2: (run: { to: number }) => date(run.to),
      y1: () => bottom,
      y2: () => top,
      fill: (run: { light: TrafficZone }) => LIGHTS[run.light],
      title: (run: { light: TrafficZone; from: number }) =>
        `${run.light} from ${date(run.from).toISOString().slice(0, 10)}`,
    }),
  ]
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10)
}
