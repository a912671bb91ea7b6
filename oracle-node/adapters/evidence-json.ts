import { z } from 'zod'
import { type Hex, keccakText, toHex } from '../core/bytes.ts'
import { DEVIATION_FIELDS } from '../core/out-of-range.ts'
import type { Evidence } from '../protocol/evidence.ts'
import {
  counter,
  hex,
  node,
  type Parsed,
  parsed,
  place,
  point,
  seconds,
  signed,
  signers,
  toWire,
  values,
} from './wire.ts'

/** Evidence as a file: JSON with sorted keys, so that all who hold the same evidence hold the same bytes. */
const FORMAT = 'plimsoll-evidence-1'
/** Two observations of 64 feeds, or one and a report, are below 50 kB. */
const TEXT_MAX = 200_000

const subject = z.strictObject({
  domain: z.strictObject({
    chainId: z
      .string()
      .regex(/^(?:0|[1-9]\d{0,19})$/, 'needs a decimal number')
      .transform(BigInt),
    oracle: hex(20),
  }),
  epoch: counter,
  node,
  operator: hex(20),
  groupKey: point,
  verifyingShare: point,
})
const statement = { epoch: counter, ...place, node }
const signature = hex(65)
const proposal = z.strictObject({
  statement: z.strictObject({ ...statement, observationsHash: hex(32), commitmentsHash: hex(32) }),
  signature,
})
const share = z.strictObject({
  statement: z.strictObject({
    ...statement,
    digest: hex(32),
    commitmentsHash: hex(32),
    groupCommitment: hex(33),
    share: hex(32),
  }),
  signature,
})
const report = z.strictObject({
  epoch: counter,
  round: counter,
  time: seconds,
  modelSet: hex(32),
  observationsRoot: hex(32),
  values,
})

const claim = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('observer-equivocation'), first: signed, second: signed }),
  z.strictObject({ kind: z.literal('leader-equivocation'), first: proposal, second: proposal }),
  z.strictObject({ kind: z.literal('invalid-share'), share, signers }),
  z.strictObject({ kind: z.literal('impossible-value'), signed }),
  z.strictObject({
    kind: z.literal('deviation'),
    signed,
    report,
    signature,
    feed: hex(32),
    field: z.enum(DEVIATION_FIELDS),
  }),
])
const file = z.strictObject({ format: z.literal(FORMAT), subject, claim })

/** The one text of a piece of evidence. */
export function evidenceText(evidence: Evidence): string {
  const { subject: of, claim: what } = evidence
  return `${JSON.stringify(sorted(toWire({ subject: of, claim: what }), { format: FORMAT }), null, 2)}\n`
}

/** What a piece of evidence is known by: keccak256 of its text. */
export function evidenceId(evidence: Evidence): Hex {
  return toHex(keccakText(evidenceText(evidence)))
}

/** A file's text as evidence, or what is wrong with it. Says nothing of whether it proves anything. */
export function parseEvidence(text: string): Parsed<Evidence> {
  if (text.length > TEXT_MAX) return { ok: false, detail: `${text.length} characters, ${TEXT_MAX} at most` }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { ok: false, detail: 'it is not JSON' }
  }
  const result = parsed(file.safeParse(json))
  return result.ok ? { ok: true, message: { subject: result.message.subject, claim: result.message.claim } } : result
}

function sorted(value: unknown, more: object = {}): unknown {
  if (Array.isArray(value)) return value.map((each) => sorted(each))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries({ ...more, ...value }).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]))
}
