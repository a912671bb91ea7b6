import type { Hex } from '../../../oracle-node/core/bytes.ts'
import type { SignedObservation } from '../../../oracle-node/core/observation.ts'
import type { RiskRecord } from '../../../oracle-node/core/record.ts'
import type { Report } from '../../../oracle-node/core/report.ts'

export type Checker =
  | 'one-report-a-round'
  | 'within-the-honest-range'
  | 'times-increase'
  | 'no-nonce-twice'
  | 'signs-one-report-a-round'
  | 'observes-once-a-round'
  | 'report-after-healing'

/** What must never happen, and did. */
export class Violation extends Error {
  readonly checker: Checker
  constructor(checker: Checker, detail: string) {
    super(`${checker}: ${detail}`)
    this.checker = checker
  }
}

/** Watches what honest members do, one deed after the other. @throws {Violation} at the first that must not be. */
export class Checkers {
  readonly #reports = new Map<number, { readonly digest: Hex; readonly report: Report }>()
  readonly #observed = new Map<number, SignedObservation[]>()
  readonly #signed = new Map<string, Hex>()
  readonly #nonces = new Set<Hex>()

  get lastCertified(): number {
    return Math.max(0, ...this.#reports.keys())
  }

  certifiedBefore(round: number): number {
    return [...this.#reports.keys()].filter((each) => each < round).length
  }

  hasReportSince(round: number): boolean {
    return this.lastCertified >= round
  }

  /** An honest member's observation leaves it for the first time, or again. */
  observation(signed: SignedObservation): void {
    const { round, node } = signed.observation
    const all = this.#observed.get(round) ?? []
    const before = all.find((each) => each.observation.node === node)
    if (before === undefined) this.#observed.set(round, [...all, signed])
    else if (before.signature !== signed.signature)
      throw new Violation('observes-once-a-round', `member ${node} sent two observations of round ${round}`)
  }

  /** An honest member's share leaves it, also before a crash that it does not remember. */
  share(node: number, round: number, digest: Hex, hiding: Hex): void {
    if (this.#nonces.has(hiding)) throw new Violation('no-nonce-twice', `member ${node} signed twice under ${hiding}`)
    this.#nonces.add(hiding)
    const key = `${node} ${round}`
    const before = this.#signed.get(key)
    if (before !== undefined && before !== digest)
      throw new Violation('signs-one-report-a-round', `member ${node} signed ${before} and ${digest} in round ${round}`)
    this.#signed.set(key, digest)
  }

  certified(round: number, digest: Hex, report: Report): void {
    const before = this.#reports.get(round)
    if (before !== undefined) {
      if (before.digest === digest) return
      throw new Violation('one-report-a-round', `round ${round} has ${before.digest} and ${digest}`)
    }
    for (const { feed, record } of report.values) {
      const seen = (this.#observed.get(round) ?? []).flatMap(({ observation }) =>
        observation.values.filter((each) => each.feed === feed).map((each) => each.record),
      )
      checkRange(round, record, seen)
    }
    for (const [other, { report: known }] of this.#reports) {
      if (Math.sign(other - round) !== Math.sign(known.time - report.time))
        throw new Violation('times-increase', `round ${other} is of ${known.time}, round ${round} of ${report.time}`)
    }
    this.#reports.set(round, { digest, report })
  }

  /** @param round The first in which nothing but liars was in the way. */
  end(round: number): void {
    if (!this.hasReportSince(round))
      throw new Violation('report-after-healing', `no round from ${round} on has a report, though the network is sound`)
  }
}

function checkRange(round: number, record: RiskRecord, honest: readonly RiskRecord[]): void {
  for (const field of Object.keys(record) as Array<keyof RiskRecord>) {
    // The confidence is widened by the spread of prices: see its own test in core.
    if (field === 'confidenceBps') continue
    const value = BigInt(record[field])
    const seen = honest.map((each) => BigInt(each[field]))
    if (!(seen.some((each) => each <= value) && seen.some((each) => each >= value)))
      throw new Violation('within-the-honest-range', `round ${round}: ${field} ${value}, honest ${seen.join(', ')}`)
  }
}
