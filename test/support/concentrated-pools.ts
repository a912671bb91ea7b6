import type { BaseContract, LogDescription, TransactionReceipt } from 'ethers'
import {
  addV4Liquidity,
  createV3Pool,
  createV4Pool,
  mintV3Position,
  type TickRange,
  type TokenPair,
  type UniswapV3,
  type UniswapV4,
  type V4PoolKey,
} from '../../contracts/script/deploy-uniswap.ts'
import type { Reach } from '../../oracle-node/adapters/pools/tick-words.ts'
import { uniswapPool } from '../../oracle-node/adapters/pools/uniswap-pool.ts'
import { poolIdOf } from '../../oracle-node/adapters/pools/uniswap-v4-key.ts'
import type { PoolSource } from '../../oracle-node/core/market.ts'
import { checkConcentrated, fieldsOf } from '../../oracle-node/core/pools/check-uniswap.ts'
import type { Swapped } from '../../oracle-node/core/pools/concentrated.ts'
import type { ConcentratedState } from '../../oracle-node/core/pools/pool-state.ts'
import type { RandomSwap } from './random-swaps.ts'
import type { UniswapChain } from './uniswap-chain.ts'

/** Far below what a block may use, far above what a swap does. */
const GAS = 16_000_000n
const FOREVER = 2n ** 48n

/** A deployed v3 or v4 pool. */
export type LivePool = {
  readonly source: PoolSource
  /** What the adapter reads, checked. @throws {Error} with the rejection. */
  read(reach: Reach, from?: PoolSource): Promise<ConcentratedState>
  /** The pool's own swap, as its event tells it. @throws {Error} where it reverts. */
  swap(args: RandomSwap): Promise<Swapped>
}

/** A v3 pool with the positions given, each of the same share of the amounts. */
export async function v3Pool(
  chain: UniswapChain,
  uniswap: UniswapV3,
  pool: {
    readonly fee: number
    readonly sqrtPrice: bigint
    readonly ranges: readonly TickRange[]
    readonly amounts: readonly [bigint, bigint]
  },
): Promise<LivePool> {
  const { fee, sqrtPrice, ranges, amounts } = pool
  const { signer, tokens } = chain
  const contract = await createV3Pool(signer, uniswap, { tokens, fee, sqrtPrice })
  const count = BigInt(ranges.length)
  const share = [amounts[0] / count, amounts[1] / count] as const
  for (const range of ranges) await mintV3Position(signer, uniswap, { tokens, fee, ...range, amounts: share })
  const source = chain.sourceOf({ venue: 'uniswap-v3', address: await contract.getAddress() })
  return {
    source,
    read: (reach, from = source) => readState(chain, from, reach),
    swap: async (args) => {
      const { method, params } = v3Call(args, { tokens, fee, recipient: signer.address })
      const event = await sent(uniswap.router.contract, { method, args: [params] }, contract)
      return swapped(event, [event.args['amount0'], event.args['amount1']])
    },
  }
}

function v3Call(
  { zeroForOne, limit, remaining }: RandomSwap,
  pool: { readonly tokens: TokenPair; readonly fee: number; readonly recipient: string },
): { method: string; params: Record<string, unknown> } {
  const [tokenIn, tokenOut] = zeroForOne ? pool.tokens : [pool.tokens[1], pool.tokens[0]]
  const { fee, recipient } = pool
  const common = { tokenIn, tokenOut, fee, recipient, deadline: FOREVER, sqrtPriceLimitX96: limit }
  return remaining.exact === 'input'
    ? { method: 'exactInputSingle', params: { ...common, amountIn: remaining.amount, amountOutMinimum: 0n } }
    : { method: 'exactOutputSingle', params: { ...common, amountOut: remaining.amount, amountInMaximum: 2n ** 255n } }
}

/** A v4 pool with the positions given, each of the same liquidity. */
export async function v4Pool(
  chain: UniswapChain,
  uniswap: UniswapV4,
  pool: {
    readonly key: V4PoolKey
    readonly sqrtPrice: bigint
    readonly ranges: readonly TickRange[]
    readonly liquidity: bigint
    /** Where one of the tokens is the chain's own coin. */
    readonly source?: Partial<PoolSource>
  },
): Promise<LivePool> {
  const { key, sqrtPrice, ranges, liquidity } = pool
  const value = pool.source === undefined ? 0n : 10n ** 21n
  await createV4Pool(chain.signer, uniswap, { key, sqrtPrice })
  for (const range of ranges) await addV4Liquidity(uniswap, { key, ...range, liquidity, value })
  const { address } = uniswap.manager
  const source = { ...chain.sourceOf({ venue: 'uniswap-v4', address, poolId: poolIdOf(key) }), ...pool.source }
  return {
    source,
    read: (reach, from = source) => readState(chain, from, reach),
    swap: async ({ zeroForOne, limit, remaining }) => {
      const amountSpecified = remaining.exact === 'input' ? -remaining.amount : remaining.amount
      const params = { zeroForOne, amountSpecified, sqrtPriceLimitX96: limit }
      const args = [key, params, { takeClaims: false, settleUsingBurn: false }, '0x']
      const event = await sent(uniswap.router.contract, { method: 'swap', args }, uniswap.manager.contract)
      // v4 counts from the trader's side, v3 from the pool's.
      const { amount0, amount1 } = event.args.toObject()
      return swapped(event, [0n - BigInt(amount0), 0n - BigInt(amount1)])
    },
  }
}

async function readState(chain: UniswapChain, source: PoolSource, reach: Reach): Promise<ConcentratedState> {
  const adapter = uniswapPool({ rpcUrl: chain.rpcUrl, source, timeoutMs: 20_000, reach })
  const fetched = await adapter.fetch(await chain.now())
  adapter.close()
  if (!fetched.ok) throw new Error(`${fetched.reason}: ${fetched.detail}`)
  const checked = checkConcentrated(fieldsOf(fetched.raw.pool) ?? {})
  if (!checked.ok) throw new Error(`${checked.reason}: ${checked.detail}`)
  return checked.state
}

async function sent(
  to: BaseContract,
  call: { readonly method: string; readonly args: readonly unknown[] },
  emitter: BaseContract,
): Promise<LogDescription> {
  const response = await to.getFunction(call.method).send(...call.args, { gasLimit: GAS })
  const receipt: TransactionReceipt | null = await response.wait()
  const events = receipt?.logs.map((log) => emitter.interface.parseLog(log))
  const event = events?.find((each) => each?.name === 'Swap')
  if (event == null) throw new Error(`${call.method} emitted no Swap`)
  return event
}

function swapped(event: LogDescription, amounts: readonly [bigint, bigint]): Swapped {
  const { sqrtPriceX96, tick, liquidity } = event.args
  const [amountIn, out] = amounts[0] > 0n || amounts[1] < 0n ? amounts : [amounts[1], amounts[0]]
  return { amountIn, amountOut: -out, sqrtPrice: sqrtPriceX96, tick: Number(tick), liquidity }
}
