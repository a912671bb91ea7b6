import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { send } from '../../../contracts/script/artifacts.ts'
import { deployUniswapV3, type UniswapV3 } from '../../../contracts/script/deploy-uniswap.ts'
import { tickAtSqrtPrice } from '../../../oracle-node/core/pools/tick-math.ts'
import { compareDepth, compareSwaps } from '../../support/compare-swaps.ts'
import { type LivePool, v3Pool } from '../../support/concentrated-pools.ts'
import { randomRanges } from '../../support/random-swaps.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { type UniswapChain, uniswapChain } from '../../support/uniswap-chain.ts'

const POOLS = [
  { fee: 100, tickSpacing: 1, count: 30, swaps: 60, stayNear: true },
  { fee: 500, tickSpacing: 10, count: 24, swaps: 80 },
  { fee: 3_000, tickSpacing: 60, count: 12, swaps: 80 },
  { fee: 10_000, tickSpacing: 200, count: 3, swaps: 60 },
] as const

describe('uniswap v3', () => {
  let chain: UniswapChain
  let uniswap: UniswapV3
  const pools = new Map<number, LivePool>()
  beforeAll(async () => {
    chain = await uniswapChain()
    uniswap = await deployUniswapV3(chain.signer)
    await send(uniswap.factory, 'enableFeeAmount', [100, 1])
    for (const { fee, tickSpacing, count } of POOLS) {
      const tick = tickAtSqrtPrice(chain.sqrtPrice)
      const ranges = randomRanges(seededRandom(`v3 ${fee}`), { tick, tickSpacing, count })
      pools.set(fee, await v3Pool(chain, uniswap, { fee, sqrtPrice: chain.sqrtPrice, ranges, amounts: chain.totals }))
    }
  })
  afterAll(() => chain.close())

  const poolOf = (fee: number): LivePool => {
    const pool = pools.get(fee)
    if (pool === undefined) throw new Error(`no pool with a fee of ${fee}`)
    return pool
  }

  test.each(POOLS.flatMap(({ fee }) => [50, 100, 200, 500].map((bps) => ({ fee, bps }))))(
    'what it takes to move the pool of $fee millionths by $bps bps does so on chain, and a unit less does not',
    async ({ fee, bps }) => {
      await compareDepth(chain, poolOf(fee), { side: 'sell', bps })
      await compareDepth(chain, poolOf(fee), { side: 'buy', bps })
    },
  )

  test.each(POOLS)('$swaps random swaps at a fee of $fee millionths end as the pool’s own do', async (pool) => {
    const compared = await compareSwaps(poolOf(pool.fee), {
      seed: `v3 swaps ${pool.fee}`,
      totals: chain.totals,
      ...pool,
    })
    expect(compared.swaps).toBeGreaterThanOrEqual(pool.swaps * 0.9)
    expect(compared.crossed).toBeGreaterThan(5)
    expect(compared.limited).toBeGreaterThan(3)
  })
})
