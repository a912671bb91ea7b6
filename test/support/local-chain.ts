import { JsonRpcProvider } from 'ethers'
import hre from 'hardhat'
import type { Hex } from '../../oracle-node/core/bytes.ts'
import { type Deployment, deployAll } from '../../oracle-node/devnet/deployment.ts'
import type { World } from '../simulation/simulate.ts'

/** The contracts of the devnet on Hardhat's simulated chain, behind real JSON-RPC in this process. */
export type LocalChain = {
  readonly rpcUrl: string
  readonly provider: JsonRpcProvider
  readonly deployment: Deployment
  close(): Promise<void>
}

export async function localChain(world: World, start: number): Promise<LocalChain> {
  const override = { initialDate: new Date(start * 1_000) }
  const server = await hre.network.createServer({ network: 'devnet', override }, '127.0.0.1', 0)
  const { port } = await server.listen()
  const rpcUrl = `http://127.0.0.1:${port}`
  const provider = new JsonRpcProvider(rpcUrl, undefined, { staticNetwork: true, cacheTimeout: -1 })
  const operators = world.members.map(({ operator }): Hex => operator)
  const deployment = await deployAll({ provider, keys: world.keys, epoch: 1, operators, onStage: () => undefined })
  return {
    rpcUrl,
    provider,
    deployment,
    close: async () => {
      provider.destroy()
      await server.close()
    },
  }
}
