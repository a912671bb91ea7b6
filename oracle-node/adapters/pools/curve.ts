import { Interface } from 'ethers'
import type { PoolSource } from '../../core/market.ts'
import {
  COINS_MAX,
  COINS_MIN,
  type PoolQuote,
  quoteMismatch,
  validateStableSwap,
} from '../../core/pools/curve-state.ts'
import type { StableSwapState } from '../../core/pools/pool-state.ts'
import type { MarketSource } from '../../ports/market-source.ts'
import { attempt, unlessRefused } from '../chain-read.ts'
import { VenueFault } from '../venue-http.ts'
import { type Block, type ChainReader, chainReader, integer } from './json-rpc.ts'
import { once } from './once.ts'

const pool = new Interface([
  'function A() view returns (uint256)',
  'function A_precise() view returns (uint256)',
  'function fee() view returns (uint256)',
  'function admin_fee() view returns (uint256)',
  'function get_dy(int128 i, int128 j, uint256 dx) view returns (uint256)',
])
/** The first pools count their coins in int128, the others in uint256. */
const byIndex = ['uint256', 'int128'].map(
  (index) =>
    new Interface([
      `function coins(${index} i) view returns (address)`,
      `function balances(${index} i) view returns (uint256)`,
      `function underlying_coins(${index} i) view returns (address)`,
    ]),
)
const erc20 = new Interface(['function decimals() view returns (uint8)'])

/** What tells a pool of another kind. Which of them a pool has never changes. */
const otherKinds = [
  ['gamma', 'a crypto pool (v2), whose curve is another'],
  ['base_pool', 'a metapool, whose coin is another pool'],
  ['BASE_POOL', 'a metapool, whose coin is another pool'],
  ['offpeg_fee_multiplier', 'a pool whose fee moves with its balances'],
] as const
const kinds = new Interface(otherKinds.map(([method]) => `function ${method}() view returns (uint256)`))

/** Under this address pools keep the chain's own coin. */
const NATIVE = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'
const NATIVE_DECIMALS = 18
const ZERO = '0x0000000000000000000000000000000000000000'
/** The pool is asked what it pays for this share of a balance: enough for its curve to show, little enough to be paid. */
const QUOTED_SHARE = 100n

/** What never changes of a pool. */
type PoolFacts = {
  readonly indexed: Interface
  readonly decimals: readonly number[]
  readonly base: number
  readonly quote: number
  /** 100 for the pools that tell A to two more digits. */
  readonly amplificationPrecision: 1n | 100n
}

/**
 * A Curve StableSwap pool of 2 to 4 plain coins as a source of prices and depth: all of one answer is of one block. Lending pools,
 * metapools, pools whose fee moves and crypto pools are refused, by what their contract has; and each time the pool's own `get_dy`
 * must agree with the state that was read, both ways, so that no other kind of pool passes for a plain one.
 */
export function curvePool(options: {
  readonly rpcUrl: string
  readonly source: PoolSource
  /** For the whole answer, which takes three rounds of requests, and a dozen the first time. */
  readonly timeoutMs: number
}): MarketSource & { close(): void } {
  const { source, timeoutMs } = options
  const chain = chainReader(options)
  const readFacts = (): (() => Promise<PoolFacts>) =>
    once(async () => factsOf(chain, await chain.latestBlock(), source))
  let facts = readFacts()
  return {
    source,
    fetch: async () => {
      const read = await attempt(timeoutMs, async () => poolAt(chain, source.address, await facts()))
      if (read.ok) return { ok: true, raw: { pool: read.value } }
      // The facts may have been read from a node that lied or refused for another reason: they are asked for again.
      if (read.reason === 'refused') facts = readFacts()
      return read
    },
    close: () => chain.close(),
  }
}

async function poolAt(chain: ChainReader, to: string, facts: PoolFacts): Promise<StableSwapState> {
  const block = await chain.latestBlock()
  const state = await stateAt(chain, block, { to, ...facts })
  const valid = validateStableSwap(state)
  if (!valid.ok) throw new VenueFault(valid.reason, valid.detail)
  const mismatch = quoteMismatch(state, await quotesAt(chain, block, to, state))
  if (mismatch !== undefined) throw new VenueFault('refused', `not a plain StableSwap pool: ${mismatch}`)
  return state
}

async function factsOf(chain: ChainReader, block: Block, source: PoolSource): Promise<PoolFacts> {
  const to = source.address
  for (const [index, [, what]] of otherKinds.entries()) {
    const method = otherKinds[index]?.[0] ?? ''
    if ((await unlessRefused(chain.views([{ to, abi: kinds, method }], block))) !== undefined) {
      throw new VenueFault('refused', `${to} is ${what}; only plain StableSwap pools are read`)
    }
  }
  const { indexed, coins } = await coinsOf(chain, block, to)
  const [base, quote] = [coins.indexOf(source.baseToken.toLowerCase()), coins.indexOf(source.quoteToken.toLowerCase())]
  if (base < 0 || quote < 0 || base === quote) {
    throw new VenueFault('refused', `the pool's coins are ${coins}; not ${source.baseToken} and ${source.quoteToken}`)
  }
  const precise = await unlessRefused(chain.views([{ to, abi: pool, method: 'A_precise' }], block))
  const decimals = await Promise.all(coins.map((coin) => decimalsOf(chain, block, coin)))
  return { indexed, decimals, base, quote, amplificationPrecision: precise === undefined ? 1n : 100n }
}

async function coinsOf(
  chain: ChainReader,
  block: Block,
  to: string,
): Promise<{ readonly indexed: Interface; readonly coins: readonly string[] }> {
  const coin = async (abi: Interface, method: string, index: number): Promise<string | undefined> => {
    const [[address] = []] = (await unlessRefused(chain.views([{ to, abi, method, args: [index] }], block))) ?? []
    return typeof address === 'string' ? address.toLowerCase() : undefined
  }
  for (const indexed of byIndex) {
    // One more than we take, to see that there is none.
    const asked = Array.from({ length: COINS_MAX + 1 }, (_, index) => coin(indexed, 'coins', index))
    const answered = (await Promise.all(asked)).filter((address) => address !== undefined && address !== ZERO)
    const coins = answered.flatMap((address) => address ?? [])
    if (coins.length === 0) continue
    if (coins.length < COINS_MIN || coins.length > COINS_MAX || new Set(coins).size < coins.length) {
      throw new VenueFault(
        'refused',
        `${to} has ${coins.length} coins, ${coins}; ${COINS_MIN} to ${COINS_MAX} are read`,
      )
    }
    const underlying = await coin(indexed, 'underlying_coins', 0)
    if (underlying !== undefined && underlying !== ZERO && underlying !== coins[0]) {
      throw new VenueFault(
        'refused',
        `${to} is a lending pool over ${underlying}; only plain StableSwap pools are read`,
      )
    }
    return { indexed, coins }
  }
  throw new VenueFault('refused', `there is no contract with coins at ${to}; a Curve pool's address is needed`)
}

async function decimalsOf(chain: ChainReader, block: Block, coin: string): Promise<number> {
  if (coin === NATIVE) return NATIVE_DECIMALS
  const [[decimals] = []] = await chain.views([{ to: coin, abi: erc20, method: 'decimals' }], block)
  return Number(decimals)
}

async function stateAt(
  chain: ChainReader,
  block: Block,
  { to, indexed, decimals, base, quote, amplificationPrecision }: PoolFacts & { readonly to: string },
): Promise<StableSwapState> {
  const coins = decimals.map((_, index) => ({ to, abi: indexed, method: 'balances', args: [index] }))
  const scalars = ['A', 'fee', 'admin_fee', ...(amplificationPrecision === 1n ? [] : ['A_precise'])]
  const answers = await chain.views([...coins, ...scalars.map((method) => ({ to, abi: pool, method }))], block)
  const numbers = answers.map(([value]) => integer(value))
  const balances = numbers.slice(0, coins.length)
  const [A, fee, adminFee, precise] = numbers.slice(coins.length).map(integer)
  if (precise !== undefined && precise / amplificationPrecision !== A) {
    throw new VenueFault('refused', `A is ${A} and A_precise ${precise}, which is not a hundred times as much`)
  }
  return {
    kind: 'stable-swap',
    balances,
    decimals,
    amplification: integer(precise ?? A),
    amplificationPrecision,
    fee: integer(fee),
    adminFee: integer(adminFee),
    base,
    quote,
    blockTime: block.time,
  }
}

/** What the pool itself pays for a share of either balance. */
async function quotesAt(
  chain: ChainReader,
  block: Block,
  to: string,
  { balances, base, quote }: StableSwapState,
): Promise<readonly PoolQuote[]> {
  const trades = [
    [base, quote],
    [quote, base],
  ] as const
  return Promise.all(
    trades.map(async ([i, j]) => {
      const dx = (balances[i] ?? 0n) / QUOTED_SHARE + 1n
      const [[dy] = []] = await chain.views([{ to, abi: pool, method: 'get_dy', args: [i, j, dx] }], block)
      return { i, j, dx, dy: integer(dy) }
    }),
  )
}
