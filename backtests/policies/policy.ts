import type { RiskRecord } from '../../oracle-node/core/record.ts'

/** What a policy sees when it is asked, once an hour, before anybody acts in that hour. */
export type PolicyView = {
  readonly asset: string
  /** Unix seconds. */
  readonly now: number
  /** The newest record on the chain, of the forecaster that the policy reads; absent before the first and where it has expired. */
  readonly record: RiskRecord | undefined
  readonly current: PolicyParameters
  /** USD at the market's oracle. */
  readonly oraclePriceUsd: number
  /** USD supplied and borrowed now. */
  readonly collateralUsd: number
  readonly debtUsd: number
}

/** Caps in whole tokens, 0 for none; bps of 1. */
export type PolicyParameters = {
  readonly ltvBps: number
  readonly liquidationThresholdBps: number
  readonly supplyCap: number
  readonly borrowCap: number
}

/** The next parameters, and why each that moved did. */
export type PolicyDecision = PolicyParameters & {
  readonly reasons?: Readonly<Partial<Record<keyof PolicyParameters, string>>>
}

/** Moves a market's parameters. It may keep state between hours: one object serves one run of one market. */
export type Policy = {
  readonly id: string
  next(view: PolicyView): PolicyDecision
}
