import type { TickRange } from '../../contracts/script/deploy-uniswap.ts'
import type { ConcentratedState } from '../../oracle-node/core/pools/pool-state.ts'
import type { Remaining } from '../../oracle-node/core/pools/swap-step.ts'
import { SQRT_PRICE_MAX, SQRT_PRICE_MIN, sqrtPriceAtTick } from '../../oracle-node/core/pools/tick-math.ts'
import type { SeededRandom } from './seeded-random.ts'

export type RandomSwap = { readonly zeroForOne: boolean; readonly limit: bigint; readonly remaining: Remaining }

/**
 * A swap from one unit to more than the pool holds, to the end or to a price on the way, which may be that of a tick.
 * @param totals About what the pool holds of both tokens.
 */
export function randomSwap(
  random: SeededRandom,
  state: ConcentratedState,
  totals: readonly [bigint, bigint],
): RandomSwap {
  const high = state.sqrtPrice > (SQRT_PRICE_MAX * 9n) / 10n
  const low = state.sqrtPrice < (SQRT_PRICE_MIN * 11n) / 10n
  // From an end of all prices there is one way only.
  const zeroForOne = high || (!low && random.chance(0.5))
  const exact = random.chance(0.5) ? 'input' : 'output'
  const total = totals[zeroForOne === (exact === 'input') ? 0 : 1]
  // Half of them large enough to leave the range that they begin in.
  const digits = total.toString().length - random.below(random.chance(0.5) ? 3 : total.toString().length)
  const amount = (10n ** BigInt(digits) * BigInt(1 + random.below(1_000_000))) / 1_000_000n + 1n
  return { zeroForOne, limit: randomLimit(random, state, zeroForOne), remaining: { exact, amount } }
}

function randomLimit(random: SeededRandom, state: ConcentratedState, zeroForOne: boolean): bigint {
  const end = zeroForOne ? SQRT_PRICE_MIN + 1n : SQRT_PRICE_MAX - 1n
  const ticks = state.ticks
    .map(({ index }) => sqrtPriceAtTick(index))
    .filter((price) => isAhead(price, state, zeroForOne))
  const at = ticks[random.below(ticks.length)]
  if (random.chance(0.2) && at !== undefined) return at
  if (random.chance(0.3)) {
    const share = BigInt(random.below(300_000))
    const near = (state.sqrtPrice * (zeroForOne ? 1_000_000n - share : 1_000_000n + share)) / 1_000_000n
    if (isAhead(near, state, zeroForOne)) return near
  }
  return end
}

function isAhead(price: bigint, state: ConcentratedState, zeroForOne: boolean): boolean {
  return zeroForOne
    ? price < state.sqrtPrice && price > SQRT_PRICE_MIN
    : price > state.sqrtPrice && price < SQRT_PRICE_MAX
}

/** Ranges on the spacing around a tick: some a few steps wide, some over all ticks there are. */
export function randomRanges(
  random: SeededRandom,
  args: { readonly tick: number; readonly tickSpacing: number; readonly count: number },
): readonly TickRange[] {
  const { tick, tickSpacing, count } = args
  const last = Math.floor(887_272 / tickSpacing)
  const onGrid = (multiple: number): number => Math.max(-last, Math.min(last, multiple)) * tickSpacing
  return Array.from({ length: count }, (_, place) => {
    if (place === 0) return { tickLower: onGrid(-last), tickUpper: onGrid(last) }
    const middle = Math.floor(tick / tickSpacing) + random.below(41) - 20
    const width = 1 + random.below(random.chance(0.3) ? 400 : 20)
    return { tickLower: onGrid(middle - width), tickUpper: onGrid(middle + 1 + random.below(width + 1)) }
  })
}
