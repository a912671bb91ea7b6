import {
  compoundedInterest,
  healthFactor,
  linearInterest,
  liquidation,
  variableBorrowRate,
} from '../../backtests/lending/aave.ts'
import type { MarketSetup } from '../../backtests/lending/market.ts'
import { type ChainLiquidation, type ChainPosition, type ChainReserve, DEPLOYED_RATES } from './lending-chain.ts'

/** Compares numbers. */
export type Comparison = {
  /** @throws {Error} that names the place, beyond the tolerance. */
  near(kind: string, actual: number, expected: number, where: string): void
}

/** @param tolerance Relative; by kind where one differs. */
export function comparison(tolerance: number, others: Readonly<Record<string, number>> = {}): Comparison {
  return {
    near(kind, actual, expected, where) {
      const difference = actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected)
      if (difference <= (others[kind] ?? tolerance)) return
      throw new Error(`${where}: ${kind} is ${actual} on Aave and ${expected} here, ${difference} apart`)
    },
  }
}

/** That indices grew since an earlier look as the formulae say, and that the rate follows from utilisation. */
export function compareReserve(to: Comparison, earlier: ChainReserve, now: ChainReserve, where: string): void {
  const seconds = now.updatedAt - earlier.updatedAt
  const borrowIndex = earlier.borrowIndex * compoundedInterest(earlier.borrowRate, seconds)
  to.near('borrow index', now.borrowIndex, borrowIndex, where)
  const liquidityIndex = earlier.liquidityIndex * linearInterest(earlier.liquidityRate, seconds)
  to.near('liquidity index', now.liquidityIndex, liquidityIndex, where)
  const rate = variableBorrowRate(DEPLOYED_RATES, now.debt / (now.debt + now.available))
  to.near('borrow rate', now.borrowRate, rate, where)
}

/** What the formulae say of one position as it is on the chain. */
type Judged = {
  readonly health: number
  /** Present where it may be liquidated: what a liquidator does who offers all he may. */
  readonly wanted?: ChainLiquidation
}

export function judge(
  at: ChainPosition,
  market: Pick<MarketSetup, 'liquidationThresholdBps' | 'liquidationBonusBps' | 'liquidationProtocolFeeBps'>,
  oraclePriceUsd: number,
): Judged {
  const { liquidationThresholdBps, liquidationBonusBps: bonusBps, liquidationProtocolFeeBps: protocolFeeBps } = market
  const { collateral, debt } = at
  const health = healthFactor({ collateralUsd: collateral * oraclePriceUsd, debtUsd: debt, liquidationThresholdBps })
  if (health >= 1 || collateral === 0) return { health }
  const prices = { collateralPriceUsd: oraclePriceUsd, debtPriceUsd: 1, bonusBps, protocolFeeBps }
  const offered = { healthFactor: health, debtToCover: Number.POSITIVE_INFINITY }
  return { health, wanted: liquidation({ collateral, debt, ...prices, ...offered }) }
}

export function compareLiquidation(
  to: Comparison,
  seen: ChainLiquidation,
  here: ChainLiquidation,
  where: string,
): void {
  to.near('debt covered', seen.debtCovered, here.debtCovered, where)
  to.near('collateral seized', seen.collateralSeized, here.collateralSeized, where)
  to.near('protocol fee', seen.protocolFee, here.protocolFee, where)
}
