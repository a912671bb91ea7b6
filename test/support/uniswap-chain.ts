import { JsonRpcProvider, type JsonRpcSigner } from 'ethers'
import hre from 'hardhat'
import { deployToken, sortTokens, type TokenPair } from '../../contracts/script/deploy-uniswap.ts'
import type { PoolSource } from '../../oracle-node/core/market.ts'
import { squareRootDown } from '../../oracle-node/core/pools/integer-math.ts'
import { type UnixSeconds, unixSeconds } from '../../oracle-node/core/units.ts'

/** Enough of every token for every test. */
const SUPPLY = 10n ** 40n
const BASE_TOTAL = 1_000n * 10n ** 18n
const QUOTE_TOTAL = 2_000_000n * 10n ** 6n

/** Hardhat's simulated chain behind real JSON-RPC in this process, with two tokens of 18 and 6 decimals. */
export type UniswapChain = {
  readonly rpcUrl: string
  readonly provider: JsonRpcProvider
  readonly signer: JsonRpcSigner
  readonly base: string
  readonly quote: string
  readonly tokens: TokenPair
  /** Which of the two tokens is the base. */
  readonly baseIndex: 0 | 1
  /** 2,000 whole quote tokens for one of base. */
  readonly sqrtPrice: bigint
  /** Amounts of about the same value, of token 0 and token 1. */
  readonly totals: readonly [bigint, bigint]
  sourceOf(pool: Pick<PoolSource, 'venue' | 'address' | 'poolId'>): PoolSource
  now(): Promise<UnixSeconds>
  snapshot(): Promise<string>
  revert(snapshot: string): Promise<void>
  close(): Promise<void>
}

export async function uniswapChain(): Promise<UniswapChain> {
  const server = await hre.network.createServer({ network: 'devnet' }, '127.0.0.1', 0)
  const { port } = await server.listen()
  const rpcUrl = `http://127.0.0.1:${port}`
  const provider = new JsonRpcProvider(rpcUrl, undefined, { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 })
  const signer = await provider.getSigner(0)
  const base = await deployToken(signer, { symbol: 'BASE', decimals: 18, supply: SUPPLY })
  const quote = await deployToken(signer, { symbol: 'QUOTE', decimals: 6, supply: SUPPLY })
  const tokens = sortTokens(base, quote)
  const baseIndex = tokens[0] === base ? 0 : 1
  const totals = baseIndex === 0 ? ([BASE_TOTAL, QUOTE_TOTAL] as const) : ([QUOTE_TOTAL, BASE_TOTAL] as const)
  return {
    rpcUrl,
    provider,
    signer,
    base,
    quote,
    tokens,
    baseIndex,
    sqrtPrice: squareRootDown((totals[1] << 192n) / totals[0]),
    totals,
    sourceOf: (pool) => ({
      ...pool,
      symbol: 'BASE/QUOTE',
      quote: 'USDC',
      baseToken: base,
      quoteToken: quote,
      maxAgeSeconds: 60,
    }),
    now: async () => unixSeconds(Number((await provider.send('eth_getBlockByNumber', ['latest', false])).timestamp)),
    snapshot: () => provider.send('evm_snapshot', []),
    revert: (snapshot) => provider.send('evm_revert', [snapshot]),
    close: async () => {
      provider.destroy()
      await server.close()
    },
  }
}
