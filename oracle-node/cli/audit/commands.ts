import type { Command } from 'commander'
import { newCommand } from '../command.ts'
import { exportCommand } from './export.ts'
import { listCommand } from './list.ts'
import { pinCommand } from './pin.ts'

/** `plimsoll audit …` */
export function auditCommands(): Command {
  const group = newCommand('audit', 'Public records of rounds: list them, export them as one file, have them pinned.', [
    'plimsoll audit list',
    'plimsoll audit export --from 1 --to 500 --out rounds.car',
    'plimsoll audit pin rounds.car --endpoint https://pins.example/psa --token-file token',
  ])
  for (const command of [listCommand(), exportCommand(), pinCommand()]) group.addCommand(command)
  return group
}
