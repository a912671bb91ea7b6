import type { ForecastCell, ForecastResult } from '../../result.ts'
import { type Html, html } from '../html.ts'
import { type Cell, type Column, table } from '../tables.ts'
import { count, DASH, decimal, isFigure, percent, probability } from '../words.ts'

/** A model confidence set of 90 % holds those whose p is at least this. */
const SET_P = 0.1
const SIGNIFICANT = 0.05
const LIGHTS = { green: 'var(--good)', yellow: 'var(--warn)', red: 'var(--hit)' } as const

/** Model by asset and horizon, best in bold, members of the confidence set with a dot. */
export function qlikeTable({ cells, confidenceSets }: ForecastResult): Html {
  const models = distinct(cells.map(({ model }) => model))
  const horizons = distinct(cells.map(({ horizon }) => horizon))
  const places = horizons.flatMap((horizon) => [
    ...distinct(cells.filter((cell) => cell.horizon === horizon).map(({ asset }) => asset)).map((asset) => ({
      horizon,
      asset,
    })),
    { horizon, asset: undefined },
  ])
  const value = (model: string, { horizon, asset }: { horizon: string; asset: string | undefined }) =>
    meanOf(
      cells
        .filter((cell) => cell.model === model && cell.horizon === horizon && (asset ?? cell.asset) === cell.asset)
        .map(({ qlike }) => qlike),
    )
  const least = places.map((place) => Math.min(...models.map((model) => value(model, place)).filter(isFigure)))
  const isMember = (model: string, horizon: string, asset: string | undefined) =>
    confidenceSets.some(
      (each) =>
        each.loss === 'qlike' &&
        each.model === model &&
        each.asset === asset &&
        each.horizon === horizon &&
        each.p >= SET_P,
    )
  const rows = models.map((model): Cell[] => [
    html`<b>${model}</b>`,
    ...places.map((place, index) => {
      const own = value(model, place)
      const member = isMember(model, place.horizon, place.asset) ? 'set' : 'unset'
      return { content: decimal(own), as: own === least[index] ? `best ${member}` : member }
    }),
  ])
  const columns: Column[] = places.map(({ horizon, asset }) => ({
    title: `${asset ?? 'all'}, ${horizon}`,
    kind: 'number',
  }))
  return table([{ title: 'model' }, ...columns], [rows])
}

/** The assets on which one of two models is better by test, counted. */
export function comparisonTable({ comparisons }: ForecastResult): Html {
  const pairs = Map.groupBy(comparisons, ({ model, against, horizon, loss }) =>
    [model, against, horizon, loss].join('\n'),
  )
  const rows = [...pairs.values()].map((own) => ({ against: own[0]?.against ?? '', cells: comparisonRow(own) }))
  const groups = [...Map.groupBy(rows, ({ against }) => against).values()]
  const columns: Column[] = [
    { title: 'model' },
    { title: 'against' },
    { title: 'horizon' },
    { title: 'loss' },
    { title: 'mean difference', kind: 'number' },
    { title: 'better', kind: 'number' },
    { title: 'worse', kind: 'number' },
    { title: 'no telling', kind: 'number' },
  ]
  return table(
    columns,
    groups.map((own) => own.map(({ cells }) => cells)),
    'dense',
  )
}

function comparisonRow(own: ForecastResult['comparisons']): Cell[] {
  const [first] = own
  const known = own.filter(({ p, difference }) => isFigure(p) && isFigure(difference))
  const sure = known.filter(({ p }) => p < SIGNIFICANT)
  const better = sure.filter(({ difference }) => difference < 0).length
  return [
    html`<b>${first?.model ?? DASH}</b>`,
    first?.against ?? DASH,
    first?.horizon ?? DASH,
    first?.loss === 'qlike' ? 'QLIKE' : 'FZ',
    decimal(meanOf(known.map(({ difference }) => difference)), 4),
    count(better),
    { content: count(sure.length - better), as: sure.length > better ? 'bad' : '' },
    count(own.length - sure.length),
  ]
}

const COVERAGE: readonly Column[] = [
  { title: 'model' },
  { title: 'asset' },
  { title: 'horizon' },
  { title: 'light' },
  { title: 'years green', kind: 'number', hint: 'Share of the trailing years of 250 days that were green' },
  { title: 'days', kind: 'number' },
  { title: 'hits', kind: 'number' },
  { title: 'expected', kind: 'number' },
  { title: 'Kupiec p', kind: 'number' },
  { title: 'independence p', kind: 'number', hint: 'Christoffersen' },
  { title: 'conditional p', kind: 'number', hint: 'Christoffersen' },
  { title: 'Z1', kind: 'number', hint: 'Acerbi and Székely: severity of the hits' },
  { title: 'Z2', kind: 'number', hint: 'Acerbi and Székely: shortfall' },
  { title: 'Z2 p', kind: 'number' },
  { title: 'FZ', kind: 'number', hint: 'Mean Fissler-Ziegel loss' },
]

export function coverageTable({ cells }: ForecastResult): Html {
  const groups = [...Map.groupBy(cells, ({ model }) => model).values()]
  return table(
    COVERAGE,
    groups.map((own) => own.map(coverageRow)),
    'dense',
  )
}

function coverageRow(cell: ForecastCell, index: number): Cell[] {
  const hue = LIGHTS[cell.light] ?? 'var(--dim)'
  return [
    index === 0 ? html`<b>${cell.model}</b>` : '',
    cell.asset,
    cell.horizon,
    html`<span class="nowrap"><i class="light" style="--hue:${hue}"></i>${cell.light ?? DASH}</span>`,
    percent(cell.greenShare),
    count(cell.days),
    count(cell.hits),
    isFigure(cell.days) ? count(cell.days * 0.01) : DASH,
    pCell(cell.kupiecP),
    pCell(cell.independenceP),
    pCell(cell.conditionalP),
    decimal(cell.severity),
    decimal(cell.shortfall),
    pCell(cell.shortfallP),
    decimal(cell.fz),
  ]
}

function pCell(p: number): Cell {
  return { content: probability(p), as: isFigure(p) && p < SIGNIFICANT ? 'bad' : '' }
}

function meanOf(values: readonly number[]): number | undefined {
  const known = values.filter(isFigure)
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}
