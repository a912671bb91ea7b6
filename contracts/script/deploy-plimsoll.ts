import { Contract, ContractFactory, type Signer } from 'ethers'
import { feedOf } from '../../oracle-node/core/feed.ts'
import type { Bounds, Parameter, PolicyConfig } from '../../oracle-node/core/policy.ts'
import { PARAMETERS } from '../../oracle-node/core/policy.ts'
import { aaveArtifact, deploy, plimsollArtifact, send } from './artifacts.ts'
import type { AaveMarket } from './deploy-aave.ts'

/** The fields that a RecordFeed can serve, in the order of `Field` in types/RiskRecord.sol. */
export const FEED_FIELDS = [
  'price',
  'volatility',
  'valueAtRisk99',
  'expectedShortfall99',
  'depth',
  'liquidityScore',
  'riskScore',
  'confidence',
] as const
export type FeedField = (typeof FEED_FIELDS)[number]

/** The group's key as {@link onChainGroupKey} of core/threshold.ts gives it. */
export type OracleArguments = {
  readonly groupKeyX: bigint
  readonly groupKeyParity: 0 | 1
  readonly epoch: bigint | number
}

/** Deploys the oracle and returns its address. @throws {Error} `InvalidGroupKey` when the key can't verify anything. */
export async function deployOracle(signer: Signer, options: OracleArguments): Promise<string> {
  const artifact = plimsollArtifact('src/RiskOracle.sol', 'RiskOracle')
  const deployed = await deploy(signer, artifact, [options.groupKeyX, options.groupKeyParity, options.epoch])
  return deployed.address
}

/** Deploys the stateless auditor and returns its address. */
export async function deployAuditor(signer: Signer): Promise<string> {
  const deployed = await deploy(signer, plimsollArtifact('src/ReportAuditor.sol', 'ReportAuditor'))
  return deployed.address
}

/**
 * Deploys the registry of committees and appoints the first one.
 * @param signer Its owner, who appoints those to come.
 * @returns The registry's address.
 */
export async function deployRegistry(
  signer: Signer,
  options: { readonly epoch: number; readonly operators: readonly string[] },
): Promise<string> {
  const artifact = plimsollArtifact('src/CommitteeRegistry.sol', 'CommitteeRegistry')
  const { address, contract } = await deploy(signer, artifact, [await signer.getAddress()])
  await send(contract, 'appoint', [options.epoch, options.operators])
  return address
}

/**
 * A Chainlink-style feed for every asset and field: addresses by asset, then field.
 * @param fields Only these, where not all are wanted.
 */
export async function deployFeeds(
  signer: Signer,
  options: { readonly oracle: string; readonly assets: readonly string[]; readonly fields?: readonly FeedField[] },
): Promise<Record<string, Record<FeedField, string>>> {
  const { abi, bytecode } = plimsollArtifact('src/feeds/RecordFeed.sol', 'RecordFeed')
  const factory = new ContractFactory(abi, bytecode, signer)
  // Nonces are counted here, so that all are sent before the first is waited for.
  let nonce = await signer.getNonce()
  const byAsset: Record<string, Record<FeedField, string>> = {}
  const standing: Promise<unknown>[] = []
  for (const asset of options.assets) {
    const byField: Partial<Record<FeedField, string>> = {}
    for (const field of options.fields ?? FEED_FIELDS) {
      const args = [options.oracle, feedOf(asset), FEED_FIELDS.indexOf(field), `${asset}/USD`]
      const feed = await factory.deploy(...args, { nonce })
      nonce += 1
      standing.push(feed.waitForDeployment())
      byField[field] = await feed.getAddress()
    }
    byAsset[asset] = byField as Record<FeedField, string>
  }
  await Promise.all(standing)
  return byAsset
}

/** One asset as the steward is to treat it. */
export type StewardAsset = {
  /** The key of `market.tokens`. */
  readonly symbol: string
  readonly policy: PolicyConfig
  readonly bounds: Readonly<Record<Parameter, Bounds>>
}

/** The steward's `configure` argument. The feed is `<symbol>/USD`. */
export function assetConfig(asset: StewardAsset): { feed: string; policy: PolicyConfig; bounds: readonly Bounds[] } {
  return { feed: feedOf(asset.symbol), policy: asset.policy, bounds: PARAMETERS.map((name) => asset.bounds[name]) }
}

/**
 * Deploys the steward, makes it the market's risk admin and configures its assets.
 * @param signer The steward's governance and, to hand out the role, the market's ACL admin.
 * @returns The steward's address.
 */
export async function deploySteward(
  signer: Signer,
  options: { readonly oracle: string; readonly market: AaveMarket; readonly assets: readonly StewardAsset[] },
): Promise<string> {
  const { oracle, market, assets } = options
  const artifact = plimsollArtifact('src/consumers/AaveV3Steward.sol', 'AaveV3Steward')
  const governance = await signer.getAddress()
  const { address, contract } = await deploy(signer, artifact, [governance, oracle, market.addressesProvider])

  const aclAbi = aaveArtifact('protocol/configuration/ACLManager.sol', 'ACLManager').abi
  await send(new Contract(market.aclManager, aclAbi, signer), 'addRiskAdmin', [address])
  for (const asset of assets) {
    const token = market.tokens[asset.symbol]
    if (token === undefined) throw new Error(`The market has no ${asset.symbol}; it has ${Object.keys(market.tokens)}`)
    await send(contract, 'configure', [token, assetConfig(asset)])
  }
  return address
}
