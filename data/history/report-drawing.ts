import type { SeriesCheck } from './series.ts'
import { isoTime } from './time-format.ts'

export const DRAWING = { width: 720, height: 78 } as const
const PRICE = { top: 4, height: 44 } as const
const COVERAGE = { top: 54, height: 8 } as const
const AXIS_BASELINE = 75
/** More marks on the axis would touch each other. */
const TICKS_MAX = 8

/** The styles of a drawing: colours by role, which a page sets for light and dark. */
export const DRAWING_STYLE = `
.price { fill: none; stroke: var(--line); stroke-width: 1.25; stroke-linejoin: round }
.have, .gap { shape-rendering: crispEdges }
.have { fill: var(--have) }
.gap { fill: var(--gap) }
.jump { fill: none; stroke: var(--jump); stroke-width: 1.5 }
.tick { stroke: var(--rule); stroke-width: 1 }
.axis { fill: var(--dim); font: 10px system-ui, sans-serif; font-variant-numeric: tabular-nums }`

/** What goes into an SVG of {@link DRAWING}'s size: closes on a logarithmic scale with the largest jumps, and what is missing under them. */
export function drawing(check: SeriesCheck): string {
  return [...ticks(check), price(check), ...coverageBar(check), ...jumpMarks(check)].join('')
}

function xOf({ first, last }: SeriesCheck, time: number): number {
  return last === first ? 0 : ((time - first) / (last - first)) * DRAWING.width
}

function price(check: SeriesCheck): string {
  const { sketch } = check
  const y = heights(check)
  let path = ''
  let pen = 'M'
  for (const [index, close] of sketch.entries()) {
    if (close === null) {
      // A short series has fewer closes than the drawing has places; only what is missing breaks the line.
      if (isMissing(check, index / sketch.length)) pen = 'M'
      continue
    }
    path += `${pen}${round((index / (sketch.length - 1)) * DRAWING.width)} ${round(y(close))}`
    pen = 'L'
  }
  return `<path class="price" d="${path}"/>`
}

function isMissing({ coverage }: SeriesCheck, place: number): boolean {
  return coverage[Math.floor(place * coverage.length)] === 0
}

/** From a price to its height in the drawing. */
function heights({ sketch }: SeriesCheck): (close: number) => number {
  const logs = sketch.flatMap((close) => (close === null ? [] : [Math.log(close)]))
  const [least, most] = logs.reduce(
    ([a, b], log) => [Math.min(a, log), Math.max(b, log)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
  const span = most - least
  return (close) => PRICE.top + PRICE.height * (span > 0 ? 1 - (Math.log(close) - least) / span : 0.5)
}

function coverageBar({ coverage }: SeriesCheck): string[] {
  const bar = `y="${COVERAGE.top}" height="${COVERAGE.height}"`
  const parts = [`<rect class="have" x="0" width="${DRAWING.width}" ${bar}/>`]
  for (let from = 0, to = 0; from < coverage.length; from = to) {
    const share = coverage[from] ?? 1
    for (to = from + 1; coverage[to] === share; ) to += 1
    if (share >= 1) continue
    const [x, end] = [from, to].map((part) => round((part / coverage.length) * DRAWING.width))
    // The least gap of a part must be seen, and half of it must look like less than all.
    const opacity = round(0.25 + 0.75 * (1 - share))
    parts.push(
      `<rect class="gap" x="${x}" width="${round(Math.max(1, (end ?? 0) - (x ?? 0)))}" ${bar} opacity="${opacity}"/>`,
    )
  }
  return parts
}

function jumpMarks(check: SeriesCheck): string[] {
  const y = heights(check)
  return check.jumps.largest.map((jump) => {
    const x = xOf(check, jump.time)
    const place = Math.round((x / DRAWING.width) * (check.sketch.length - 1))
    const close =
      check.sketch[place] ?? check.sketch.findLast((value, index) => index <= place && value !== null) ?? null
    const change = `${jump.logReturn > 0 ? '+' : '−'}${Math.abs(Math.expm1(jump.logReturn) * 100).toPrecision(2)} %`
    const title = `<title>${isoTime(jump.time)}: ${change}, ${jump.sigmas.toFixed(0)} σ</title>`
    return `<circle class="jump" cx="${round(x)}" cy="${round(close === null ? PRICE.top : y(close))}" r="3.5">${title}</circle>`
  })
}

const STEPS: ReadonlyArray<readonly [months: number, label: (date: Date) => string]> = [
  [1, monthLabel],
  [2, monthLabel],
  [3, monthLabel],
  [6, monthLabel],
  [12, (date) => `${date.getUTCFullYear()}`],
  [24, (date) => `${date.getUTCFullYear()}`],
]
const MONTH_SECONDS = 2_629_746
const DAY_SECONDS = 86_400

function ticks(check: SeriesCheck): string[] {
  const span = check.last - check.first
  const dates = span > 2 * MONTH_SECONDS ? monthTicks(check, span) : dayTicks(check, span)
  return dates.map(({ time, label }) => {
    const x = round(xOf(check, time))
    const text =
      x < 24 || x > DRAWING.width - 24
        ? ''
        : `<text class="axis" x="${x}" y="${AXIS_BASELINE}" text-anchor="middle">${label}</text>`
    return `<path class="tick" d="M${x} ${PRICE.top}V${COVERAGE.top + COVERAGE.height}"/>${text}`
  })
}

type Tick = { readonly time: number; readonly label: string }

function monthTicks({ first, last }: SeriesCheck, span: number): Tick[] {
  const [months, label] = STEPS.find(([each]) => span / (each * MONTH_SECONDS) <= TICKS_MAX) ?? [
    60,
    (date: Date) => `${date.getUTCFullYear()}`,
  ]
  const start = new Date(first * 1_000)
  const found: Tick[] = []
  for (
    let month = start.getUTCFullYear() * 12 + Math.ceil((start.getUTCMonth() + 1) / months) * months;
    ;
    month += months
  ) {
    const date = new Date(Date.UTC(Math.floor(month / 12), month % 12))
    if (date.getTime() / 1_000 > last) return found
    found.push({ time: date.getTime() / 1_000, label: label(date) })
  }
}

function dayTicks({ first, last }: SeriesCheck, span: number): Tick[] {
  const step = [1, 2, 3, 7, 14].find((days) => span / (days * DAY_SECONDS) <= TICKS_MAX) ?? 14
  const found: Tick[] = []
  for (let time = Math.ceil(first / DAY_SECONDS) * DAY_SECONDS; time <= last; time += step * DAY_SECONDS) {
    const date = new Date(time * 1_000)
    found.push({ time, label: `${date.getUTCDate()} ${monthName(date)}` })
  }
  return found
}

function monthLabel(date: Date): string {
  return date.getUTCMonth() === 0 ? `${date.getUTCFullYear()}` : monthName(date)
}

function monthName(date: Date): string {
  return date.toLocaleString('en-GB', { month: 'short', timeZone: 'UTC' })
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
