import * as dagCbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { describe, expect, test } from 'vitest'
import {
  BLOCK_BYTES_MAX,
  cidOf,
  decodeRecord,
  encodeRecord,
  parseCid,
  recordFromJson,
  recordToJson,
} from '../../oracle-node/adapters/audit-block.ts'
import { fromHex } from '../../oracle-node/core/bytes.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { auditRecord } from '../support/audit-records.ts'
import { spoiled } from '../support/hostile-json.ts'

const record = auditRecord(makeWorld(4), 9)
const block = encodeRecord(record)

test('a record comes back from its bytes and from its JSON as it was', () => {
  expect(decodeRecord(block.bytes)).toEqual({ ok: true, message: record })
  expect(recordFromJson(JSON.parse(JSON.stringify(recordToJson(record))))).toEqual({ ok: true, message: record })
})

test('its CID is what any other implementation calculates, and one record has one', async () => {
  const theirs = CID.createV1(dagCbor.code, await sha256.digest(block.bytes))
  expect(block.cid.toString()).toBe(theirs.toString())
  expect(block.cid.toString()).toMatch(/^bafyrei/)
  expect(encodeRecord(structuredClone(record)).cid.equals(block.cid)).toBe(true)
})

test('hashes and signatures take their own length in it and no more', () => {
  const decoded = dagCbor.decode<{ report: { digest: Uint8Array } }>(block.bytes)
  expect(decoded.report.digest).toEqual(fromHex(record.report.digest))
  expect(block.bytes.length).toBeLessThan(4_000)
})

/** The record's JSON with byte strings, as DAG-CBOR holds it. */
function asBytes(json: unknown): unknown {
  if (typeof json === 'string') return /^0x(?:[0-9a-f]{2})*$/.test(json) ? fromHex(json) : json
  if (Array.isArray(json)) return json.map(asBytes)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(Object.entries(json).map(([name, inner]) => [name, asBytes(inner)]))
}

describe('what is no record is refused in one line that says where', () => {
  const changed = (change: (json: Record<string, Record<string, unknown>>) => void): Uint8Array => {
    const json = JSON.parse(JSON.stringify(recordToJson(record)))
    change(json)
    return dagCbor.encode(asBytes(json))
  }
  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'not DAG-CBOR'],
    ['a torn block', block.bytes.subarray(0, -1), 'not DAG-CBOR'],
    ['more behind it', Uint8Array.from([...block.bytes, 0]), 'not DAG-CBOR'],
    ['another thing', dagCbor.encode([1, 2]), 'expected object'],
    ['too much', new Uint8Array(BLOCK_BYTES_MAX + 1), `${BLOCK_BYTES_MAX} at most`],
    ['nesting without end', new Uint8Array(200_000).fill(0x81), 'not DAG-CBOR'],
    ['a version of later', changed((json) => Object.assign(json, { version: 2 })), 'version: '],
    ['a key too many', changed((json) => Object.assign(json['report'] ?? {}, { more: 1 })), 'report: '],
    [
      'a short hash',
      changed((json) => Object.assign(json['report'] ?? {}, { digest: '0x12' })),
      'report.digest: needs',
    ],
    ['a key off the curve', changed((json) => Object.assign(json, { groupKey: `0x${'05'.repeat(33)}` })), 'groupKey: '],
    ['hex as text', changed((json) => Object.assign(json['models'] ?? {}, { ids: ['0xab'] })), 'models.ids.0: '],
  ])('%s', (_, bytes, said) => {
    const decoded = decodeRecord(bytes)
    expect(decoded.ok ? 'taken' : decoded.detail).toContain(said)
  })

  test('a second way to write the same record', () => {
    const json = recordToJson(record)
    const textual = { ...(asBytes(json) as Record<string, unknown>), groupKey: json.groupKey }
    const decoded = decodeRecord(dagCbor.encode(textual))
    expect(decoded.ok ? 'taken' : decoded.detail).toContain('not in the canonical form')
  })

  test('and such a record is not stored either', () => {
    const models = { ...record.models, ids: ['no\nname'] }
    expect(() => encodeRecord({ ...record, models })).toThrow(
      'the record of round 9 can’t be kept: models.ids.0'.replace('’', "'"),
    )
  })
})

test('no bytes and no spoiled record make it throw; what it takes it writes as the same bytes', () => {
  const check = (bytes: Uint8Array): void => {
    const decoded = decodeRecord(bytes)
    if (decoded.ok) expect(encodeRecord(decoded.message).bytes).toEqual(bytes)
    else expect(decoded.detail.length).toBeGreaterThan(3)
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), check), { numRuns: 300 })
  const honest = recordToJson(record)
  fc.assert(
    fc.property(
      spoiled(honest).filter((json) => !JSON.stringify(json ?? null).includes('1e+')),
      (json) => {
        let bytes: Uint8Array
        try {
          bytes = dagCbor.encode(asBytes(json))
        } catch {
          return
        }
        check(bytes)
      },
    ),
    { numRuns: 200 },
  )
  const flipped = fc.tuple(fc.nat(block.bytes.length - 1), fc.integer({ min: 1, max: 255 }))
  fc.assert(
    fc.property(flipped, ([at, by]) => check(block.bytes.map((byte, index) => (index === at ? byte ^ by : byte)))),
    { numRuns: 300 },
  )
})

describe('a CID', () => {
  test('is read in the one spelling that is written', () => {
    expect(parseCid(block.cid.toString())?.equals(block.cid)).toBe(true)
    expect(cidOf(block.bytes).equals(block.cid)).toBe(true)
  })

  test.each([
    '',
    'latest',
    '../../etc/passwd',
    'QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR',
    'bafkreihwkf6mtnjobdqrkiksr7qhp6tiiqywux64aylunbvmfhzeql2coa',
    block.cid.toString().toUpperCase(),
    `${block.cid.toString()}a`,
  ])('of another kind or spelling is none: %s', (text) => {
    expect(parseCid(text)).toBeUndefined()
  })
})
