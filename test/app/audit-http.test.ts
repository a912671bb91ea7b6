import { readFileSync, writeFileSync } from 'node:fs'
import { SimpleMerkleTree } from '@openzeppelin/merkle-tree'
import { expect, test } from 'vitest'
import { cidOf, decodeRecord, encodeRecord, recordFromJson } from '../../oracle-node/adapters/audit-block.ts'
import type { JsonAudit, JsonProof } from '../../oracle-node/app/audit-json.ts'
import { fromHex, keccak, toHex } from '../../oracle-node/core/bytes.ts'
import { headDigest } from '../../oracle-node/core/report.ts'
import { verifySignature } from '../../oracle-node/core/threshold.ts'
import { unixSeconds } from '../../oracle-node/core/units.ts'
import { replayRecord } from '../../oracle-node/protocol/audit-record.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { servedRecords } from '../support/audit-folder.ts'
import { auditRecord, signatoriesOf } from '../support/audit-records.ts'

const world = makeWorld(4)
const signatories = signatoriesOf(world)

const served = (rounds: readonly number[]) => servedRecords(rounds.map((round) => auditRecord(world, round)))

const json = async <T>(response: Response): Promise<T> => (await response.json()) as T

test('rounds are listed with their CIDs, by range, and a limit leaves the rest for the next question', async () => {
  const { get, log } = await served([2, 3, 5])
  const all = await json<{ rounds: unknown[] }>(await get('/audit/rounds'))
  expect(all).toEqual({ newest: 5, oldest: 2, rounds: log.entries() })
  const some = await json<{ rounds: Array<{ round: number }> }>(await get('/audit/rounds?from=3&to=9&limit=1'))
  expect(some.rounds.map(({ round }) => round)).toEqual([3])
  const none = await served([])
  expect(await json(await none.get('/audit/rounds'))).toEqual({ newest: null, oldest: null, rounds: [] })
})

test('a round’s record is shown as JSON that is its block, under a CID that anyone calculates from it', async () => {
  const { get } = await served([2, 3])
  for (const path of ['/audit/rounds/3', '/audit/rounds/latest']) {
    const shown = await json<JsonAudit>(await get(path))
    const parsed = recordFromJson(shown.record)
    if (!parsed.ok) throw new Error(parsed.detail)
    expect(encodeRecord(parsed.message).cid.toString()).toBe(shown.cid)
    expect(replayRecord(parsed.message, signatories)).toMatchObject({ equal: true })
    expect(shown.records.map(({ asset }) => asset)).toEqual(['USDC', 'WBTC', 'WETH'])
  }
})

test('a block is served by its CID, to be checked by it and kept for ever', async () => {
  const { get, log } = await served([2])
  const cid = log.newest()?.cid ?? ''
  const response = await get(`/audit/cid/${cid}`)
  expect(response.headers.get('content-type')).toBe('application/vnd.ipld.dag-cbor')
  expect(response.headers.get('cache-control')).toContain('immutable')
  const bytes = new Uint8Array(await response.arrayBuffer())
  expect(cidOf(bytes).toString()).toBe(cid)
  expect(decodeRecord(bytes).ok).toBe(true)
})

test('each asset’s record is proved: OpenZeppelin’s library leads it to the root, and the head to the group’s signature', async () => {
  const { get } = await served([4])
  for (const asset of ['USDC', 'WBTC', 'WETH']) {
    const proof = await json<JsonProof>(await get(`/audit/rounds/4/proofs/${asset}`))
    const leaf = toHex(keccak(keccak(fromHex(proof.leaf.feed), fromHex(proof.leaf.record))))
    expect(SimpleMerkleTree.verify(proof.head.recordsRoot, leaf, [...proof.proof])).toBe(true)
    const domain = { chainId: BigInt(proof.domain.chainId), oracle: proof.domain.oracle }
    const digest = headDigest(domain, { ...proof.head, time: unixSeconds(proof.head.time) })
    expect(toHex(digest)).toBe(proof.digest)
    expect(verifySignature(signatories.groupKey, digest, proof.signature)).toBe(true)
    expect(proof.record.asset).toBe(asset)
  }
})

test.each([
  ['/audit/rounds/3', 404, 'no record of round 3 here; the newest is 2'],
  ['/audit/rounds/-1', 404, 'no record of round -1'],
  ['/audit/rounds/2.0', 404, 'no record of round 2.0'],
  ['/audit/rounds/__proto__', 404, 'no record'],
  ['/audit/rounds/2/proofs/DOGE', 404, 'round 2 has no record of DOGE'],
  ['/audit/rounds/2/proofs/a%20b', 404, 'round 2 has no record of a b'],
  ['/audit/rounds?from=x', 400, 'whole numbers'],
  ['/audit/rounds?from=1&from=2', 400, 'whole numbers'],
  ['/audit/cid/latest', 400, 'a CID'],
  [`/audit/cid/${encodeRecord(auditRecord(makeWorld(4), 99)).cid}`, 404, 'no block bafy'],
])('what is not there is a problem that says why: %s', async (path, status, detail) => {
  const { get } = await served([2])
  const response = await get(path)
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  expect(await json(response)).toMatchObject({ status, detail: expect.stringContaining(detail) })
})

test('a block that was changed on the disk is not served, and the answer does not say where it lies', async () => {
  const { get, dataFolder, firstFile, log } = await served([2])
  const content = readFileSync(firstFile)
  content[200] = (content[200] ?? 0) ^ 1
  writeFileSync(firstFile, content)
  for (const path of [`/audit/cid/${log.newest()?.cid}`, '/audit/rounds/2']) {
    const response = await get(path)
    expect(response.status).toBe(500)
    const { detail } = await json<{ detail: string }>(response)
    expect(detail).toContain('damaged here; ask another node')
    expect(detail).not.toContain(dataFolder)
  }
})
