import type { Command } from 'commander'
import { reshareGroupKey } from '../../app/key-ceremony.ts'
import { readPlan } from '../../app/resharing-plan.ts'
import { newCommand } from '../command.ts'
import { type CeremonyFlags, printResult, readFlags, withCeremonyOptions } from './ceremony-options.ts'

type Flags = CeremonyFlags & { readonly plan: string }

export function reshareCommand(): Command {
  const command = newCommand(
    'reshare',
    'Share the committee’s key anew: to other members, or to the same to renew their shares and bring a lost one back. The key stays.',
    ['plimsoll keys reshare --config node.yaml --plan plan.json'],
  )
  return withCeremonyOptions(command)
    .requiredOption('--plan <file>', 'what `plimsoll keys plan` wrote; the same at all who take part')
    .action(reshare)
}

async function reshare(flags: Flags): Promise<void> {
  const plan = readPlan(flags.plan)
  const { config, passphrase, options } = readFlags(flags)
  printResult(await reshareGroupKey(config, passphrase, { ...options, plan }), flags.json)
}
