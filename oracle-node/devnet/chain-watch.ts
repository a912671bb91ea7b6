import { Contract, Interface, type JsonRpcProvider, type Log } from 'ethers'
import { aaveV3StewardAbi } from '../../contracts/abi/aave-v3-steward.generated.ts'
import { riskOracleAbi } from '../../contracts/abi/risk-oracle.generated.ts'
import { aaveArtifact } from '../../contracts/script/artifacts.ts'
import { assetOf } from '../core/feed.ts'
import { PARAMETERS, type Parameter, REASONS, type Reason } from '../core/policy.ts'
import type { Deployment } from './deployment.ts'

/** An update that the oracle accepted, as the chain tells it. */
export type Accepted = {
  readonly round: number
  readonly transaction: string
  readonly gas: number
  readonly sender: string
  /** Whose records it carried. */
  readonly assets: readonly string[]
}

/** What the steward did about one parameter; `to` equals `from` when it was held. */
export type StewardMove = {
  readonly asset: string
  readonly parameter: Parameter
  readonly from: number
  readonly to: number
  /** What the formula asked for. */
  readonly target: number
  readonly reason: Reason
  readonly tx: string
}

/** A reserve's parameters as Aave's own data provider gives them. */
export type MarketParameters = Readonly<Record<Parameter, number>> & { readonly liquidationBonus: number }

export type ChainWatch = {
  /** Everything that happened on the chain since the last call. */
  next(): Promise<{ readonly accepted: readonly Accepted[]; readonly moves: readonly StewardMove[] }>
  parameters(): Promise<Record<string, MarketParameters>>
}

/** Reads the oracle's and the steward's events, and the market's parameters, from the chain itself. */
export async function chainWatch(provider: JsonRpcProvider, deployment: Deployment): Promise<ChainWatch> {
  const oracle = new Interface(riskOracleAbi)
  const steward = new Interface(aaveV3StewardAbi)
  const assetByToken = new Map(
    Object.entries(deployment.market.tokens).map(([asset, token]) => [token.toLowerCase(), asset] as const),
  )
  const abi = aaveArtifact('misc/AaveProtocolDataProvider.sol', 'AaveProtocolDataProvider').abi
  const dataProvider = new Contract(deployment.market.dataProvider, abi, provider)
  let from = (await provider.getBlockNumber()) + 1

  const acceptedOf = async (log: Log): Promise<Accepted[]> => {
    const event = oracle.parseLog(log)
    if (event?.name !== 'ReportAccepted') return []
    const receipt = await provider.getTransactionReceipt(log.transactionHash)
    if (receipt === null) return []
    const round = Number(event.args.getValue('round'))
    const assets = receipt.logs.flatMap((each) => {
      const updated = oracle.parseLog(each)
      return updated?.name === 'RecordUpdated' ? [assetOf(updated.args.getValue('feed'))] : []
    })
    const { hash: transaction, from: sender } = receipt
    return [{ round, transaction, gas: Number(receipt.gasUsed), sender, assets }]
  }

  const moveOf = (log: Log): StewardMove[] => {
    const event = steward.parseLog(log)
    if (event?.name !== 'ParameterMoved' && event?.name !== 'ParameterHeld') return []
    const { args } = event
    const asset = assetByToken.get(String(args.getValue('asset')).toLowerCase())
    const parameter = PARAMETERS[Number(args.getValue('parameter'))]
    const reason = REASONS[Number(args.getValue('reason'))]
    if (asset === undefined || parameter === undefined || reason === undefined) return []
    const moved = event.name === 'ParameterMoved'
    const before = Number(args.getValue(moved ? 'from' : 'current'))
    const to = moved ? Number(args.getValue('to')) : before
    const target = Number(args.getValue('target'))
    return [{ asset, parameter, from: before, to, target, reason, tx: log.transactionHash }]
  }

  return {
    next: async () => {
      const latest = await provider.getBlockNumber()
      if (latest < from) return { accepted: [], moves: [] }
      const range = { fromBlock: from, toBlock: latest }
      from = latest + 1
      const stored = await provider.getLogs({ ...range, address: deployment.oracle })
      const moved = await provider.getLogs({ ...range, address: deployment.steward })
      return { accepted: (await Promise.all(stored.map(acceptedOf))).flat(), moves: moved.flatMap(moveOf) }
    },
    parameters: async () => {
      const read = Object.entries(deployment.market.tokens).map(async ([asset, token]) => {
        const configuration = await dataProvider.getFunction('getReserveConfigurationData')(token)
        const caps = await dataProvider.getFunction('getReserveCaps')(token)
        const parameters: MarketParameters = {
          ltv: Number(configuration.ltv),
          liquidationThreshold: Number(configuration.liquidationThreshold),
          liquidationBonus: Number(configuration.liquidationBonus),
          supplyCap: Number(caps.supplyCap),
          borrowCap: Number(caps.borrowCap),
        }
        return [asset, parameters] as const
      })
      return Object.fromEntries(await Promise.all(read))
    },
  }
}
