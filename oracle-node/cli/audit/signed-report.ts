import { z } from 'zod'
import { decodeRecord, recordFromJson } from '../../adapters/audit-block.ts'
import { counter, hex, point, seconds } from '../../adapters/wire.ts'
import { fromHex, type Hex, toHex } from '../../core/bytes.ts'
import type { Domain } from '../../core/domain.ts'
import { assetOf, type FeedId, isFeed } from '../../core/feed.ts'
import { rootOfProof } from '../../core/merkle.ts'
import { unpackRecord } from '../../core/record.ts'
import { headDigest, type ReportHead, recordLeaf, recordsRoot } from '../../core/report.ts'
import { verifySignature } from '../../core/threshold.ts'
import type { AuditRecord } from '../../protocol/audit-record.ts'
import { jsonIn } from './read-given.ts'

/** A report as a reader got it, or of it one asset with its proof. */
export type GivenReport = {
  readonly domain: Domain
  readonly groupKey: Hex
  readonly head: ReportHead
  /** What the given records hash to: the root that was signed, if they are what was signed. */
  readonly derivedRoot: Hex
  /** As the document gives it beside what it follows from. */
  readonly digest: Hex
  readonly signature: Hex
  /** Assets whose records are there. */
  readonly records: readonly string[]
  /** Where the document says a record twice and not the same. */
  readonly contradictions: readonly string[]
}

const readable = z.record(z.string(), z.union([z.string(), z.number()]))
const proofSchema = z.object({
  kind: z.literal('plimsoll-record-proof'),
  domain: z.object({ chainId: z.int().positive().transform(BigInt), oracle: hex(20) }),
  head: z.object({
    epoch: counter,
    round: counter,
    time: seconds,
    modelSet: hex(32),
    observationsRoot: hex(32),
    recordsRoot: hex(32),
  }),
  digest: hex(32),
  groupKey: point,
  signature: hex(65),
  leaf: z.object({ feed: hex(32), record: hex(32) }),
  proof: z.array(hex(32)).max(64),
  record: readable,
})
const auditSchema = z.object({ record: z.unknown(), records: z.array(readable).optional() })

/** @throws {Error} that says what was found in place of a report. */
export function reportIn(content: Uint8Array, path: string): GivenReport {
  const json = jsonIn(content)
  if (json === undefined) {
    const decoded = decodeRecord(content)
    if (decoded.ok) return fromRecord(decoded.message, [])
    throw new Error(`${path} is neither JSON nor a record's block (${decoded.detail})`)
  }
  if ('kind' in json && json.kind === 'plimsoll-record-proof') return fromProof(proofSchema.safeParse(json), path)
  const audit = auditSchema.safeParse(json)
  const inner = audit.success && audit.data.record !== undefined ? audit.data.record : json
  const parsed = recordFromJson(inner)
  if (parsed.ok) return fromRecord(parsed.message, (audit.success && audit.data.records) || [])
  throw new Error(
    `${path} is no report: ${parsed.detail}. Give what a node serves under /audit/rounds/ROUND or /audit/rounds/ROUND/proofs/ASSET`,
  )
}

/** What is wrong with a report; nothing when the committee signed it. */
export function checkReport(
  report: GivenReport,
  trusted: { readonly domain: Domain; readonly groupKey: Hex; readonly epoch: number },
): string[] {
  const { domain, head } = report
  const digest = headDigest(trusted.domain, { ...head, recordsRoot: report.derivedRoot })
  const differs = (what: string, given: unknown, needed: unknown): string[] =>
    given === needed ? [] : [`${what}: given ${given}, needed ${needed}`]
  const signed = verifySignature(trusted.groupKey, digest, report.signature)
  return [
    ...differs('chain', domain.chainId, trusted.domain.chainId),
    ...differs('oracle', domain.oracle, trusted.domain.oracle),
    ...differs('epoch', head.epoch, trusted.epoch),
    ...differs('group key', report.groupKey, trusted.groupKey),
    ...report.contradictions,
    ...differs('root of the records', head.recordsRoot, report.derivedRoot),
    ...differs('digest', report.digest, toHex(digest)),
    ...(signed ? [] : [`signature: it is not of ${trusted.groupKey} over ${toHex(digest)}`]),
  ]
}

function fromRecord(record: AuditRecord, shown: ReadonlyArray<z.infer<typeof readable>>): GivenReport {
  const { domain, groupKey, report, certificate } = record
  const { values, digest, ...head } = report
  const contradictions = shown.flatMap((each) => {
    const value = values.find(({ feed }) => nameOf(feed) === each['asset'])
    return value === undefined ? [`${each['asset']}: shown, and not in the report`] : contradiction(each, value)
  })
  const derivedRoot = toHex(recordsRoot({ values }))
  const records = values.map(({ feed }) => nameOf(feed))
  return { domain, groupKey, head, derivedRoot, digest, signature: certificate.signature, records, contradictions }
}

function fromProof(parsed: z.ZodSafeParseResult<z.infer<typeof proofSchema>>, path: string): GivenReport {
  if (!parsed.success) throw new Error(`${path} is a damaged proof:\n${z.prettifyError(parsed.error)}`)
  const { leaf, proof, record, domain, groupKey, head, digest, signature } = parsed.data
  const value = { feed: leaf.feed, record: unpackRecord(BigInt(leaf.record)) }
  const root = rootOfProof(
    recordLeaf(value),
    proof.map((each) => fromHex(each)),
  )
  const contradictions = contradiction(record, value)
  const records = [nameOf(leaf.feed)]
  return { domain, groupKey, head, derivedRoot: toHex(root), digest, signature, records, contradictions }
}

/** People read the fields; what is hashed is the word. */
function contradiction(shown: z.infer<typeof readable>, { feed, record }: Parameters<typeof recordLeaf>[0]): string[] {
  const asset = nameOf(feed)
  const fields = Object.entries({ asset, ...record })
  const wrong = fields.filter(([name, value]) => String(shown[name]) !== String(value))
  return wrong.map(([name, value]) => `${asset}.${name}: shown as ${shown[name]}, but what is hashed says ${value}`)
}

function nameOf(feed: FeedId): string {
  return isFeed(feed) ? assetOf(feed) : feed
}
