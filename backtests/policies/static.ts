import { BPS } from '../../oracle-node/core/units.ts'
import type { MarketSetup } from '../lending/market.ts'
import type { Policy, PolicyParameters } from './policy.ts'

/**
 * A policy that never moves. LTV and threshold are lowered by the margin together, so that they keep their distance; a market at LTV 0 stays
 * closed, and loosening ends where liquidating would pay out more than the collateral: LT · (1 + bonus) ≤ 1.
 * @param gapBps how far the threshold stands above the LTV at most; as Aave had it when absent.
 * @throws {RangeError} when the margin is not whole.
 */
export function staticPolicy(id: string, setup: MarketSetup, marginBps: number, gapBps?: number): Policy {
  if (!Number.isInteger(marginBps)) {
    throw new RangeError(`the margin of the policy ${id} is in whole bps, got ${marginBps}; 100 is one percent`)
  }
  const lowered = loweredBy(setup, marginBps)
  const nearest = gapBps === undefined ? lowered.liquidationThresholdBps : lowered.ltvBps + gapBps
  const fixed = { ...lowered, liquidationThresholdBps: Math.min(lowered.liquidationThresholdBps, nearest) }
  return { id, next: () => fixed }
}

function loweredBy(setup: MarketSetup, marginBps: number): PolicyParameters {
  const { ltvBps, liquidationThresholdBps, supplyCap, borrowCap } = setup
  const solvent = Math.floor((BPS * BPS) / (BPS + setup.liquidationBonusBps))
  const highest = Math.max(solvent, liquidationThresholdBps)
  const threshold = Math.min(highest, Math.max(0, liquidationThresholdBps - marginBps))
  const lowered = Math.max(0, ltvBps + threshold - liquidationThresholdBps)
  return { ltvBps: ltvBps === 0 ? 0 : lowered, liquidationThresholdBps: threshold, supplyCap, borrowCap }
}
