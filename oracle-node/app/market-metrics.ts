import { DEPTH_MOVES, slippageAt } from '../core/depth.ts'
import type { LendingFeatures } from '../core/lending.ts'
import type { AssetMarket } from '../core/market.ts'
import type { Telemetry } from '../ports/telemetry.ts'

const SIZES_USD_DEFAULT: readonly number[] = [10_000, 100_000, 1_000_000]

/** What a node saw of one asset's market, beyond what its record says. */
export function reportMarket(
  telemetry: Telemetry,
  asset: string,
  market: AssetMarket,
  sizesUsd: readonly number[] = SIZES_USD_DEFAULT,
): void {
  telemetry.gauge('plimsoll_sources_used', market.sources.length, { asset })
  for (const [index, move] of DEPTH_MOVES.entries()) {
    for (const side of ['sell', 'buy'] as const) {
      // Without books there is no depth, rather than the last one that there was.
      const usd = market.depth?.[side][index] ?? Number.NaN
      telemetry.gauge('plimsoll_market_depth_usd', usd, { asset, side, move_bps: `${Math.round(move * 10_000)}` })
    }
  }
  for (const size of sizesUsd) {
    const slippage = slippageAt(market.ladders, market.priceUsd, size)
    // A book that does not take the size has no slippage, rather than the last one that it had.
    telemetry.gauge('plimsoll_slippage_bps', slippage === undefined ? Number.NaN : slippage * 10_000, {
      asset,
      size_usd: `${size}`,
    })
  }
  telemetry.gauge('plimsoll_reference_deviation_bps', market.referenceDeviationBps ?? Number.NaN, { asset })
}

const RESERVE_GAUGES = [
  ['utilisationBps', 'plimsoll_reserve_utilisation_bps'],
  ['supplyCapUseBps', 'plimsoll_reserve_supply_cap_use_bps'],
  ['borrowCapUseBps', 'plimsoll_reserve_borrow_cap_use_bps'],
  ['availableLiquidityUsd', 'plimsoll_reserve_available_usd'],
] as const

/** The state of one reserve of the lending market that this network steers. */
export function reportReserve(telemetry: Telemetry, asset: string, features: LendingFeatures): void {
  for (const [feature, gauge] of RESERVE_GAUGES) {
    telemetry.gauge(gauge, features[feature] ?? Number.NaN, { asset })
  }
}
