import type { ModelResult, PooledResult, WalkResult } from '../evaluate-walk.ts'
import { type Group, PERIODS } from '../pooled.ts'
import { LEVELS } from '../scores.ts'
import { circle, colour, line, linear, rectangle, type Scale, svgFile, text } from './svg.ts'

const [LEFT, TOP, ROW, PANEL, GAP] = [210, 144, 22, 150, 26]
/** How far each panel reaches to both sides of its nominal share. */
const SPANS = [0.1, 0.1, 0.05, 0.016]
const SECTIONS: ReadonlyArray<{ readonly group: Group; readonly title: string }> = [
  { group: 'volatile', title: 'volatile assets' },
  { group: 'stable', title: 'stablecoins' },
]

/** Nominal against empirical coverage of four quantiles. */
export function reliabilityPlot({ models }: WalkResult, ids: readonly string[]): string {
  const shown = ids.flatMap((id) => models.find((model) => model.id === id) ?? [])
  const section = (shown.length + 2) * ROW
  const body = SECTIONS.flatMap(({ group, title }, index) => {
    const top = TOP + index * (section + 24)
    return [
      text({ x: 24, y: top - 8, what: title, style: 'name' }),
      ...LEVELS.flatMap((_, panel) => panelOf({ models: shown, group, panel, top })),
      ...shown.map(({ id }, row) => text({ x: 24, y: top + (row + 1) * ROW, what: id })),
    ]
  })
  return svgFile({
    width: LEFT + LEVELS.length * (PANEL + GAP) + 8,
    height: TOP + SECTIONS.length * (section + 24) + 8,
    title: 'Reliability: how often the loss of a day was within each forecast quantile',
    lead: [
      'Dot: empirical share, with its 95 % interval by resampled days. Line: nominal share; band: 95 % of a right model’s shares if days and assets',
      'were independent (binomial), which they are not. Right of the line is cautious, left of it understates risk. A peer gives the 99 % quantile alone.',
      'Stablecoins: with UST to its end and the depeg of USDC; their losses are so small that floors hold the quantiles.',
    ],
    body,
  })
}

function panelOf(parts: {
  readonly models: readonly ModelResult[]
  readonly group: Group
  readonly panel: number
  readonly top: number
}): string[] {
  const { models, group, panel, top } = parts
  const nominal = LEVELS[panel]?.level ?? Number.NaN
  const span = SPANS[panel] ?? 0.1
  const start = LEFT + panel * (PANEL + GAP)
  const x = linear([nominal - span, Math.min(1, nominal + span)], [start, start + PANEL])
  const bottom = top + (models.length + 0.6) * ROW
  const pooled = models.map((model) =>
    model.pooled.find((each) => each.group === group && each.period === PERIODS[0]?.name),
  )
  const forecasts = pooled[0]?.forecasts ?? 1
  const half = 1.96 * Math.sqrt((nominal * (1 - nominal)) / forecasts)
  const ends = [
    { value: nominal - span, anchor: 'start' },
    { value: nominal, anchor: 'middle' },
    { value: Math.min(1, nominal + span), anchor: 'end' },
  ] as const
  return [
    rectangle({
      x: x(nominal - half),
      y: top,
      width: Math.max(1, x(nominal + half) - x(nominal - half)),
      height: bottom - top,
      attributes: 'class="band"',
    }),
    line([x(nominal), top], [x(nominal), bottom], 'class="zero"'),
    text({ x: x(nominal), y: top - 8, what: `${100 * nominal} %`, style: 'name', anchor: 'middle' }),
    ...ends.map(({ value, anchor }) =>
      text({ x: x(value), y: bottom + 14, what: `${(100 * value).toFixed(1)}`, style: 'dim', anchor }),
    ),
    ...pooled.flatMap((result, row) => markOf(result, panel, { x, y: top + (row + 1) * ROW - 4 })),
  ]
}

function markOf(
  result: PooledResult | undefined,
  panel: number,
  at: { readonly x: Scale; readonly y: number },
): string[] {
  // A peer's only figure is the last.
  const index = panel - LEVELS.length + (result?.coverage.length ?? 0)
  const figure = result?.coverage[index]
  if (figure === undefined) return []
  const { x, y } = at
  const { low, high } = figure.interval
  return [
    line([x(low), y], [x(high), y], `stroke="${colour('a')}" stroke-width="1.5"`),
    circle(x(figure.mean), y, 4, `fill="${colour('a')}"`),
  ]
}
