import { Interface } from 'ethers'
import type { LendingMarket } from '../ports/lending-market.ts'
import { attempt, unlessRefused } from './chain-read.ts'
import { type Block, type ChainReader, integer } from './pools/json-rpc.ts'
import { VenueFault } from './venue-http.ts'

const dataProvider = new Interface([
  'function ADDRESSES_PROVIDER() view returns (address)',
  'function getReserveTokensAddresses(address asset) view returns (address aToken, address stableDebtToken, address variableDebtToken)',
  'function getReserveData(address asset) view returns (uint256 unbacked, uint256 accruedToTreasuryScaled, uint256 totalAToken, uint256 totalStableDebt, uint256 totalVariableDebt, uint256 liquidityRate, uint256 variableBorrowRate, uint256 stableBorrowRate, uint256 averageStableBorrowRate, uint256 liquidityIndex, uint256 variableBorrowIndex, uint40 lastUpdateTimestamp)',
  'function getReserveConfigurationData(address asset) view returns (uint256 decimals, uint256 ltv, uint256 liquidationThreshold, uint256 liquidationBonus, uint256 reserveFactor, bool usageAsCollateralEnabled, bool borrowingEnabled, bool stableBorrowRateEnabled, bool isActive, bool isFrozen)',
  'function getReserveCaps(address asset) view returns (uint256 borrowCap, uint256 supplyCap)',
  'function getPaused(address asset) view returns (bool)',
  'function getDebtCeiling(address asset) view returns (uint256)',
  'function getLiquidationProtocolFee(address asset) view returns (uint256)',
  'function getReserveEModeCategory(address asset) view returns (uint256)',
])
const addressesProvider = new Interface(['function getPriceOracle() view returns (address)'])
const oracle = new Interface([
  'function BASE_CURRENCY_UNIT() view returns (uint256)',
  'function getAssetPrice(address asset) view returns (uint256)',
])
const erc20 = new Interface(['function balanceOf(address owner) view returns (uint256)'])

/** A market whose oracle counts in USD with 8 decimals, as all of Aave v3's do. */
const USD_UNIT = 10n ** 8n

/**
 * An Aave v3 market, read through its `AaveProtocolDataProvider`, all at one block. The price is the market's own oracle's; where
 * that refuses (ours does while its record is stale) or says 0, the reserve comes without one.
 * @param options.timeoutMs Of the whole answer, which takes up to four rounds of requests.
 */
export function aaveV3Market(
  chain: ChainReader,
  options: { readonly dataProvider: string; readonly timeoutMs: number },
): LendingMarket {
  const { dataProvider: provider, timeoutMs } = options
  return {
    reserve: async (asset) => {
      const read = await attempt(timeoutMs, async () => reserveAt(chain, await chain.latestBlock(), provider, asset))
      return read.ok ? { ok: true, raw: read.value } : read
    },
  }
}

async function reserveAt(
  chain: ChainReader,
  block: Block,
  provider: string,
  asset: string,
): Promise<Readonly<Record<string, unknown>>> {
  const ask = (method: string, args: readonly unknown[] = [asset]): Promise<unknown[]> =>
    one(chain, block, { to: provider, abi: dataProvider, method, args })
  const [data, configuration, caps, [isPaused], [debtCeiling], [liquidationProtocolFee], eMode, tokens, price] =
    await Promise.all([
      ask('getReserveData'),
      ask('getReserveConfigurationData'),
      ask('getReserveCaps'),
      ask('getPaused'),
      ask('getDebtCeiling'),
      ask('getLiquidationProtocolFee'),
      unlessRefused(ask('getReserveEModeCategory')),
      ask('getReserveTokensAddresses'),
      ask('ADDRESSES_PROVIDER', []).then(([addresses]) => priceAt(chain, block, String(addresses), asset)),
    ])
  const [availableLiquidity] = await one(chain, block, {
    to: asset,
    abi: erc20,
    method: 'balanceOf',
    args: [tokens[0]],
  })
  const [, accruedToTreasuryScaled, totalSupply, stableDebt, variableDebt, ...rates] = data
  const [liquidityRate, variableBorrowRate, stableBorrowRate, , liquidityIndex, variableBorrowIndex, lastUpdate] = rates
  const [decimals, ltv, liquidationThreshold, liquidationBonus, reserveFactor, ...flags] = configuration
  const [isCollateral, isBorrowingEnabled, isStableBorrowingEnabled, isActive, isFrozen] = flags
  const [borrowCap, supplyCap] = caps
  return {
    ...{ decimals, totalSupply, accruedToTreasuryScaled, availableLiquidity, stableDebt, variableDebt },
    ...{ liquidityRate, variableBorrowRate, stableBorrowRate, liquidityIndex, variableBorrowIndex, lastUpdate },
    ...{ ltv, liquidationThreshold, liquidationBonus, liquidationProtocolFee, reserveFactor },
    ...{ supplyCap, borrowCap, debtCeiling, eModeCategory: eMode?.[0], priceE8: price },
    ...{ isActive, isFrozen, isPaused, isBorrowingEnabled, isStableBorrowingEnabled, isCollateral },
    blockTime: BigInt(block.time),
  }
}

/** By the market's oracle, in 10^-8 USD. @throws {VenueFault} where the market counts in another currency. */
async function priceAt(
  chain: ChainReader,
  block: Block,
  addresses: string,
  asset: string,
): Promise<bigint | undefined> {
  const [to] = await one(chain, block, { to: addresses, abi: addressesProvider, method: 'getPriceOracle', args: [] })
  const ask = (method: string, args: readonly unknown[]): Promise<unknown[]> =>
    one(chain, block, { to: String(to), abi: oracle, method, args })
  const [[unit], price] = await Promise.all([
    ask('BASE_CURRENCY_UNIT', []),
    unlessRefused(ask('getAssetPrice', [asset])),
  ])
  if (unit !== USD_UNIT)
    throw new VenueFault('refused', `the market's oracle counts in units of ${unit}, not in 10^-8 USD`)
  const value = price === undefined ? 0n : integer(price[0])
  return value === 0n ? undefined : value
}

async function one(
  chain: ChainReader,
  block: Block,
  call: { readonly to: string; readonly abi: Interface; readonly method: string; readonly args: readonly unknown[] },
): Promise<unknown[]> {
  const [result = []] = await chain.views([call], block)
  return result
}
