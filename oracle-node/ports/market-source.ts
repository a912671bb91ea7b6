import type { RawMarket, Rejection, Source } from '../core/market.ts'
import type { UnixSeconds } from '../core/units.ts'

/** What a source answered, unchecked, or why there is nothing to check. */
export type MarketFetch =
  | { readonly ok: true; readonly raw: RawMarket }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/**
 * One market of one venue. `fetch` never throws, makes one attempt, and ends within the adapter's time limit; `now` is the
 * caller's clock, for sources that keep none of their own. What it returns is hostile still: `core/tick.ts` checks it.
 */
export type MarketSource = {
  readonly source: Source
  fetch(now: UnixSeconds): Promise<MarketFetch>
}
