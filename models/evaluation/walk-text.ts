import { GARCH_PEER, HAR_PEER } from '../training/candidates.ts'
import { DEFAULT_RISK } from '../training/defaults.ts'
import { isCounted } from './by-asset.ts'
import { CRISES, crisisRows } from './crises.ts'
import { isStretched, type ModelResult, type PooledResult, type WalkResult } from './evaluate-walk.ts'
import { type Figure, GROUPS, PERIODS } from './pooled.ts'

/** Readable tables of a walk-forward: bars first. */
export function walkText(result: WalkResult): string {
  const { panel, assets, models } = result
  const ours = models.filter(({ peer }) => !peer)
  const most = Math.max(...ours.map(reachedBars))
  const sections = [
    `Walk-forward: ${panel.length} forecasts at 00:00 UTC of ${assets.length} assets, ${day(panel[0]?.time)} to ${day(panel.at(-1)?.time)}; refits half-yearly, out of sample.`,
    'Figures are mean [95 % interval by resampled days]. QLIKE and FZ0: lower is better. DM: Diebold-Mariano, below −1.96 is significantly better.',
    barsText(ours),
    ...ours.filter((model) => reachedBars(model) === most).map(barDetails),
    ...PERIODS.flatMap(({ name }) => GROUPS.map((group) => pooledText(models, group, name))),
    crisesText(result),
    assetsText(result),
  ]
  return `${sections.join('\n\n')}\n`
}

function reachedBars({ bars }: ModelResult): number {
  return bars.filter(({ reached }) => reached).length
}

/** A row a model, a column a bar. */
function barsText(models: readonly ModelResult[]): string {
  const bars = models[0]?.bars ?? []
  const legend = bars.map(({ bar, needed }, index) => `  ${index + 1}  ${bar}: ${needed}`)
  const rows = models.map((model) => [
    model.id,
    ...model.bars.map(({ value, reached }) => `${reached ? '✓' : '✗'} ${value.toFixed(4)}`),
    `${reachedBars(model)} of ${bars.length}`,
  ])
  const header = ['model', ...bars.map((_, index) => `  ${index + 1}`), 'reached']
  return `bars over all assets, crises included\n${legend.join('\n')}\n${textTable(header, rows)}`
}

function barDetails({ id, bars }: ModelResult): string {
  const rows = bars.map((bar) => [
    bar.reached ? 'reached' : 'NOT',
    bar.bar,
    `${bar.value.toFixed(4)} [${bar.interval.low.toFixed(4)}, ${bar.interval.high.toFixed(4)}]`,
    bar.needed,
    bar.note ?? '',
  ])
  return `${id}\n${textTable(['', 'bar', 'value', 'needed', ''], rows)}`
}

function pooledText(models: readonly ModelResult[], group: string, period: string): string {
  const rows = models.flatMap(({ id, pooled }) =>
    pooled
      .filter((each) => each.group === group && each.period === period)
      .map((each) => [id, ...pooledCells(each, isStretched(id))]),
  )
  const header = [
    'model',
    'n',
    'QLIKE',
    'DM to HAR',
    'VaR 99 % coverage',
    'FZ0',
    'DM to GARCH',
    'Z2',
    '1 h QLIKE',
    '1 h coverage',
  ]
  return `${group === 'all' ? 'all assets' : `${group} assets`}, ${period}\n${textTable(header, rows)}`
}

function pooledCells(each: PooledResult, isSameVolatility: boolean): string[] {
  const coverage = each.coverage.at(-1)
  return [
    String(each.forecasts),
    isSameVolatility ? 'as without' : shown(each.qlike),
    isSameVolatility ? '' : each.qlikeLessHar.statistic.toFixed(2),
    coverage === undefined ? '' : shown(coverage),
    shown(each.fz),
    each.fzLessGarch.statistic.toFixed(2),
    each.acerbiSzekely.toFixed(2),
    each.hour === undefined ? '' : each.hour.qlike.mean.toFixed(3),
    each.hour === undefined ? '' : each.hour.coverage.mean.toFixed(4),
  ]
}

/** A crisis that is not in the recording has no forecasts. */
function crisesText({ panel, models }: WalkResult): string {
  const columns = CRISES.map(({ name }) => name.split(' ')[0] ?? name)
  const counts = CRISES.map((crisis) => String(crisisRows(panel, crisis).length))
  const rows = models.map(({ id, crises }) => [
    id,
    ...CRISES.map(({ name }) => {
      const found = crises.find(({ crisis }) => crisis === name)
      return found === undefined ? '' : `${found.hits} ${found.qlike.toFixed(2)}`
    }),
  ])
  const key = CRISES.map(({ name, from, to }) => `${name} (${from} to ${to.slice(5)})`).join(', ')
  return `crises: days beyond VaR 99 %, and QLIKE; ${key}\n${textTable(['', ...columns], [['forecasts', ...counts], ...rows])}`
}

/** The best without and with the conformal layer are read beside the peers. */
function assetsText({ assets, models }: WalkResult): string {
  const shownModels = models.filter(({ id }) => !isStretched(id) || id.startsWith(DEFAULT_RISK))
  const rows = assets.map((each) => [
    isCounted(each) ? each.asset : `(${each.asset})`,
    String(each.rows.length),
    ...shownModels.map(({ assets: results }) => {
      const result = results.get(each.asset)
      return result === undefined ? '' : `${result.qlike.toFixed(3)} ${result.hits}`
    }),
  ])
  const names = shownModels.map(({ id }) => (id === HAR_PEER ? 'HAR' : id === GARCH_PEER ? 'GARCH-FHS' : id))
  return `assets: QLIKE, and days beyond VaR 99 % (in brackets: too few days to be counted)\n${textTable(['asset', 'days', ...names], rows)}`
}

function shown({ mean, interval }: Figure): string {
  return `${mean.toFixed(4)} [${interval.low.toFixed(4)}, ${interval.high.toFixed(4)}]`
}

function textTable(header: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const widths = header.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) => (cells[column] ?? '').padEnd(width))
      .join('  ')
      .trimEnd()
  return [header, ...rows].map(line).join('\n')
}

function day(seconds: number | undefined): string {
  return new Date((seconds ?? Number.NaN) * 1_000).toISOString().slice(0, 10)
}
