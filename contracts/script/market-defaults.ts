import type { AaveAsset } from './deploy-aave.ts'

/** An asset of the demonstration market, without its price feed, which is deployed with the oracle. */
export type DefaultAsset = Omit<AaveAsset, 'priceFeed'>

/**
 * LTV, threshold, bonus and reserve factor are those of Aave v3 on Ethereum on 2025-07-22. Caps are ours: near 2 × the liquidity
 * within the bonus at the depths that the venues show (tens of millions of USD for WETH and WBTC, a few for USDC), so that the
 * policy has something to do from the first day.
 */
export const DEFAULT_ASSETS: readonly DefaultAsset[] = [
  {
    symbol: 'WETH',
    name: 'Wrapped Ether',
    decimals: 18,
    ltvBps: 8_050,
    liquidationThresholdBps: 8_300,
    liquidationBonusBps: 10_500,
    reserveFactorBps: 1_500,
    supplyCap: 50_000,
    borrowCap: 40_000,
  },
  {
    symbol: 'WBTC',
    name: 'Wrapped Bitcoin',
    decimals: 8,
    ltvBps: 7_300,
    liquidationThresholdBps: 7_800,
    liquidationBonusBps: 10_500,
    reserveFactorBps: 5_000,
    supplyCap: 3_000,
    borrowCap: 2_000,
  },
  {
    symbol: 'USDC',
    name: 'USD Coin',
    decimals: 6,
    ltvBps: 7_500,
    liquidationThresholdBps: 7_800,
    liquidationBonusBps: 10_450,
    reserveFactorBps: 1_000,
    supplyCap: 40_000_000,
    borrowCap: 36_000_000,
  },
]
