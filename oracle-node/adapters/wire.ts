import { z } from 'zod'
import type { Hex } from '../core/bytes.ts'
import { isPoint } from '../core/group.ts'
import { fallbacksFit, type SignedObservation } from '../core/observation.ts'
import { packRecord, type RiskRecord, unpackRecord } from '../core/record.ts'
import { nodeIndex, unixSeconds } from '../core/units.ts'
import type { Evidence } from '../protocol/evidence.ts'
import type { RoundMessage } from '../protocol/messages.ts'

/** How many assets one report may carry; the contract's limit. */
const FEEDS_MAX = 64
/** DESIGN §4: committees of 4 to 100. */
export const MEMBERS_MAX = 100

/** Bytes of a fixed length as text. */
export const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`), `needs 0x and ${2 * bytes} lower-case hex digits`)
    .transform((text) => text as Hex)
/** A round, an epoch, an attempt. */
export const counter = z
  .int()
  .min(0)
  .max(2 ** 40)
export const node = z.int().min(1).max(MEMBERS_MAX).transform(nodeIndex)
export const seconds = z
  .int()
  .min(0)
  .max(2 ** 32 - 1)
  .transform(unixSeconds)
export const point = hex(33).refine(isPoint, 'needs a compressed point of secp256k1')
export const commitment = z.strictObject({ hiding: point, binding: point })

/** Feeds and their records, each record as its packed word. */
export const values = z
  .array(z.strictObject({ feed: hex(32), record: hex(32).transform((word) => unpackRecord(BigInt(word))) }))
  .min(1)
  .max(FEEDS_MAX)

const observation = z
  .strictObject({
    epoch: counter,
    round: counter,
    node,
    observedAt: seconds,
    modelSet: hex(32),
    featuresHash: hex(32),
    fallbacks: hex(8).transform(BigInt),
    values,
  })
  .refine((each) => fallbacksFit(each.fallbacks, each.values.length), {
    path: ['fallbacks'],
    error: 'has a bit beyond the number of values',
  })
export const signed = z.strictObject({ observation, signature: hex(65) })
export const observations = z.array(signed).min(1).max(MEMBERS_MAX)
export const signers = z
  .array(z.strictObject({ node, hiding: point, binding: point }))
  .min(1)
  .max(MEMBERS_MAX)
export const place = { round: counter, attempt: counter, session: counter }

const roundMessage = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('observation'),
    round: counter,
    attempt: counter,
    signed,
    commitment,
    locked: observations.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('proposal'),
    ...place,
    observations,
    signers,
  }),
  z.strictObject({ kind: z.literal('share'), ...place, share: hex(32), next: commitment }),
  z.strictObject({
    kind: z.literal('refusal'),
    ...place,
    reason: z.enum([
      'not-the-leader',
      'bad-signers',
      'bad-observation',
      'no-report',
      'own-observation-changed',
      'other-model-set',
      'outside-tolerance',
      'time-off',
      'signed-another-report',
      'unknown-commitment',
    ]),
    detail: z.string().max(400),
  }),
  z.strictObject({
    kind: z.literal('certificate'),
    round: counter,
    attempt: counter,
    leader: node,
    observations,
    signers: z.array(node).min(1).max(MEMBERS_MAX),
    signature: hex(65),
  }),
])

export type Parsed<M> =
  | { readonly ok: true; readonly message: M }
  /** What is wrong and where, in one line. */
  | { readonly ok: false; readonly detail: string }

/** A peer's JSON as a message of the round, or what is wrong with it. */
export function parseRoundMessage(json: unknown): Parsed<RoundMessage> {
  return parsed(roundMessage.safeParse(json))
}

export function parseSignedObservation(json: unknown): Parsed<SignedObservation> {
  return parsed(signed.safeParse(json))
}

/** A message as JSON: records and bitmaps go as words of fixed width, so that there is one way to write each. */
export function toWire(message: RoundMessage | SignedObservation | Evidence): unknown {
  return JSON.parse(
    JSON.stringify(message, (key, value: unknown) => {
      if (key === 'record') return wordOf(packRecord(value as RiskRecord), 32)
      if (key === 'fallbacks') return wordOf(value as bigint, 8)
      return typeof value === 'bigint' ? String(value) : value
    }),
  )
}

function wordOf(value: bigint, bytes: number): Hex {
  return `0x${value.toString(16).padStart(2 * bytes, '0')}`
}

export function parsed<M>(result: z.ZodSafeParseResult<M>): Parsed<M> {
  if (result.success) return { ok: true, message: result.data }
  const issue = result.error.issues[0]
  return { ok: false, detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a message'}`.slice(0, 300) }
}
