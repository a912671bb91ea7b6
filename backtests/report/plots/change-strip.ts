import * as Plot from '@observablehq/plot'
import { SECONDS_PER_DAY } from '../../../oracle-node/core/market-rows.ts'
import type { LendingChange, LendingResult, Period } from '../../result.ts'
import { looksOf, short } from '../palette.ts'
import { type Figure, figure } from '../plot.ts'
import { isFigure } from '../words.ts'

const ROW = 15
const GAP = 12

/** When each policy moved a parameter, by days from the crisis: a tick up loosens, a tick down tightens. */
export function changeStripPlot(lending: LendingResult): Figure | undefined {
  const known = lending.changes.filter(({ time }) => isFigure(time))
  const looks = looksOf(lending).filter(({ id }) => known.some(({ policy }) => policy === id))
  const periods = lending.periods.filter(({ id }) => known.some(({ period }) => period === id))
  if (looks.length === 0 || periods.length === 0) return undefined
  const rows = periods.flatMap((period, at) =>
    looks.map((look, index) => ({ period, look, y: at * (looks.length * ROW + GAP) + (index + 0.5) * ROW })),
  )
  const height = periods.length * (looks.length * ROW + GAP) - GAP
  const ticks = rows.flatMap(({ period, look, y }) =>
    distinct(known.filter((change) => change.period === period.id && change.policy === look.id)).map((change) => ({
      x: dayOf(change.time, period),
      y1: y,
      y2: y + (isTighter(change) ? 6 : -6),
      colour: look.colour,
    })),
  )
  const ends = periods.flatMap((period) => [dayOf(period.from, period), dayOf(period.to, period)])
  return figure({
    id: 'changes',
    title: 'When parameters moved',
    lead: 'Days from the start of each crisis (shaded). A tick down tightens, a tick up loosens; each stands for an hour with a change on any asset.',
    width: 1120,
    height: height + 44,
    marginLeft: 210,
    marginRight: 12,
    marginTop: 4,
    marginBottom: 40,
    x: { type: 'linear', domain: [Math.min(...ends), Math.max(...ends)] },
    y: { type: 'linear', domain: [height, 0], axis: null },
    marks: [...ground(periods, looks.length), ...rowNames(rows, looks.length), tickPaths(ticks), dayAxis()],
  })
}

type Tick = { readonly x: number; readonly y1: number; readonly y2: number; readonly colour: string }
type Row = {
  readonly period: Period
  readonly look: { readonly label: string; readonly colour: string }
  readonly y: number
}

/** Hours in which a policy moved, by direction: caps and thresholds of many assets move together. */
function distinct(changes: readonly LendingChange[]): LendingChange[] {
  return [...new Map(changes.map((change) => [`${change.time} ${isTighter(change)}`, change])).values()]
}

/** A cap of 0 is none. */
export function isTighter({ parameter, from, to }: Pick<LendingChange, 'parameter' | 'from' | 'to'>): boolean {
  const size = (value: number) => (/cap$/i.test(parameter) && value === 0 ? Number.POSITIVE_INFINITY : value)
  return size(to) < size(from)
}

function ground(periods: readonly Period[], policies: number): Plot.Markish[] {
  const boxes = periods.map((period, at) => {
    const top = at * (policies * ROW + GAP)
    return { period, top, bottom: top + policies * ROW }
  })
  const crises = boxes.flatMap(({ period, top, bottom }) =>
    period.crisis === undefined
      ? []
      : [{ x1: 0, x2: (period.crisis.to - period.crisis.from) / SECONDS_PER_DAY, y1: top, y2: bottom }],
  )
  return [
    Plot.rect(crises, { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', fill: 'var(--band)' }),
    Plot.ruleY(
      boxes.slice(1).map(({ top }) => top - GAP / 2),
      { stroke: 'var(--rule)' },
    ),
  ]
}

function rowNames(rows: readonly Row[], policies: number): Plot.Markish[] {
  const first = rows.filter((_, index) => index % policies === 0)
  const left = { frameAnchor: 'left', textAnchor: 'start' } as const
  return [
    Plot.text(first, {
      ...left,
      y: 'y',
      dx: -210,
      text: ({ period }: Row) => short(period.title, 22),
      fontWeight: 600,
    }),
    Plot.text([...rows], {
      ...left,
      y: 'y',
      dx: -74,
      text: ({ look }: Row) => look.label,
      fill: ({ look }: Row) => look.colour,
    }),
    Plot.ruleY([...rows], { y: 'y', stroke: 'var(--rule)', strokeWidth: 0.75 }),
  ]
}

/** One path a colour: a tag for each of thousands of ticks would be most of the file. */
function tickPaths(ticks: readonly Tick[]): Plot.Markish {
  return (_index, scales, _channels, _size, context) => {
    const group = context.document.createElementNS('http://www.w3.org/2000/svg', 'g')
    const [x, y] = [scales.x, scales.y]
    if (x === undefined || y === undefined) return group
    for (const [colour, own] of Map.groupBy(ticks, (tick) => tick.colour)) {
      const path = context.document.createElementNS('http://www.w3.org/2000/svg', 'path')
      path.setAttribute(
        'd',
        own.map((tick) => `M${fixed(x(tick.x))},${fixed(y(tick.y1))}V${fixed(y(tick.y2))}`).join(''),
      )
      path.setAttribute('stroke', colour)
      path.setAttribute('stroke-width', '1.1')
      group.appendChild(path)
    }
    return group
  }
}

function dayAxis(): Plot.Markish {
  return Plot.axisX({ tickSize: 3, color: 'var(--dim)', label: 'days from the start of the crisis →', labelOffset: 36 })
}

function dayOf(time: number, { crisis, from }: Period): number {
  return (time - (crisis?.from ?? from)) / SECONDS_PER_DAY
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100)
}
