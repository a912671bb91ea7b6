import uPlot from '/vendor/uPlot.esm.js'
import { el, setText, svg } from './dom.js'
import { clock, dateAndClock, day, percent, price } from './format.js'

/** With fewer rounds than this the axis keeps its width, so that the first points do not fill the chart. */
const ROUNDS_LEAST = 12
/** Above it, points would run into one another. */
const POINTS_MAX = 40
const FONT = '11px Inter, system-ui, sans-serif'
const Y_WIDTH = 44
const RIGHT_WIDTH = 40
/** Two lines from zero to their own largest value would lie upon one another; the right one stays lower. */
const RIGHT_HEADROOM = 1.5
const DAY = 86_400

const whole = (bps) => percent(bps, 0)

/** The three charts of an asset. `color` names a custom property of the style sheet; `column` one of `columnsOf`. */
const CHARTS = [
  {
    title: 'Aave and the formula',
    range: (least, most) => padded(least, most, 100),
    tick: whole,
    series: [
      { label: 'Threshold', column: 'threshold', color: '--ink', format: percent, stepped: true },
      { label: 'formula', column: 'wanted', color: '--ink-2', format: percent, stepped: true, dash: [5, 4] },
      { label: 'LTV', column: 'ltv', color: '--sea', format: percent, stepped: true },
      { label: 'formula', column: 'ltvWanted', color: '--sea', format: percent, stepped: true, dash: [2, 3] },
    ],
  },
  {
    title: 'Forecast for the next 24 h',
    range: (_least, most) => [0, Math.max(100, most * 1.12)],
    tick: whole,
    series: [
      { label: 'Volatility (left)', column: 'volatility', color: '--sea', format: (bps) => percent(bps, 1) },
      { label: 'ES99 (right)', column: 'shortfall', color: '--oxide', format: percent, right: true },
    ],
  },
  {
    title: 'Price',
    range: (least, most) => padded(least, most, most * 0.0005),
    tick: (usd, step) =>
      `${usd.toLocaleString('en', { maximumFractionDigits: step < 0.01 ? 3 : step < 1 ? 2 : 0, minimumFractionDigits: step < 0.01 ? 3 : step < 1 ? 2 : 0 })}`,
    series: [{ label: 'USD', column: 'price', color: '--ink', format: price }],
    axis: true,
  },
]

/** The charts of one asset: their elements, and how to draw them again. */
export function assetCharts(asset) {
  const charts = CHARTS.map((spec) => chart(asset, spec))
  return {
    roots: charts.map(({ root }) => root),
    update: (columns, stepSeconds) => {
      for (const each of charts) each.update(columns, stepSeconds)
    },
    repaint: () => {
      for (const each of charts) each.repaint()
    },
  }
}

function chart(asset, spec) {
  const time = el('span', { class: 'when' })
  const values = spec.series.map(() => el('b'))
  const readouts = spec.series.map((series, index) =>
    el('span', { class: 'readout' }, swatch(series), `${series.label} `, values[index]),
  )
  const plot = el('div', { class: spec.axis ? 'plot with-axis' : 'plot', role: 'group', tabindex: 0 })
  const root = el(
    'figure',
    { class: 'chart' },
    el('figcaption', {}, el('h4', {}, spec.title), time, el('p', { class: 'readouts' }, ...readouts)),
    plot,
  )
  const shown = { columns: undefined, step: 0, drawn: undefined }

  const read = (index) => {
    const { columns } = shown
    if (columns === undefined) return
    const isLast = index === null || index === undefined
    setText(time, isLast ? '' : dateAndClock(columns.time[index]))
    for (const [place, { column, format }] of spec.series.entries()) {
      const value = isLast ? (columns[column].findLast((each) => each !== null) ?? null) : columns[column][index]
      setText(values[place], value === null ? '–' : format(value))
    }
  }
  const draw = () => {
    shown.drawn?.destroy()
    shown.drawn = undefined
    if (plot.clientWidth === 0 || (shown.columns?.time.length ?? 0) === 0) return
    shown.drawn = new uPlot(optionsOf(spec, shown, plot, read), dataOf(spec, shown.columns), plot)
  }
  new ResizeObserver(() => {
    if (shown.drawn === undefined) draw()
    else shown.drawn.setSize({ width: plot.clientWidth, height: plot.clientHeight })
  }).observe(plot)
  plot.addEventListener('keydown', (event) => moveCursor(event, shown))
  plot.addEventListener('blur', () => shown.drawn?.setCursor({ left: -10, top: -10 }, true, true))
  return {
    root,
    repaint: draw,
    update: (columns, step) => {
      shown.columns = columns
      shown.step = step
      plot.setAttribute('aria-label', summary(asset, spec, columns))
      if (shown.drawn === undefined) draw()
      else shown.drawn.setData(dataOf(spec, columns))
      read(shown.drawn?.cursor.idx)
    },
  }
}

function optionsOf(spec, shown, plot, read) {
  const count = () => shown.columns?.time.length ?? 0
  const right = spec.series.some((series) => series.right)
  const scale = (headroom) => ({
    range: (_u, least, most) => (least === null ? [0, 1] : spec.range(least, most * headroom)),
  })
  return {
    width: plot.clientWidth,
    height: plot.clientHeight,
    padding: [8, right ? 0 : RIGHT_WIDTH, spec.axis ? 0 : 4, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'rounds', setSeries: false }, points: { size: 7 } },
    scales: { x: { range: () => timeRange(shown) }, y: scale(1), right: scale(RIGHT_HEADROOM) },
    axes: [
      timeAxis(spec.axis),
      valueAxis(spec, 3),
      ...(right ? [{ ...valueAxis(spec, 1), scale: 'right', grid: { show: false }, size: RIGHT_WIDTH }] : []),
    ],
    series: [
      {},
      ...spec.series.map(({ color, dash, stepped, right: onRight }) => ({
        scale: onRight ? 'right' : 'y',
        stroke: property(color),
        width: dash === undefined ? 2 : 1.5,
        ...(dash === undefined ? {} : { dash }),
        ...(stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
        points: { show: () => count() <= (dash === undefined ? POINTS_MAX : 1), size: 4 },
      })),
    ],
    hooks: { drawClear: [(u) => shadeMissed(u, shown)], setCursor: [(u) => read(u.cursor.idx)] },
  }
}

function dataOf(spec, columns) {
  return [columns.time, ...spec.series.map(({ column }) => columns[column])]
}

function timeRange({ columns, step }) {
  const first = columns?.time[0] ?? 0
  const last = columns?.time.at(-1) ?? 0
  return [first - step / 2, Math.max(last, first + (ROUNDS_LEAST - 1) * step) + step / 2]
}

function timeAxis(shown) {
  return {
    stroke: property('--ink-2'),
    font: FONT,
    grid: { stroke: property('--line'), width: 1 },
    ticks: { show: false },
    space: 64,
    size: shown ? 24 : 4,
    gap: 6,
    values: (_u, splits) => splits.map((at) => (shown ? (at % DAY === 0 ? day(at) : clock(at)) : '')),
  }
}

function valueAxis({ tick }, side) {
  return {
    side,
    stroke: property('--ink-2'),
    font: FONT,
    grid: { stroke: property('--line'), width: 1 },
    ticks: { show: false },
    space: 26,
    size: Y_WIDTH,
    gap: 6,
    values: (_u, splits) => splits.map((value) => tick(value, splits.length > 1 ? splits[1] - splits[0] : 1)),
  }
}

/** A round without a report is a gap in the lines and a shaded stripe behind them. */
function shadeMissed(u, { columns, step }) {
  if (columns === undefined) return
  u.ctx.save()
  u.ctx.fillStyle = property('--alarm-wash')
  for (const [index, value] of columns.price.entries()) {
    if (value !== null) continue
    const left = u.valToPos(columns.time[index] - step / 2, 'x', true)
    const right = u.valToPos(columns.time[index] + step / 2, 'x', true)
    u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height)
  }
  u.ctx.restore()
}

/** Arrow keys move the line of all charts by a round, Home and End to the first and the last. */
function moveCursor(event, { drawn, columns }) {
  const last = (columns?.time.length ?? 0) - 1
  if (drawn === undefined || last < 0) return
  const now = drawn.cursor.idx ?? last + 1
  const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[event.key]
  if (to === undefined) return
  event.preventDefault()
  const at = columns.time[Math.min(last, Math.max(0, to))]
  drawn.setCursor({ left: drawn.valToPos(at, 'x'), top: 0 }, true, true)
}

function padded(least, most, spanLeast) {
  const span = Math.max(most - least, spanLeast)
  const middle = (least + most) / 2
  return [middle - span * 0.58, middle + span * 0.58]
}

function summary(asset, { title, series }, columns) {
  const parts = series.map(({ label, column, format }) => {
    const known = columns[column].filter((value) => value !== null)
    return known.length === 0 ? `${label}: none yet` : `${label} from ${format(known[0])} to ${format(known.at(-1))}`
  })
  return `${asset}, ${title}, over ${columns.time.length} rounds. ${parts.join('; ')}. Arrow keys read single rounds.`
}

function swatch({ color, dash }) {
  const stroke = svg('path', { d: 'M0 5H16' })
  stroke.style.stroke = `var(${color})`
  if (dash !== undefined) stroke.style.strokeDasharray = dash.join(' ')
  return svg('svg', { class: 'swatch', viewBox: '0 0 16 10', 'aria-hidden': 'true' }, stroke)
}

function property(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}
