import type { MarketSetup } from '../../backtests/lending/market.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { bps, unixSeconds } from '../../oracle-node/core/units.ts'

/** Aave’s own parameters of ETH, whole tokens as caps. */
export const SETUP: MarketSetup = {
  asset: 'ETH',
  ltvBps: 8_050,
  liquidationThresholdBps: 8_300,
  liquidationBonusBps: 500,
  liquidationProtocolFeeBps: 1_000,
  reserveFactorBps: 1_500,
  supplyCap: 50_000,
  borrowCap: 40_000,
}

/** What a committee says of ETH on a calm day. */
export const RECORD: RiskRecord = {
  priceE8: 200_000_000_000n,
  volatilityBps: bps(6_000),
  valueAtRisk99Bps: bps(900),
  expectedShortfall99Bps: bps(1_200),
  depthUsd: 20_000_000,
  liquidityScoreBps: bps(0),
  riskScoreBps: bps(0),
  confidenceBps: bps(5),
  observedAt: unixSeconds(1_700_000_000),
  validForSeconds: 7_200,
}
