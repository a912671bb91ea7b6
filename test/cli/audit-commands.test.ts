import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { CarReader } from '@ipld/car'
import * as dagCbor from '@ipld/dag-cbor'
import { describe, expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { cidOf, encodeRecord } from '../../oracle-node/adapters/audit-block.ts'
import { unixSeconds } from '../../oracle-node/core/units.ts'
import type { AuditRecord } from '../../oracle-node/protocol/audit-record.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { auditFolderWith, servedRecords } from '../support/audit-folder.ts'
import { auditRecord, signatoriesOf } from '../support/audit-records.ts'
import { sampleConfig } from '../support/node-config.ts'
import { PIN_TOKEN, pinningServer } from '../support/pinning-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { runCli } from './run-cli.ts'

const world = makeWorld(4)
const { committee, groupKey, domain } = signatoriesOf(world)
const records = [1, 2, 4].map((round) => auditRecord(world, round))
const [first] = records as [AuditRecord, ...AuditRecord[]]

/** The record of round 1 with another price, as one that was changed and given a new CID. */
function tampered(): AuditRecord {
  const observations = first.proposal.observations.map((each) =>
    each.observation.node === 3
      ? { ...each, observation: { ...each.observation, observedAt: unixSeconds(1_699_999_000) } }
      : each,
  )
  return { ...first, proposal: { ...first.proposal, observations } }
}

/** A configuration of this committee beside a data folder. */
function configIn(dataFolder: string, changes: object = {}): string {
  const sample = sampleConfig()
  const members = (sample.members ?? []).map((each, index) => ({ ...each, operator: committee.operators[index] ?? '' }))
  const run = sample.run && { ...sample.run, chain: { ...sample.run.chain, chainId: 31_337, oracle: domain.oracle } }
  const path = join(dataFolder, 'node.yaml')
  writeFileSync(path, stringify({ ...sample, members, run, groupKey, dataFolder: '.', ...changes }))
  return path
}

describe('plimsoll replay', () => {
  test('says equal of what a running node serves, and whom it was checked against', async () => {
    const { url, log, dataFolder } = await servedRecords(records)
    const run = await runCli(['replay', 'latest', '--node', url, '--group-key', groupKey, '--json'], dataFolder)
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(run.stdout)).toEqual({
      round: 4,
      cid: log.newest()?.cid,
      source: `${url}/`,
      equal: true,
      digest: records[2]?.report.digest,
      observers: [1, 2, 3, 4],
      signers: [1, 2, 3],
      groupKey,
      checkedAgainst: { committee: 'record', groupKey: 'flag', domain: 'record' },
      differences: [],
    })
  })

  test('reads a node’s own folder and checks against its configuration; without one it says so', async () => {
    const { dataFolder } = await auditFolderWith(records)
    const run = await runCli(['replay', '2', '--config', configIn(dataFolder)], dataFolder)
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout).toMatch(/^round 2 of .*: equal\n {2}record {2}bafyrei/)
    const bare = await runCli(['replay', log(records[1]), '--data', dataFolder], dataFolder)
    expect(bare).toMatchObject({ code: 0, stderr: expect.stringContaining('that the record itself names') })
  })

  test('says where a record that was changed is not what follows from it', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'tampered.block'), encodeRecord(tampered()).bytes)
    const words = ['replay', '1', '--file', 'tampered.block', '--group-key', groupKey]
    const run = await runCli([...words, '--json'], folder)
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('round 1 is not what its record says') })
    const { equal, differences } = JSON.parse(run.stdout) as { equal: boolean; differences: Array<{ field: string }> }
    expect(equal).toBe(false)
    expect(differences.map(({ field }) => field)).toEqual([
      'observations.3.signature',
      'report.observationsRoot',
      'report.digest',
      'certificate.signature',
    ])
    const shown = await runCli(words, folder)
    expect(shown.stdout).toMatch(/observations\.3\.signature +operator 0x/)
  })

  test('tells a record of others from this committee’s by the configuration', async () => {
    const { dataFolder } = await auditFolderWith([auditRecord(makeWorld(7), 1)])
    const run = await runCli(['replay', '1', '--config', configIn(dataFolder), '--json'], dataFolder)
    expect(run.code).toBe(1)
    expect(run.stdout).toContain('"field": "committee.operators.7"')
    expect(run.stdout).toContain('"field": "groupKey"')
  })

  test('takes the operators from the record where a registry and not the configuration says who they are', async () => {
    const { dataFolder } = await auditFolderWith(records)
    const registry = { address: `0x${'cd'.repeat(20)}`, rpcUrl: 'http://127.0.0.1:8545', chainId: 31_337 }
    const changes = { members: undefined, registry }
    const words = ['replay', '1', '--config', configIn(dataFolder, changes), '--json']
    const run = await runCli(words, dataFolder)
    expect(run.stderr).toBe('')
    expect(JSON.parse(run.stdout)).toMatchObject({
      equal: true,
      checkedAgainst: { committee: 'record', groupKey: 'config', domain: 'config' },
    })
    const late = await runCli(
      [...words.slice(0, 3), configIn(dataFolder, { ...changes, epoch: 2 }), '--json'],
      dataFolder,
    )
    expect(late.stdout).toContain('"field": "committee.epoch"')
  })

  test('refuses bytes that are not their CID’s', async () => {
    const cid = encodeRecord(first).cid.toString()
    const liar = createServer((request, response) => {
      if (request.url?.startsWith('/audit/cid/') === true) response.end(Buffer.from(encodeRecord(tampered()).bytes))
      else response.end(JSON.stringify({ newest: 1, rounds: [{ round: 1, cid, bytes: 3_000 }] }))
    })
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => new Promise<void>((resolve) => liar.close(() => resolve())))
    const url = `http://127.0.0.1:${(liar.address() as AddressInfo).port}`
    const run = await runCli(['replay', 'latest', '--node', url], temporaryFolder())
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(`gave other bytes than block ${cid}`) })
  })
})

function log(record: AuditRecord | undefined): string {
  return encodeRecord(record as AuditRecord).cid.toString()
}

describe('plimsoll verify', () => {
  test('takes what a node serves: a round, a proof of one asset, a block', async () => {
    const { get, dataFolder } = await servedRecords(records)
    const config = configIn(dataFolder)
    const paths = ['/audit/rounds/2', '/audit/rounds/2/proofs/WBTC', `/audit/cid/${log(records[1])}`]
    for (const path of paths) {
      writeFileSync(join(dataFolder, 'report'), Buffer.from(await (await get(path)).arrayBuffer()))
      for (const trust of [
        ['--config', config],
        ['--group-key', groupKey],
      ]) {
        const run = await runCli(['verify', 'report', ...trust, '--json'], dataFolder)
        expect(run, path).toMatchObject({ code: 0, stderr: '' })
        expect(JSON.parse(run.stdout)).toMatchObject({ valid: true, round: 2, groupKey, faults: [] })
      }
    }
  })

  test('names what was changed, whether people read it or it is hashed', async () => {
    const { get, dataFolder } = await servedRecords(records)
    const text = await (await get('/audit/rounds/2/proofs/WBTC')).text()
    const round = await (await get('/audit/rounds/2')).text()
    const cases: ReadonlyArray<readonly [string, RegExp]> = [
      [
        text.replace('"depthUsd":50000000', '"depthUsd":60000000'),
        /WBTC\.depthUsd: shown as 60000000, .* says 50000000/,
      ],
      [
        text.replace(/"leaf":\{"feed":"0x[0-9a-f]+","record":"0x../, (found) => `${found.slice(0, -2)}11`),
        /root of the records/,
      ],
      [text.replace('"round":2', '"round":3'), /digest: given .*\n.*signature: it is not of/s],
      [text.replace(groupKey, makeWorld(7).keys.groupKey), /group key: given/],
      [round.replace('"chainId":31337', '"chainId":1'), /chain: given 1, needed 31337/],
      [round.replace('"asset":"WBTC"', '"asset":"DOGE"'), /DOGE: shown, and not in the report/],
    ]
    for (const [changed, said] of cases) {
      expect([text, round]).not.toContain(changed)
      writeFileSync(join(dataFolder, 'report.json'), changed)
      const run = await runCli(['verify', 'report.json', '--config', configIn(dataFolder)], dataFolder)
      expect(run.stdout).toMatch(said)
      expect(run.code).toBe(1)
    }
  })
})

describe('plimsoll audit', () => {
  test('exports a CAR file that other software reads, the same bytes from a node and from its folder', async () => {
    const { url, dataFolder } = await servedRecords(records)
    const run = await runCli(['audit', 'export', '--node', url, '--out', 'a.car', '--json'], dataFolder)
    expect(run).toMatchObject({ code: 0, stderr: 'no record of rounds 3\n' })
    await runCli(['audit', 'export', '--data', dataFolder, '--out', 'b.car'], dataFolder)
    const bytes = readFileSync(join(dataFolder, 'a.car'))
    expect(bytes.equals(readFileSync(join(dataFolder, 'b.car')))).toBe(true)
    const reader = await CarReader.fromBytes(bytes)
    const [root] = await reader.getRoots()
    const summary = JSON.parse(run.stdout) as Record<string, unknown>
    expect(summary).toMatchObject({ root: root?.toString(), from: 1, to: 4, rounds: 3, unequal: [] })
    const index = root && (await reader.get(root))
    const { rounds } = dagCbor.decode<{ rounds: Array<[number, unknown]> }>(index?.bytes ?? new Uint8Array())
    expect(rounds.map(([round, cid]) => [round, String(cid)])).toEqual(
      records.map((each) => [each.report.round, log(each)]),
    )
    for await (const { cid, bytes: block } of reader.blocks()) expect(cidOf(block).equals(cid)).toBe(true)
    const replayed = await runCli(['replay', '4', '--file', 'a.car', '--group-key', groupKey], dataFolder)
    expect(replayed).toMatchObject({ code: 0, stdout: expect.stringContaining(': equal') })
  })

  test('lists what there is and what is missing, and exports a range of it', async () => {
    const { dataFolder } = await auditFolderWith(records)
    const listed = await runCli(['audit', 'list', '--data', dataFolder, '--to', '6', '--json'], dataFolder)
    expect(JSON.parse(listed.stdout)).toMatchObject({
      rounds: [{ round: 1 }, { round: 2 }, { round: 4 }],
      missing: [
        { from: 3, to: 3 },
        { from: 5, to: 6 },
      ],
    })
    const words = ['audit', 'export', '--data', dataFolder, '--from', '2', '--to', '3', '--out', 'some.car', '--json']
    expect(JSON.parse((await runCli(words, dataFolder)).stdout)).toMatchObject({ rounds: 1, from: 2, to: 2 })
  })

  test('a CAR file with a changed block is refused, and an export that fails leaves no file', async () => {
    const { dataFolder, firstFile } = await auditFolderWith(records)
    await runCli(['audit', 'export', '--data', dataFolder, '--out', 'a.car'], dataFolder)
    const car = readFileSync(join(dataFolder, 'a.car'))
    car[car.length - 9] = (car[car.length - 9] ?? 0) ^ 1
    writeFileSync(join(dataFolder, 'bad.car'), car)
    const run = await runCli(['replay', '4', '--file', 'bad.car'], dataFolder)
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('is not what its CID is of') })
    writeFileSync(firstFile, Buffer.alloc(10))
    const failed = await runCli(['audit', 'export', '--data', dataFolder, '--out', 'none.car'], dataFolder)
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('has no records of these rounds') })
    expect(existsSync(join(dataFolder, 'none.car'))).toBe(false)
  })

  test('has the root of a file pinned: the service gets the token, the CID, the name and where the blocks are', async () => {
    const { dataFolder } = await auditFolderWith(records)
    const exported = await runCli(['audit', 'export', '--data', dataFolder, '--out', 'a.car', '--json'], dataFolder)
    const { root } = JSON.parse(exported.stdout) as { root: string }
    const { endpoint, pins, questions } = await pinningServer()
    writeFileSync(join(dataFolder, 'token'), `${PIN_TOKEN}\n`)
    const origin = '/dns4/ipfs.example/tcp/4001/p2p/12D3KooW'
    const words = ['audit', 'pin', 'a.car', '--endpoint', endpoint, '--origin', origin, '--wait', '20', '--json']
    const run = await runCli([...words, '--token-file', 'token'], dataFolder)
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(run.stdout)).toEqual({
      cid: root,
      requestId: 'pin/1',
      status: 'pinned',
      delegates: ['/ip4/10.0.0.1'],
    })
    expect(pins).toEqual([{ cid: root, name: 'a.car', origins: [origin] }])
    expect(questions).toEqual(['POST /psa/pins', 'GET /psa/pins/pin%2F1', 'GET /psa/pins/pin%2F1'])
  })

  test('takes the token from the environment, does not wait unless asked, and says what the service said', async () => {
    const cid = log(first)
    const { endpoint } = await pinningServer(['queued', 'failed'])
    const words = ['audit', 'pin', cid, '--endpoint', endpoint]
    const env = { PLIMSOLL_PIN_TOKEN: PIN_TOKEN }
    const taken = await runCli(words, temporaryFolder(), env)
    expect(taken).toMatchObject({ code: 0, stdout: `${cid}: queued (request pin/1)\n` })
    const failed = await runCli([...words, '--wait', '5'], temporaryFolder(), env)
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('an IPFS node that it reaches') })
    const wrong = await runCli(words, temporaryFolder(), { PLIMSOLL_PIN_TOKEN: 'another-secret' })
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('401: UNAUTHORIZED: access token is wrong'),
    })
    expect(wrong.stderr).not.toContain('another-secret')
  })
})

test('what cannot be done says what, why and what to do', async () => {
  const { dataFolder } = await auditFolderWith(records)
  const env = { PLIMSOLL_PIN_TOKEN: PIN_TOKEN }
  writeFileSync(join(dataFolder, 'junk'), 'junk')
  writeFileSync(join(dataFolder, 'junk.json'), '{"kind":"plimsoll-record-proof"}')
  const cid = log(first)
  const cases: ReadonlyArray<readonly [readonly string[], number, RegExp]> = [
    [['replay'], 2, /missing required argument 'round'/],
    [['replay', 'newest', '--data', '.'], 2, /got "newest"; give a round's number, latest, or a record's CID/],
    [['replay', '9', '--data', '.'], 1, /no record of round 9 in .*; its newest is of round 4/],
    [['replay', '1', '--data', 'nowhere'], 2, /no audit log in nowhere.*; a node makes it/],
    [['replay', '1', '--data', '.', '--file', 'junk'], 2, /--data and --file are two places/],
    [['replay', '1', '--file', 'junk'], 1, /junk is no CAR file of records/],
    [['replay', '1', '--file', 'none'], 2, /no file none; give one, or - for the standard input/],
    [['replay', '1', '--node', 'ftp://x'], 2, /got "ftp:\/\/x"; give a node's address/],
    [['replay', '1', '--node', 'http://127.0.0.1:9'], 1, /http:\/\/127\.0\.0\.1:9 can't be reached/],
    [['replay', '1', '--data', '.', '--group-key', '0x02'], 2, /give a compressed key/],
    [['verify', 'junk'], 1, /junk is neither JSON nor a record's block/],
    [['verify', 'junk.json'], 1, /junk\.json is a damaged proof/],
    [['audit', 'export', '--data', '.', '--from', '3', '--to', '2', '--out', 'x'], 2, /--from 3 is after --to 2/],
    [['audit', 'export', '--data', '.', '--from', '-1', '--out', 'x'], 2, /give a round's number/],
    [['audit', 'export', '--data', '.', '--out', 'nowhere/x.car'], 1, /ENOENT.*nowhere/],
    [['audit', 'pin', cid, '--endpoint', 'http://pins.example'], 1, /needs https: the token would be readable/],
    [['audit', 'pin', 'none', '--endpoint', 'https://pins.example'], 2, /neither a file nor the CID of a record/],
    [['audit', 'pin', 'junk', '--endpoint', 'https://pins.example'], 1, /junk is no CAR file of records/],
    [['audit', 'pin', cid, '--endpoint', 'pins'], 2, /--endpoint: got "pins"; give a URL/],
  ]
  for (const [words, code, said] of cases) {
    const run = await runCli(words, dataFolder, env)
    expect(run.stderr, words.join(' ')).toMatch(said)
    expect(run.code, words.join(' ')).toBe(code)
  }
  const bare = await runCli(['audit', 'pin', cid, '--endpoint', 'https://pins.example'], dataFolder)
  expect(bare).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('set PLIMSOLL_PIN_TOKEN, or name a --token-file'),
  })
})

test('help of each command shows an example', async () => {
  for (const words of [['audit'], ['audit', 'list'], ['audit', 'export'], ['audit', 'pin'], ['replay'], ['verify']]) {
    const run = await runCli([...words, '--help'], temporaryFolder())
    expect(run, words.join(' ')).toMatchObject({ code: 0, stdout: expect.stringMatching(/Examples:\n {2}\S+/) })
  }
})
