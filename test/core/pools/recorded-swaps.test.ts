import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Swapped, swap } from '../../../oracle-node/core/pools/concentrated.ts'
import type { ConcentratedState } from '../../../oracle-node/core/pools/pool-state.ts'
import type { Remaining } from '../../../oracle-node/core/pools/swap-step.ts'
import { SQRT_PRICE_MAX, SQRT_PRICE_MIN } from '../../../oracle-node/core/pools/tick-math.ts'
import { hasSharedData, SHARED_DATA } from '../../data/shared-data.ts'

const EVENTS = 'dex/uniswapv3_USDCWETH-5bp_events_20240105.csv.gz'
const FEE = 500
const SPACING = 10

const integer = z.string().transform(BigInt)
const swapRow = z.object({
  amount0: integer,
  amount1: integer,
  total_liquidity: integer,
  sqrtPriceX96: integer,
  current_tick: z.string().transform(Number),
})
type SwapRow = z.infer<typeof swapRow>

test.runIf(hasSharedData())(
  'a day of USDC/WETH swaps on mainnet: each that stayed between two ticks follows from price and liquidity, to the unit',
  () => {
    const rows: Record<string, string>[] = parse(gunzipSync(readFileSync(`${SHARED_DATA}${EVENTS}`)), { columns: true })
    const swaps = rows.filter((row) => row['tx_type'] === 'SWAP').map((row) => swapRow.parse(row))
    const found = { swaps: swaps.length, between: 0, input: 0, output: 0, limit: 0 }
    for (const [place, row] of swaps.entries()) {
      const before = swaps[place - 1]
      if (before === undefined || columnOf(before) !== columnOf(row)) continue
      found.between += 1
      const way = wayOf(before, row)
      expect(
        way,
        JSON.stringify({ place, ...row }, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
      ).toBeDefined()
      if (way !== undefined) found[way] += 1
    }
    expect(found).toEqual({ swaps: 6_046, between: 5_372, input: 4_694, output: 575, limit: 103 })
  },
)

/** Between which two ticks that liquidity could be put on the price is. */
function columnOf(row: SwapRow): number {
  return Math.floor(row.current_tick / SPACING)
}

/** The log does not tell what the trader fixed: the input, the output, or the price at which to stop. */
function wayOf(before: SwapRow, row: SwapRow): 'input' | 'output' | 'limit' | undefined {
  const zeroForOne = row.amount0 > 0n
  const [amountIn, amountOut] = zeroForOne ? [row.amount0, -row.amount1] : [row.amount1, -row.amount0]
  const end = zeroForOne ? SQRT_PRICE_MIN + 1n : SQRT_PRICE_MAX - 1n
  // Positions may have come and gone since the swap before; within one column the swap itself changes no liquidity.
  const state: ConcentratedState = {
    kind: 'concentrated',
    ...{ sqrtPrice: before.sqrtPriceX96, tick: before.current_tick, liquidity: row.total_liquidity },
    ...{ fees: [FEE, FEE], tickSpacing: SPACING, ticks: [], range: [-887_272, 887_272] },
    ...{ decimals: [6, 18], base: 1, blockTime: 0 },
  }
  const expected: Swapped = {
    ...{ amountIn, amountOut, sqrtPrice: row.sqrtPriceX96, tick: row.current_tick, liquidity: row.total_liquidity },
  }
  const isSame = (limit: bigint, remaining: Remaining): boolean => {
    const ours = swap(state, { zeroForOne, limit, remaining })
    return ours !== undefined && same(ours, expected)
  }
  if (isSame(end, { exact: 'input', amount: amountIn })) return 'input'
  if (isSame(end, { exact: 'output', amount: amountOut })) return 'output'
  if (isSame(row.sqrtPriceX96, { exact: 'input', amount: amountIn + 10n ** 30n })) return 'limit'
  return undefined
}

function same(ours: Swapped, theirs: Swapped): boolean {
  return (
    ours.amountIn === theirs.amountIn &&
    ours.amountOut === theirs.amountOut &&
    ours.sqrtPrice === theirs.sqrtPrice &&
    ours.tick === theirs.tick
  )
}
