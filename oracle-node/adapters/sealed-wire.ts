import { z } from 'zod'
import type { SealedMessage } from '../protocol/seal.ts'
import { counter, hex, type Parsed, parsed, parseRoundMessage, point, seconds, toWire } from './wire.ts'

const signature = hex(65)
const seal = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('proposal'), signature }),
  z.strictObject({
    kind: z.literal('share'),
    digest: hex(32),
    commitmentsHash: hex(32),
    groupCommitment: point,
    signature,
  }),
  z.strictObject({
    kind: z.literal('lock'),
    attempt: counter,
    session: counter,
    commitmentsHash: hex(32),
    signature,
  }),
])
const sealed = z.looseObject({ seal: seal.exactOptional(), sentAt: seconds.exactOptional() })

/** A peer's JSON as a message of the round and its seal, or what is wrong with it. */
export function parseSealedMessage(json: unknown): Parsed<SealedMessage> {
  const outer = parsed(sealed.safeParse(json))
  if (!outer.ok) return outer
  const { seal: given, sentAt, ...rest } = outer.message
  const inner = parseRoundMessage(rest)
  return inner.ok ? { ok: true, message: { message: inner.message, seal: given, sentAt } } : inner
}

/** A message as JSON, with its seal and its sender's time as fields more. */
export function sealedToWire({ message, seal: given, sentAt }: SealedMessage): unknown {
  return {
    ...(toWire(message) as object),
    ...(given === undefined ? {} : { seal: given }),
    ...(sentAt === undefined ? {} : { sentAt }),
  }
}
