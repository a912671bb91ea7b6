import type { Command } from 'commander'
import { newCommand } from '../command.ts'
import { checkCommand } from './check.ts'
import { compactCommand } from './compact.ts'
import { fetchCommand } from './fetch.ts'
import { importCommand } from './import.ts'
import { listCommand } from './list.ts'
import { retainCommand } from './retain.ts'
import { serveCommand } from './serve.ts'

/** `plimsoll data …`; each command loads its work when it runs. */
export function dataCommands(): Command {
  const group = newCommand('data', 'Market history: fetch, import, check, list, keep and serve it.', [
    'plimsoll data fetch --venue binance --symbol ETHUSDT --freq 1m --from 2020-01-01 --to 2020-03-01',
    'plimsoll data check',
  ])
  const commands = [
    fetchCommand(),
    importCommand(),
    checkCommand(),
    listCommand(),
    compactCommand(),
    retainCommand(),
    serveCommand(),
  ]
  for (const command of commands) group.addCommand(command)
  return group
}
