import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { decodeRecord, encodeRecord } from '../../oracle-node/adapters/audit-block.ts'
import { auditFolder } from '../../oracle-node/app/audit.ts'
import type { JsonAudit } from '../../oracle-node/app/audit-json.ts'
import { conductRound, type RoundOutcome } from '../../oracle-node/devnet/conduct.ts'
import { startDashboard } from '../../oracle-node/devnet/dashboard.ts'
import type { Network } from '../../oracle-node/devnet/network.ts'
import { freePorts } from '../../oracle-node/devnet/processes.ts'
import { type CliRun, runCli } from '../cli/run-cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { logOf, networkOf } from './run-devnet.ts'

let network: Network
const outcomes = new Map<number, RoundOutcome>()
beforeAll(async () => {
  network = await networkOf('synthetic')
})
afterAll(async () => network?.stop())

async function play(round: number): Promise<RoundOutcome> {
  const outcome = await conductRound(network, round, [])
  expect(outcome.missed, `round ${round}`).toBeUndefined()
  outcomes.set(round, outcome)
  return outcome
}

const memberOf = (node: number): Network['members'][number] => {
  const member = network.members[node - 1]
  if (member === undefined) throw new Error(`no node ${node}`)
  return member
}
const urlOf = (node: number): string => `http://127.0.0.1:${memberOf(node).httpPort}`
const replayed = ({ stdout }: CliRun) => JSON.parse(stdout) as { cid: string; round: number; differences: unknown[] }

test('every node, whoever led, has the round that is on chain, and it replays against the node’s own configuration', async () => {
  for (const round of [1, 2]) await play(round)
  const cids = new Set<string>()
  for (const { node, configFile } of network.members) {
    const run = await runCli(['replay', 'latest', '--node', urlOf(node), '--config', configFile, '--json'], '.')
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(run.stdout)).toMatchObject({
      round: 2,
      equal: true,
      digest: outcomes.get(2)?.report?.digest,
      groupKey: network.groupKey,
      checkedAgainst: { committee: 'config', groupKey: 'config', domain: 'config' },
      differences: [],
    })
    cids.add(replayed(run).cid)
    const own = await runCli(['replay', '1', '--config', configFile, '--json'], '.')
    expect(own.code, 'read from the folder of a node that is running').toBe(0)
  }
  expect(cids.size, 'one certificate, one record, one name').toBe(1)
})

test('a devnet’s status page says where its nodes are', async () => {
  const [port = 0] = await freePorts(1)
  const input = { source: 'synthetic', note: 'of this test', files: [], sha256: '' } as const
  const dashboard = await startDashboard({ network, input, stepSeconds: 900, port, fallback: false })
  onTestFinished(() => dashboard.close())
  const run = await runCli(['replay', 'latest', '--json'], '.', { PLIMSOLL_NODE: dashboard.url })
  expect(run.code).toBe(0)
  expect(replayed(run).round).toBe(2)
})

test('a record that was changed says where, and a proof of one asset holds offline until it is changed', async () => {
  const folder = temporaryFolder()
  const answer = await fetch(`${urlOf(1)}/audit/rounds/2`)
  const shown = (await answer.json()) as JsonAudit
  const block = new Uint8Array(await (await fetch(`${urlOf(1)}/audit/cid/${shown.cid}`)).arrayBuffer())
  const decoded = decodeRecord(block)
  if (!decoded.ok) throw new Error(decoded.detail)
  const { report } = decoded.message
  const values = report.values.map((each, place) =>
    place === 0 ? { ...each, record: { ...each.record, priceE8: each.record.priceE8 + 1n } } : each,
  )
  writeFileSync(join(folder, 'changed'), encodeRecord({ ...decoded.message, report: { ...report, values } }).bytes)
  const { configFile } = memberOf(1)
  const run = await runCli(['replay', '2', '--file', 'changed', '--config', configFile, '--json'], folder)
  expect(run.code).toBe(1)
  const price = report.values[0]?.record.priceE8 ?? 0n
  expect(replayed(run).differences).toEqual([
    { field: expect.stringMatching(/^report\.values\..*\.priceE8$/), given: `${price + 1n}`, derived: `${price}` },
  ])

  const proof = await (await fetch(`${urlOf(1)}/audit/rounds/2/proofs/WETH`)).text()
  writeFileSync(join(folder, 'proof.json'), proof)
  const verified = await runCli(['verify', 'proof.json', '--config', configFile], folder)
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining(': valid') })
  writeFileSync(join(folder, 'proof.json'), proof.replace(/("record":"0x)0000/, '$11000'))
  expect((await runCli(['verify', 'proof.json', '--config', configFile], folder)).code).toBe(1)
})

test('a node that was killed in the midst of a record cuts it off, says so, and keeps on keeping', async () => {
  await network.apply({ kind: 'kill', node: 2, round: 3 })
  const file = join(auditFolder(memberOf(2).folder), '00000001.audit')
  appendFileSync(file, readFileSync(file).subarray(0, 500))
  await play(3)
  await network.apply({ kind: 'restart', node: 2, round: 4 })
  await play(4)
  expect(logOf(network, 2).find(({ event }) => event === 'audit-log-torn')).toMatchObject({ bytes: 500 })
  const listed = await runCli(['audit', 'list', '--node', urlOf(2), '--json'], '.')
  expect(JSON.parse(listed.stdout)).toMatchObject({
    rounds: [{ round: 1 }, { round: 2 }, { round: 4 }],
    missing: [{ from: 3, to: 3 }],
  })
  const whole = await runCli(['audit', 'list', '--node', urlOf(1), '--json'], '.')
  expect(JSON.parse(whole.stdout)).toMatchObject({ missing: [] })
})
