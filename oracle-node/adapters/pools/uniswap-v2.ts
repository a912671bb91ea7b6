import { Interface } from 'ethers'
import type { PoolSource } from '../../core/market.ts'
import type { ConstantProductState } from '../../core/pools/pool-state.ts'
import { type ChainReader, integer } from './json-rpc.ts'
import { once } from './once.ts'
import { readTokens } from './pool-tokens.ts'

const pair = new Interface([
  'function token0() view returns (address)',
  'function token1() view returns (address)',
  'function getReserves() view returns (uint112 reserve0, uint112 reserve1, uint32 time)',
])

/** Reads a Uniswap v2 pair, or one of its many copies with the same fee. */
export function uniswapV2Reader(chain: ChainReader, source: PoolSource): () => Promise<ConstantProductState> {
  const to = source.address
  const facts = once(async () => {
    const block = await chain.latestBlock()
    const calls = ['token0', 'token1'].map((method) => ({ to, abi: pair, method }))
    const [[token0] = [], [token1] = []] = await chain.views(calls, block)
    return readTokens({ chain, block, source, tokens: [String(token0), String(token1)] })
  })
  return async () => {
    const { base, decimals } = await facts()
    const block = await chain.latestBlock()
    const [[reserve0, reserve1] = []] = await chain.views([{ to, abi: pair, method: 'getReserves' }], block)
    const reserves = [integer(reserve0), integer(reserve1)] as const
    return { kind: 'constant-product', reserves, decimals, base, blockTime: block.time }
  }
}
