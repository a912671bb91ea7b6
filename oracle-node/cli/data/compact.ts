import type { Command } from 'commander'
import { newCommand } from '../command.ts'
import { countOf, print, printJson } from '../output.ts'
import { openStore, type StoreOption, storeOf, storeOption } from './store-option.ts'

export function compactCommand(): Command {
  return newCommand('compact', 'Merge the small files that appending leaves; safe at any time.', [
    'plimsoll data compact',
  ])
    .addOption(storeOption())
    .option('--json', 'print one JSON object')
    .action(compact)
}

async function compact(options: StoreOption & { readonly json?: boolean }): Promise<void> {
  const store = await openStore(storeOf(options), { readOnly: false })
  try {
    const result = await store.compact()
    if (options.json === true) printJson(result)
    else
      print(
        `${countOf(result.partitions, 'partition')}: ${countOf(result.filesBefore, 'file')} before, ${result.filesAfter} after`,
      )
  } finally {
    await store.close()
  }
}
