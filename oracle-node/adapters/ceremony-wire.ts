import { z } from 'zod'
import type { Hex } from '../core/bytes.ts'
import { nodeIndex } from '../core/units.ts'
import type { CeremonyMessage, Letter } from '../protocol/ceremony/letters.ts'
import type { Parsed } from './wire.ts'

/** Two committees of a hundred take part in a resharing. */
const PARTIES_MAX = 200
const MEMBERS_MAX = 100
/** As many letters as the protocol puts into one message; more are cut off by who reads, and asked for again. */
const LETTERS_MAX = 64
/** Every letter that a ceremony of a hundred members can have, and a view's votes for each of thirty views. */
const IDS_MAX = 20_000
const VIEW_MAX = 1_000

const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`), `needs 0x and ${2 * bytes} lower-case hex digits`)
    .transform((text) => text as Hex)
const party = z.int().min(1).max(PARTIES_MAX).transform(nodeIndex)
const view = z.int().min(0).max(VIEW_MAX)
/** Whether a point is on the curve is the protocol's to judge: a letter that holds one that is not convicts its sender. */
const point = hex(33)
const share = z.strictObject({ to: party, key: point, text: hex(32) })

const body = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hello'), key: point }),
  z.strictObject({
    kind: z.literal('deal'),
    key: point,
    keyProof: hex(65),
    commitment: z.array(point).max(MEMBERS_MAX),
    proof: hex(65),
    shares: z.array(share).max(MEMBERS_MAX),
  }),
  z.strictObject({ kind: z.literal('more'), deal: hex(32), share }),
  z.strictObject({ kind: z.literal('complaint'), against: party, about: hex(32), point, proof: hex(64) }),
  z.strictObject({
    kind: z.literal('proposal'),
    view,
    lockView: view.exactOptional(),
    dealers: z.array(z.strictObject({ party, deal: hex(32) })).max(MEMBERS_MAX),
  }),
  z.strictObject({ kind: z.literal('prevote'), view, value: hex(32) }),
  z.strictObject({ kind: z.literal('precommit'), view, value: hex(32) }),
])

const letter = z.strictObject({ from: party, body, signature: hex(65) })

const ceremonyMessage = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ceremony-letters'), ceremony: hex(32), letters: z.array(letter).max(LETTERS_MAX) }),
  z.strictObject({
    kind: z.literal('ceremony-status'),
    ceremony: hex(32),
    view,
    done: z.boolean(),
    has: z.array(hex(8)).max(IDS_MAX),
  }),
])

/** A peer's JSON as a message of a ceremony, or what is wrong with it. A message as JSON is the message itself. */
export function parseCeremonyMessage(json: unknown): Parsed<CeremonyMessage> {
  return parsed(ceremonyMessage.safeParse(json))
}

export function parseLetter(json: unknown): Parsed<Letter> {
  return parsed(letter.safeParse(json))
}

function parsed<M>(result: z.ZodSafeParseResult<M>): Parsed<M> {
  if (result.success) return { ok: true, message: result.data }
  const issue = result.error.issues[0]
  return { ok: false, detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a message'}`.slice(0, 300) }
}
