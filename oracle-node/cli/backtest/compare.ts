import type { Command } from 'commander'
import { newCommand, UsageError } from '../command.ts'
import { print, printJson, styled, table } from '../output.ts'
import { outOf, outOption } from './options.ts'

export function compareCommand(): Command {
  return newCommand('compare', 'Show what differs between two runs: their configs and their figures.', [
    'plimsoll backtest compare 1f0c 9ab2',
    'plimsoll backtest compare 1f0c 9ab2 --json',
  ])
    .argument('<a>', 'a run’s id, or its beginning')
    .argument('<b>', 'another’s')
    .addOption(outOption())
    .option('--json', 'print one JSON object')
    .action(compare)
}

async function compare(
  a: string,
  b: string,
  options: { readonly out?: string; readonly json?: boolean },
): Promise<void> {
  const [{ findRun, RunNotFound }, { compareResults }] = await Promise.all([
    import('../../../backtests/run/run-folder.ts'),
    import('../../../backtests/run/compare.ts'),
  ])
  const find = (id: string): ReturnType<typeof findRun> => {
    try {
      return findRun(outOf(options), id)
    } catch (error) {
      if (error instanceof RunNotFound) throw new UsageError(error.message)
      throw error
    }
  }
  const [first, second] = [find(a), find(b)]
  const compared = compareResults(first.result, second.result)
  if (options.json === true) {
    printJson(compared)
    return
  }
  print(
    `${styled('bold', first.id)} ${first.result.name}   against   ${styled('bold', second.id)} ${second.result.name}\n`,
  )
  print(
    compared.settings.length === 0
      ? 'Their configs say the same.'
      : table(
          [{ title: 'config' }, { title: first.id }, { title: second.id }],
          compared.settings.map(({ field, a: one, b: other }) => [field, one, other]),
        ),
  )
  if (compared.figures.length === 0) {
    print('\nThey have no figure in common.')
    return
  }
  const right = { align: 'right' } as const
  print(
    `\n${table(
      [
        { title: 'figure' },
        { title: first.id, ...right },
        { title: second.id, ...right },
        { title: 'change', ...right },
      ],
      compared.figures.map(({ name, a: one, b: other, change }) => [
        name,
        shown(one),
        shown(other),
        change === null ? '–' : percent(change),
      ]),
    )}`,
  )
}

function shown(value: number): string {
  return Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(4)))
}

function percent(ratio: number): string {
  return `${ratio >= 0 ? '+' : '−'}${Math.abs(100 * ratio).toFixed(1)} %`
}
