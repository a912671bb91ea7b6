import type { Command } from 'commander'
import { newCommand } from '../command.ts'
import { count, print, printJson, say, table } from '../output.ts'
import { addRangeOptions, gapsText, listedIn, type RangeOptions } from './range-options.ts'
import { addSourceOptions, type SourceOptions, sourceOf } from './record-options.ts'

type Options = SourceOptions & RangeOptions & { readonly json?: boolean }

export function listCommand(): Command {
  const command = newCommand(
    'list',
    'List the rounds that a node or a file has records of, and which are missing between.',
    ['plimsoll audit list --config node.yaml', 'plimsoll audit list --file rounds.car --json'],
  )
  return addRangeOptions(addSourceOptions(command)).option('--json', 'print one JSON object').action(list)
}

async function list(options: Options): Promise<void> {
  const source = await sourceOf(options)
  const { entries, missing } = await listedIn(source, options)
  if (options.json === true) {
    printJson({ source: source.where, rounds: entries, missing })
    return
  }
  const columns = [{ title: 'round', align: 'right' }, { title: 'bytes', align: 'right' }, { title: 'cid' }] as const
  print(
    table(
      columns,
      entries.map(({ round, bytes, cid }) => [String(round), count(bytes), cid]),
    ),
  )
  if (missing.length > 0) say(gapsText(missing))
}
