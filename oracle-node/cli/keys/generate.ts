import type { Command } from 'commander'
import { generateGroupKey } from '../../app/key-ceremony.ts'
import { newCommand } from '../command.ts'
import { type CeremonyFlags, parseNumber, printResult, readFlags, withCeremonyOptions } from './ceremony-options.ts'

type Flags = CeremonyFlags & { readonly number: number; readonly replace?: boolean }

export function generateCommand(): Command {
  const command = newCommand(
    'generate',
    'Make the committee’s key together with its other members, without anybody ever holding it.',
    ['plimsoll keys generate --config node.yaml', 'plimsoll keys generate --config node.yaml --number 2 --replace'],
  )
  return withCeremonyOptions(command)
    .option(
      '--number <number>',
      'which try this is, or which key of this epoch; the same at all members',
      parseNumber,
      1,
    )
    .option('--replace', 'give up the share of another key that the keystore holds')
    .action(generate)
}

async function generate(flags: Flags): Promise<void> {
  const { config, passphrase, options } = readFlags(flags)
  const { number, replace = false } = flags
  printResult(await generateGroupKey(config, passphrase, { ...options, number, replace }), flags.json)
}
