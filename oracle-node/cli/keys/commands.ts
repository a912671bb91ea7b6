import type { Command } from 'commander'
import { newCommand } from '../command.ts'
import { generateCommand } from './generate.ts'
import { planCommand } from './plan.ts'
import { reshareCommand } from './reshare.ts'
import { showCommand } from './show.ts'

/** `plimsoll keys …` */
export function keysCommands(): Command {
  const group = newCommand('keys', 'The committee’s key. Every member runs the same command at about the same time.', [
    'plimsoll keys generate --config node.yaml',
    'plimsoll keys plan --config node.yaml --members next/node.yaml --out plan.json',
    'plimsoll keys reshare --config node.yaml --plan plan.json',
  ])
  for (const command of [generateCommand(), planCommand(), reshareCommand(), showCommand()]) group.addCommand(command)
  return group
}
