import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { makeNodes, PASSPHRASE } from '../support/key-nodes.ts'
import { runCli } from './run-cli.ts'

const ENV = { PLIMSOLL_PASSPHRASE: PASSPHRASE }

test('keys commands say what is wrong with what they were given, and what would be right', async () => {
  const [config] = await makeNodes(4)
  if (config === undefined) throw new Error('a node')
  const folder = config.dataFolder
  const file = join(folder, 'node.yaml')
  writeFileSync(file, stringify({ ...config, dataFolder: '.' }))
  const keys = (...words: string[]) => runCli(['keys', ...words], folder, ENV)

  expect(await keys('show', '--config', file)).toMatchObject({
    code: 0,
    stdout: /^operator {3}0x.*\ngroup key {2}none\n$/,
  })
  expect(await keys('show')).toMatchObject({ code: 2, stderr: /required option '--config <file>'/ })
  expect(await keys('show', '--config', 'away.yaml')).toMatchObject({ code: 1, stderr: /can't read the configuration/ })
  for (const number of ['0', '1.5', 'x'])
    expect(await keys('generate', '--config', file, '--number', number)).toMatchObject({
      code: 2,
      stderr: /give a whole number from 1/,
    })
  expect(await keys('generate', '--config', file, '--patience', '-1')).toMatchObject({
    code: 2,
    stderr: /give a number of seconds above 0/,
  })
  const late = await keys('generate', '--config', file, '--timeout', '1')
  expect(late).toMatchObject({ code: 1, stdout: '' })
  expect(late.stderr).toContain('1/5 members: 1 of 4 members have come; no answer yet from node 2, node 3, node 4')
  expect(late.stderr).toContain('run the same command again to go on')
  expect((await keys('show', '--config', file)).stdout).toMatch(
    /unfinished ceremony 0x[0-9a-f]{64}: run its command again/,
  )
  expect(await keys('plan', '--config', file, '--out', 'plan.json')).toMatchObject({
    code: 1,
    stderr: /holds no share/,
  })
  writeFileSync(join(folder, 'plan.json'), JSON.stringify({ kind: 'plimsoll-resharing', epoch: 1, number: 0 }))
  const wrong = await keys('reshare', '--config', file, '--plan', 'plan.json')
  expect(wrong).toMatchObject({ code: 1, stderr: /plan\.json has faults:[\s\S]*number[\s\S]*from/ })
}, 120_000)
