import type { Hex } from '../core/bytes.ts'
import type { SignedObservation } from '../core/observation.ts'
import type { Commitment } from '../core/threshold.ts'
import type { CertificateMessage } from '../protocol/messages.ts'

export type JournalEntry =
  /** This node's observation of a round: it makes no other in that round, also after a restart. */
  | { readonly kind: 'observed'; readonly round: number; readonly signed: SignedObservation }
  /** A report that this node is about to sign, and the commitment whose nonces that spends. */
  | {
      readonly kind: 'signing'
      readonly round: number
      readonly digest: Hex
      readonly observations: readonly SignedObservation[]
      readonly commitment: Commitment
    }
  | {
      readonly kind: 'certified'
      readonly round: number
      readonly digest: Hex
      readonly certificate: CertificateMessage
    }

/** An append-only log. An entry is on the disk when `append` resolves; after a crash at most the last one is torn, and left out. */
export type Journal = {
  append(entry: JournalEntry): Promise<void>
  /** Everything since the beginning, or since the last compaction, oldest first. */
  entries(): readonly JournalEntry[]
  close(): Promise<void>
}
