import type { Hex } from '../core/bytes.ts'
import type { FeedId } from '../core/feed.ts'
import type { Report } from '../core/report.ts'
import type { UnixSeconds } from '../core/units.ts'

export type Sent =
  | { readonly ok: true; readonly transaction: Hex; readonly gas: number }
  /** `retry` says whether the same call may go through later. */
  | { readonly ok: false; readonly reason: string; readonly retry: boolean }

/** What became of a transaction between its sending and its end. */
export type TransmissionNotice = {
  readonly name:
    | 'transaction-pending-found'
    | 'transaction-replaced'
    | 'transaction-resent'
    | 'transaction-reorged'
    | 'nonce-taken'
  readonly purpose: 'update' | 'sync'
  readonly nonce: number
}

/** The oracle and its steward on one chain, as a node uses them. */
export type Chain = {
  /**
   * Makes sure that the oracle is this committee's: anything else would show as endless reverts only.
   * @throws {Error} that says which key and epoch the oracle has, and which were expected.
   */
  checkCommittee(groupKey: Hex, epoch: number): Promise<void>
  /** The newest block's time. */
  blockTime(): Promise<UnixSeconds>
  /** The newest round that the oracle holds, 0 before the first. */
  latestRound(): Promise<number>
  /** Stores a report under the committee's 65-byte signature R ‖ z. */
  update(report: Report, signature: Hex): Promise<Sent>
  /** Lets the steward move what follows from the newest record of a feed. Anyone may call it. */
  sync(feed: FeedId): Promise<Sent>
  /** Whether a feed has a lending market to steward that has not been given its record of this time, or a newer one. */
  needsSync(feed: FeedId, observedAt: number): Promise<boolean>
  /** Tells of what happens to transactions on their way, also after the call that sent them returned. */
  onTransmission?(listener: (notice: TransmissionNotice) => void): void
}
