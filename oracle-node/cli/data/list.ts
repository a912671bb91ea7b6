import type { Command } from 'commander'
import { isoTime } from '../../../data/history/time-format.ts'
import { newCommand } from '../command.ts'
import { count, countOf, print, printJson, say, shortTime, table } from '../output.ts'
import { openStore, type StoreOption, storeOf, storeOption } from './store-option.ts'

export function listCommand(): Command {
  return newCommand('list', 'List what a store holds.', [
    'plimsoll data list',
    'plimsoll data list --json --store ./plimsoll-data',
  ])
    .addOption(storeOption())
    .option('--json', 'print one JSON object')
    .action(list)
}

async function list(options: StoreOption & { readonly json?: boolean }): Promise<void> {
  const where = storeOf(options)
  const store = await openStore(where, { readOnly: true })
  try {
    const holdings = await store.holdings()
    if (options.json === true) {
      printJson({
        holdings: holdings.map((each) => ({ ...each, first: isoTime(each.first), last: isoTime(each.last) })),
      })
    } else if (holdings.length === 0) say('It is empty: plimsoll data fetch or plimsoll data import fills it.')
    else {
      const columns = [
        { title: 'market' },
        { title: 'kind' },
        { title: 'rows', align: 'right' },
        { title: 'from' },
        { title: 'to' },
      ] as const
      const rows = holdings.map(({ source, symbol, kind, interval, rows, first, last }) => [
        `${source} ${symbol}`,
        interval === undefined ? kind : `${kind} ${interval}`,
        count(rows),
        shortTime(first),
        shortTime(last),
      ])
      print(table(columns, rows))
      const total = holdings.reduce((sum, each) => sum + each.rows, 0)
      print(`\n${count(holdings.length)} series, ${countOf(total, 'row')}`)
    }
  } finally {
    await store.close()
  }
}
