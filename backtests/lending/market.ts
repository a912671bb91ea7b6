import type { Policy } from '../policies/policy.ts'

/** Each hour is looked at four times, a quarter of an hour apart: its open, one extreme, the other, its close. */
export const POINTS_PER_HOUR = 4
export const POINT_SECONDS = 900

/** What the world does to one lending market, by point: {@link POINTS_PER_HOUR} entries an hour. */
export type MarketPath = {
  readonly asset: string
  /** Unix seconds of the first point; a full hour. Point i is at `from + i · POINT_SECONDS`. */
  readonly from: number
  /** USD at which collateral can be sold in small amounts. */
  readonly priceUsd: Float64Array
  /** USD by the market's own oracle, late and in steps as it is. */
  readonly oraclePriceUsd: Float64Array
  /** USD that can be sold before the price falls 2 %, as it really is then: what a liquidator meets. */
  readonly depthUsd: Float64Array
  /** USD of one unit of the debt's token by the market's oracle; 1 throughout where absent. */
  readonly debtPriceUsd?: Float64Array
}

/** A lending market's parameters that a policy does not move, and where those it moves begin. Bps as {@link Policy} has them. */
export type MarketSetup = {
  readonly asset: string
  readonly ltvBps: number
  readonly liquidationThresholdBps: number
  /** The liquidation bonus over 1: 500 is 5 %. */
  readonly liquidationBonusBps: number
  /** Share of the bonus that the protocol takes. */
  readonly liquidationProtocolFeeBps: number
  /** Share of the interest that the protocol takes. */
  readonly reserveFactorBps: number
  /** Whole tokens; 0 is no cap. */
  readonly supplyCap: number
  readonly borrowCap: number
}

/** Aave's two-slope rate curve, as ratios a year. */
export type RateCurve = {
  readonly optimalUtilisation: number
  readonly base: number
  readonly slope1: number
  readonly slope2: number
}

/** Who borrows against the collateral; one entry a borrower. */
export type Borrowers = {
  /** Tokens of collateral that the borrower brings when the market lets it in. */
  readonly collateral: Float64Array
  /** Share of the borrowing power (collateral · LTV) that is drawn when the borrower acts, 0 to 1. */
  readonly use: Float64Array
  /** Debt (units of the debt token) that a position begins with; NaN where it follows from `use`. */
  readonly debt: Float64Array
}

export type BorrowerHabits = {
  /** Mean days between two times at which a borrower brings the position back to `use`, or opens one again. */
  readonly actEveryDays: number
  /** Chance an hour that a borrower below `defendBelowHealth` repays back to `use`. */
  readonly defendChance: number
  /** Health factor below which some defend. */
  readonly defendBelowHealth: number
}

export type Liquidators = {
  /** USD that a liquidation costs beside slippage. */
  readonly gasUsd: number
  /** Hours in which half of what was sold into the book has been refilled. */
  readonly refillHalfLifeHours: number
  /** Profit over the repaid debt below which nobody acts, as a ratio. */
  readonly profitMin: number
}

/** What happened to one borrower, in the order in which it did: what a chain would have been sent. Amounts are tokens and debt units. */
export type MarketEvent =
  | { readonly kind: 'supply'; readonly time: number; readonly borrower: number; readonly collateral: number }
  | { readonly kind: 'withdraw'; readonly time: number; readonly borrower: number; readonly collateral: number }
  | { readonly kind: 'borrow'; readonly time: number; readonly borrower: number; readonly debt: number }
  | { readonly kind: 'repay'; readonly time: number; readonly borrower: number; readonly debt: number }
  | {
      readonly kind: 'liquidate'
      readonly time: number
      readonly borrower: number
      readonly debtCovered: number
      readonly collateralSeized: number
      /** Of what was seized, the protocol's. */
      readonly protocolFee: number
    }
  | {
      readonly kind: 'parameters'
      readonly time: number
      readonly ltvBps: number
      readonly liquidationThresholdBps: number
    }

export type MarketInput = {
  readonly path: MarketPath
  readonly setup: MarketSetup
  readonly policy: Policy
  readonly borrowers: Borrowers
  readonly habits: BorrowerHabits
  readonly liquidators: Liquidators
  readonly rates: RateCurve
  /** What is lent out of: units of the debt token that suppliers hold there, over the borrowing power at the start. Rates follow from it. */
  readonly liquidityOverDebt: number
  readonly seed: number
  /** Hours at the start that fill the market and are not counted. */
  readonly warmUpHours: number
  /** Told of everything that happens, for a check against another implementation. */
  readonly onEvent?: (event: MarketEvent) => void
}

/** One parameter that a policy moved. */
export type ParameterChange = {
  readonly time: number
  readonly parameter: 'ltv' | 'liquidationThreshold' | 'supplyCap'
  readonly from: number
  readonly to: number
  readonly reason: string
}

/** By hour, warm-up left out. */
export type MarketHours = {
  /** Unix seconds at which the first counted hour opens. */
  readonly from: number
  readonly ltvBps: Float64Array
  readonly liquidationThresholdBps: Float64Array
  readonly supplyCap: Float64Array
  /** USD, at the hour's close by the market's price. */
  readonly collateralUsd: Float64Array
  readonly debtUsd: Float64Array
  /** What could be borrowed at most: collateral supplied · LTV. */
  readonly capacityUsd: Float64Array
  /** What all borrowers would bring, let in or not. */
  readonly demandUsd: Float64Array
  /** In the hour. */
  readonly liquidatedUsd: Float64Array
  /** Since the start: debt that no collateral covers any more, written off or not (the shortfall of underwater positions included). */
  readonly badDebtUsd: Float64Array
  /** Since the start: interest and liquidation fees that the protocol took, less written-off debt and the shortfall. */
  readonly equityUsd: Float64Array
}

export type MarketOutcome = {
  readonly asset: string
  readonly hours: MarketHours
  readonly changes: readonly ParameterChange[]
  readonly liquidations: number
  /** Of those, positions that were sound by the parameters of the hour before: liquidated by the policy's step and not by the price. */
  readonly liquidatedByPolicyUsd: number
  readonly liquidatorProfitUsd: number
}
