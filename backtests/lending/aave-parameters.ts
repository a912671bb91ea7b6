import { BPS } from '../../oracle-node/core/units.ts'
import type { MarketSetup } from './market.ts'

/** What Aave v3 really had for an asset, without caps: those of the recording are wrong and left out of it. */
export type AaveParameters = Omit<MarketSetup, 'supplyCap' | 'borrowCap'> & {
  /** In words: which reserve, when and where. */
  readonly source: string
}

/**
 * The recording lacks it: 10 % of the bonus is an assumption, being what the first proposals for Aave v3 Ethereum asked for nearly every
 * volatile collateral (governance forum, "Aave V3 Ethereum Deployment: Assets and Configurations", 2022).
 */
const LIQUIDATION_PROTOCOL_FEE_BPS = 1_000

type Recorded = readonly [
  asset: string,
  network: string,
  reserve: string,
  day: string,
  ltvBps: number,
  thresholdBps: number,
  bonusBps: number,
  reserveFactorBps: number,
]

/**
 * The first recorded state of a reserve of each asset, on Ethereum where it is lent against there. The recording begins on 2025-07-22, so a crisis
 * before that is replayed with parameters that are not of its time; Aave's of then are not recorded, and a config may state them.
 * No entry: what the recording knows only at an LTV of 0 (SNX, SUSHI, FRAX, LUSD), and what it does not know (SOL, COMP, YFI, BAT, REN, ENJ).
 */
const RECORDED: readonly Recorded[] = [
  ['ETH', 'ethereum', 'WETH', '2025-07-22', 8_050, 8_300, 500, 1_500],
  ['stETH', 'ethereum', 'wstETH', '2025-07-22', 7_850, 8_100, 600, 500],
  ['BTC', 'ethereum', 'WBTC', '2025-07-22', 7_300, 7_800, 500, 5_000],
  ['LINK', 'ethereum', 'LINK', '2025-07-22', 6_600, 7_100, 700, 2_000],
  ['AAVE', 'ethereum', 'AAVE', '2025-07-22', 6_900, 7_600, 750, 0],
  ['UNI', 'ethereum', 'UNI', '2025-07-22', 6_500, 7_400, 1_000, 2_000],
  ['MKR', 'ethereum', 'MKR', '2025-07-22', 6_500, 7_000, 850, 2_000],
  ['CRV', 'ethereum', 'CRV', '2025-07-22', 3_500, 4_100, 830, 3_500],
  ['LDO', 'ethereum', 'LDO', '2025-07-22', 4_000, 5_000, 900, 2_000],
  ['BAL', 'ethereum', 'BAL', '2025-07-22', 5_700, 5_900, 830, 2_000],
  ['ENS', 'ethereum', 'ENS', '2025-07-22', 3_900, 4_900, 800, 2_000],
  ['1INCH', 'ethereum', '1INCH', '2025-07-22', 5_700, 6_700, 750, 2_000],
  ['XAUT', 'ethereum', 'XAUt', '2025-09-01', 7_000, 7_500, 600, 2_000],
  ['USDC', 'ethereum', 'USDC', '2025-07-22', 7_500, 7_800, 450, 1_000],
  ['USDT', 'ethereum', 'USDT', '2025-07-22', 7_500, 7_800, 450, 1_000],
  ['DAI', 'ethereum', 'DAI', '2025-07-22', 6_300, 7_700, 500, 2_500],
  ['USDe', 'ethereum', 'USDe', '2025-07-22', 7_200, 7_500, 850, 2_500],
  ['ARB', 'arbitrum', 'ARB', '2025-07-22', 5_800, 6_300, 1_000, 2_000],
  ['OP', 'optimism', 'OP', '2025-07-22', 5_800, 6_300, 1_000, 2_000],
  ['AVAX', 'avalanche', 'WAVAX', '2025-07-22', 6_800, 7_300, 900, 2_000],
  ['MATIC', 'polygon', 'WPOL', '2025-07-22', 6_800, 7_300, 700, 2_000],
  ['BNB', 'bnb', 'WBNB', '2025-07-22', 7_000, 7_500, 1_000, 2_000],
]

/** The same collateral under another name. */
const ALIASES: Readonly<Record<string, string>> = {
  WETH: 'ETH',
  WBTC: 'BTC',
  wstETH: 'stETH',
  POL: 'MATIC',
  WAVAX: 'AVAX',
}

/** Undefined for an asset that nobody could borrow against on Aave v3, as far as it is recorded. */
export function aaveParameters(asset: string): AaveParameters | undefined {
  const own = ALIASES[asset] ?? asset
  const row = RECORDED.find(([name]) => name === own)
  if (row === undefined) return undefined
  const [, network, reserve, day, ltvBps, thresholdBps, bonusBps, reserveFactorBps] = row
  return {
    asset,
    ltvBps,
    liquidationThresholdBps: thresholdBps,
    liquidationBonusBps: bonusBps,
    liquidationProtocolFeeBps: LIQUIDATION_PROTOCOL_FEE_BPS,
    reserveFactorBps,
    source:
      `Aave v3 on ${network}, reserve ${reserve}, as recorded on ${day}; ` +
      `that the protocol takes ${(100 * LIQUIDATION_PROTOCOL_FEE_BPS) / BPS} % of the bonus is assumed`,
  }
}
