import fc from 'fast-check'
import type { ConcentratedState, ConstantProductState } from '../../oracle-node/core/pools/pool-state.ts'
import { sqrtPriceAtTick, tickAtSqrtPrice } from '../../oracle-node/core/pools/tick-math.ts'

const common = {
  decimals: fc.tuple(fc.integer({ min: 6, max: 18 }), fc.integer({ min: 6, max: 18 })),
  base: fc.constantFrom(0 as const, 1 as const),
  blockTime: fc.constant(1_700_000_000),
}

/** Pairs that could be: from 10^9 raw units of each token. */
export const anyPair: fc.Arbitrary<ConstantProductState> = fc.record({
  kind: fc.constant('constant-product' as const),
  reserves: fc.tuple(reserve(), reserve()),
  ...common,
})

function reserve(): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: 10n ** 9n, max: 2n ** 112n - 1n })
}

const position = fc.record({
  below: fc.integer({ min: 0, max: 300 }),
  above: fc.integer({ min: 1, max: 300 }),
  away: fc.integer({ min: -50, max: 50 }),
  liquidity: fc.bigInt({ min: 1n, max: 10n ** 24n }),
})

/** Pools that could be: positions around a price, read whole. At least one of them holds the price. */
export const anyConcentrated: fc.Arbitrary<ConcentratedState> = fc
  .record({
    at: fc.integer({ min: -250_000, max: 250_000 }),
    tickSpacing: fc.constantFrom(1, 10, 60, 200),
    fees: fc.tuple(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 0, max: 100_000 })),
    holds: position,
    others: fc.array(position, { maxLength: 8 }),
    offset: fc.bigInt({ min: 0n, max: 10n ** 6n }),
    ...common,
  })
  .map(({ at, tickSpacing, fees, holds, others, offset, ...rest }) => {
    const [low, high] = [sqrtPriceAtTick(at), sqrtPriceAtTick(at + 1)]
    const sqrtPrice = low + ((high - low) * offset) / (10n ** 6n + 1n)
    const tick = tickAtSqrtPrice(sqrtPrice)
    const nets = new Map<number, bigint>()
    let liquidity = 0n
    for (const { below, above, away, liquidity: amount } of [{ ...holds, away: 0 }, ...others]) {
      const middle = Math.floor(tick / tickSpacing) + away
      const [lower, upper] = [(middle - below) * tickSpacing, (middle + above) * tickSpacing]
      nets.set(lower, (nets.get(lower) ?? 0n) + amount)
      nets.set(upper, (nets.get(upper) ?? 0n) - amount)
      if (lower <= tick && tick < upper) liquidity += amount
    }
    const ticks = [...nets].map(([index, liquidityNet]) => ({ index, liquidityNet })).sort((a, b) => a.index - b.index)
    const range = [-887_272, 887_272] as const
    return { kind: 'concentrated' as const, sqrtPrice, tick, liquidity, fees, tickSpacing, ticks, range, ...rest }
  })
