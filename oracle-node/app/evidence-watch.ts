import type { Hex } from '../core/bytes.ts'
import type { Report } from '../core/report.ts'
import type { SignerCommitment } from '../core/threshold.ts'
import type { NodeIndex } from '../core/units.ts'
import type { Evidence, SignedProposal } from '../protocol/evidence.ts'
import { EMPTY_BOOK, type EvidenceBook, type EvidenceSettings, note, type Sighting } from '../protocol/evidence-book.ts'
import { type SealedMessage, statedLock, statedShare } from '../protocol/seal.ts'

/** Of a message: whether the round has verified its observations, and what its leader stated in it. */
type Known = { readonly observations: boolean; readonly stated: SignedProposal | undefined }

/** Shows the book of evidence what reaches this node, and hands out what it finds. */
export class EvidenceWatch {
  readonly #settings: EvidenceSettings
  readonly #onFound: (evidence: Evidence) => void
  #book: EvidenceBook = EMPTY_BOOK

  constructor(settings: EvidenceSettings, onFound: (evidence: Evidence) => void) {
    this.#settings = settings
    this.#onFound = onFound
  }

  /**
   * A message of a member. What it says of others than its sender counts as much: all of it is signed.
   * @param known What of it has been verified on its way through the round, and is not verified again.
   */
  received({ message, seal }: SealedMessage, known: Known): void {
    const { committee } = this.#settings
    const { round } = message
    const checked = known.observations
    if (message.kind === 'observation') {
      this.#see(round, { kind: 'observations', observations: [message.signed], checked })
      if (message.locked !== undefined) this.#see(round, { kind: 'observations', observations: message.locked })
      const proposal = seal?.kind === 'lock' ? statedLock(committee, message, seal) : undefined
      if (proposal !== undefined) this.#see(round, { kind: 'proposal', proposal })
    }
    if (message.kind === 'proposal' || message.kind === 'certificate')
      this.#see(round, { kind: 'observations', observations: message.observations, checked })
    if (known.stated !== undefined) this.#see(round, { kind: 'proposal', proposal: known.stated, checked: true })
  }

  /** A share that its session's leader found wrong. */
  wrongShare(from: NodeIndex, { message, seal }: SealedMessage, signers: readonly SignerCommitment[]): void {
    if (message.kind !== 'share' || seal?.kind !== 'share') return
    const share = statedShare(this.#settings.committee, from, message, seal)
    this.#see(message.round, { kind: 'share', share, signers })
  }

  certified(report: Report, signature: Hex): void {
    this.#see(report.round, { kind: 'certified', report, signature })
  }

  #see(round: number, sighting: Sighting): void {
    const { book, found } = note(this.#settings, this.#book, round, sighting)
    this.#book = book
    for (const evidence of found) this.#onFound(evidence)
  }
}
