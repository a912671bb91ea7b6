import { type AuditJson, recordToJson } from '../adapters/audit-block.ts'
import { type Hex, toHex, word } from '../core/bytes.ts'
import { assetOf, type FeedId, isFeed } from '../core/feed.ts'
import { merkleProof } from '../core/merkle.ts'
import { packRecord } from '../core/record.ts'
import { recordLeaf } from '../core/report.ts'
import type { AuditRecord } from '../protocol/audit-record.ts'
import { type JsonRecord, jsonRecord } from './round-json.ts'

/** A round's public record for people and programs; `record` is the block itself, with hex for its byte strings. */
export type JsonAudit = {
  readonly cid: string
  readonly round: number
  readonly record: AuditJson
  /** The report's records once more, field by field. */
  readonly records: readonly JsonRecord[]
}

/** What proves one asset's record without the others: it leads to the root, the head to the digest, the signature to the committee. */
export type JsonProof = {
  readonly kind: 'plimsoll-record-proof'
  readonly cid: string
  readonly asset: string
  readonly domain: { readonly chainId: number; readonly oracle: Hex }
  readonly head: {
    readonly epoch: number
    readonly round: number
    readonly time: number
    readonly modelSet: Hex
    readonly observationsRoot: Hex
    readonly recordsRoot: Hex
  }
  readonly digest: Hex
  readonly groupKey: Hex
  readonly signature: Hex
  /** What is hashed: feed and packed record, 32 bytes each. */
  readonly leaf: { readonly feed: FeedId; readonly record: Hex }
  /** Siblings from the leaf up, as `MerkleProof.verify` of OpenZeppelin takes them. */
  readonly proof: readonly Hex[]
  readonly record: JsonRecord
}

export function jsonAudit(cid: string, record: AuditRecord): JsonAudit {
  const records = record.report.values.map((each) => jsonRecord(nameOf(each.feed), each.record))
  return { cid, round: record.report.round, record: recordToJson(record), records }
}

/** Undefined when the report has no record of the feed. */
export function jsonProof(cid: string, record: AuditRecord, feed: FeedId): JsonProof | undefined {
  const { report, domain, groupKey, certificate } = record
  const index = report.values.findIndex((each) => each.feed === feed)
  const value = report.values[index]
  if (value === undefined) return undefined
  const { values: _, digest, ...head } = report
  return {
    kind: 'plimsoll-record-proof',
    cid,
    asset: nameOf(feed),
    domain: { chainId: Number(domain.chainId), oracle: domain.oracle },
    head,
    digest,
    groupKey,
    signature: certificate.signature,
    leaf: { feed, record: toHex(word(packRecord(value.record))) },
    proof: merkleProof(report.values.map(recordLeaf), index).map((each) => toHex(each)),
    record: jsonRecord(nameOf(feed), value.record),
  }
}

function nameOf(feed: FeedId): string {
  return isFeed(feed) ? assetOf(feed) : feed
}
