import {
  BrowserProvider,
  Contract,
  type Interface,
  type InterfaceAbi,
  type JsonRpcSigner,
  MaxUint256,
  parseUnits,
  type Result,
} from 'ethers'
import hre from 'hardhat'
import type { MarketEvent, MarketSetup, RateCurve } from '../../backtests/lending/market.ts'
import { aaveArtifact, deploy, plimsollArtifact, send } from '../../contracts/script/artifacts.ts'
import { deployAaveMarket } from '../../contracts/script/deploy-aave.ts'
import { BPS } from '../../oracle-node/core/units.ts'
import { type Call, type LocalNode, type Log, localNode, type Target, targetOf } from './local-node.ts'

/** The curve that `deployAaveMarket` gives its reserves. */
export const DEPLOYED_RATES: RateCurve = { optimalUtilisation: 0.8, base: 0, slope1: 0.038, slope2: 0.8 }

const COLLATERAL = 'WETH'
const DEBT = 'DAI'
/** Of both tokens. With fewer for the debt, rounding would be all that the comparison shows. */
const DECIMALS = 18
const PRICE_DECIMALS = 8
const RAY = 1e27
const VARIABLE = 2
/** Time for what is deployed and minted before the first point. */
const BEFORE_SECONDS = 86_400
/** What everybody is given: enough for any sample. */
const PURSE = 10n ** 30n

type ChainSetup = {
  readonly setup: MarketSetup
  /** Unix seconds of the first point. */
  readonly from: number
  readonly borrowers: number
  /** Units of the debt's token that suppliers lend. */
  readonly liquidity: number
  readonly oraclePriceUsd: number
}

/** Tokens, units of debt. The health factor is Infinity without debt, and 0 without collateral for it. */
export type ChainPosition = { readonly collateral: number; readonly debt: number; readonly healthFactor: number }

/** The debt's reserve. Rates are ratios a year; indices grow from 1. */
export type ChainReserve = {
  readonly updatedAt: number
  readonly borrowRate: number
  readonly borrowIndex: number
  readonly liquidityRate: number
  readonly liquidityIndex: number
  /** Owed by all borrowers, and not lent out. */
  readonly debt: number
  readonly available: number
  /** Interest that is the treasury's, in shares: what it earns itself since is left out. */
  readonly treasuryShares: number
}

export type ChainLiquidation = {
  readonly debtCovered: number
  readonly collateralSeized: number
  readonly protocolFee: number
}

/** Aave's own contracts on a local chain, driven by a simulated market's events. All that one point does has its timestamp. */
export type LendingChain = {
  /** Begins a point: its time, the oracle's price, and interest and rates, since somebody lends a wei more. */
  begin(time: number, oraclePriceUsd: number): Promise<void>
  /** @throws {Error} when Aave refuses. */
  apply(event: Exclude<MarketEvent, { kind: 'liquidate' }>): Promise<void>
  /** By somebody who offers to repay all. @throws {Error} when Aave refuses. */
  liquidate(borrower: number): Promise<ChainLiquidation>
  /**
   * Has the suppliers bear what a borrower owes. Aave v3.0 cannot write debt off, so they repay it and withdraw as much.
   * @returns the units of debt.
   */
  writeOff(borrower: number): Promise<number>
  /** Why Aave would refuse to liquidate, by its error's number; undefined where it would not. */
  refusalToLiquidate(borrower: number): Promise<string | undefined>
  position(borrower: number): Promise<ChainPosition>
  /** Its health factor alone, as in {@link ChainPosition}. */
  health(borrower: number): Promise<number>
  reserve(): Promise<ChainReserve>
  close(): Promise<void>
}

type Views = Pick<LendingChain, 'position' | 'health' | 'reserve'>

type Chain = {
  readonly node: LocalNode
  /** Addresses. The admin is the treasury too. */
  readonly admin: string
  readonly liquidator: string
  readonly supplier: string
  readonly borrowers: readonly string[]
  time: number
}

/** @throws {Error} when the contracts are not built, or for more borrowers than the chain has accounts. */
export async function startLendingChain(options: ChainSetup): Promise<LendingChain> {
  const connection = await hre.network.create({
    network: 'devnet',
    // What happens at one point is many transactions at one time, as in one block, and each can be looked at by itself.
    override: { initialDate: new Date((options.from - BEFORE_SECONDS) * 1_000), allowBlocksWithSameTimestamp: true },
  })
  const provider = new BrowserProvider(connection.provider, undefined, { cacheTimeout: -1 })
  const signers = await provider.listAccounts()
  const [signer] = signers
  const [admin, liquidator, supplier, ...others] = signers.map(({ address }) => address)
  if (!(signer && admin && liquidator && supplier && others.length >= options.borrowers)) {
    throw new Error(`the chain has ${others.length} accounts for borrowers; ${options.borrowers} were asked for`)
  }
  const market = await deployMarket(signer, options)
  const chain: Chain = {
    ...{ node: localNode(connection.provider), admin, liquidator, supplier },
    borrowers: others.slice(0, options.borrowers),
    time: options.from - BEFORE_SECONDS / 2,
  }
  await fund(chain, market, options.liquidity)
  return { ...actions(chain, market), ...views(chain, market), close: () => connection.close() }
}

type Market = {
  readonly pool: Target
  readonly configurator: Target
  readonly feed: Target
  readonly collateral: Target
  readonly debt: Target
  /** What suppliers and borrowers hold of a reserve. */
  readonly collateralShares: Target
  readonly debtShares: Target
  readonly debtOwed: Target
  readonly setup: MarketSetup
}

async function deployMarket(signer: JsonRpcSigner, { setup, oraclePriceUsd }: ChainSetup): Promise<Market> {
  const aggregator = plimsollArtifact('harness/ChainlinkAggregator.sol', 'ChainlinkAggregator')
  const feed = await deploy(signer, aggregator, [PRICE_DECIMALS, priceUnits(oraclePriceUsd)])
  const dollar = await deploy(signer, aggregator, [PRICE_DECIMALS, priceUnits(1)])
  const { reserveFactorBps, supplyCap, borrowCap, ltvBps, liquidationThresholdBps } = setup
  const none = { ltvBps: 0, liquidationThresholdBps: 0, liquidationBonusBps: 0, supplyCap: 0, borrowCap: 0 }
  const bonus = BPS + setup.liquidationBonusBps
  const lent = { ltvBps, liquidationThresholdBps, liquidationBonusBps: bonus, reserveFactorBps: 0, supplyCap }
  const deployed = await deployAaveMarket(signer, {
    assets: [
      { ...none, ...lent, symbol: COLLATERAL, name: COLLATERAL, decimals: DECIMALS, priceFeed: feed.address },
      { ...none, reserveFactorBps, borrowCap, symbol: DEBT, name: DEBT, decimals: DECIMALS, priceFeed: dollar.address },
    ],
  })
  const artifact = (source: string, name: string): InterfaceAbi => aaveArtifact(`${source}/${name}.sol`, name).abi
  const token = (symbol: string): string => deployed.tokens[symbol] ?? ''
  const pool = new Contract(deployed.pool, artifact('protocol/pool', 'Pool'), signer)
  const configurator = new Contract(deployed.configurator, artifact('protocol/pool', 'PoolConfigurator'), signer)
  await send(configurator, 'setLiquidationProtocolFee', [token(COLLATERAL), setup.liquidationProtocolFeeBps])
  const ofCollateral = await pool.getFunction('getReserveData').staticCall(token(COLLATERAL))
  const ofDebt = await pool.getFunction('getReserveData').staticCall(token(DEBT))
  const erc20 = artifact('mocks/tokens', 'MintableERC20')
  return {
    setup,
    pool: targetOf(deployed.pool, artifact('protocol/pool', 'Pool')),
    configurator: targetOf(deployed.configurator, artifact('protocol/pool', 'PoolConfigurator')),
    feed: targetOf(feed.address, aggregator.abi),
    collateral: targetOf(token(COLLATERAL), erc20),
    debt: targetOf(token(DEBT), erc20),
    collateralShares: targetOf(ofCollateral.aTokenAddress, erc20),
    debtShares: targetOf(ofDebt.aTokenAddress, erc20),
    debtOwed: targetOf(ofDebt.variableDebtTokenAddress, erc20),
  }
}

/** Everybody can pay whatever they will have to; the supplier lends. */
async function fund(chain: Chain, market: Market, liquidity: number): Promise<void> {
  const { node, time, supplier } = chain
  const { pool, debt } = market
  for (const from of [...chain.borrowers, chain.liquidator, supplier]) {
    for (const to of [market.collateral, debt]) {
      await node.send({ from, to, time, method: 'mint(address,uint256)', args: [from, PURSE] })
      await node.send({ from, to, time, method: 'approve', args: [pool.address, MaxUint256] })
    }
  }
  const args = [debt.address, toUnits(liquidity), supplier, 0]
  await node.send({ from: supplier, to: pool, time, method: 'supply', args })
}

function actions(chain: Chain, market: Market): Omit<LendingChain, keyof Views | 'close'> {
  const { node, admin, liquidator, supplier } = chain
  const { pool, collateral, debt, setup } = market
  const send = (from: string, to: Target, method: string, args: readonly unknown[]): Promise<string> =>
    node.send({ from, to, method, args, time: chain.time })
  const taken = (): Promise<number> => balance(node, market.collateralShares, admin)
  const liquidation = (borrower: number): Call & { from: string } => ({
    ...{ from: liquidator, to: pool, method: 'liquidationCall' },
    args: [collateral.address, debt.address, borrowerOf(chain, borrower), MaxUint256, false],
  })
  return {
    begin: async (time, oraclePriceUsd) => {
      chain.time = time
      await send(admin, market.feed, 'updateAnswer', [priceUnits(oraclePriceUsd)])
      await send(supplier, pool, 'supply', [debt.address, 1n, supplier, 0])
    },
    apply: async (event) => {
      if (event.kind === 'parameters') {
        const { ltvBps, liquidationThresholdBps } = event
        const parameters = [collateral.address, ltvBps, liquidationThresholdBps, BPS + setup.liquidationBonusBps]
        await send(admin, market.configurator, 'configureReserveAsCollateral', parameters)
        return
      }
      const from = borrowerOf(chain, event.borrower)
      await send(from, pool, event.kind, await argumentsOf(node, market, event, from))
    },
    liquidate: async (borrower) => {
      const before = await taken()
      const hash = await node.send({ ...liquidation(borrower), time: chain.time })
      const protocolFee = (await taken()) - before
      const { debtToCover, liquidatedCollateralAmount } = liquidationIn(pool.abi, await node.logs(hash))
      const received = fromUnits(liquidatedCollateralAmount)
      return { debtCovered: fromUnits(debtToCover), collateralSeized: received + protocolFee, protocolFee }
    },
    writeOff: async (borrower) => {
      const address = borrowerOf(chain, borrower)
      const [owed] = await node.read({ to: market.debtOwed, method: 'balanceOf', args: [address] })
      if (owed === 0n) return 0
      await send(supplier, pool, 'repay', [debt.address, owed, VARIABLE, address])
      await send(supplier, pool, 'withdraw', [debt.address, owed, supplier])
      return fromUnits(owed)
    },
    refusalToLiquidate: (borrower) => node.refusal(liquidation(borrower)),
  }
}

function views(chain: Chain, { pool, debt, ...market }: Market): Views {
  const { node } = chain
  const health = async (borrower: number): Promise<number> => {
    const args = [borrowerOf(chain, borrower)]
    const { healthFactor } = await node.read({ to: pool, method: 'getUserAccountData', args })
    return healthFactor === MaxUint256 ? Number.POSITIVE_INFINITY : Number(healthFactor) / 1e18
  }
  return {
    health,
    position: async (borrower) => ({
      collateral: await balance(node, market.collateralShares, borrowerOf(chain, borrower)),
      debt: await balance(node, market.debtOwed, borrowerOf(chain, borrower)),
      healthFactor: await health(borrower),
    }),
    reserve: async () => {
      const [data] = await node.read({ to: pool, method: 'getReserveData', args: [debt.address] })
      return {
        updatedAt: Number(data.lastUpdateTimestamp),
        borrowRate: Number(data.currentVariableBorrowRate) / RAY,
        borrowIndex: Number(data.variableBorrowIndex) / RAY,
        liquidityRate: Number(data.currentLiquidityRate) / RAY,
        liquidityIndex: Number(data.liquidityIndex) / RAY,
        debt: await totalOf(node, market.debtOwed),
        available: await balance(node, debt, market.debtShares.address),
        treasuryShares: fromUnits(data.accruedToTreasury),
      }
    },
  }
}

type BorrowerEvent = Extract<MarketEvent, { kind: 'supply' | 'withdraw' | 'borrow' | 'repay' }>

async function argumentsOf(node: LocalNode, market: Market, event: BorrowerEvent, account: string): Promise<unknown[]> {
  const { collateral, debt } = market
  switch (event.kind) {
    case 'supply':
      return [collateral.address, toUnits(event.collateral), account, 0]
    case 'borrow':
      return [debt.address, toUnits(event.debt), VARIABLE, 0, account]
    case 'withdraw': {
      const held = await balance(node, market.collateralShares, account)
      return [collateral.address, amountOf(event.collateral, held), account]
    }
    case 'repay': {
      const owed = await balance(node, market.debtOwed, account)
      return [debt.address, amountOf(event.debt, owed), VARIABLE, account]
    }
  }
}

/** Who means all says so: an amount would leave there what rounding makes of the rest. */
function amountOf(amount: number, all: number): bigint {
  return Math.abs(amount - all) <= 1e-6 * all ? MaxUint256 : toUnits(amount)
}

function liquidationIn(pool: Interface, logs: readonly Log[]): Result {
  for (const log of logs) {
    const event = pool.parseLog(log)
    if (event?.name === 'LiquidationCall') return event.args
  }
  throw new Error('no liquidation in the logs')
}

function borrowerOf({ borrowers }: Chain, borrower: number): string {
  const account = borrowers[borrower]
  if (account === undefined) throw new Error(`no account for borrower ${borrower}; there are ${borrowers.length}`)
  return account
}

async function balance(node: LocalNode, to: Target, account: string): Promise<number> {
  const [units] = await node.read({ to, method: 'balanceOf', args: [account] })
  return fromUnits(units)
}

async function totalOf(node: LocalNode, to: Target): Promise<number> {
  const [units] = await node.read({ to, method: 'totalSupply', args: [] })
  return fromUnits(units)
}

function toUnits(amount: number): bigint {
  return parseUnits(amount.toFixed(DECIMALS), DECIMALS)
}

function fromUnits(units: bigint): number {
  return Number(units) / 10 ** DECIMALS
}

function priceUnits(usd: number): bigint {
  return parseUnits(usd.toFixed(PRICE_DECIMALS), PRICE_DECIMALS)
}
