import { AbiCoder, Interface, keccak256 } from 'ethers'
import type { PoolSource } from '../../core/market.ts'
import type { ConcentratedState } from '../../core/pools/pool-state.ts'
import { FEE_UNITS } from '../../core/pools/swap-step.ts'
import { VenueFault } from '../venue-http.ts'
import type { Block, ChainReader } from './json-rpc.ts'
import { once } from './once.ts'
import { readTokens } from './pool-tokens.ts'
import { type Reach, ticksOfWords, wordSpan } from './tick-words.ts'
import { findPoolKey, type PoolKey, swapHookOf } from './uniswap-v4-key.ts'

const manager = new Interface(['function extsload(bytes32[] slots) view returns (bytes32[] values)'])

/** Where the pool manager keeps its pools, and what follows a pool's first slot (v4-core 1.0, `Pool.State`). */
const POOLS_SLOT = 6n
const LIQUIDITY_OFFSET = 3n
const TICKS_OFFSET = 4n
const BITMAP_OFFSET = 5n
/** One call reads so many slots: some 2,600 gas each, far below what nodes allow a call. */
const SLOTS_PER_CALL = 500

/**
 * Reads a Uniswap v4 pool from the pool manager's storage, as v4-core's own `StateLibrary` does.
 * @param options.key What the pool was made with, where it is not a usual one: see {@link findPoolKey}.
 */
export function uniswapV4Reader(
  chain: ChainReader,
  source: PoolSource,
  options: { readonly reach: Reach; readonly key?: PoolKey | undefined },
): () => Promise<ConcentratedState> {
  const poolId = source.poolId ?? ''
  const facts = once(async () => {
    const block = await chain.latestBlock()
    const key = await findPoolKey({ chain, block, source, key: options.key })
    const hook = swapHookOf(key)
    if (hook !== undefined) throw new VenueFault('refused', `its hook ${key.hooks} ${hook}: no formula tells a swap`)
    const tokens = await readTokens({ chain, block, source, tokens: [key.currency0, key.currency1] })
    return { ...tokens, tickSpacing: key.tickSpacing, first: BigInt(slotOf('bytes32', poolId, POOLS_SLOT)) }
  })
  return async () => {
    const { base, decimals, tickSpacing, first } = await facts()
    const block = await chain.latestBlock()
    const load = (slots: readonly string[]): Promise<readonly bigint[]> => loadSlots({ chain, block, source, slots })
    const [head = 0n, liquidity = 0n] = await load([hex32(first), hex32(first + LIQUIDITY_OFFSET)])
    const { sqrtPrice, tick, fees } = unpackHead(head)
    const { words, range } = wordSpan({ tick, tickSpacing, reach: options.reach })
    const bitmaps = await load(words.map((word) => slotOf('int16', word, first + BITMAP_OFFSET)))
    const indexes = ticksOfWords({ words, bitmaps, tickSpacing })
    const rows = await load(indexes.map((index) => slotOf('int24', index, first + TICKS_OFFSET)))
    return {
      kind: 'concentrated',
      sqrtPrice,
      tick,
      liquidity: BigInt.asUintN(128, liquidity),
      fees,
      tickSpacing,
      // A tick's first slot holds the gross liquidity in its lower half, the net in its upper.
      ticks: indexes.map((index, place) => ({ index, liquidityNet: BigInt.asIntN(128, (rows[place] ?? 0n) >> 128n) })),
      range,
      decimals,
      base,
      blockTime: block.time,
    }
  }
}

/** From the low end: 160 bits price, 24 tick, 12 + 12 protocol fee on token 0 and 1, 24 fee of the pool. */
function unpackHead(head: bigint): Pick<ConcentratedState, 'sqrtPrice' | 'tick' | 'fees'> {
  const poolFee = Number(BigInt.asUintN(24, head >> 208n))
  const protocol = [Number(BigInt.asUintN(12, head >> 184n)), Number(BigInt.asUintN(12, head >> 196n))] as const
  return {
    sqrtPrice: BigInt.asUintN(160, head),
    tick: Number(BigInt.asIntN(24, head >> 160n)),
    fees: [joined(protocol[0], poolFee), joined(protocol[1], poolFee)],
  }
}

/** The protocol takes its fee first, the pool takes its own of the rest; both together round up. */
function joined(protocolFee: number, poolFee: number): number {
  return protocolFee + poolFee - Math.floor((protocolFee * poolFee) / FEE_UNITS)
}

async function loadSlots(args: {
  readonly chain: ChainReader
  readonly block: Block
  readonly source: PoolSource
  readonly slots: readonly string[]
}): Promise<readonly bigint[]> {
  const { chain, block, source, slots } = args
  const calls = Array.from({ length: Math.ceil(slots.length / SLOTS_PER_CALL) }, (_, part) => ({
    to: source.address,
    abi: manager,
    method: 'extsload',
    args: [slots.slice(part * SLOTS_PER_CALL, (part + 1) * SLOTS_PER_CALL)],
  }))
  const answers = await chain.views(calls, block)
  const values = answers.flatMap(([list]) => (Array.isArray(list) ? list.map((value) => BigInt(String(value))) : []))
  if (values.length !== slots.length) {
    throw new VenueFault('malformed', `${slots.length} slots were asked for, ${values.length} answered`)
  }
  return values
}

/** The slot of a mapping's entry, as Solidity lays storage out. */
function slotOf(type: 'bytes32' | 'int16' | 'int24', key: string | number, slot: bigint): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode([type, 'uint256'], [key, slot]))
}

function hex32(value: bigint): string {
  return `0x${value.toString(16).padStart(64, '0')}`
}
