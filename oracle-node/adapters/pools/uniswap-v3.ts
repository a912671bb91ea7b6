import { Interface } from 'ethers'
import type { PoolSource } from '../../core/market.ts'
import type { ConcentratedState } from '../../core/pools/pool-state.ts'
import { type ChainReader, integer, type ViewCall } from './json-rpc.ts'
import { once } from './once.ts'
import { readTokens } from './pool-tokens.ts'
import { type Reach, ticksOfWords, wordSpan } from './tick-words.ts'

const pool = new Interface([
  'function token0() view returns (address)',
  'function token1() view returns (address)',
  'function fee() view returns (uint24)',
  'function tickSpacing() view returns (int24)',
  'function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16, uint16, uint16, uint8, bool)',
  'function liquidity() view returns (uint128)',
  'function tickBitmap(int16 word) view returns (uint256)',
  'function ticks(int24 tick) view returns (uint128 gross, int128 net, uint256, uint256, int56, uint160, uint32, bool)',
])

/** Reads a Uniswap v3 pool: its price, and the initialised ticks within reach of it. */
export function uniswapV3Reader(
  chain: ChainReader,
  source: PoolSource,
  reach: Reach,
): () => Promise<ConcentratedState> {
  const call = (method: string, ...args: unknown[]): ViewCall => ({ to: source.address, abi: pool, method, args })
  const facts = once(async () => {
    const block = await chain.latestBlock()
    const names = ['token0', 'token1', 'fee', 'tickSpacing']
    const [token0, token1, fee, spacing] = (
      await chain.views(
        names.map((name) => call(name)),
        block,
      )
    ).flat()
    const tokens = await readTokens({ chain, block, source, tokens: [String(token0), String(token1)] })
    return { ...tokens, fee: Number(fee), tickSpacing: Number(spacing) }
  })
  return async () => {
    const { base, decimals, fee, tickSpacing } = await facts()
    const block = await chain.latestBlock()
    const [[sqrtPrice, tick] = [], [liquidity] = []] = await chain.views([call('slot0'), call('liquidity')], block)
    const { words, range } = wordSpan({ tick: Number(tick), tickSpacing, reach })
    const bitmaps = (
      await chain.views(
        words.map((word) => call('tickBitmap', word)),
        block,
      )
    ).map(([bits]) => integer(bits))
    const indexes = ticksOfWords({ words, bitmaps, tickSpacing })
    const rows = await chain.views(
      indexes.map((index) => call('ticks', index)),
      block,
    )
    return {
      kind: 'concentrated',
      sqrtPrice: integer(sqrtPrice),
      tick: Number(tick),
      liquidity: integer(liquidity),
      // What the protocol takes is a part of the pool's fee, so a swap costs the same.
      fees: [fee, fee],
      tickSpacing,
      ticks: indexes.map((index, place) => ({ index, liquidityNet: integer(rows[place]?.[1]) })),
      range,
      decimals,
      base,
      blockTime: block.time,
    }
  }
}
