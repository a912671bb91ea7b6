import type { Rejection } from '../core/market.ts'

/** What a market says of one reserve at one block, unchecked, or why there is nothing to check. */
export type ReserveFetch =
  | { readonly ok: true; readonly raw: unknown }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/**
 * A lending market's reserves. `reserve` never throws, makes one attempt, and ends within the adapter's time limit. What it returns
 * is hostile still: `core/lending.ts` checks it.
 */
export type LendingMarket = {
  /** @param asset Address of the reserve's token. */
  reserve(asset: string): Promise<ReserveFetch>
}
