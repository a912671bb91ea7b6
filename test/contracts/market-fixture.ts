import type { Contract } from 'ethers'
import { plimsollArtifact } from '../../contracts/script/artifacts.ts'
import { type AaveMarket, deployAaveMarket, seedPositions } from '../../contracts/script/deploy-aave.ts'
import { deployFeeds, deployOracle, deploySteward } from '../../contracts/script/deploy-plimsoll.ts'
import { DEFAULT_ASSETS } from '../../contracts/script/market-defaults.ts'
import type { Hex } from '../../oracle-node/core/bytes.ts'
import type { Domain } from '../../oracle-node/core/domain.ts'
import { DEFAULT_POLICY, defaultBounds } from '../../oracle-node/core/policy-defaults.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { bps } from '../../oracle-node/core/units.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { contractAt, type Devnet, startDevnet } from './chain.ts'
import { GENESIS, sampleReport } from './samples.ts'
import { signedUpdate, testGroup } from './signing.ts'

/** The whole of it: Aave v3 itself, priced by the oracle and stewarded. */
export type World = {
  readonly devnet: Devnet
  readonly oracle: Contract
  readonly steward: Contract
  readonly market: AaveMarket
  readonly weth: string
  /** Signs and sends the next round at a time, all three assets; WETH with the changes given. */
  report(time: number, changes?: Partial<RiskRecord>): Promise<void>
  /** The next round without WETH, as when too few members could judge it. */
  reportWithoutWeth(time: number): Promise<void>
}

const group = testGroup(seededRandom('market'))

/** Prices and depths of the three assets on a calm day. */
const CALM = {
  WETH: { priceE8: 200_000_000_000n, depthUsd: 50_000_000 },
  WBTC: { priceE8: 4_000_000_000_000n, depthUsd: 60_000_000 },
  USDC: { priceE8: 100_000_000n, depthUsd: 20_000_000, expectedShortfall99Bps: bps(100) },
} as const

export async function startWorld(): Promise<World> {
  const devnet = await startDevnet(GENESIS)
  const key = { groupKeyX: group.x, groupKeyParity: group.parity, epoch: 1 }
  const oracleAddress = await deployOracle(devnet.admin, key)
  const oracle = contractAt(devnet, oracleAddress, plimsollArtifact('src/RiskOracle.sol', 'RiskOracle').abi)
  const symbols = DEFAULT_ASSETS.map(({ symbol }) => symbol)
  const feeds = await deployFeeds(devnet.admin, { oracle: oracleAddress, assets: symbols, fields: ['price'] })
  const market = await deployAaveMarket(devnet.admin, {
    assets: DEFAULT_ASSETS.map((asset) => ({ ...asset, priceFeed: feeds[asset.symbol]?.price ?? '' })),
  })
  const stewardAddress = await deploySteward(devnet.admin, {
    oracle: oracleAddress,
    market,
    assets: DEFAULT_ASSETS.map((asset) => ({
      symbol: asset.symbol,
      policy: DEFAULT_POLICY,
      bounds: defaultBounds(asset),
    })),
  })
  const domain: Domain = { chainId: 31_337n, oracle: oracleAddress as Hex }
  let round = 0
  const send = async (time: number, records: Readonly<Record<string, Partial<RiskRecord>>>): Promise<void> => {
    round += 1
    await devnet.setNextTime(time)
    const update = signedUpdate(group, domain, sampleReport({ round, time }, records))
    await (await oracle.getFunction('update').send(...update)).wait()
  }
  const { WETH, ...others } = CALM
  const stewardAbi = plimsollArtifact('src/consumers/AaveV3Steward.sol', 'AaveV3Steward').abi
  const oracleAbi = plimsollArtifact('src/IRiskOracle.sol', 'IRiskOracle').abi
  const errors = [...(oracleAbi as readonly { type: string }[])].filter(({ type }) => type === 'error')
  return {
    devnet,
    oracle,
    steward: contractAt(devnet, stewardAddress, [...(stewardAbi as readonly { type: string }[]), ...errors]),
    market,
    weth: market.tokens['WETH'] ?? '',
    report: (time, changes = {}) => send(time, { ...others, WETH: { ...WETH, ...changes } }),
    reportWithoutWeth: (time) => send(time, others),
  }
}

/** Real supply and a real loan, so that parameters are moved under open positions. */
export async function seedWorld({ devnet, market }: World): Promise<void> {
  await seedPositions(devnet.admin, market, [
    { supply: { symbol: 'USDC', amount: 20_000_000 } },
    { supply: { symbol: 'WETH', amount: 5_000 }, borrow: { symbol: 'USDC', amount: 5_000_000 } },
  ])
}
