import { type Hex, toHex } from '../core/bytes.ts'
import type { Domain } from '../core/domain.ts'
import {
  commitmentsHash,
  observationsHash,
  recoverProposer,
  signProposal,
  signShareStatement,
} from '../core/statements.ts'
import type { SignerCommitment } from '../core/threshold.ts'
import type { NodeIndex, UnixSeconds } from '../core/units.ts'
import { type Committee, leaderOf } from './committee.ts'
import type { SignedProposal, SignedShare } from './evidence.ts'
import type { ObservationMessage, ProposalMessage, RoundMessage, ShareMessage } from './messages.ts'

/*
 * What makes a message its sender's before anybody, and not only before the receiver at the other end of a connection. Observations
 * are signed as they are; a seal beside the message signs the rest that can do harm.
 */

export type ProposalSeal = { readonly kind: 'proposal'; readonly signature: Hex }
export type ShareSeal = {
  readonly kind: 'share'
  readonly digest: Hex
  readonly commitmentsHash: Hex
  readonly groupCommitment: Hex
  readonly signature: Hex
}
/** With an observation that names a report it is bound to: which proposal bound it, in its leader's words. */
export type LockSeal = {
  readonly kind: 'lock'
  readonly attempt: number
  readonly session: number
  readonly commitmentsHash: Hex
  readonly signature: Hex
}
export type Seal = ProposalSeal | ShareSeal | LockSeal
export type SealedMessage = {
  readonly message: RoundMessage
  readonly seal?: Seal | undefined
  /** The sender's clock when it sent, by its own word and its connection's. */
  readonly sentAt?: UnixSeconds | undefined
}

type Context = { readonly committee: Committee; readonly domain: Domain }

/** What a share was made of, as its signer knows it. */
export type ShareOrigin = {
  readonly digest: Hex
  readonly signers: readonly SignerCommitment[]
  readonly groupCommitment: Hex
}

export function sealProposal(
  { committee, domain }: Context,
  self: NodeIndex,
  message: ProposalMessage,
  operatorKey: Uint8Array,
): ProposalSeal {
  return { kind: 'proposal', signature: signProposal(domain, proposalOf(committee, self, message), operatorKey) }
}

export function sealShare(
  { committee, domain }: Context,
  self: NodeIndex,
  { message, origin }: { readonly message: ShareMessage; readonly origin: ShareOrigin },
  operatorKey: Uint8Array,
): ShareSeal {
  const { digest, signers, groupCommitment } = origin
  const unsigned = { digest, commitmentsHash: toHex(commitmentsHash(signers)), groupCommitment }
  const statement = shareOf(committee, self, message, unsigned)
  return { kind: 'share', ...unsigned, signature: signShareStatement(domain, statement, operatorKey) }
}

/** What a leader states in a proposal, if it is the sender of it and signed it; undefined for any other message. */
export function openProposal(
  { committee, domain }: Context,
  from: NodeIndex,
  { message, seal }: SealedMessage,
): SignedProposal | undefined {
  if (message.kind !== 'proposal' || seal?.kind !== 'proposal') return undefined
  const statement = proposalOf(committee, from, message)
  const { signature } = seal
  const isSigned = recoverProposer(domain, statement, signature) === committee.operators[from - 1]
  return isSigned ? { statement, signature } : undefined
}

/** The proposal that bound a member, to be shown to a later leader beside its observations. */
export function lockOf({ statement, signature }: SignedProposal): LockSeal {
  const { attempt, session, commitmentsHash: hash } = statement
  return { kind: 'lock', attempt, session, commitmentsHash: hash, signature }
}

/** The signer's statement in a sealed share. */
export function statedShare(
  committee: Committee,
  from: NodeIndex,
  message: ShareMessage,
  seal: ShareSeal,
): SignedShare {
  return { statement: shareOf(committee, from, message, seal), signature: seal.signature }
}

/** The statement of the leader that bound a member, as the member passes it on; whether that leader signed it remains to be seen. */
export function statedLock(
  committee: Committee,
  { round, locked }: ObservationMessage,
  { attempt, session, commitmentsHash: hash, signature }: LockSeal,
): SignedProposal | undefined {
  if (locked === undefined) return undefined
  const node = leaderOf(committee, round, attempt)
  const place = { epoch: committee.epoch, round, attempt, session, node }
  const statement = { ...place, observationsHash: toHex(observationsHash(locked)), commitmentsHash: hash }
  return { statement, signature }
}

function proposalOf(
  { epoch }: Committee,
  node: NodeIndex,
  { round, attempt, session, observations, signers }: ProposalMessage,
): SignedProposal['statement'] {
  return {
    epoch,
    round,
    attempt,
    session,
    node,
    observationsHash: toHex(observationsHash(observations)),
    commitmentsHash: toHex(commitmentsHash(signers)),
  }
}

function shareOf(
  { epoch }: Committee,
  node: NodeIndex,
  { round, attempt, session, share }: ShareMessage,
  { digest, commitmentsHash: hash, groupCommitment }: Omit<ShareSeal, 'kind' | 'signature'>,
): SignedShare['statement'] {
  return { epoch, round, attempt, session, node, digest, commitmentsHash: hash, groupCommitment, share }
}
