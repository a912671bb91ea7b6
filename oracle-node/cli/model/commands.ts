import type { Command } from 'commander'
import { newCommand } from '../command.ts'
import { cardCommand } from './card.ts'
import { listCommand } from './list.ts'
import { verifyCommand } from './verify.ts'

/** `plimsoll model …` */
export function modelCommands(): Command {
  const group = newCommand('model', 'Models: list them, read their cards, verify them.', [
    'plimsoll model list',
    'plimsoll model card har-quantile --html card.html',
  ])
  for (const command of [listCommand(), cardCommand(), verifyCommand()]) group.addCommand(command)
  return group
}
