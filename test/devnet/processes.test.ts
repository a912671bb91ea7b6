import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { Processes } from '../../oracle-node/devnet/processes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('a program’s output is whole, also what reaches the pipe after its exit', async () => {
  // A child that outlives the program and holds its pipe: the same order of events as a slow pipe, but each time.
  const script = join(temporaryFolder(), 'late.mjs')
  writeFileSync(
    script,
    `import { spawn } from 'node:child_process'
     process.stdout.write('early ')
     const late = "setTimeout(() => process.stdout.write('late'), 300)"
     spawn(process.execPath, ['-e', late], { stdio: ['ignore', 'inherit', 'ignore'] }).unref()`,
  )
  expect(await new Processes().runToEnd(pathToFileURL(script), [])).toBe('early late')
})

test('a program that fails is named, with what it printed', async () => {
  const script = join(temporaryFolder(), 'fails.mjs')
  writeFileSync(script, "console.error('no key'); process.exitCode = 3")
  await expect(new Processes().runToEnd(pathToFileURL(script), ['dkg'])).rejects.toThrow(
    'fails.mjs dkg failed:\nno key',
  )
})
