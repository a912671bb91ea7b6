import type { PoolSource } from '../../core/market.ts'
import type { PoolState } from '../../core/pools/pool-state.ts'
import type { MarketSource } from '../../ports/market-source.ts'
import { attempt } from '../chain-read.ts'
import { type ChainReader, chainReader } from './json-rpc.ts'
import type { Reach } from './tick-words.ts'
import { uniswapV2Reader } from './uniswap-v2.ts'
import { uniswapV3Reader } from './uniswap-v3.ts'
import { uniswapV4Reader } from './uniswap-v4.ts'
import type { PoolKey } from './uniswap-v4-key.ts'

/** Depth is asked for to 5 %, a ladder reaches to 7 %: this leaves room for both sides' rounding to whole words. */
export const REACH_DEFAULT = 0.1

export type UniswapOptions = {
  readonly rpcUrl: string
  readonly source: PoolSource
  /** For the whole answer, which takes up to four rounds of requests, and eight the first time. */
  readonly timeoutMs: number
  /** v3 and v4: how far from the price ticks are read. */
  readonly reach?: Reach
  /** v4: what the pool was made with, where neither its fee is usual nor the node serves logs from the first block on. */
  readonly poolKey?: PoolKey
}

/**
 * A Uniswap pool as a source of prices and depth: all of one answer is of one block.
 * @throws {Error} on options that describe no such pool.
 */
export function uniswapPool(options: UniswapOptions): MarketSource & { close(): void } {
  const { source, timeoutMs, reach = REACH_DEFAULT } = options
  if (reach !== 'whole' && !(reach > 0 && reach < 1)) {
    throw new Error(`reach is a share of the price between 0 and 1, or "whole"; got ${reach}`)
  }
  const chain = chainReader(options)
  const read = readerOf(chain, { ...options, reach })
  return {
    source,
    fetch: async () => {
      const state = await attempt(timeoutMs, read)
      return state.ok ? { ok: true, raw: { pool: state.value } } : state
    },
    close: () => chain.close(),
  }
}

function readerOf(chain: ChainReader, options: UniswapOptions & { readonly reach: Reach }): () => Promise<PoolState> {
  const { source, reach } = options
  switch (source.venue) {
    case 'uniswap-v2':
      return uniswapV2Reader(chain, source)
    case 'uniswap-v3':
      return uniswapV3Reader(chain, source, reach)
    case 'uniswap-v4':
      return uniswapV4Reader(chain, source, { reach, key: options.poolKey })
    case 'curve':
      throw new Error(`${source.symbol} at ${source.address} is a curve pool; this adapter reads Uniswap's`)
  }
}
