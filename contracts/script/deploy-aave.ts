import { Contract, parseUnits, type Signer, ZeroAddress } from 'ethers'
import { aaveArtifact, deploy, send } from './artifacts.ts'

/** One reserve of the market. Bps as Aave counts them: a bonus of 5 % is 10 500. Caps in whole tokens, 0 for none. */
export type AaveAsset = {
  readonly symbol: string
  readonly name: string
  readonly decimals: number
  /** Address of a source with `latestAnswer()` of 8 decimals. */
  readonly priceFeed: string
  readonly ltvBps: number
  readonly liquidationThresholdBps: number
  readonly liquidationBonusBps: number
  readonly reserveFactorBps: number
  readonly supplyCap: number
  readonly borrowCap: number
}

/** Addresses of a deployed market. */
export type AaveMarket = {
  readonly pool: string
  readonly configurator: string
  readonly dataProvider: string
  readonly aclManager: string
  readonly oracle: string
  readonly addressesProvider: string
  /** Underlying tokens by symbol. They are Aave's mintable test token: anybody may mint. */
  readonly tokens: Readonly<Record<string, string>>
}

const LOGIC = 'protocol/libraries/logic'
const RAY = 27

/**
 * Deploys Aave v3 itself, from the bytecode that its package ships, with one reserve an asset.
 * @param signer Becomes owner, ACL admin, pool admin and treasury.
 */
export async function deployAaveMarket(
  signer: Signer,
  options: { readonly assets: readonly AaveAsset[] },
): Promise<AaveMarket> {
  const admin = await signer.getAddress()
  const provider = await deploy(
    signer,
    aaveArtifact('protocol/configuration/PoolAddressesProvider.sol', 'PoolAddressesProvider'),
    ['Plimsoll', admin],
  )
  await send(provider.contract, 'setACLAdmin', [admin])
  const aclArtifact = aaveArtifact('protocol/configuration/ACLManager.sol', 'ACLManager')
  const acl = await deploy(signer, aclArtifact, [provider.address])
  await send(provider.contract, 'setACLManager', [acl.address])
  await send(acl.contract, 'addPoolAdmin', [admin])
  await send(acl.contract, 'addAssetListingAdmin', [admin])

  const { pool, configurator } = await deployPool(signer, provider)
  const dataProviderArtifact = aaveArtifact('misc/AaveProtocolDataProvider.sol', 'AaveProtocolDataProvider')
  const dataProvider = await deploy(signer, dataProviderArtifact, [provider.address])
  await send(provider.contract, 'setPoolDataProvider', [dataProvider.address])

  const tokens = await deployTokens(signer, options.assets)
  const oracle = await deploy(signer, aaveArtifact('misc/AaveOracle.sol', 'AaveOracle'), [
    provider.address,
    options.assets.map((asset) => tokens[asset.symbol]),
    options.assets.map((asset) => asset.priceFeed),
    ZeroAddress,
    ZeroAddress,
    10n ** 8n,
  ])
  await send(provider.contract, 'setPriceOracle', [oracle.address])

  const market: AaveMarket = {
    pool,
    configurator,
    dataProvider: dataProvider.address,
    aclManager: acl.address,
    oracle: oracle.address,
    addressesProvider: provider.address,
    tokens,
  }
  await initReserves(signer, market, options.assets)
  await configureReserves(signer, market, options.assets)
  return market
}

async function deployPool(
  signer: Signer,
  provider: Awaited<ReturnType<typeof deploy>>,
): Promise<{ pool: string; configurator: string }> {
  const libraries: Record<string, string> = {}
  // Bridge, e-mode, liquidation, pool, supply and configurator logic stand alone; flash loans link against borrowing.
  for (const name of [
    'BorrowLogic',
    'BridgeLogic',
    'EModeLogic',
    'LiquidationLogic',
    'PoolLogic',
    'SupplyLogic',
    'ConfiguratorLogic',
    'FlashLoanLogic',
  ]) {
    libraries[name] = (await deploy(signer, aaveArtifact(`${LOGIC}/${name}.sol`, name), [], libraries)).address
  }
  const poolArtifact = aaveArtifact('protocol/pool/Pool.sol', 'Pool')
  const poolCode = await deploy(signer, poolArtifact, [provider.address], libraries)
  await send(provider.contract, 'setPoolImpl', [poolCode.address])
  const configuratorArtifact = aaveArtifact('protocol/pool/PoolConfigurator.sol', 'PoolConfigurator')
  const configuratorCode = await deploy(signer, configuratorArtifact, [], libraries)
  await send(provider.contract, 'setPoolConfiguratorImpl', [configuratorCode.address])
  return {
    pool: await provider.contract.getFunction('getPool').staticCall(),
    configurator: await provider.contract.getFunction('getPoolConfigurator').staticCall(),
  }
}

async function deployTokens(signer: Signer, assets: readonly AaveAsset[]): Promise<Record<string, string>> {
  const artifact = aaveArtifact('mocks/tokens/MintableERC20.sol', 'MintableERC20')
  const tokens: Record<string, string> = {}
  for (const asset of assets) {
    tokens[asset.symbol] = (await deploy(signer, artifact, [asset.name, asset.symbol, asset.decimals])).address
  }
  return tokens
}

async function initReserves(signer: Signer, market: AaveMarket, assets: readonly AaveAsset[]): Promise<void> {
  const treasury = await signer.getAddress()
  const implementation = async (name: string): Promise<string> =>
    (await deploy(signer, aaveArtifact(`protocol/tokenization/${name}.sol`, name), [market.pool])).address
  const aTokenImpl = await implementation('AToken')
  const stableDebtTokenImpl = await implementation('StableDebtToken')
  const variableDebtTokenImpl = await implementation('VariableDebtToken')
  const strategy = await deployRateStrategy(signer, market)
  const inputs = assets.map((asset) => ({
    aTokenImpl,
    stableDebtTokenImpl,
    variableDebtTokenImpl,
    underlyingAssetDecimals: asset.decimals,
    interestRateStrategyAddress: strategy,
    underlyingAsset: market.tokens[asset.symbol],
    treasury,
    incentivesController: ZeroAddress,
    aTokenName: `Aave ${asset.symbol}`,
    aTokenSymbol: `a${asset.symbol}`,
    variableDebtTokenName: `Aave variable debt ${asset.symbol}`,
    variableDebtTokenSymbol: `variableDebt${asset.symbol}`,
    stableDebtTokenName: `Aave stable debt ${asset.symbol}`,
    stableDebtTokenSymbol: `stableDebt${asset.symbol}`,
    params: '0x',
  }))
  await send(configuratorOf(market, signer), 'initReserves', [inputs])
}

/** The curve that Aave uses for its volatile assets: kink at 80 %, 3.8 % at the kink, 80 % more at full use. */
async function deployRateStrategy(signer: Signer, market: AaveMarket): Promise<string> {
  const artifact = aaveArtifact(
    'protocol/pool/DefaultReserveInterestRateStrategy.sol',
    'DefaultReserveInterestRateStrategy',
  )
  const rates = ['0.8', '0', '0.038', '0.8', '0.04', '0.8', '0.02', '0.05', '0.2'].map((rate) => parseUnits(rate, RAY))
  return (await deploy(signer, artifact, [market.addressesProvider, ...rates])).address
}

async function configureReserves(signer: Signer, market: AaveMarket, assets: readonly AaveAsset[]): Promise<void> {
  const configurator = configuratorOf(market, signer)
  for (const asset of assets) {
    const token = market.tokens[asset.symbol]
    const collateral = [token, asset.ltvBps, asset.liquidationThresholdBps, asset.liquidationBonusBps]
    await send(configurator, 'configureReserveAsCollateral', collateral)
    await send(configurator, 'setReserveBorrowing', [token, true])
    await send(configurator, 'setReserveFactor', [token, asset.reserveFactorBps])
    await send(configurator, 'setSupplyCap', [token, asset.supplyCap])
    await send(configurator, 'setBorrowCap', [token, asset.borrowCap])
  }
}

function configuratorOf(market: AaveMarket, signer: Signer): Contract {
  return new Contract(
    market.configurator,
    aaveArtifact('protocol/pool/PoolConfigurator.sol', 'PoolConfigurator').abi,
    signer,
  )
}

/** One supply and, where an amount is given, one loan against it; amounts in whole tokens. */
export type Position = {
  readonly supply: { readonly symbol: string; readonly amount: number }
  readonly borrow?: { readonly symbol: string; readonly amount: number }
}

/**
 * Mints, supplies and borrows for the signer, so that the market has real positions.
 * The price feeds must answer by then, since Aave values a loan when it is taken.
 * @throws {Error} when Aave refuses, for instance past a cap or the LTV.
 */
export async function seedPositions(signer: Signer, market: AaveMarket, positions: readonly Position[]): Promise<void> {
  const user = await signer.getAddress()
  const pool = new Contract(market.pool, aaveArtifact('protocol/pool/Pool.sol', 'Pool').abi, signer)
  const units = async (
    symbol: string,
    amount: number,
  ): Promise<{ token: Contract; address: string; value: bigint }> => {
    const address = market.tokens[symbol]
    if (address === undefined) throw new Error(`The market has no ${symbol}; it has ${Object.keys(market.tokens)}`)
    const token = new Contract(address, aaveArtifact('mocks/tokens/MintableERC20.sol', 'MintableERC20').abi, signer)
    return { token, address, value: parseUnits(String(amount), await token.getFunction('decimals').staticCall()) }
  }
  for (const { supply, borrow } of positions) {
    const { token, address, value } = await units(supply.symbol, supply.amount)
    await send(token, 'mint(uint256)', [value])
    await send(token, 'approve', [market.pool, value])
    await send(pool, 'supply', [address, value, user, 0])
    if (borrow === undefined) continue
    const loan = await units(borrow.symbol, borrow.amount)
    // 2 is the variable rate; stable loans are off, as in Aave's own markets.
    await send(pool, 'borrow', [loan.address, loan.value, 2, 0, user])
  }
}
