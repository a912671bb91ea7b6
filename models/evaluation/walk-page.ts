import { DEFAULT_RISK } from '../training/defaults.ts'
import { markdownTable } from '../training/markdown-table.ts'
import { isCounted } from './by-asset.ts'
import { CRISES, crisisRows } from './crises.ts'
import { isStretched, type ModelResult, type PooledResult, type WalkResult } from './evaluate-walk.ts'
import { type Figure, GROUPS, PERIODS } from './pooled.ts'

/** What ships: its bars are the ones that count. */
const SHIPPED = `${DEFAULT_RISK} + conformal`

/** The walk-forward as a page for readers: bars, plots, tables. Every figure is computed. */
export function walkPage(result: WalkResult): string {
  const { panel, assets, models } = result
  const shipped = models.find(({ id }) => id === SHIPPED)
  return `# Walk-forward

Written by \`npm run bench -- models --plots\`; do not edit. ${panel.length} forecasts at 00:00 UTC of ${assets.length} assets, ${day(panel[0]?.time)} to ${day(panel.at(-1)?.time)}, all out of sample: each model
is refitted on 2020-03-01 and then each half-year on what was known by then. That holds of fitted weights, not of every choice. The ridge, the form of log-har and the
settings of trees and network were chosen by figures before 2024. The inputs, fitting on volatile assets alone, the calibration and its step were settled while
figures of the whole period were in sight, and so was shipping the mean with trees, though it had passed its rule before 2024. So no part of this is a blind
test; the years from 2024 on are the less looked at. UST, and USDC on Kraken in March 2023, are tested and never fitted, for one such series would set the floors and tails of every
peg; peers are held to the same. Days on which an asset did not move at all are left out. Not in here: the guard, by which a node asks the baseline where the
models have not learned, and the freezing of the registry's models at the end of 2022 ([card](card.md)). A
figure in brackets is a 95 % interval by resampled days; QLIKE and FZ0: lower is better; DM is Diebold and Mariano's statistic over the days'
means, below −1.96 significantly better. What ships is **${SHIPPED}**.

${shipped === undefined ? `${SHIPPED} was not walked.` : barTable(shipped)}

![Share of losses within each quantile, by model](plots/reliability.svg)

![QLIKE less that of HAR, rolling 90 days, with the crises](plots/qlike-over-time.svg)

![Losses and the 99 % value at risk in crises, days beyond it marked](plots/value-at-risk-in-crises.svg)

![QLIKE of ${DEFAULT_RISK} over that of HAR and of EWMA(.94), by asset](plots/qlike-by-asset.svg)

The peers are what a quant would use instead: HAR on realised volatility by least squares and GARCH(1,1) with filtered historical simulation, each fitted
to one asset's own days with the whole of its past; until an asset has 250 days, to all assets'. "+ conformal" is the calibration by an asset's own
record, which leaves volatility as it is. It brings more assets' coverage to what it should be, by construction, and costs some FZ0 on volatile assets.

The gain is in volatility. In the tail what ships is about as good as HAR with filtered historical simulation, and better than GARCH's.
${PERIODS.flatMap(({ name }) => GROUPS.map((group) => pooledSection(models, group, name))).join('')}
## Crises

Days beyond the value at risk, and QLIKE, of all assets.

${crisisTable(result)}

## By asset

QLIKE, and days beyond the 99 % value at risk of ${SHIPPED}; in brackets where the days are too few to be counted.

${assetTable(result)}
`
}

function barTable({ bars }: ModelResult): string {
  const rows = bars.map(({ bar, needed, value, interval, reached, note }) => [
    bar,
    needed,
    `${value.toFixed(4)} [${interval.low.toFixed(4)}, ${interval.high.toFixed(4)}]`,
    reached ? 'yes' : '**no**',
    note ?? '',
  ])
  return markdownTable(['bar', 'needed', 'measured', 'reached', ''], rows)
}

function pooledSection(models: readonly ModelResult[], group: string, period: string): string {
  const rows = models.flatMap(({ id, pooled }) =>
    pooled.filter((each) => each.group === group && each.period === period).map((each) => [id, ...cells(each, id)]),
  )
  const header = [
    'model',
    'QLIKE',
    'DM to HAR',
    'DM to log-har',
    'coverage of VaR 99 %',
    'FZ0',
    'its DM to HAR',
    'its DM to GARCH',
    'QLIKE of 1 h',
  ]
  const [forecasts = 0] = models.flatMap(({ pooled }) =>
    pooled.filter((each) => each.group === group && each.period === period).map((each) => each.forecasts),
  )
  const title = `${group === 'all' ? 'All assets' : `${group === 'stable' ? 'Stable' : 'Volatile'} assets`}, ${period}`
  return `\n## ${title}\n\n${forecasts} forecasts.\n\n${markdownTable(header, rows)}\n`
}

function cells(each: PooledResult, id: string): string[] {
  const coverage = each.coverage.at(-1)
  const same = isStretched(id)
  return [
    same ? 'as without' : shown(each.qlike),
    same ? '' : each.qlikeLessHar.statistic.toFixed(2),
    same ? '' : (each.qlikeLessLogHar?.statistic.toFixed(2) ?? ''),
    coverage === undefined ? '' : shown(coverage),
    shown(each.fz),
    each.fzLessHar.statistic.toFixed(2),
    each.fzLessGarch.statistic.toFixed(2),
    same || each.hour === undefined ? '' : each.hour.qlike.mean.toFixed(3),
  ]
}

function crisisTable({ panel, models }: WalkResult): string {
  const seen = CRISES.filter((crisis) => crisisRows(panel, crisis).length > 0)
  const header = ['model', ...seen.map(({ name, from, to }) => `${name}, ${from} to ${to.slice(5)}`)]
  const rows = models.map(({ id, crises }) => [
    id,
    ...seen.map(({ name }) => {
      const found = crises.find(({ crisis }) => crisis === name)
      return found === undefined ? '' : `${found.hits}; ${found.qlike.toFixed(2)}`
    }),
  ])
  const counts = ['forecasts', ...seen.map((crisis) => String(crisisRows(panel, crisis).length))]
  return markdownTable(header, [counts, ...rows])
}

function assetTable({ assets, models }: WalkResult): string {
  const plain = models.filter(({ id }) => !isStretched(id))
  const shipped = models.find(({ id }) => id === SHIPPED)
  const rows = assets.map((each) => {
    const own = shipped?.assets.get(each.asset)
    return [
      isCounted(each) ? each.asset : `(${each.asset})`,
      String(each.rows.length),
      own === undefined ? '' : String(own.hits),
      own === undefined ? '' : own.kupiecP.toFixed(3),
      own === undefined ? '' : own.christoffersenP.toFixed(3),
      own?.light ?? '',
      ...plain.map(({ assets: results }) => results.get(each.asset)?.qlike.toFixed(3) ?? ''),
    ]
  })
  const header = ['asset', 'days', 'beyond', 'Kupiec p', 'Christoffersen p', 'light', ...plain.map(({ id }) => id)]
  return markdownTable(header, rows)
}

function shown({ mean, interval }: Figure): string {
  return `${mean.toFixed(3)} [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`
}

function day(seconds: number | undefined): string {
  return new Date((seconds ?? Number.NaN) * 1_000).toISOString().slice(0, 10)
}
