import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ticksOfWords, wordSpan } from '../../../oracle-node/adapters/pools/tick-words.ts'
import { sqrtPriceAtTick, TICK_MAX } from '../../../oracle-node/core/pools/tick-math.ts'

const anyTick = fc.integer({ min: -TICK_MAX, max: TICK_MAX })
const anySpacing = fc.integer({ min: 1, max: 32_767 })

describe('the words of a tick bitmap', () => {
  test('those of a reach hold all ticks of the prices within it', () => {
    fc.assert(
      fc.property(anyTick, anySpacing, fc.constantFrom(0.01, 0.1, 0.5), (tick, tickSpacing, reach) => {
        const { range } = wordSpan({ tick, tickSpacing, reach })
        const price = (at: number): number => (Number(sqrtPriceAtTick(at)) / 2 ** 96) ** 2
        if (range[0] > -TICK_MAX) expect(price(range[0])).toBeLessThanOrEqual(price(tick) * (1 - reach) * (1 + 1e-6))
        if (range[1] < TICK_MAX) expect(price(range[1])).toBeGreaterThanOrEqual(price(tick) * (1 + reach))
      }),
    )
  })

  test('whole holds every multiple of the spacing, and a bit stands for one', () => {
    fc.assert(
      fc.property(anyTick, anySpacing, fc.uniqueArray(anyTick, { maxLength: 20 }), (tick, tickSpacing, drawn) => {
        const { words, range } = wordSpan({ tick, tickSpacing, reach: 'whole' })
        expect(range).toEqual([-TICK_MAX, TICK_MAX])
        const multiples = new Set(drawn.map((each) => Math.trunc(each / tickSpacing)))
        const bitmaps = words.map((word) =>
          [...multiples]
            .filter((multiple) => Math.floor(multiple / 256) === word)
            .reduce((bits, multiple) => bits | (1n << BigInt(multiple - word * 256)), 0n),
        )
        const ticks = [...multiples].map((multiple) => multiple * tickSpacing).sort((a, b) => a - b)
        // By ==, since a multiple of zero may be written -0.
        expect(ticksOfWords({ words, bitmaps, tickSpacing }).map(String)).toEqual(ticks.map(String))
      }),
      { numRuns: 50 },
    )
  })

  test('a bitmap with a bit for every tick, or a spacing that no pool has, is refused', () => {
    const { words } = wordSpan({ tick: 0, tickSpacing: 1, reach: 'whole' })
    const bitmaps = words.map(() => 2n ** 256n - 1n)
    expect(() => ticksOfWords({ words, bitmaps, tickSpacing: 1 })).toThrow(/more than 16384 initialised ticks/)
    for (const tickSpacing of [0, -1, 32_768, Number.NaN]) {
      expect(() => wordSpan({ tick: 0, tickSpacing, reach: 0.1 })).toThrow(/a tick spacing of .* is not in 1..32767/)
    }
  })
})
