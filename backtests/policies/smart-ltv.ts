import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { BPS, type Bps } from '../../oracle-node/core/units.ts'

/** The form's variables, as ratios; liquidity and cap in one unit. */
export type SmartLtvInput = {
  /** c. */
  readonly confidence: number
  /** σ over the time that a liquidation takes. */
  readonly volatility: number
  /** l: what can be sold at a slippage of β. */
  readonly liquidity: number
  /** d. */
  readonly cap: number
  /** β: the liquidation bonus. */
  readonly bonus: number
}

/**
 * LTV = exp(−c·σ/√(l/d)) − β, at least 0. Source: RiskDAO, "A smart contract formula for LTV ratio" (2023), as in SmartLTV.sol of B.Protocol.
 */
export function smartLtv({ confidence, volatility, liquidity, cap, bonus }: SmartLtvInput): number {
  if (liquidity <= 0) return 0
  return Math.max(0, exp((-confidence * volatility) / Math.sqrt(liquidity / cap)) - bonus)
}

/** The same solved for the cap: d = l·(ln(1/(LTV+β))/(c·σ))²; 0 where not even a cap of nothing allows the LTV. */
export function smartCap(input: Omit<SmartLtvInput, 'cap'> & { readonly ltv: number }): number {
  const root = -ln(input.ltv + input.bonus) / (input.confidence * input.volatility)
  return root > 0 ? input.liquidity * root * root : 0
}

const ROOT_OF_YEAR = Math.sqrt(365)

/**
 * The expected shortfall that lands the steward's formula, its slippage left out, on SmartLTV's LTV and a threshold one buffer above: so SmartLTV
 * moves within the same bounds, by the same steps and delays. σ is the record's over a day; l is linear in the fall, as the steward takes it.
 */
export function smartShortfall(
  record: Pick<RiskRecord, 'volatilityBps' | 'depthUsd' | 'priceE8'>,
  market: {
    readonly confidence: number
    readonly supplyCap: number
    readonly bonusBps: number
    readonly bufferBps: number
    readonly depthReferenceBps: number
  },
): Bps {
  const ltv = smartLtv({
    confidence: market.confidence,
    volatility: record.volatilityBps / BPS / ROOT_OF_YEAR,
    liquidity: (record.depthUsd * market.bonusBps) / market.depthReferenceBps,
    cap: (market.supplyCap * Number(record.priceE8)) / 1e8,
    bonus: market.bonusBps / BPS,
  })
  const shortfall = BPS - market.bonusBps - market.bufferBps - Math.floor(ltv * BPS)
  return Math.min(BPS, Math.max(0, shortfall)) as Bps
}
