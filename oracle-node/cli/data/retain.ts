import { type Command, InvalidArgumentError, Option } from 'commander'
import { SECONDS_PER_DAY } from '../../core/market-rows.ts'
import type { Holding } from '../../ports/market-store.ts'
import { newCommand } from '../command.ts'
import { countOf, print, printJson, shortTime } from '../output.ts'
import { openStore, type StoreOption, storeOf, storeOption } from './store-option.ts'

type Options = StoreOption & { readonly kind: Holding['kind']; readonly days: number; readonly json?: boolean }

export function retainCommand(): Command {
  return newCommand('retain', 'Drop what is older than so many days, by whole days and one kind at a time.', [
    'plimsoll data retain --kind trades --days 30',
  ])
    .addOption(new Option('--kind <kind>', 'what to drop').choices(['bars', 'trades', 'depths']).makeOptionMandatory())
    .requiredOption('--days <number>', 'keep the last so many days, and today', parseDays)
    .addOption(storeOption())
    .option('--json', 'print one JSON object')
    .action(retain)
}

async function retain({ kind, days, json, ...where }: Options): Promise<void> {
  const today = Math.floor(Date.now() / 1_000 / SECONDS_PER_DAY) * SECONDS_PER_DAY
  const before = today - days * SECONDS_PER_DAY
  const store = await openStore(storeOf(where), { readOnly: false })
  try {
    const dropped = await store.retain(kind, before)
    if (json === true) printJson({ kind, before, ...dropped })
    else print(`dropped ${countOf(dropped.days, 'day')} of ${kind} that ended before ${shortTime(before)}`)
  } finally {
    await store.close()
  }
}

function parseDays(text: string): number {
  const days = Number(text)
  if (Number.isInteger(days) && days >= 1 && days <= 36_500) return days
  throw new InvalidArgumentError(`got ${JSON.stringify(text)}; give a whole number of days from 1 to 36500`)
}
