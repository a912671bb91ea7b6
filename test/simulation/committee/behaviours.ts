import { toHex } from '../../../oracle-node/core/bytes.ts'
import type { SignedObservation } from '../../../oracle-node/core/observation.ts'
import type { Commitment } from '../../../oracle-node/core/threshold.ts'
import type { NodeIndex } from '../../../oracle-node/core/units.ts'
import type { RoundMessage } from '../../../oracle-node/protocol/messages.ts'
import type { SeededRandom } from '../../support/seeded-random.ts'

/** How a faulty member breaks the protocol, in every round. */
export const BEHAVIOURS = [
  'silent',
  'slow',
  'extreme-values',
  'values-just-inside-tolerance',
  'equivocating-observer',
  'equivocating-leader',
  'forged-proposal',
  'wrong-share',
  'share-then-silence',
  'nonce-withholding',
  'stale-replay',
  'selective-delivery',
  'garbage-bytes',
  'false-lock',
  'colludes',
] as const
export type Behaviour = (typeof BEHAVIOURS)[number]

/** What a faulty member may do with: its own keys, and whatever it or its accomplices have seen. */
export type Villain = {
  readonly node: NodeIndex
  readonly random: SeededRandom
  /** Signs any observation of its own, as often as it likes. */
  observe(round: number): SignedObservation
  commitment(): Commitment
  /** Messages that it sent before, oldest first. */
  readonly sent: readonly RoundMessage[]
  readonly accomplices: ReadonlySet<NodeIndex>
  readonly size: number
}

/** What leaves in place of a message: parsed by its receiver like everything else. */
export type Letter = { readonly body: unknown; readonly afterMs?: number }

type Twist = (villain: Villain, to: NodeIndex, message: RoundMessage) => readonly Letter[]

const asIs = (message: RoundMessage): Letter[] => [{ body: message }]

function garbage({ random }: Villain, message: RoundMessage): unknown {
  const bytes = toHex(random.bytes(1 + random.below(80)))
  const text = JSON.stringify(message, (_, value) => (typeof value === 'bigint' ? String(value) : value))
  return [
    bytes,
    null,
    { kind: message.kind, round: message.round },
    text.slice(0, random.below(text.length)),
    [message.kind],
  ][random.below(5)]
}

/** A leader's observations without one that does not help: another choice for each half of the committee. */
function split({ size }: Villain, to: NodeIndex, message: RoundMessage): RoundMessage {
  if (message.kind !== 'proposal' || to % 2 === 0 || message.observations.length <= Math.floor((2 * size) / 3) + 1)
    return message
  return { ...message, observations: message.observations.slice(1) }
}

function forge(message: RoundMessage): RoundMessage {
  if (message.kind !== 'proposal') return message
  const [first, ...rest] = message.observations
  if (first === undefined) return message
  const values = first.observation.values.map(({ feed, record }) => ({ feed, record: { ...record, priceE8: 1n } }))
  return { ...message, observations: [{ ...first, observation: { ...first.observation, values } }, ...rest] }
}

/** A lock on a report that nobody signed: what others observed, and an observation of its own that it sent to nobody. */
function falseLock(villain: Villain, message: RoundMessage & { kind: 'observation' }): RoundMessage {
  const seen = villain.sent.findLast((each) => each.kind === 'proposal' && each.round === message.round)
  const others =
    seen?.kind === 'proposal' ? seen.observations.filter((each) => each.observation.node !== villain.node) : []
  return { ...message, locked: [villain.observe(message.round), ...others] }
}

function toAccomplices(villain: Villain, to: NodeIndex, message: RoundMessage): Letter[] {
  // Accomplices alone learn of what this leader chose; the honest hear of it late, when they have turned to the next.
  if (message.kind === 'certificate' && !villain.accomplices.has(to)) return [{ body: message, afterMs: 6_000 }]
  return asIs(split(villain, to, message))
}

const TWISTS: Readonly<Record<Behaviour, Twist>> = {
  silent: () => [],
  slow: ({ random }, _, message) => [{ body: message, afterMs: 2_000 + random.below(7_000) }],
  'extreme-values': (_, __, message) => asIs(message),
  'values-just-inside-tolerance': (_, __, message) => asIs(message),
  'equivocating-observer': (villain, to, message) =>
    asIs(
      message.kind === 'observation' && to % 2 === 0 ? { ...message, signed: villain.observe(message.round) } : message,
    ),
  'equivocating-leader': (villain, to, message) => asIs(split(villain, to, message)),
  'forged-proposal': (_, __, message) => asIs(forge(message)),
  'wrong-share': ({ random }, _, message) =>
    asIs(message.kind === 'share' ? { ...message, share: toHex(Uint8Array.of(1, ...random.bytes(31))) } : message),
  'share-then-silence': ({ sent }, _, message) =>
    sent.some((each) => each.kind === 'share' && each.round === message.round) ? [] : asIs(message),
  'nonce-withholding': (villain, _, message) => {
    if (message.kind === 'share') return []
    return asIs(message.kind === 'observation' ? { ...message, commitment: villain.commitment() } : message)
  },
  'stale-replay': ({ sent, random }, _, message) => [
    { body: message },
    ...Array.from({ length: 3 }, () => ({
      body: sent[random.below(Math.max(1, sent.length))] ?? message,
      afterMs: random.below(3_000),
    })),
  ],
  'selective-delivery': ({ size }, to, message) => (to <= size / 2 ? asIs(message) : []),
  'garbage-bytes': (villain, _, message) =>
    villain.random.chance(0.5)
      ? [{ body: garbage(villain, message) }, { body: message }]
      : [{ body: garbage(villain, message) }],
  'false-lock': (villain, _, message) => asIs(message.kind === 'observation' ? falseLock(villain, message) : message),
  colludes: toAccomplices,
}

/** What a faulty member sends in place of what the protocol asks it to. */
export function twisted(
  behaviour: Behaviour,
  villain: Villain,
  to: NodeIndex,
  message: RoundMessage,
): readonly Letter[] {
  return TWISTS[behaviour](villain, to, message)
}
