import { Contract } from 'ethers'
import { plimsollArtifact } from '../../contracts/script/artifacts.ts'
import { type AaveMarket, deployAaveMarket } from '../../contracts/script/deploy-aave.ts'
import { deployFeeds, deployOracle } from '../../contracts/script/deploy-plimsoll.ts'
import { DEFAULT_ASSETS } from '../../contracts/script/market-defaults.ts'
import type { Hex } from '../../oracle-node/core/bytes.ts'
import { sampleReport } from '../contracts/samples.ts'
import { signedUpdate, testGroup } from '../contracts/signing.ts'
import type { JsonRpcChain } from './json-rpc-chain.ts'
import { seededRandom } from './seeded-random.ts'

/** Our oracle with its price feeds, and Aave v3 itself priced by them, behind JSON-RPC. */
export type PricedMarket = {
  readonly market: AaveMarket
  /** Addresses of the price feeds by asset. */
  readonly feeds: Readonly<Record<string, string>>
  /** Stores the next round at a time: WETH at 2,000 USD, WBTC at 40,000, USDC at 1. */
  report(time: number): Promise<void>
}

export async function pricedMarket(chain: JsonRpcChain): Promise<PricedMarket> {
  const { signer } = chain
  const group = testGroup(seededRandom('priced market'))
  const oracle = await deployOracle(signer, { groupKeyX: group.x, groupKeyParity: group.parity, epoch: 1 })
  const assets = DEFAULT_ASSETS.map(({ symbol }) => symbol)
  const deployed = await deployFeeds(signer, { oracle, assets, fields: ['price'] })
  const feeds = Object.fromEntries(assets.map((asset) => [asset, deployed[asset]?.price ?? '']))
  const market = await deployAaveMarket(signer, {
    assets: DEFAULT_ASSETS.map((asset) => ({ ...asset, priceFeed: feeds[asset.symbol] ?? '' })),
  })
  const contract = new Contract(oracle, plimsollArtifact('src/RiskOracle.sol', 'RiskOracle').abi, signer)
  let round = 0
  return {
    market,
    feeds,
    report: async (time) => {
      round += 1
      const report = sampleReport(
        { round, time },
        {
          WETH: { priceE8: 200_000_000_000n },
          WBTC: { priceE8: 4_000_000_000_000n },
          USDC: { priceE8: 100_000_000n },
        },
      )
      await chain.provider.send('evm_setNextBlockTimestamp', [time])
      const update = signedUpdate(group, { chainId: 31_337n, oracle: oracle as Hex }, report)
      await (await contract.getFunction('update').send(...update)).wait()
    },
  }
}
