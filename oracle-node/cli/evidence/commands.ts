import type { Command } from 'commander'
import { newCommand } from '../command.ts'
import { listCommand } from './list.ts'
import { verifyCommand } from './verify.ts'

/** `plimsoll evidence …` */
export function evidenceCommands(): Command {
  const group = newCommand(
    'evidence',
    'Proofs that members broke the protocol: list what a node found, verify a file.',
    [
      'plimsoll evidence list node-1',
      'plimsoll evidence verify epoch1-node3-invalid-share-round21-0123456789ab.json --config node-1.yaml',
    ],
  )
  for (const command of [listCommand(), verifyCommand()]) group.addCommand(command)
  return group
}
