import { type Bounds, CAP_MAX, type Parameter, type PolicyConfig } from '../../oracle-node/core/policy.ts'
import type { MarketSetup } from '../lending/market.ts'

/*
 * What the demonstration market's steward is deployed with, restated: the reasons stand beside each figure in
 * contracts/script/market-defaults.ts, which a backtest may not import. test/backtests/policies-defaults.test.ts holds the two together.
 */

export const STEWARD_CONFIG: PolicyConfig = {
  bufferBps: 250,
  liquidatedShareBps: 500,
  optimalUtilisationBps: 8_000,
  depthReferenceBps: 200,
  doubtAboveBps: 100,
}

const THRESHOLD_STEPS = {
  tightenStep: 100,
  loosenStep: 25,
  tightenDelay: 600,
  loosenDelay: 3_600,
  deadband: 10,
} as const

const CAP_STEPS = {
  tightenStep: 1_000,
  loosenStep: 500,
  tightenDelay: 600,
  loosenDelay: 3_600,
  deadband: 300,
} as const

/** The caps' bounds follow the market's first caps: from a hundredth to twice, and never more than Aave can store. */
export function stewardBounds(setup: Pick<MarketSetup, 'supplyCap' | 'borrowCap'>): Record<Parameter, Bounds> {
  const capBounds = (cap: number): Bounds => ({
    ...CAP_STEPS,
    floor: Math.ceil(cap / 100),
    ceiling: Math.min(cap * 2, CAP_MAX),
  })
  return {
    ltv: { ...THRESHOLD_STEPS, floor: 3_750, ceiling: 8_500 },
    liquidationThreshold: { ...THRESHOLD_STEPS, floor: 4_000, ceiling: 8_800 },
    supplyCap: capBounds(setup.supplyCap),
    borrowCap: capBounds(setup.borrowCap),
  }
}
