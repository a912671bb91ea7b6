import type { MarketAbstention } from './assess-market.ts'
import type { AssetMarket } from './market.ts'
import { type Reference, referenceDeviation } from './reference.ts'

export type ReferenceCheck =
  | { readonly ok: true; readonly market: AssetMarket }
  | { readonly ok: false; readonly reason: MarketAbstention; readonly detail: string }

/**
 * A market beside what another oracle says. The reference never sets the price, for then we would only repeat it; but where an
 * operator gave a limit, a price further away than that is not published until either moves.
 */
export function checkReference(
  asset: string,
  market: AssetMarket,
  reference: Reference,
  deviationMaxBps: number | undefined,
): ReferenceCheck {
  const referenceDeviationBps = referenceDeviation(market.priceUsd, reference)
  if (deviationMaxBps === undefined || Math.abs(referenceDeviationBps) <= deviationMaxBps) {
    return { ok: true, market: { ...market, referenceDeviationBps } }
  }
  const { price, description } = reference
  const detail = `${asset}: ${market.priceUsd} USD is ${referenceDeviationBps} bps from ${price} of ${description}; ${deviationMaxBps} is the most`
  return { ok: false, reason: 'reference-disagrees', detail }
}
