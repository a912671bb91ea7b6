import type { Rejection } from '../core/market.ts'

/** What a feed answered at one block, unchecked, or why there is nothing to check. */
export type ReferenceFetch =
  | { readonly ok: true; readonly raw: unknown }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/**
 * One feed of another oracle. `fetch` never throws, makes one attempt, and ends within the adapter's time limit. What it returns is
 * hostile still: `core/reference.ts` checks it.
 */
export type ReferenceFeed = {
  readonly address: string
  fetch(): Promise<ReferenceFetch>
}
