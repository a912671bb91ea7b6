import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { openSecrets } from '../../oracle-node/adapters/encrypted-key-store.ts'
import type { NodeConfig } from '../../oracle-node/app/config.ts'
import { keystorePath } from '../../oracle-node/app/keys.ts'
import type { PublicKeys } from '../../oracle-node/core/threshold.ts'
import { type CliRun, runCli, startCli } from '../cli/run-cli.ts'
import { signsTogether } from '../support/group-signing.ts'
import { asCommittee, makeNodes, PASSPHRASE, shareOf } from '../support/key-nodes.ts'
import { seededRandom } from '../support/seeded-random.ts'

vi.setConfig({ testTimeout: 300_000 })

const ENV = { PLIMSOLL_PASSPHRASE: PASSPHRASE }
const WAITS = ['--timeout', '240', '--patience', '60', '--linger', '20', '--json']

/** Writes a node's configuration where its operator would. */
function configFile(config: NodeConfig, name = 'node.yaml'): string {
  const path = join(config.dataFolder, name)
  writeFileSync(path, stringify({ ...config, dataFolder: '.' }, { lineWidth: 0 }))
  return path
}

function start(words: readonly string[], config: NodeConfig): { kill(): void; readonly done: Promise<CliRun> } {
  const { process: child, done } = startCli(words, config.dataFolder, ENV)
  onTestFinished(() => void child.kill('SIGKILL'))
  return { kill: () => void child.kill('SIGKILL'), done }
}

/** The kinds of letters in a node's log, and when its keystore was last written: what it has got to. */
function markOf({ dataFolder }: NodeConfig): { readonly letters: readonly string[]; readonly sealedAt: number } {
  const logs = readdirSync(dataFolder).filter((name) => name.startsWith('ceremony-'))
  const lines = logs.flatMap((name) => readFileSync(join(dataFolder, name), 'utf8').split('\n').slice(0, -1))
  const letters = lines.map((line): string => JSON.parse(line).body.kind)
  return { letters, sealedAt: statSync(keystorePath(dataFolder)).mtimeMs }
}

/** Kills a command with SIGKILL as soon as anything of it is on the disk, and starts it again, until it ends by itself. */
async function runUnderKills(words: readonly string[], config: NodeConfig) {
  const killedAfter: Array<string | undefined> = []
  for (;;) {
    const before = markOf(config)
    const running = start(words, config)
    let run: CliRun | undefined
    void running.done.then((done) => {
      run = done
    })
    let now = markOf(config)
    while (run === undefined && now.letters.length === before.letters.length && now.sealedAt === before.sealedAt) {
      await new Promise((wake) => setTimeout(wake, 1))
      now = markOf(config)
    }
    if (run !== undefined) return { run, killedAfter }
    running.kill()
    await running.done
    killedAfter.push(now.sealedAt === before.sealedAt ? now.letters.at(-1) : 'seal')
  }
}

function keysIn(run: CliRun): { keys: PublicKeys; excluded: unknown; faults: unknown } {
  expect(run.stderr).not.toContain('error')
  expect(run.code).toBe(0)
  return JSON.parse(run.stdout)
}

test('a member that is killed whenever it has written anything goes on every time, and the committee has one key of all four', async () => {
  const nodes = await makeNodes(4)
  const words = (config: NodeConfig): string[] => ['keys', 'generate', '--config', configFile(config), ...WAITS]
  const [victim, ...others] = nodes as [NodeConfig, ...NodeConfig[]]
  const running = others.map((config) => start(words(config), config))
  const { run, killedAfter } = await runUnderKills(words(victim), victim)
  process.stdout.write(`killed after: ${killedAfter.join(', ')}\n`)
  // The seed, and the key at the end, are written under it as well as the letters in between.
  expect(killedAfter.filter((what) => what === 'seal').length).toBeGreaterThanOrEqual(2)
  expect(killedAfter.length).toBeGreaterThanOrEqual(5)
  const made = [run, ...(await Promise.all(running.map(({ done }) => done)))].map(keysIn)
  for (const each of made) expect(each).toMatchObject({ keys: made[0]?.keys, excluded: [], faults: [] })
  const shares = await Promise.all(nodes.slice(0, 3).map(shareOf))
  expect(signsTogether(made[0]?.keys as PublicKeys, shares, seededRandom('killed'))).toBe(true)
})

test('operators make a key, hand it to a committee with a new member, and see it with their commands', async () => {
  const operators = await makeNodes(5)
  const before = asCommittee(operators.slice(0, 4))
  const after = asCommittee(operators.slice(1))
  const generated = await Promise.all(
    before.map((c) => start(['keys', 'generate', '--config', configFile(c), ...WAITS], c).done),
  )
  const { keys } = keysIn(generated[0] as CliRun)
  const [first] = before as [NodeConfig]
  const next = after.map((config) => configFile(config, 'next.yaml'))
  const planFile = join(first.dataFolder, 'plan.json')
  const plan = ['keys', 'plan', '--config', configFile(first), '--members', next[0] as string, '--out', planFile]
  expect(await runCli(plan, first.dataFolder, ENV)).toMatchObject({ code: 0 })
  expect(await runCli(plan, first.dataFolder, ENV)).toMatchObject({ code: 2, stderr: /is not written over/ })
  const part = (config: NodeConfig, file: string) =>
    start(['keys', 'reshare', '--config', file, '--plan', planFile, ...WAITS], config)
  const handing = after.map((config, index) => part(config, next[index] as string))
  const leaving = part(first, configFile(first))
  for (const { done } of [...handing, leaving]) expect(keysIn(await done).keys.groupKey).toBe(keys.groupKey)
  const shown = await runCli(['keys', 'show', '--config', next[3] as string, '--json'], first.dataFolder, ENV)
  expect(JSON.parse(shown.stdout)).toMatchObject({
    group: { node: 4, keys: { groupKey: keys.groupKey } },
    unfinished: null,
  })
  expect((await openSecrets(keystorePath(first.dataFolder), PASSPHRASE)).group).toBeUndefined()
  const shares = await Promise.all(after.slice(1).map(shareOf))
  expect(signsTogether(JSON.parse(shown.stdout).group.keys, shares, seededRandom('handed over'))).toBe(true)
})
