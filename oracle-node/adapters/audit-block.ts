import { createHash } from 'node:crypto'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { z } from 'zod'
import { fromHex, type Hex, toHex } from '../core/bytes.ts'
import { packRecord, type RiskRecord } from '../core/record.ts'
import type { AuditRecord } from '../protocol/audit-record.ts'
import { counter, hex, MEMBERS_MAX, node, observations, type Parsed, point, seconds, values } from './wire.ts'

/*
 * A record as an IPLD block: DAG-CBOR, which has one way to write each value, under a CID of version 1 with SHA-256. Hashes, keys,
 * signatures and packed records are byte strings in it; in JSON they are hex.
 */

/** The largest committee's record with the most feeds takes 551,000; IPFS passes on blocks of 2 MiB at most. */
export const BLOCK_BYTES_MAX = 1_500_000
const SHA2_256 = 0x12
const KIND = 'plimsoll-audit-record'
const VERSION = 1

/** A record with the bytes that its CID is of. */
export type AuditBlock = { readonly cid: CID; readonly bytes: Uint8Array; readonly round: number }

/** As loaded: of a combination the ids of its parts, in words. */
const modelId = z
  .string()
  .regex(/^(?!0x)[\x20-\x7e]{1,300}$/, 'needs 1 to 300 characters of ASCII, and not 0x before them')
const recordSchema = z.strictObject({
  kind: z.literal(KIND),
  version: z.literal(VERSION),
  domain: z.strictObject({ chainId: z.int().positive().transform(BigInt), oracle: hex(20) }),
  committee: z.strictObject({ epoch: counter, operators: z.array(hex(20)).min(1).max(MEMBERS_MAX) }),
  groupKey: point,
  models: z.strictObject({ set: hex(32), ids: z.array(modelId).max(16) }),
  report: z.strictObject({
    epoch: counter,
    round: counter,
    time: seconds,
    modelSet: hex(32),
    observationsRoot: hex(32),
    recordsRoot: hex(32),
    digest: hex(32),
    values,
  }),
  proposal: z.strictObject({ attempt: counter, leader: node, observations }),
  certificate: z.strictObject({ signers: z.array(node).min(1).max(MEMBERS_MAX), signature: hex(65) }),
})

/** A record as JSON: byte strings as lower-case hex. */
export type AuditJson = z.input<typeof recordSchema>

/** @throws {Error} when the record is not one that {@link decodeRecord} takes: a node never stores what nobody can read. */
export function encodeRecord(record: AuditRecord): AuditBlock {
  const bytes = dagCbor.encode(withBytes(recordToJson(record)))
  const decoded = decodeRecord(bytes)
  if (!decoded.ok) throw new Error(`the record of round ${record.report.round} can't be kept: ${decoded.detail}`)
  return { cid: cidOf(bytes), bytes, round: record.report.round }
}

/** A block as a record, or what is wrong with it and where. What it says is not checked: that is {@link replayRecord}'s. */
export function decodeRecord(bytes: Uint8Array): Parsed<AuditRecord> {
  if (bytes.length > BLOCK_BYTES_MAX) {
    return { ok: false, detail: `${bytes.length} bytes; a record has ${BLOCK_BYTES_MAX} at most` }
  }
  let json: unknown
  try {
    json = withHex(dagCbor.decode(bytes))
  } catch (error) {
    return { ok: false, detail: `not DAG-CBOR: ${error instanceof Error ? error.message : error}`.slice(0, 300) }
  }
  const parsed = recordFromJson(json)
  if (!parsed.ok) return parsed
  // Of two ways to write a record one would be a second name for it.
  const again = dagCbor.encode(withBytes(recordToJson(parsed.message)))
  if (Buffer.compare(again, bytes) !== 0)
    return { ok: false, detail: 'not in the canonical form: written anew it has other bytes' }
  return parsed
}

export function recordToJson(record: AuditRecord): AuditJson {
  const plain: AuditJson = JSON.parse(
    JSON.stringify({ kind: KIND, version: VERSION, ...record }, (key, value: unknown) => {
      if (key === 'record') return wordOf(packRecord(value as RiskRecord), 32)
      if (key === 'fallbacks') return wordOf(value as bigint, 8)
      return typeof value === 'bigint' ? Number(value) : value
    }),
  )
  return plain
}

export function recordFromJson(json: unknown): Parsed<AuditRecord> {
  const result = recordSchema.safeParse(json)
  if (!result.success) {
    const issue = result.error.issues[0]
    return { ok: false, detail: `${issue?.path.join('.') || 'the record'}: ${issue?.message ?? ''}`.slice(0, 300) }
  }
  const { kind: _, version: __, ...record } = result.data
  return { ok: true, message: record }
}

export function cidOf(bytes: Uint8Array): CID {
  return cidOfHash(createHash('sha256').update(bytes).digest())
}

/** The CID of a block of which only the SHA-256 is at hand. */
export function cidOfHash(sha256: Uint8Array): CID {
  return CID.createV1(dagCbor.code, Digest.create(SHA2_256, sha256))
}

/** A CID of a record's kind (version 1, DAG-CBOR, SHA-256), or undefined: what is given may be anything. */
export function parseCid(text: string): CID | undefined {
  try {
    const cid = CID.parse(text)
    const ours = cid.version === 1 && cid.code === dagCbor.code && cid.multihash.code === SHA2_256
    // One spelling a CID: base 32, which is what CID.toString writes.
    return ours && cid.toString() === text ? cid : undefined
  } catch {
    return undefined
  }
}

const HEX = /^0x(?:[0-9a-f]{2})*$/

function withBytes(json: unknown): unknown {
  if (typeof json === 'string') return HEX.test(json) ? fromHex(json) : json
  return within(json, withBytes)
}

function withHex(value: unknown): unknown {
  return value instanceof Uint8Array ? toHex(value) : within(value, withHex)
}

function within(value: unknown, change: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change)
  if (typeof value !== 'object' || value === null || value instanceof CID) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, change(inner)]))
}

function wordOf(value: bigint, bytes: number): Hex {
  return `0x${value.toString(16).padStart(2 * bytes, '0')}`
}
