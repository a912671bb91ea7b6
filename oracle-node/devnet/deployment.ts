import { type JsonRpcProvider, type JsonRpcSigner, parseEther } from 'ethers'
import { type AaveMarket, deployAaveMarket } from '../../contracts/script/deploy-aave.ts'
import { deployFeeds, deployOracle, deploySteward, type FeedField } from '../../contracts/script/deploy-plimsoll.ts'
import { DEFAULT_ASSETS } from '../../contracts/script/market-defaults.ts'
import type { Hex } from '../core/bytes.ts'
import { DEFAULT_POLICY, defaultBounds } from '../core/policy-defaults.ts'
import { onChainGroupKey, type PublicKeys } from '../core/threshold.ts'

/** Everything that stands on the local chain. */
export type Deployment = {
  readonly chainId: number
  readonly oracle: Hex
  readonly steward: Hex
  readonly market: AaveMarket
  /** Feed contracts by asset and field. */
  readonly feeds: Readonly<Record<string, Readonly<Record<FeedField, string>>>>
}

/** Enough for years of rounds at the local chain's price of gas. */
const OPERATOR_FUNDS = parseEther('10')

/**
 * Puts the oracle with the committee's key, a feed for every asset and field, a real Aave v3 market that takes its prices from
 * these feeds, and the steward as its risk admin on the chain, and gives every operator what gas costs.
 * The oracle comes first, so that its address, which reports are bound to, is the same in every run.
 */
export async function deployAll(options: {
  readonly provider: JsonRpcProvider
  readonly keys: PublicKeys
  readonly epoch: number
  readonly operators: readonly Hex[]
  readonly onStage: (stage: string) => void
}): Promise<Deployment> {
  const { provider, keys, epoch, operators, onStage } = options
  const signer: JsonRpcSigner = await provider.getSigner(0)
  const key = onChainGroupKey(keys.groupKey)
  onStage('oracle')
  const oracle = await deployOracle(signer, { groupKeyX: key.x, groupKeyParity: key.parity, epoch })
  onStage('feeds')
  const feeds = await deployFeeds(signer, { oracle, assets: DEFAULT_ASSETS.map((asset) => asset.symbol) })
  onStage('Aave v3')
  const assets = DEFAULT_ASSETS.map((asset) => {
    const priceFeed = feeds[asset.symbol]?.price
    if (priceFeed === undefined) throw new Error(`no price feed was deployed for ${asset.symbol}`)
    return { ...asset, priceFeed }
  })
  const market = await deployAaveMarket(signer, { assets })
  onStage('steward')
  const steward = await deploySteward(signer, {
    oracle,
    market,
    assets: DEFAULT_ASSETS.map((asset) => ({
      symbol: asset.symbol,
      policy: DEFAULT_POLICY,
      bounds: defaultBounds(asset),
    })),
  })
  onStage('operators')
  for (const operator of operators) {
    await (await signer.sendTransaction({ to: operator, value: OPERATOR_FUNDS })).wait()
  }
  const { chainId } = await provider.getNetwork()
  return {
    chainId: Number(chainId),
    oracle: oracle.toLowerCase() as Hex,
    steward: steward.toLowerCase() as Hex,
    market,
    feeds,
  }
}
