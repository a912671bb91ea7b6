import type { Hex } from '../core/bytes.ts'
import type { SignedObservation } from '../core/observation.ts'
import type { Commitment, SignerCommitment } from '../core/threshold.ts'
import type { NodeIndex } from '../core/units.ts'

/** A member's observation, to the attempt's leader, with the commitment that it will sign under. */
export type ObservationMessage = {
  readonly kind: 'observation'
  readonly round: number
  readonly attempt: number
  readonly signed: SignedObservation
  readonly commitment: Commitment
  /** The observations of the report that the member signed in an earlier attempt of this round: it can sign no other. */
  readonly locked?: readonly SignedObservation[]
}

/** The leader's choice of observations, and who is to sign their report. */
export type ProposalMessage = {
  readonly kind: 'proposal'
  readonly round: number
  readonly attempt: number
  /** Counts the tries of one attempt with different signers. */
  readonly session: number
  readonly observations: readonly SignedObservation[]
  readonly signers: readonly SignerCommitment[]
}

/** A member's share of the signature, and its next commitment, should the leader need to try again (ROAST). */
export type ShareMessage = {
  readonly kind: 'share'
  readonly round: number
  readonly attempt: number
  readonly session: number
  readonly share: Hex
  readonly next: Commitment
}

export type RefusalReason =
  | 'not-the-leader'
  | 'bad-signers'
  | 'bad-observation'
  | 'no-report'
  | 'own-observation-changed'
  | 'other-model-set'
  | 'outside-tolerance'
  | 'time-off'
  | 'signed-another-report'
  | 'unknown-commitment'

/** Why a member did not sign. */
export type RefusalMessage = {
  readonly kind: 'refusal'
  readonly round: number
  readonly attempt: number
  readonly session: number
  readonly reason: RefusalReason
  readonly detail: string
}

/** The finished round: anyone can recompute the report from the observations and check the signature. */
export type CertificateMessage = {
  readonly kind: 'certificate'
  readonly round: number
  readonly attempt: number
  readonly leader: NodeIndex
  readonly observations: readonly SignedObservation[]
  readonly signers: readonly NodeIndex[]
  /** 65 bytes R ‖ z. */
  readonly signature: Hex
}

export type RoundMessage = ObservationMessage | ProposalMessage | ShareMessage | RefusalMessage | CertificateMessage
