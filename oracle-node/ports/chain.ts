import type { Hex } from '../core/bytes.ts'
import type { FeedId } from '../core/feed.ts'
import type { Report } from '../core/report.ts'

export type Sent =
  | { readonly ok: true; readonly transaction: Hex; readonly gas: number }
  /** `retry` says whether the same call may go through later. */
  | { readonly ok: false; readonly reason: string; readonly retry: boolean }

/** The oracle and its steward on one chain, as a node uses them. */
export type Chain = {
  /** The newest round that the oracle holds, 0 before the first. */
  latestRound(): Promise<number>
  /** Stores a report under the committee's 65-byte signature R ‖ z. */
  update(report: Report, signature: Hex): Promise<Sent>
  /** Lets the steward move what follows from the newest record of a feed. Anyone may call it. */
  sync(feed: FeedId): Promise<Sent>
  /** Feeds that have a lending market to steward, and whose market has not been synced since the given time. */
  unsyncedFeeds(since: number): Promise<readonly FeedId[]>
}
