import { GARCH_PEER } from '../../training/candidates.ts'
import { secondsOf } from '../crises.ts'
import type { WalkResult } from '../evaluate-walk.ts'
import { DAY_SECONDS } from '../panel.ts'
import { circle, colour, line, linear, path, rectangle, type Scale, svgFile, text } from './svg.ts'

const [COLUMNS, WIDTH, PANEL_WIDTH, PANEL_HEIGHT, LEFT, TOP, GAP_X, GAP_Y] = [2, 960, 410, 170, 60, 144, 50, 64]

/** The assets and crises that a lender would ask about first. Days shown are forecasts', the last included. */
const SHOWN: ReadonlyArray<{
  readonly asset: string
  readonly from: string
  readonly to: string
  readonly title: string
}> = [
  { asset: 'BTC', from: '2020-03-01', to: '2020-04-05', title: 'BTC, March 2020' },
  { asset: 'ETH', from: '2021-05-01', to: '2021-06-05', title: 'ETH, May 2021' },
  { asset: 'LUNA', from: '2022-04-08', to: '2022-05-13', title: 'LUNA, May 2022 (the recording ends in its crash)' },
  { asset: 'BTC', from: '2022-06-01', to: '2022-07-05', title: 'BTC, June 2022' },
  { asset: 'USDC', from: '2023-03-08', to: '2023-04-12', title: 'USDC, March 2023' },
  { asset: 'ETH', from: '2024-07-15', to: '2024-08-20', title: 'ETH, August 2024' },
]

/** Value at risk and losses day by day in crises, with the days beyond it. */
export function inCrisesPlot(result: WalkResult, id: string): string {
  const panels = SHOWN.map((shown, index) => {
    const x = LEFT + (index % COLUMNS) * (PANEL_WIDTH + GAP_X)
    const y = TOP + Math.floor(index / COLUMNS) * (PANEL_HEIGHT + GAP_Y)
    return panelOf(result, id, { ...shown, x, y }).join('')
  })
  return svgFile({
    width: WIDTH,
    height: TOP + Math.ceil(SHOWN.length / COLUMNS) * (PANEL_HEIGHT + GAP_Y) - 8,
    title: 'Value at risk (99 %, 24 h) and losses in crises',
    lead: [
      'Bars: loss from one 00:00 UTC to the next, per cent of the price; a gain goes below zero, cut off at the frame.',
      `Ring: a loss beyond the value at risk of ${id}. Each forecast was made before its day, by models fitted before the half-year.`,
    ],
    body: [
      ...key([
        { label: id, attributes: `stroke="${colour('a')}" stroke-width="2.25"` },
        { label: GARCH_PEER, attributes: `stroke="${colour('b')}" stroke-width="1.5" stroke-dasharray="5 3"` },
      ]),
      ...panels,
    ],
  })
}

function key(entries: ReadonlyArray<{ readonly label: string; readonly attributes: string }>): string[] {
  return entries.flatMap(({ label, attributes }, index) => {
    const x = LEFT + index * 220
    return [line([x, 94], [x + 28, 94], attributes), text({ x: x + 36, y: 98, what: label })]
  })
}

type Place = (typeof SHOWN)[number] & { readonly x: number; readonly y: number }

function panelOf({ panel, scores }: WalkResult, id: string, place: Place): string[] {
  const [first, last] = [secondsOf(place.from), secondsOf(place.to)]
  const rows = panel.flatMap(({ asset, time }, row) =>
    asset === place.asset && time >= first && time <= last ? [row] : [],
  )
  const loss = (row: number): number => panel[row]?.loss ?? Number.NaN
  const own = scores.get(id)
  const peer = scores.get(GARCH_PEER)
  const risk = (of: typeof own, row: number): number => of?.valueAtRisk[row] ?? Number.NaN
  const highest = Math.max(0.01, ...rows.map((row) => Math.max(loss(row), risk(own, row))))
  const top = Math.min(1, highest * 1.08)
  const xAt = linear([first, last + DAY_SECONDS], [place.x, place.x + PANEL_WIDTH])
  const yAt = linear([-0.35 * top, top], [place.y + PANEL_HEIGHT, place.y])
  const x = (row: number): number => xAt((panel[row]?.time ?? 0) + DAY_SECONDS / 2)
  const curve = (of: typeof own): Array<readonly [number, number]> => rows.map((row) => [x(row), yAt(risk(of, row))])
  return [
    text({ x: place.x, y: place.y - 10, what: place.title, style: 'name' }),
    ...grid(place, yAt, top),
    ...days(place, xAt),
    ...rows.map((row) => bar(x(row), yAt(loss(row)), yAt(0))),
    path(curve(peer), `stroke="${colour('b')}" stroke-width="1.5" stroke-dasharray="5 3"`),
    path(curve(own), `stroke="${colour('a')}" stroke-width="2.25" stroke-linejoin="round"`),
    ...rows.flatMap((row) => (own?.hits[row] === true ? [circle(x(row), yAt(loss(row)), 5.5, 'class="hit"')] : [])),
  ]
}

function bar(x: number, y: number, zero: number): string {
  const attributes = `fill="${colour('dim')}"${y > zero ? ' opacity="0.4"' : ''}`
  return rectangle({
    x: x - 2.5,
    y: Math.min(y, zero),
    width: 5,
    height: Math.max(0.5, Math.abs(zero - y)),
    attributes,
  })
}

const STEPS = [0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]

function grid({ x }: Place, yAt: Scale, top: number): string[] {
  const step = STEPS.find((each) => top / each <= 4) ?? 0.5
  const marks = Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step)
  return marks.flatMap((value) => [
    line([x, yAt(value)], [x + PANEL_WIDTH, yAt(value)], `class="${value === 0 ? 'zero' : 'rule'}"`),
    text({ x: x - 6, y: yAt(value) + 4, what: percent(value, step), style: 'dim', anchor: 'end' }),
  ])
}

function percent(value: number, step: number): string {
  return `${(100 * value).toFixed(step < 0.005 ? 2 : step < 0.01 ? 1 : 0)} %`
}

function days({ y, from }: Place, xAt: Scale): string[] {
  return [1, 8, 15, 22, 29, 36].flatMap((day) => {
    const time = secondsOf(from) + (day - 1) * DAY_SECONDS
    const label = new Date(time * 1_000).toISOString().slice(5, 10)
    return [
      text({ x: xAt(time + DAY_SECONDS / 2), y: y + PANEL_HEIGHT + 16, what: label, style: 'dim', anchor: 'middle' }),
    ]
  })
}
