import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evidenceFolder } from '../../oracle-node/adapters/evidence-folder.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import type { Evidence } from '../../oracle-node/protocol/evidence.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { sampleConfig, writeConfigFile } from '../support/node-config.ts'
import { sampleEvidence } from '../support/sample-evidence.ts'
import { runCli } from './run-cli.ts'

const world = makeWorld(4)
const samples = sampleEvidence(world)
let folder: string
const files: string[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-evidence-'))
  for (const each of samples) files.push((await evidenceFolder(join(folder, 'evidence')).save(each)) ?? '')
  mkdirSync(join(folder, 'empty'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A configuration whose members are these operators. */
function configOf(
  operators: readonly string[],
  changes: { readonly epoch?: number; readonly oracle?: string } = {},
): string {
  const sample = sampleConfig()
  const members = (sample.members ?? []).map((each, index) => ({ ...each, operator: operators[index] ?? '' }))
  const run = sample.run && {
    ...sample.run,
    chain: { ...sample.run.chain, ...(changes.oracle && { oracle: changes.oracle }) },
  }
  return writeConfigFile({ ...sample, members, epoch: changes.epoch ?? 1, run })
}

test('lists what a node found, each verified', async () => {
  const { code, stdout } = await runCli(['evidence', 'list', folder], folder)
  expect(code).toBe(0)
  for (const { claim } of samples) expect(stdout).toMatch(new RegExp(`${claim.kind} .* proven `))
  const json = await runCli(['evidence', 'list', folder, '--json'], folder)
  expect(JSON.parse(json.stdout).evidence).toHaveLength(samples.length)
  const none = await runCli(['evidence', 'list', join(folder, 'empty')], folder)
  expect(none).toMatchObject({ code: 0, stdout: expect.stringContaining('no evidence') })
})

test('verifies a file against its own keys, or against the members of a configuration', async () => {
  const [file = ''] = files
  const alone = await runCli(['evidence', 'verify', file], folder)
  expect(alone).toMatchObject({ code: 0, stdout: expect.stringContaining('compare them with the committee') })
  expect(alone.stdout).toContain('observer-equivocation of node 3')
  const operators = world.members.map(({ operator }) => operator)
  const named = await runCli(['evidence', 'verify', file, '--config', configOf(operators)], folder)
  expect(named, named.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('proven') })
  const others = await runCli(['evidence', 'verify', file, '--config', configOf(operators.toReversed())], folder)
  expect(others).toMatchObject({ code: 1, stderr: expect.stringContaining('does not accuse a member') })
  const later = await runCli(['evidence', 'verify', file, '--config', configOf(operators, { epoch: 2 })], folder)
  expect(later).toMatchObject({ code: 1, stderr: expect.stringContaining('epoch 1 given, 2 there') })
  const elsewhere = configOf(operators, { oracle: `0x${'cd'.repeat(20)}` })
  const foreign = await runCli(['evidence', 'verify', file, '--config', elsewhere], folder)
  expect(foreign).toMatchObject({ code: 1, stderr: expect.stringContaining('on 31337 there') })
})

test('fails for what proves nothing, and says why', async () => {
  const [{ claim }] = samples as [Evidence]
  const [{ subject }] = sampleEvidence(world, nodeIndex(2)) as [Evidence]
  const other = join(folder, 'other', 'evidence')
  const path = (await evidenceFolder(other).save({ subject, claim })) ?? ''
  const verified = await runCli(['evidence', 'verify', path], folder)
  expect(verified).toMatchObject({ code: 1, stderr: expect.stringContaining('proves nothing: not-signed') })
  writeFileSync(join(other, 'broken.json'), '{')
  const listed = await runCli(['evidence', 'list', join(folder, 'other')], folder)
  expect(listed).toMatchObject({ code: 1, stderr: expect.stringContaining('2 files of 2 prove nothing') })
  const missing = await runCli(['evidence', 'verify', join(folder, 'none.json')], folder)
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('none.json') })
})
