import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { readConfig, readPassphrase } from '../../app/config.ts'
import { makePlan } from '../../app/key-ceremony.ts'
import { readMembers } from '../../app/resharing-plan.ts'
import { newCommand, UsageError } from '../command.ts'
import { countOf, print } from '../output.ts'
import { parseNumber } from './ceremony-options.ts'

type Flags = { readonly config: string; readonly members?: string; readonly number: number; readonly out: string }

export function planCommand(): Command {
  return newCommand(
    'plan',
    'Write down who hands the key over to whom, for all who take part in it. Nothing in it is secret.',
    [
      'plimsoll keys plan --config node.yaml --members next/node.yaml --out plan.json',
      'plimsoll keys plan --config node.yaml --number 2 --out renewal.json',
    ],
  )
    .requiredOption('--config <file>', 'the configuration of a member that holds a share')
    .option('--members <file>', 'a configuration with the members to be; without it, the same get new shares')
    .option(
      '--number <number>',
      'which try this is, or which resharing of this key; none is used twice',
      parseNumber,
      1,
    )
    .requiredOption('--out <file>', 'where to write it; an existing file is not written over')
    .action(plan)
}

async function plan({ config: file, members, number, out }: Flags): Promise<void> {
  const config = readConfig(file)
  const passphrase = readPassphrase(config.passphraseFile, process.env)
  const to = members === undefined ? {} : { to: readMembers(members) }
  const made = await makePlan(config, passphrase, { number, ...to })
  try {
    writeFileSync(out, `${JSON.stringify(made, null, 2)}\n`, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new UsageError(`${out} exists and is not written over; give another name to --out`)
    throw error
  }
  print(
    `${out}: ${countOf(made.from.members.length, 'member')} hand ${made.from.commitments[0]} over to ${made.to.members.length}`,
  )
}
