import * as Plot from '@observablehq/plot'
import type { LendingCourse, LendingResult, Period } from '../../result.ts'
import { type Look, looksOf, short } from '../palette.ts'
import { date, type Figure, figure } from '../plot.ts'
import { slugOfPeriod } from '../totals.ts'
import { isFigure, percent, tick } from '../words.ts'
import { timeAxis } from './axes.ts'
import { courseOf } from './courses.ts'

const ROW = 92
const ASSETS_MAX = 12

type Point = {
  readonly policy: string
  readonly asset: string
  readonly time: Date
  readonly worth: number
  readonly threshold: number
  readonly ltv: number
}

/**
 * What a dollar of collateral was still worth within the next day, as water, with the liquidation threshold as the load line on it. Where the
 * line is over the water, a position at the threshold could not be covered: red.
 */
export function exposurePlot(lending: LendingResult, period: Period, pair: readonly string[]): Figure | undefined {
  const looks = looksOf(lending).filter(({ id }) => pair.includes(id))
  const assets = assetsWithCourse(lending, period, looks)
  const shown = assets.slice(0, ASSETS_MAX)
  const panels = looks.flatMap((look) =>
    shown.flatMap((asset) => {
      const course = courseOf(lending, period.id, look, asset)
      const points = course === undefined ? [] : pointsOf(course, look.id)
      return points.length === 0 ? [] : [{ look, asset, points }]
    }),
  )
  if (panels.length === 0) return undefined
  const rest = assets.length - shown.length
  return figure({
    id: `threshold-${slugOfPeriod(lending, period)}`,
    title: `Liquidation threshold against what came: ${period.title}`,
    caption: `Liquidation threshold against what came${rest > 0 ? `, ${shown.length} of ${assets.length} assets` : ''}`,
    lead: `Water: what a dollar of collateral was worth at its lowest within 24 h. Line: liquidation threshold; dashed: loan-to-value. Red: the line is over the water, so a loan at the threshold was not covered.${rest > 0 ? ` ${rest} more assets are left out.` : ''}`,
    ...layout(panels, period),
  })
}

type Panel = { readonly look: Look; readonly asset: string; readonly points: readonly Point[] }

function layout(panels: readonly Panel[], period: Period) {
  const policies = [...new Set(panels.map(({ look }) => look.id))]
  const assets = [...new Set(panels.map(({ asset }) => asset))]
  const all = panels.flatMap(({ points }) => points)
  const lowest = Math.min(0.9, ...all.flatMap(({ worth, ltv }) => [worth, ltv].filter(isFigure)))
  const low = Math.max(0, Math.floor(lowest * 10 - 1e-9) / 10)
  const ticks = low < 0.6 ? [low, (1 + low) / 2, 1] : [low, 1]
  const labelOf = (id: string) => panels.find(({ look }) => look.id === id)?.look.label ?? id
  const width = policies.length === 1 ? 440 : 776
  return {
    width,
    height: 56 + ROW * assets.length,
    marginLeft: 42,
    marginRight: 58,
    marginTop: 22,
    marginBottom: 34,
    x: { type: 'utc', domain: [date(period.from), date(period.to)] },
    y: { type: 'linear', domain: [low, 1] },
    fx: { domain: policies, padding: 0.04, label: null },
    fy: { domain: assets, padding: 0.14, label: null },
    marks: [
      Plot.axisFx({ tickFormat: labelOf, fontWeight: 600, color: 'var(--ink)', label: null, dy: 2 }),
      Plot.axisFy({
        tickFormat: (asset: string) => short(asset, 8),
        fontWeight: 600,
        color: 'var(--ink)',
        label: null,
        textAnchor: 'start',
        dx: 2,
      }),
      ...waterMarks(all, low),
      // The ends' labels stay within their panel, or they lie over the next one's.
      ...ticks.map((value) => {
        const dy = value === 1 ? 5 : value === low ? -5 : 0
        return Plot.axisY([value], {
          tickSize: 0,
          tickFormat: tick(percent),
          color: 'var(--dim)',
          label: null,
          facetAnchor: 'left',
          dy,
        })
      }),
      timeAxis(period, 4),
      ...crisisEnds(period),
      ...panels.flatMap(panelMarks),
    ],
  } as const
}

function waterMarks(all: readonly Point[], low: number): Plot.Markish[] {
  const facets = { fx: 'policy', fy: 'asset', x: 'time' } as const
  const points = [...all]
  return [
    Plot.areaY(points, { ...facets, y1: low, y2: 'worth', fill: 'var(--water)' }),
    Plot.areaY(points, {
      ...facets,
      y1: 'worth',
      // Beside an exposed hour its neighbours too, so that the edge slopes; elsewhere nothing is drawn at all.
      y2: points.map((point, index) =>
        [points[index - 1], point, points[index + 1]].some((each) => isExposed(each, point))
          ? Math.max(point.worth, point.threshold)
          : Number.NaN,
      ),
      fill: 'var(--hit)',
    }),
  ]
}

/** Of one panel's points: the last of one asset is no neighbour of the next one's first. */
function isExposed(each: Point | undefined, of: Point): boolean {
  return each !== undefined && each.policy === of.policy && each.asset === of.asset && each.worth < each.threshold
}

function panelMarks({ look, points }: Panel): Plot.Markish[] {
  const facets = { fx: 'policy', fy: 'asset', x: 'time' } as const
  const known = points.filter(({ worth }) => isFigure(worth))
  const share = known.filter(({ worth, threshold }) => worth < threshold).length / Math.max(1, known.length)
  const note = share > 0 ? `exposed ${percent(share)} of the time` : 'never exposed'
  return [
    Plot.line([...points], { ...facets, y: 'ltv', stroke: look.colour, strokeWidth: 0.9, strokeDasharray: '2 2' }),
    Plot.line([...points], { ...facets, y: 'threshold', stroke: look.colour, strokeWidth: 1.8 }),
    Plot.text(points.slice(0, 1), {
      fx: 'policy',
      fy: 'asset',
      text: () => note,
      frameAnchor: 'bottom-left',
      dx: 5,
      dy: -5,
      fontSize: 10.5,
      fill: share > 0 ? 'var(--hit)' : 'var(--dim)',
    }),
  ]
}

function crisisEnds({ crisis }: Period): Plot.Markish[] {
  if (crisis === undefined) return []
  return [
    Plot.ruleX([date(crisis.from), date(crisis.to)], {
      stroke: 'var(--dim)',
      strokeWidth: 0.75,
      strokeDasharray: '1 2',
    }),
  ]
}

function pointsOf(course: LendingCourse, policy: string): Point[] {
  const { time, loss24h, liquidationThresholdBps, ltvBps, asset = '' } = course
  if (loss24h === undefined || liquidationThresholdBps === undefined) return []
  return time.map((at, index) => {
    const loss = loss24h[index]
    const ratio = (value: number | undefined) => (isFigure(value) ? value / 1e4 : Number.NaN)
    return {
      policy,
      asset,
      time: date(at),
      worth: isFigure(loss) ? Math.min(1, Math.max(0, 1 - loss)) : Number.NaN,
      threshold: ratio(liquidationThresholdBps[index]),
      ltv: ratio(ltvBps?.[index]),
    }
  })
}

/** Those with a course of their own, in the period's order. */
function assetsWithCourse({ courses }: LendingResult, period: Period, looks: readonly Look[]): string[] {
  const ids = new Set(looks.map(({ id }) => id))
  const there = new Set(
    courses.flatMap(({ period: own, policy, asset }) =>
      own === period.id && ids.has(policy) && asset !== undefined ? [asset] : [],
    ),
  )
  return [
    ...period.assets.filter((asset) => there.has(asset)),
    ...[...there].filter((asset) => !period.assets.includes(asset)),
  ]
}
