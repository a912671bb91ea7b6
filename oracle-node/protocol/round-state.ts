import type { Hex } from '../core/bytes.ts'
import type { Domain } from '../core/domain.ts'
import type { SignedObservation } from '../core/observation.ts'
import type { Report } from '../core/report.ts'
import type { SigningSession } from '../core/signing-session.ts'
import type { Commitment, PublicKeys, SignerCommitment } from '../core/threshold.ts'
import type { NodeIndex, UnixSeconds } from '../core/units.ts'
import type { Tolerance } from './check-proposal.ts'
import { type Committee, membersOf } from './committee.ts'
import type { CertificateMessage, RoundMessage } from './messages.ts'

export type RoundSettings = {
  readonly committee: Committee
  readonly self: NodeIndex
  readonly keys: PublicKeys
  readonly domain: Domain
  readonly modelSet: Hex
  readonly tolerance: Tolerance
  /** How long a leader with a quorum waits for the rest of the committee. */
  readonly collectMs: number
  /** How long it waits for the shares of one signing session. */
  readonly shareMs: number
  /** How long a member waits for a certificate before it turns to the next leader. */
  readonly attemptMs: number
}

export type RoundState = {
  readonly round: number
  readonly attempt: number
  readonly own?: SignedObservation
  /**
   * This member's unused commitments by the attempt that they were promised to. An attempt that it has left is not forgotten:
   * members who began at different times leave their attempts at different times, and would never meet in one otherwise.
   */
  readonly promises: ReadonlyMap<number, Commitment>
  /** By attempt, the newest session that this member was asked to sign in and agreed. */
  readonly answered: ReadonlyMap<number, number>
  /** The report that this member signed in this round: it signs no other. Known by its digest alone after a restart. */
  readonly locked?: {
    readonly digest: Hex
    readonly observations: readonly SignedObservation[]
    readonly report?: Report
  }
  /** It may have proposed in this round before a restart, and has forgotten what: a second proposal would look like a lie. */
  readonly resumed?: true
  /** By attempt, what this member gathered as its leader. */
  readonly leads: ReadonlyMap<number, Lead>
  readonly certificate?: CertificateMessage
  /** By member, the latest attempt that it was heard of in. */
  readonly heard: ReadonlyMap<NodeIndex, number>
  /** Members that were sent the certificate because they asked after the round was over. */
  readonly served: ReadonlySet<NodeIndex>
}

export type RoundEvent =
  | { readonly kind: 'observed'; readonly signed: SignedObservation }
  /** The driver made fresh nonces; the secret half stays with it. */
  | { readonly kind: 'committed'; readonly attempt: number; readonly commitment: Commitment }
  | { readonly kind: 'message'; readonly from: NodeIndex; readonly message: RoundMessage; readonly now: UnixSeconds }
  | {
      readonly kind: 'share-made'
      readonly attempt: number
      readonly session: number
      readonly share: Hex
      readonly next: Commitment
    }
  | {
      readonly kind: 'timer'
      readonly name: 'attempt' | 'collect' | 'share'
      readonly attempt: number
      readonly session: number
    }

export type RoundEffect =
  | { readonly kind: 'send'; readonly to: NodeIndex; readonly message: RoundMessage }
  /** Make fresh nonces and answer with `committed`. */
  | { readonly kind: 'commit'; readonly attempt: number }
  /** Write down that the round is signed for and the nonces are spent, *then* sign, and answer with `share-made`. */
  | {
      readonly kind: 'sign'
      readonly attempt: number
      readonly session: number
      readonly digest: Hex
      readonly observations: readonly SignedObservation[]
      readonly commitment: Commitment
      readonly signers: readonly SignerCommitment[]
    }
  | {
      readonly kind: 'timer'
      readonly name: 'attempt' | 'collect' | 'share'
      readonly attempt: number
      readonly session: number
      readonly afterMs: number
    }
  | { readonly kind: 'blame'; readonly node: NodeIndex; readonly reason: string; readonly detail: string }
  | {
      readonly kind: 'certified'
      readonly report: Report
      readonly digest: Hex
      readonly certificate: CertificateMessage
    }

export type Step = { readonly state: RoundState; readonly effects: readonly RoundEffect[] }

/** What the leader of one attempt has gathered. */
export type Lead = {
  readonly observations: ReadonlyMap<NodeIndex, SignedObservation>
  /** Commitments not used yet, by the member who promised them. */
  readonly open: ReadonlyMap<NodeIndex, Commitment>
  /** Reports that members say they signed in an earlier attempt, and how many of them say so of each. */
  readonly locked: readonly Locked[]
  /** Members that sent a wrong share or refused: not asked again in this attempt. */
  readonly excluded: ReadonlySet<NodeIndex>
  /** Members that owe a share: asked again once they have answered. */
  readonly late: ReadonlySet<NodeIndex>
  readonly collectElapsed: boolean
  /** What is being signed, once the leader has chosen. */
  readonly choice?: Choice
  /** Every try, the last one last; an earlier one may still be the one that completes. */
  readonly sessions: readonly Session[]
}

export type Locked = {
  readonly digest: Hex
  readonly observations: readonly SignedObservation[]
  readonly votes: number
}

export type Choice = {
  readonly report: Report
  readonly digest: Hex
  readonly observations: readonly SignedObservation[]
}

export type Session = {
  /** What its signers' shares are checked against, computed once. */
  readonly signing: SigningSession | undefined
  readonly signers: readonly SignerCommitment[]
  readonly shares: ReadonlyMap<NodeIndex, Hex>
}

/** Ends the round; a leader also tells the others. */
export function finish(
  state: RoundState,
  done: { readonly report: Report; readonly digest: Hex; readonly certificate: CertificateMessage },
): Step {
  return { state: { ...state, certificate: done.certificate }, effects: [{ kind: 'certified', ...done }] }
}

export function toOthers(settings: RoundSettings, message: RoundMessage): RoundEffect[] {
  return membersOf(settings.committee)
    .filter((node) => node !== settings.self)
    .map((to) => ({ kind: 'send', to, message }))
}
