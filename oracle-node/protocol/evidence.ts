import { fromHex, type Hex, toBigInt } from '../core/bytes.ts'
import type { Domain } from '../core/domain.ts'
import type { FeedId } from '../core/feed.ts'
import { baseMultiple, isPoint, linearCombination, ORDER } from '../core/group.ts'
import { observationDigest, recoverOperator, type SignedObservation } from '../core/observation.ts'
import { type DeviationField, type DeviationTolerance, impossibility, isDeviation } from '../core/out-of-range.ts'
import { type Report, reportDigest } from '../core/report.ts'
import { challengeOf, signerFactors } from '../core/signing-session.ts'
import {
  commitmentsHash,
  type ProposalStatement,
  recoverProposer,
  recoverSharer,
  type ShareStatement,
} from '../core/statements.ts'
import { type PublicKeys, type SignerCommitment, verifySignature } from '../core/threshold.ts'
import type { NodeIndex } from '../core/units.ts'
import type { Committee } from './committee.ts'

/*
 * Proofs that a member broke the protocol, which convince who saw nothing of the round. Each rests on what the accused signed with its
 * operator's key, so that nobody else could have made it; an honest member signs nothing that any of them holds. The Solidity twin is
 * `libraries/Evidence.sol`; what each proves and what it does not is in docs/EVIDENCE.md.
 */

/** Who is accused, and the keys that it is held to: whoever judges compares them with what is registered. */
export type Subject = {
  readonly domain: Domain
  readonly epoch: number
  readonly node: NodeIndex
  readonly operator: Hex
  readonly groupKey: Hex
  readonly verifyingShare: Hex
}

export type SignedProposal = { readonly statement: ProposalStatement; readonly signature: Hex }
export type SignedShare = { readonly statement: ShareStatement; readonly signature: Hex }

export type Claim =
  /** Two observations of one round. */
  | { readonly kind: 'observer-equivocation'; readonly first: SignedObservation; readonly second: SignedObservation }
  /** Two proposals of one session, or of one attempt with other observations. */
  | { readonly kind: 'leader-equivocation'; readonly first: SignedProposal; readonly second: SignedProposal }
  /** A share that does not solve its equation, with the commitments that it was made under. */
  | { readonly kind: 'invalid-share'; readonly share: SignedShare; readonly signers: readonly SignerCommitment[] }
  /** An observation outside the protocol's hard limits. */
  | { readonly kind: 'impossible-value'; readonly signed: SignedObservation }
  /** An observation far from the median that the committee certified. */
  | {
      readonly kind: 'deviation'
      readonly signed: SignedObservation
      readonly report: Report
      /** The committee's, 65 bytes R ‖ z. */
      readonly signature: Hex
      readonly feed: FeedId
      readonly field: DeviationField
    }

export type Evidence = { readonly subject: Subject; readonly claim: Claim }

export type Verdict =
  | 'proven'
  /** A signature is not the accused operator's, or not over this: epoch, round, number and content are all signed. */
  | 'not-signed'
  /** The two statements do not contradict each other. */
  | 'no-contradiction'
  /** What is claimed can't be decided: commitments that are not those signed, points that are none. */
  | 'malformed'
  | 'share-is-right'
  | 'within-range'
  /** The report is not the committee's, or of another round. */
  | 'not-certified'

/** Who member `node` is, in the words of the committee and its public keys; undefined for who is no member. */
export function subjectOf(
  { domain, committee, keys }: { readonly domain: Domain; readonly committee: Committee; readonly keys: PublicKeys },
  node: NodeIndex,
): Subject | undefined {
  const operator = committee.operators[node - 1]
  const verifyingShare = keys.verifyingShares[node - 1]
  if (operator === undefined || verifyingShare === undefined) return undefined
  return { domain, epoch: committee.epoch, node, operator, groupKey: keys.groupKey, verifyingShare }
}

/** Whether evidence proves what it claims of its subject. Whether the subject is who is registered is for the caller to compare. */
export function verifyEvidence({ subject, claim }: Evidence, tolerance: DeviationTolerance): Verdict {
  switch (claim.kind) {
    case 'observer-equivocation':
      return judgeObservations(subject, claim.first, claim.second)
    case 'leader-equivocation':
      return judgeProposals(subject, claim.first, claim.second)
    case 'invalid-share':
      return judgeShare(subject, claim.share, claim.signers)
    case 'impossible-value':
      if (!observed(subject, claim.signed)) return 'not-signed'
      return impossibility(claim.signed.observation) === undefined ? 'within-range' : 'proven'
    case 'deviation':
      return judgeDeviation(subject, claim, tolerance)
  }
}

function judgeObservations(subject: Subject, first: SignedObservation, second: SignedObservation): Verdict {
  if (!observed(subject, first) || !observed(subject, second)) return 'not-signed'
  const [a, b] = [first, second].map(({ observation }) => toBigInt(observationDigest(subject.domain, observation)))
  return first.observation.round === second.observation.round && a !== b ? 'proven' : 'no-contradiction'
}

function judgeProposals(subject: Subject, first: SignedProposal, second: SignedProposal): Verdict {
  if (!proposed(subject, first) || !proposed(subject, second)) return 'not-signed'
  return contradict(first.statement, second.statement) ? 'proven' : 'no-contradiction'
}

/** A leader chooses observations once an attempt, and signers once a session. */
export function contradict(a: ProposalStatement, b: ProposalStatement): boolean {
  if (a.round !== b.round || a.attempt !== b.attempt) return false
  return (
    a.observationsHash !== b.observationsHash || (a.session === b.session && a.commitmentsHash !== b.commitmentsHash)
  )
}

/**
 * z·G ≠ D + ρ·E + λ·c·Y, with the R that the signer stated in c. A signer that states another R than its session's hurts nobody: its
 * leader sees that it does, as from a member that is silent.
 */
function judgeShare(
  subject: Subject,
  { statement, signature }: SignedShare,
  signers: readonly SignerCommitment[],
): Verdict {
  if (!isOf(subject, statement) || recoverSharer(subject.domain, statement, signature) !== subject.operator)
    return 'not-signed'
  const ascending = signers.every(({ node }, index) => index === 0 || (signers[index - 1]?.node ?? 0) < node)
  const own = signers.find(({ node }) => node === subject.node)
  const listed =
    ascending && own !== undefined && toBigInt(commitmentsHash(signers)) === BigInt(statement.commitmentsHash)
  const points = [own?.hiding ?? '', own?.binding ?? '', subject.verifyingShare]
  if (!listed || !points.every(isPoint) || !/^0x0[23]/.test(statement.groupCommitment)) return 'malformed'
  const share = BigInt(statement.share)
  if (share === 0n || share >= ORDER) return 'proven'
  const expected = expectedPoint(subject, statement, own, signers)
  if (expected === undefined) return 'malformed'
  return baseMultiple(share) === expected ? 'share-is-right' : 'proven'
}

/** D + ρ·E + λ·c·Y; `'none'` for the point at infinity, undefined where the contract could not decide either. */
function expectedPoint(
  subject: Subject,
  statement: ShareStatement,
  own: SignerCommitment,
  signers: readonly SignerCommitment[],
): Hex | 'none' | undefined {
  const { groupKey, verifyingShare } = subject
  const digest = fromHex(statement.digest, 32)
  const factors = signerFactors({ groupKey, signers, digest })?.get(subject.node)
  if (factors === undefined || [own.binding, verifyingShare].some((point) => xOf(point) >= ORDER)) return undefined
  const bound = linearCombination([[factors.binding, own.binding]])
  const commitment =
    bound === undefined || xOf(bound) === xOf(own.hiding)
      ? undefined
      : linearCombination([
          [1n, own.hiding],
          [1n, bound],
        ])
  if (commitment === undefined) return undefined
  const key = (factors.lagrange * challengeOf(statement.groupCommitment, groupKey, digest)) % ORDER
  if (key === 0n) return undefined
  return (
    linearCombination([
      [1n, commitment],
      [key, verifyingShare],
    ]) ?? 'none'
  )
}

function xOf(point: Hex): bigint {
  return BigInt(`0x${point.slice(4)}`)
}

function judgeDeviation(
  subject: Subject,
  { signed, report, signature, feed, field }: Extract<Claim, { kind: 'deviation' }>,
  tolerance: DeviationTolerance,
): Verdict {
  const { observation } = signed
  if (!observed(subject, signed)) return 'not-signed'
  const same =
    report.epoch === subject.epoch && report.round === observation.round && report.modelSet === observation.modelSet
  if (!same || report.values.length === 0) return 'not-certified'
  if (!verifySignature(subject.groupKey, reportDigest(subject.domain, report), signature)) return 'not-certified'
  const [of, median] = [observation, report].map(({ values }) => values.find((each) => each.feed === feed)?.record)
  if (of === undefined || median === undefined) return 'malformed'
  return isDeviation(field, { observed: of, median }, tolerance) ? 'proven' : 'within-range'
}

function observed(subject: Subject, signed: SignedObservation): boolean {
  return isOf(subject, signed.observation) && recoverOperator(subject.domain, signed) === subject.operator
}

function proposed(subject: Subject, { statement, signature }: SignedProposal): boolean {
  return isOf(subject, statement) && recoverProposer(subject.domain, statement, signature) === subject.operator
}

function isOf(subject: Subject, { epoch, node }: { readonly epoch: number; readonly node: NodeIndex }): boolean {
  return epoch === subject.epoch && node === subject.node
}
