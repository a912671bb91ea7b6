import { Contract } from 'ethers'
import { aaveArtifact } from '../../contracts/script/artifacts.ts'
import type { AaveMarket } from '../../contracts/script/deploy-aave.ts'
import type { LendingParameters } from '../../oracle-node/core/policy.ts'
import type { Devnet } from './chain.ts'

/** What Aave's own data provider says of a reserve, the steward's decoding left out. */
export async function readParameters(devnet: Devnet, market: AaveMarket, symbol: string): Promise<LendingParameters> {
  const { abi } = aaveArtifact('misc/AaveProtocolDataProvider.sol', 'AaveProtocolDataProvider')
  const provider = new Contract(market.dataProvider, abi, devnet.provider)
  const data = await provider.getFunction('getReserveConfigurationData').staticCall(market.tokens[symbol])
  const caps = await provider.getFunction('getReserveCaps').staticCall(market.tokens[symbol])
  return {
    ltvBps: Number(data.ltv),
    liquidationThresholdBps: Number(data.liquidationThreshold),
    supplyCap: Number(caps.supplyCap),
    borrowCap: Number(caps.borrowCap),
  }
}
