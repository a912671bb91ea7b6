import type { BacktestResult, LendingRun } from '../../../backtests/result.ts'
import { count, countOf, styled, table } from '../output.ts'

/** What a person wants to know when a run has ended: who lost how much, which promises were kept, and where the report is. */
export function summaryText(
  { lending, forecast, id, name }: BacktestResult,
  files: { readonly report: string; readonly result: string },
): string {
  const parts = [styled('bold', `${name}  ${id}`)]
  if (lending !== undefined) parts.push(lendingText(lending))
  if (forecast !== undefined) parts.push(forecastText(forecast))
  parts.push(`report  ${files.report}\nresult  ${files.result}`)
  return parts.join('\n\n')
}

function lendingText({ policies, periods, runs, verdicts }: NonNullable<BacktestResult['lending']>): string {
  const right = { align: 'right' } as const
  const shown = periods.flatMap((period) =>
    policies.flatMap((policy) => {
      const run = runs.find(
        (each) => each.period === period.id && each.policy === policy.id && each.knob === policy.shown,
      )
      return run === undefined ? [] : [row(period.title, policy.title, run)]
    }),
  )
  const losses = table(
    [
      { title: 'period' },
      { title: 'policy' },
      { title: 'knob', ...right },
      { title: 'bad debt', ...right },
      { title: 'liquidated', ...right },
      { title: 'capacity', ...right },
      { title: 'of demand', ...right },
      { title: 'changes', ...right },
    ],
    shown,
  )
  const judged = verdicts.map(({ kept, compared, period, chosen, why }) => [
    compared ? (kept ? styled('green', 'kept') : styled('red', 'missed')) : styled('dim', '–'),
    period,
    chosen === 'without-it' ? 'knob by the other crises' : 'knob by this period’s capacity',
    why,
  ])
  if (judged.length === 0) return losses
  const compared = verdicts.filter((each) => each.compared)
  const kept = compared.filter((each) => each.kept).length
  const heading = `${countOf(compared.length, 'promise')} that could be compared, ${count(kept)} kept`
  return `${losses}\n\n${heading}\n${table([{ title: '' }, { title: 'period' }, { title: 'chosen' }, { title: '' }], judged)}`
}

function row(period: string, policy: string, run: LendingRun): string[] {
  return [
    period,
    policy,
    String(run.knob),
    money(run.badDebtUsd),
    money(run.liquidatedUsd),
    money(run.capacityUsd),
    `${(100 * run.efficiency).toFixed(1)} %`,
    count(Math.round(run.changes)),
  ]
}

function money(usd: number): string {
  if (Math.abs(usd) >= 1e6) return `$${(usd / 1e6).toFixed(2)} M`
  return Math.abs(usd) >= 1e3 ? `$${(usd / 1e3).toFixed(1)} k` : `$${usd.toFixed(0)}`
}

function forecastText({ cells }: NonNullable<BacktestResult['forecast']>): string {
  const right = { align: 'right' } as const
  return table(
    [
      { title: 'asset' },
      { title: 'horizon' },
      { title: 'model' },
      { title: 'days', ...right },
      { title: 'QLIKE', ...right },
      { title: 'FZ0', ...right },
      { title: 'beyond VaR 99', ...right },
      { title: 'Kupiec p', ...right },
      { title: 'light' },
    ],
    cells.map((cell) => [
      cell.asset,
      cell.horizon,
      cell.model,
      count(cell.days),
      cell.qlike.toFixed(4),
      cell.fz.toFixed(3),
      `${cell.hits} (${((100 * cell.hits) / cell.days).toFixed(2)} %)`,
      cell.kupiecP.toFixed(3),
      cell.light,
    ]),
  )
}
