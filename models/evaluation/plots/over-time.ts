import { HAR_PEER } from '../../training/candidates.ts'
import { CRISES, secondsOf } from '../crises.ts'
import type { WalkResult } from '../evaluate-walk.ts'
import { DAY_SECONDS } from '../panel.ts'
import { rowsOf } from '../pooled.ts'
import { colour, type Hue, line, linear, path, rectangle, svgFile, text } from './svg.ts'

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [960, 430, 56, 160, 116, 394]
const WINDOW_DAYS = 90
/** With fewer days of the window recorded there is no mean. */
const DAYS_MIN = 45
/** What is beyond is drawn at the edge: a fifth of HAR's whole loss is 0.07. */
const RANGE: readonly [number, number] = [-0.2, 0.3]

/** Rolling 90-day mean of each model's QLIKE less that of HAR, volatile assets. */
export function overTimePlot(
  { panel, scores }: WalkResult,
  shown: ReadonlyArray<{ readonly id: string; readonly hue: Hue }>,
): string {
  const rows = rowsOf(panel, 'volatile')
  const peer = scores.get(HAR_PEER)?.qlike ?? new Float64Array()
  const [first, last] = [panel[0]?.time ?? 0, panel.at(-1)?.time ?? 1]
  const x = linear([first, last], [LEFT, WIDTH - RIGHT])
  const y = linear(RANGE, [BOTTOM, TOP])
  const curves = shown.flatMap(({ id, hue }) => {
    const own = scores.get(id)?.qlike
    if (own === undefined) return []
    const daily = dailyMeans(rows, (row) => ({
      time: panel[row]?.time ?? Number.NaN,
      value: (own[row] ?? Number.NaN) - (peer[row] ?? Number.NaN),
    }))
    const rolling = rollingMeans(daily, first, last)
    return [{ id, hue, rolling, end: rolling.findLast(({ value }) => value !== undefined)?.value ?? 0 }]
  })
  const labels = spread(curves.map(({ end }) => y(end)))
  return svgFile({
    width: WIDTH,
    height: HEIGHT,
    title: `Error of the volatility forecast over time, less that of ${shortName(HAR_PEER)}`,
    lead: [
      `QLIKE, rolling mean of ${WINDOW_DAYS} days over volatile assets; below zero is better than HAR. What is beyond the frame is drawn at its edge.`,
      'Shaded: crises. Broken lines: months that are not in the recording.',
    ],
    body: [
      ...crisisBands(x),
      ...[-0.2, -0.1, 0, 0.1, 0.2, 0.3].flatMap((value) => [
        line([LEFT, y(value)], [WIDTH - RIGHT, y(value)], `class="${value === 0 ? 'zero' : 'rule'}"`),
        text({ x: LEFT - 8, y: y(value) + 4, what: value.toFixed(1), style: 'dim', anchor: 'end' }),
      ]),
      ...years(first, last).map(({ time, year }) =>
        text({ x: x(time), y: BOTTOM + 18, what: year, style: 'dim', anchor: 'middle' }),
      ),
      ...curves.flatMap(({ id, hue, rolling }, index) => [
        path(
          rolling.map(({ time, value }) => (value === undefined ? undefined : [x(time), y(value)])),
          `stroke="${colour(hue)}" stroke-width="${hue === 'a' ? 2.25 : 1.5}" stroke-linejoin="round"`,
        ),
        text({ x: WIDTH - RIGHT + 8, y: (labels[index] ?? 0) + 4, what: shortName(id), hue, style: 'name' }),
      ]),
    ],
  })
}

export function shortName(id: string): string {
  return id.replace(' an asset, daily', ' an asset')
}

function crisisBands(x: (time: number) => number): string[] {
  return CRISES.flatMap(({ name, from, to }, index) => {
    const [start, end] = [x(secondsOf(from)), x(secondsOf(to) + DAY_SECONDS)]
    const middle = (start + end) / 2
    return [
      rectangle({ x: start - 1, y: TOP, width: end - start + 2, height: BOTTOM - TOP, attributes: 'class="band"' }),
      text({
        // The first stands next to the axis.
        x: index === 0 ? start : middle,
        // Names of neighbouring crises would touch each other on one line.
        y: TOP - 6 - (index % 2) * 14,
        what: name.slice(name.indexOf(' ') + 1),
        style: 'dim',
        anchor: index === 0 ? 'start' : 'middle',
      }),
    ]
  })
}

type Daily = ReadonlyMap<number, number>

function dailyMeans(
  rows: readonly number[],
  of: (row: number) => { readonly time: number; readonly value: number },
): Daily {
  const byDay = Map.groupBy(rows.map(of), ({ time }) => time)
  return new Map(
    [...byDay].map(([time, ofDay]) => [time, ofDay.reduce((sum, { value }) => sum + value, 0) / ofDay.length]),
  )
}

type Point = { readonly time: number; readonly value: number | undefined }

/** Every third day: more points than that are not seen. */
function rollingMeans(daily: Daily, first: number, last: number): Point[] {
  const points: Point[] = []
  for (let time = first; time <= last; time += 3 * DAY_SECONDS) {
    let [sum, days] = [0, 0]
    for (let back = 0; back < WINDOW_DAYS; back++) {
      const value = daily.get(time - back * DAY_SECONDS)
      if (value === undefined) continue
      sum += value
      days++
    }
    const isRecorded = days >= DAYS_MIN && daily.has(time)
    points.push({ time, value: isRecorded ? sum / days : undefined })
  }
  return points
}

function years(first: number, last: number): Array<{ time: number; year: string }> {
  const found: Array<{ time: number; year: string }> = []
  for (let year = new Date(first * 1_000).getUTCFullYear() + 1; ; year++) {
    const time = secondsOf(`${year}-01-01`)
    if (time > last) return found
    found.push({ time, year: String(year) })
  }
}

/** Heights of labels, moved apart so that none covers another, in the order given. */
function spread(heights: readonly number[], apart = 15): number[] {
  const order = [...heights.keys()].toSorted((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0))
  const placed = [...heights]
  for (const [rank, index] of order.entries()) {
    const above = rank === 0 ? Number.NEGATIVE_INFINITY : (placed[order[rank - 1] ?? 0] ?? 0)
    placed[index] = Math.max(placed[index] ?? 0, above + apart)
  }
  return placed
}
