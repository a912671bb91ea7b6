import { Interface } from 'ethers'
import type { PoolSource } from '../../core/market.ts'
import { VenueFault } from '../venue-http.ts'
import type { Block, ChainReader } from './json-rpc.ts'

/** v4 keeps a chain's own coin in pools under this address; everywhere it has 18 decimals. */
const NATIVE = '0x0000000000000000000000000000000000000000'
const NATIVE_DECIMALS = 18

const erc20 = new Interface(['function decimals() view returns (uint8)'])

/** The two tokens of a pool, which never change: which of them is priced, and both decimals. */
export type PoolTokens = { readonly base: 0 | 1; readonly decimals: readonly [number, number] }

/**
 * Reads a pool's tokens' decimals.
 * @param tokens Token 0 and token 1.
 * @throws {VenueFault} unless they are the two that the source names.
 */
export async function readTokens(args: {
  readonly chain: ChainReader
  readonly block: Block
  readonly source: PoolSource
  readonly tokens: readonly [string, string]
}): Promise<PoolTokens> {
  const { chain, block, source, tokens } = args
  const base = baseOf(source, tokens)
  const decimals = async (token: string): Promise<number> => {
    if (token === NATIVE) return NATIVE_DECIMALS
    const [[value] = []] = await chain.views([{ to: token, abi: erc20, method: 'decimals' }], block)
    return Number(value)
  }
  return { base, decimals: await Promise.all([decimals(tokens[0]), decimals(tokens[1])]) }
}

function baseOf(source: PoolSource, tokens: readonly [string, string]): 0 | 1 {
  const [first, second] = [tokens[0].toLowerCase(), tokens[1].toLowerCase()]
  const [base, quote] = [source.baseToken.toLowerCase(), source.quoteToken.toLowerCase()]
  if (base === first && quote === second) return 0
  if (base === second && quote === first) return 1
  throw new VenueFault('refused', `the pool's tokens are ${first} and ${second}, not ${base} and ${quote}`)
}
