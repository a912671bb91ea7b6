import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Command, Option } from 'commander'
import { Failed, newCommand, UsageError } from '../command.ts'

/** A program of its own, since the node's commands do not know how models are trained. */
const PROGRAM = fileURLToPath(new URL('../../../models/training/verify.ts', import.meta.url))
const RECORDED_DATA = fileURLToPath(new URL('../../../../shared/data', import.meta.url))

export function verifyCommand(): Command {
  return newCommand(
    'verify',
    'Train every model again from the recorded data, and compare each file with the committed one to the byte.',
    ['plimsoll model verify', 'plimsoll model verify --data ../shared/data'],
  )
    .addOption(
      new Option('--data <folder>', 'the recorded data').default(RECORDED_DATA, '../shared/data beside the repository'),
    )
    .action(verify)
}

async function verify({ data }: { readonly data: string }): Promise<void> {
  if (!existsSync(data)) throw new UsageError(`no recorded data in ${data}; give its folder by --data`)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, '--data', data], {
    stdio: 'inherit',
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Failed('the models could not be verified')
}
