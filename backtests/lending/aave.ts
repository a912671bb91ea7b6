import { invariant } from '../../oracle-node/core/errors.ts'
import { BPS } from '../../oracle-node/core/units.ts'
import type { RateCurve } from './market.ts'

/*
 * Aave v3.0's arithmetic in floating point, without its integer rounding (27 digits for rates, the tokens' decimals for amounts,
 * 8 decimals for USD). test/differential/lending-aave.test.ts runs the same market through Aave's own contracts.
 */

/** As Aave counts: leap years are ignored. */
const SECONDS_PER_YEAR = 365 * 86_400

/** At this health factor and below, one liquidation may repay the whole debt. */
const CLOSE_WHOLE_HEALTH = 0.95
const CLOSE_PART = 0.5

/**
 * The factor by which debt grows: (1 + rate / year)^seconds by the first four terms of the binomial series, so that it is a
 * little less than the true compound interest. Source: Aave v3.0 MathUtils.calculateCompoundedInterest.
 * @param ratePerYear A ratio: 0.05 is 5 % a year.
 * @param seconds A whole number.
 */
export function compoundedInterest(ratePerYear: number, seconds: number): number {
  if (seconds === 0) return 1
  const perSecond = ratePerYear / SECONDS_PER_YEAR
  const pairs = (seconds * (seconds - 1)) / 2
  const triples = (pairs * Math.max(seconds - 2, 0)) / 3
  const square = perSecond * perSecond
  // The three small terms first: added to 1 one by one, each would lose its last digits.
  return 1 + (perSecond * seconds + (pairs * square + triples * square * perSecond))
}

/**
 * The factor by which what suppliers lent grows between two updates. Source: Aave v3.0 MathUtils.calculateLinearInterest.
 * @param ratePerYear A ratio: 0.05 is 5 % a year.
 */
export function linearInterest(ratePerYear: number, seconds: number): number {
  return 1 + (ratePerYear * seconds) / SECONDS_PER_YEAR
}

/**
 * What borrowers pay a year, as a ratio. Source: Aave v3.0 DefaultReserveInterestRateStrategy.calculateInterestRates.
 * @param utilisation Debt over debt and unborrowed liquidity, 0 to 1.
 */
export function variableBorrowRate(curve: RateCurve, utilisation: number): number {
  const { optimalUtilisation, base, slope1, slope2 } = curve
  // An optimum of 0 or 1 leaves one slope only, and neither branch divides by 0.
  if (utilisation > optimalUtilisation) {
    return base + slope1 + (slope2 * (utilisation - optimalUtilisation)) / (1 - optimalUtilisation)
  }
  return optimalUtilisation === 0 ? base : base + (slope1 * utilisation) / optimalUtilisation
}

/**
 * How many times the collateral, at its liquidation threshold, covers the debt. Below 1 a position may be liquidated. Source:
 * Aave v3.0 GenericLogic.calculateUserAccountData, for one collateral.
 * @returns Infinity without debt.
 */
export function healthFactor(parts: {
  readonly collateralUsd: number
  readonly debtUsd: number
  readonly liquidationThresholdBps: number
}): number {
  if (parts.debtUsd === 0) return Number.POSITIVE_INFINITY
  return (parts.collateralUsd * parts.liquidationThresholdBps) / BPS / parts.debtUsd
}

/** The share of the debt that one liquidation may repay. Source: Aave v3.0 LiquidationLogic._calculateDebt. */
export function closeFactor(healthFactor: number): number {
  return healthFactor > CLOSE_WHOLE_HEALTH ? CLOSE_PART : 1
}

/**
 * What one liquidation repays and takes. A liquidator gets `collateralSeized - protocolFee`. Source: Aave v3.0
 * LiquidationLogic._calculateDebt and ._calculateAvailableCollateralToLiquidate.
 * @param parts `collateral` is the borrower's, in tokens; `debt` what is owed and `debtToCover` what the liquidator offers to repay,
 * in units of the debt's token; the bonus is over 1 (500 is 5 %), and the fee is the protocol's share of it.
 * @throws {InvariantError} at a health factor of 1 and above, where Aave refuses: the caller has to look first.
 */
export function liquidation(parts: {
  readonly collateral: number
  readonly debt: number
  readonly collateralPriceUsd: number
  readonly debtPriceUsd: number
  readonly bonusBps: number
  readonly protocolFeeBps: number
  readonly healthFactor: number
  readonly debtToCover: number
}): Liquidation {
  const { collateral, collateralPriceUsd, debtPriceUsd, healthFactor } = parts
  invariant(healthFactor < 1, `a position of health factor ${healthFactor} cannot be liquidated`)
  const withBonus = 1 + parts.bonusBps / BPS
  const most = parts.debt * closeFactor(healthFactor)
  const offered = Math.min(parts.debtToCover, most)
  const wanted = ((offered * debtPriceUsd) / collateralPriceUsd) * withBonus
  const enough = wanted <= collateral
  const collateralSeized = enough ? wanted : collateral
  // Where the collateral does not reach, the liquidator pays for what there is, and the rest of the debt stays.
  const debtCovered = enough ? offered : (collateral * collateralPriceUsd) / debtPriceUsd / withBonus
  const protocolFee = ((collateralSeized - collateralSeized / withBonus) * parts.protocolFeeBps) / BPS
  return { debtCovered, collateralSeized, protocolFee }
}

/** Debt units, and tokens of collateral; the fee is part of what was seized. */
type Liquidation = {
  readonly debtCovered: number
  readonly collateralSeized: number
  readonly protocolFee: number
}
