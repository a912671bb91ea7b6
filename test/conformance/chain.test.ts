import { evmChain } from '../../oracle-node/adapters/evm-chain.ts'
import { toHex } from '../../oracle-node/core/bytes.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { GENESIS } from '../contracts/samples.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { DOMAIN, memberOf, nodesOf } from '../support/committee.ts'
import { localChain } from '../support/local-chain.ts'
import { memoryChain } from '../support/memory-chain.ts'
import { testChain } from './chain.ts'

const world = makeWorld(4)
const [first] = nodesOf(world)
if (first === undefined) throw new Error('a committee has members')

testChain('EVM', world, async () => {
  const local = await localChain(world, GENESIS)
  const { chainId, oracle, steward, market } = local.deployment
  const assets = Object.fromEntries(
    Object.entries(market.tokens).map(([asset, token]) => [asset, token as `0x${string}`]),
  )
  const chain = evmChain({
    rpcUrl: local.rpcUrl,
    chainId,
    oracle,
    steward: { address: steward, assets },
    operatorKey: toHex(memberOf(world, first).operatorKey),
  })
  let time = (await local.provider.getBlock('latest'))?.timestamp ?? GENESIS
  return {
    chain,
    domain: { chainId: BigInt(chainId), oracle },
    nextTime: () => {
      time += 1
      return time
    },
    close: async () => {
      chain.close()
      await local.close()
    },
  }
})

testChain('memory', world, async () => {
  const markets = ['WETH', 'WBTC', 'USDC'].map(feedOf)
  const chain = memoryChain(markets, { groupKey: world.keys.groupKey, epoch: 1, domain: DOMAIN }).handle('a member')
  let time = GENESIS
  return {
    chain,
    domain: DOMAIN,
    nextTime: () => {
      time += 1
      return time
    },
    close: async () => undefined,
  }
})
