import ln from '@stdlib/math-base-special-ln'
import { POOL_TICKS_MAX, TICK_SPACING_MAX } from '../../core/pools/check-uniswap.ts'
import { TICK_MAX } from '../../core/pools/tick-math.ts'
import { VenueFault } from '../venue-http.ts'

/** A word of the bitmap has a bit for each of so many multiples of the tick spacing. */
const WORD_TICKS = 256

/** How far from the price ticks are read: a share of it on either side, or all there are. */
export type Reach = number | 'whole'

/** The words of a pool's tick bitmap that hold the ticks within reach, and the ticks that they hold between them. */
export type WordSpan = { readonly words: readonly number[]; readonly range: readonly [number, number] }

/**
 * Which words to read. The last tick of the range is the one before the next word's first.
 * @throws {VenueFault} on a spacing that no pool has.
 */
export function wordSpan(args: {
  readonly tick: number
  readonly tickSpacing: number
  readonly reach: Reach
}): WordSpan {
  const { tick, tickSpacing, reach } = args
  if (!(tickSpacing >= 1 && tickSpacing <= TICK_SPACING_MAX)) {
    throw new VenueFault('malformed', `a tick spacing of ${tickSpacing} is not in 1..${TICK_SPACING_MAX}`)
  }
  // One tick is a basis point of the price; downwards a share takes more ticks than upwards.
  const ticks = reach === 'whole' ? 2 * TICK_MAX : Math.ceil(-ln(1 - reach) / ln(1.0001))
  const wordOf = (at: number): number => Math.floor(Math.floor(clamp(at) / tickSpacing) / WORD_TICKS)
  const first = wordOf(tick - ticks)
  const last = wordOf(tick + ticks)
  const words = Array.from({ length: last - first + 1 }, (_, offset) => first + offset)
  const width = WORD_TICKS * tickSpacing
  return { words, range: [clamp(first * width), clamp((last + 1) * width - 1)] }
}

/**
 * The initialised ticks of the words, rising.
 * @param bitmaps The words' bits, in their order.
 * @throws {VenueFault} where there are more than a pool's state may have.
 */
export function ticksOfWords(args: {
  readonly words: readonly number[]
  readonly bitmaps: readonly bigint[]
  readonly tickSpacing: number
}): readonly number[] {
  const ticks: number[] = []
  for (const [place, word] of args.words.entries()) {
    let bits = args.bitmaps[place] ?? 0n
    for (let bit = 0; bits > 0n; bit++, bits >>= 1n) {
      if ((bits & 1n) === 1n) ticks.push((word * WORD_TICKS + bit) * args.tickSpacing)
    }
    if (ticks.length > POOL_TICKS_MAX) {
      throw new VenueFault('refused', `more than ${POOL_TICKS_MAX} initialised ticks within reach`)
    }
  }
  return ticks
}

function clamp(tick: number): number {
  return Math.max(-TICK_MAX, Math.min(TICK_MAX, tick))
}
