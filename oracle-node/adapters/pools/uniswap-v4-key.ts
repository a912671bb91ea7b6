import { AbiCoder, getAddress, Interface, keccak256 } from 'ethers'
import type { PoolSource } from '../../core/market.ts'
import { VenueFault } from '../venue-http.ts'
import type { Block, ChainReader } from './json-rpc.ts'

/** What a v4 pool is made with; its id is the hash of these five. */
export type PoolKey = {
  readonly currency0: string
  readonly currency1: string
  readonly fee: number
  readonly tickSpacing: number
  readonly hooks: string
}

const NO_HOOKS = '0x0000000000000000000000000000000000000000'
/** The pairs of fee and tick spacing that v3 allowed, and that most v4 pools without a hook kept. */
const USUAL = [
  [100, 1],
  [500, 10],
  [3_000, 60],
  [10_000, 200],
] as const

/** What the low bits of a hook's address let it do to a swap. After a swap it may still look, which changes nothing. */
const SWAP_HOOKS = [
  [1 << 7, 'runs before each swap, and may set its fee or stop it'],
  [1 << 3, 'takes part in what a swap gives'],
  [1 << 2, 'takes from what a swap gave'],
] as const

const events = new Interface([
  'event Initialize(bytes32 indexed id, address indexed currency0, address indexed currency1, uint24 fee, int24 tickSpacing, address hooks, uint160 sqrtPriceX96, int24 tick)',
])

/**
 * What the source's pool was made with: the key given, else one of the usual ones, else what the manager's `Initialize` log
 * says. Each is held against the pool's id, so no node can lie about it.
 * @throws {VenueFault} where none has that id.
 */
export async function findPoolKey(args: {
  readonly chain: ChainReader
  readonly block: Block
  readonly source: PoolSource
  readonly key?: PoolKey | undefined
}): Promise<PoolKey> {
  const { chain, block, source, key } = args
  const id = (source.poolId ?? '').toLowerCase()
  if (!/^0x[0-9a-f]{64}$/.test(id)) {
    throw new VenueFault('refused', `a uniswap-v4 source needs the pool's id of 32 bytes, got "${id.slice(0, 80)}"`)
  }
  const known = [...(key === undefined ? [] : [key]), ...usualKeys(source)].find((each) => poolIdOf(each) === id)
  if (known !== undefined) return known
  const topics = [events.getEvent('Initialize')?.topicHash ?? '', id]
  for (const log of await chain.logs({ address: source.address, topics, to: block })) {
    const logged = keyOf(log)
    if (logged !== undefined && poolIdOf(logged) === id) return logged
  }
  throw new VenueFault('refused', `the pool manager at ${source.address} made no pool with the id ${id}`)
}

/** How a pool's hook can change what a swap gives; undefined where it cannot, or where there is none. */
export function swapHookOf(key: PoolKey): string | undefined {
  const flags = Number(BigInt(key.hooks) & 0x3fffn)
  return SWAP_HOOKS.find(([flag]) => (flags & flag) !== 0)?.[1]
}

/** The id under which the manager keeps the pool. */
export function poolIdOf(key: PoolKey): string {
  const values = [key.currency0, key.currency1, key.fee, key.tickSpacing, key.hooks]
  return keccak256(AbiCoder.defaultAbiCoder().encode(['address', 'address', 'uint24', 'int24', 'address'], values))
}

function usualKeys(source: PoolSource): readonly PoolKey[] {
  const tokens = [getAddress(source.baseToken), getAddress(source.quoteToken)]
  const [currency0 = '', currency1 = ''] = tokens.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
  return USUAL.map(([fee, tickSpacing]) => ({ currency0, currency1, fee, tickSpacing, hooks: NO_HOOKS }))
}

function keyOf(log: { readonly topics: readonly string[]; readonly data: string }): PoolKey | undefined {
  try {
    const args = events.parseLog({ topics: [...log.topics], data: log.data })?.args
    if (args === undefined) return undefined
    const { currency0, currency1, fee, tickSpacing, hooks } = args.toObject()
    return {
      currency0: String(currency0),
      currency1: String(currency1),
      fee: Number(fee),
      tickSpacing: Number(tickSpacing),
      hooks: String(hooks),
    }
  } catch {
    return undefined
  }
}
