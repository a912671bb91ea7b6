import type { Command } from 'commander'
import type { RunEntry } from '../../../backtests/run/run-folder.ts'
import { newCommand } from '../command.ts'
import { print, printJson, say, shortTime, table } from '../output.ts'
import { outOf, outOption } from './options.ts'

export function listCommand(): Command {
  return newCommand('list', 'List the backtests that were run here, the newest first.', ['plimsoll backtest list'])
    .addOption(outOption())
    .option('--json', 'print one JSON object')
    .action(list)
}

async function list(options: { readonly out?: string; readonly json?: boolean }): Promise<void> {
  const { listRuns } = await import('../../../backtests/run/run-folder.ts')
  const { runs, damaged } = listRuns(outOf(options))
  for (const each of damaged) say(`passed over ${each}: it is not a whole result`)
  if (options.json === true) {
    printJson({ runs: runs.map(({ result, ...entry }) => ({ ...entry, ...facts(result) })) })
    return
  }
  if (runs.length === 0) {
    print(`no backtest was run in ${outOf(options)} yet; plimsoll backtest run CONFIG.yaml does`)
    return
  }
  const columns = ['id', 'name', 'finished', 'markets', 'policies', 'promises kept', 'forecasts'].map((title) => ({
    title,
  }))
  print(
    table(
      columns,
      runs.map(({ id, finishedAt, result }) => {
        const { name, markets, policies, promises, models } = facts(result)
        return [id, name, shortTime(finishedAt), markets, policies.join(' '), promises, models.join(' ')]
      }),
    ),
  )
}

function facts({ name, lending, forecast }: RunEntry['result']): {
  readonly name: string
  readonly markets: string
  readonly policies: readonly string[]
  readonly promises: string
  readonly models: readonly string[]
} {
  const verdicts = lending?.verdicts.filter(({ compared }) => compared) ?? []
  const markets = lending?.periods.reduce((sum, { assets }) => sum + assets.length, 0)
  return {
    name,
    markets: lending === undefined ? '–' : `${markets} in ${lending.periods.length} periods`,
    policies: lending?.policies.map(({ id }) => id) ?? [],
    promises: verdicts.length === 0 ? '–' : `${verdicts.filter(({ kept }) => kept).length} of ${verdicts.length}`,
    models: [...new Set(forecast?.cells.map(({ model }) => model) ?? [])],
  }
}
