import { JsonRpcSigner, ZeroAddress } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deploy, send } from '../../../contracts/script/artifacts.ts'
import {
  deployUniswapV4,
  sortTokens,
  type UniswapV4,
  type V4PoolKey,
  v4Artifact,
} from '../../../contracts/script/deploy-uniswap.ts'
import { sqrtPriceAtTick, TICK_MAX, tickAtSqrtPrice } from '../../../oracle-node/core/pools/tick-math.ts'
import { compareDepth, compareSwaps } from '../../support/compare-swaps.ts'
import { type LivePool, v4Pool } from '../../support/concentrated-pools.ts'
import { randomRanges } from '../../support/random-swaps.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { type UniswapChain, uniswapChain } from '../../support/uniswap-chain.ts'

/** A hook's address may hold no flag where the pool's fee is dynamic: then it sets the fee and is never called. */
const FEE_SETTER = '0x000000000000000000000000000000000a110000'
const DYNAMIC_FEE = 0x80_00_00
/** Of each position; a range over all prices then holds about the chain's totals. */
const LIQUIDITY = 10n ** 16n

const POOLS = [
  { name: 'of a usual fee', fee: 500, tickSpacing: 10, hooks: ZeroAddress, swaps: 80 },
  { name: 'of an unusual spacing, found by its log', fee: 1_234, tickSpacing: 77, hooks: ZeroAddress, swaps: 60 },
  { name: 'with a protocol fee that differs by direction', fee: 3_000, tickSpacing: 60, hooks: ZeroAddress, swaps: 60 },
  { name: 'with a dynamic fee', fee: DYNAMIC_FEE, tickSpacing: 30, hooks: FEE_SETTER, swaps: 40 },
] as const

describe('uniswap v4', () => {
  let chain: UniswapChain
  let uniswap: UniswapV4
  const pools = new Map<number, LivePool>()
  beforeAll(async () => {
    chain = await uniswapChain()
    uniswap = await deployUniswapV4(chain.signer)
    for (const { fee, tickSpacing, hooks } of POOLS) {
      const tick = tickAtSqrtPrice(chain.sqrtPrice)
      const ranges = randomRanges(seededRandom(`v4 ${fee}`), { tick, tickSpacing, count: 15 })
      const key = keyOf({ fee, tickSpacing, hooks })
      pools.set(fee, await v4Pool(chain, uniswap, { key, sqrtPrice: chain.sqrtPrice, ranges, liquidity: LIQUIDITY }))
      if (fee === 3_000) await setProtocolFee(key, { zeroForOne: 1_000, oneForZero: 250 })
      if (fee === DYNAMIC_FEE) await setDynamicFee(key, 7_777)
    }
  })
  afterAll(() => chain.close())

  function keyOf(pool: Pick<V4PoolKey, 'fee' | 'tickSpacing' | 'hooks'>, tokens = chain.tokens): V4PoolKey {
    return { currency0: tokens[0], currency1: tokens[1], ...pool }
  }

  async function setProtocolFee(key: V4PoolKey, fees: { zeroForOne: number; oneForZero: number }): Promise<void> {
    const { contract } = uniswap.manager
    await send(contract, 'setProtocolFeeController', [chain.signer.address])
    await send(contract, 'setProtocolFee', [key, fees.oneForZero * 4_096 + fees.zeroForOne])
  }

  async function setDynamicFee(key: V4PoolKey, fee: number): Promise<void> {
    await chain.provider.send('hardhat_impersonateAccount', [FEE_SETTER])
    await chain.provider.send('hardhat_setBalance', [FEE_SETTER, '0xde0b6b3a7640000'])
    const setter = new JsonRpcSigner(chain.provider, FEE_SETTER)
    await send(uniswap.manager.contract.connect(setter), 'updateDynamicLPFee', [key, fee])
  }

  const poolOf = (fee: number): LivePool => {
    const pool = pools.get(fee)
    if (pool === undefined) throw new Error(`no pool with a fee of ${fee}`)
    return pool
  }

  test.each(POOLS.flatMap((pool) => [50, 100, 200, 500].map((bps) => ({ ...pool, bps }))))(
    'what it takes to move the pool $name by $bps bps does so on chain, and a unit less does not',
    async ({ fee, bps }) => {
      await compareDepth(chain, poolOf(fee), { side: 'sell', bps })
      await compareDepth(chain, poolOf(fee), { side: 'buy', bps })
    },
  )

  test.each(POOLS)('$swaps random swaps in the pool $name end as the pool’s own do', async ({ fee, swaps }) => {
    const options = { seed: `v4 swaps ${fee}`, totals: chain.totals, swaps }
    const compared = await compareSwaps(poolOf(fee), options)
    expect(compared.swaps).toBeGreaterThanOrEqual(swaps * 0.9)
    expect(compared.crossed).toBeGreaterThan(5)
    expect(compared.limited).toBeGreaterThan(3)
  })

  test('the price of a tick and the tick of a price are those of v4-core’s TickMath', async () => {
    const { contract } = await deploy(chain.signer, v4Artifact('TickMathTest'))
    const random = seededRandom('ticks')
    const powers = Array.from({ length: 20 }, (_, bit) => 2 ** bit)
    const drawn = Array.from({ length: 200 }, () => random.below(TICK_MAX))
    for (const tick of [...powers, ...drawn].flatMap((each) => [each, -each])) {
      const ours = sqrtPriceAtTick(tick)
      expect(ours).toBe(await contract.getFunction('getSqrtPriceAtTick').staticCall(tick))
      const between = (ours * BigInt(1_000_000 + random.below(50))) / 1_000_000n
      expect(BigInt(tickAtSqrtPrice(between))).toBe(
        await contract.getFunction('getTickAtSqrtPrice').staticCall(between),
      )
    }
  })

  test('fees are read for each direction: the protocol takes first, the pool of the rest', async () => {
    expect((await poolOf(500).read(0.1)).fees).toEqual([500, 500])
    expect((await poolOf(3_000).read(0.1)).fees).toEqual([3_997, 3_250])
    expect((await poolOf(DYNAMIC_FEE).read(0.1)).fees).toEqual([7_777, 7_777])
  })

  test('the chain’s own coin has 18 decimals and no contract', async () => {
    const key = keyOf({ fee: 3_000, tickSpacing: 60, hooks: ZeroAddress }, sortTokens(ZeroAddress, chain.quote))
    const sqrtPrice = sqrtPriceAtTick(-201_000)
    const ranges = [{ tickLower: -202_020, tickUpper: -199_980 }]
    const source = { baseToken: ZeroAddress, symbol: 'ETH/QUOTE' }
    const pool = await v4Pool(chain, uniswap, { key, sqrtPrice, ranges, liquidity: 10n ** 12n, source })
    expect(await pool.read('whole')).toMatchObject({ base: 0, decimals: [18, 6], liquidity: 10n ** 12n })
  })

  test.each([
    [1 << 7, 'runs before each swap'],
    [(1 << 7) | (1 << 3), 'runs before each swap'],
    [(1 << 6) | (1 << 2), 'takes from what a swap gave'],
  ])('a hook with the flags %i is refused: it %s', async (flags, why) => {
    const hooks = `0x${(0xabc0000 + flags).toString(16).padStart(40, '0')}`
    const key = keyOf({ fee: 3_000, tickSpacing: 60, hooks })
    const pool = await v4Pool(chain, uniswap, { key, sqrtPrice: chain.sqrtPrice, ranges: [], liquidity: 0n })
    await expect(pool.read(0.1)).rejects.toThrow(new RegExp(`^refused: its hook ${hooks}.*${why}`, 'i'))
  })

  test('a hook that only looks on after a swap is no reason to refuse', async () => {
    const hooks = `0x${(0xabc0000 + (1 << 6)).toString(16).padStart(40, '0')}`
    const key = keyOf({ fee: 3_000, tickSpacing: 60, hooks })
    const pool = await v4Pool(chain, uniswap, {
      key,
      sqrtPrice: sqrtPriceAtTick(0),
      ranges: [{ tickLower: -600, tickUpper: 600 }],
      liquidity: 10n ** 12n,
    })
    expect(await pool.read(0.1)).toMatchObject({ tick: 0, liquidity: 10n ** 12n })
  })

  test('an id that no pool has is refused', async () => {
    const pool = poolOf(500)
    const source = { ...pool.source, poolId: `0x${'12'.repeat(32)}` }
    await expect(pool.read(0.1, source)).rejects.toThrow(/^refused: the pool manager at .* made no pool with the id/)
    await expect(pool.read(0.1, { ...source, poolId: undefined })).rejects.toThrow(/^refused: .* needs the pool's id/)
  })
})
