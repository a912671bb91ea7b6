import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hourlyFeatures, type MarketMemory, marketMemory } from '../../backtests/oracle/hourly-features.ts'
import { barsOf } from '../../models/training/dataset.ts'
import { SERIES } from '../../models/training/series.ts'
import type { Bar } from '../../oracle-node/core/bar.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'
import { hasSharedData, SHARED_DATA } from '../data/shared-data.ts'
import { walkBars } from '../models/sample-bars.ts'
import { seriesOf } from './oracle-series.ts'

type Known = { readonly row: number; readonly end: number; readonly values: readonly number[] }

/** The live way: at every hour's end a node's own vector of all bars up to then. */
function byNode(bars: readonly Bar[], hours: number, marketAt: (now: number) => FeatureVector | undefined): Known[] {
  const from = bars[0]?.openTime ?? 0
  let count = 0
  return Array.from({ length: hours }, (_, row) => row).flatMap((row) => {
    const now = (from + (row + 1) * 3_600) as UnixSeconds
    while (count < bars.length && (bars[count]?.openTime ?? 0) < now) count++
    // 201 is what it looks at.
    const past = bars.slice(Math.max(0, count - 230), count)
    const extraction = extractFeatures(past, now, { market: marketAt(now) })
    return extraction.ok ? [{ row, end: extraction.end, values: extraction.features.values }] : []
  })
}

function bySeries(bars: readonly Bar[], trailing: number, market?: MarketMemory): Known[] {
  return [...hourlyFeatures(seriesOf('X', bars, trailing), market)].map(({ row, end, features }) => ({
    row,
    end,
    values: features.values,
  }))
}

/** Where two lists of vectors are not the same to the bit; long lists are not for an assertion's own comparison. */
function firstDifference(left: readonly Known[], right: readonly Known[]): string | undefined {
  if (left.length !== right.length) return `${left.length} and ${right.length} vectors`
  for (const [place, { row, end, values }] of left.entries()) {
    const other = right[place]
    if (other?.row !== row || other.end !== end) return `rows ${row} and ${other?.row} at ${place}`
    const bad = values.findIndex((value, index) => !Object.is(value, other.values[index]))
    if (bad >= 0 || values.length !== other.values.length) return `row ${row}, value ${bad}`
  }
  return undefined
}

describe('vectors of a whole series', () => {
  test('are to the bit the node’s own, with the holes in which it would have none', () => {
    const holes = fc.array(fc.tuple(fc.integer({ min: 1, max: 419 }), fc.integer({ min: 1, max: 9 })), { maxLength: 4 })
    const bad = fc.option(fc.tuple(fc.integer({ min: 0, max: 419 }), fc.constantFrom('low', 'volume', 'close')))
    let vectors = 0
    let refused = 0
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(1e-6, 0.01, 0.3),
        holes,
        bad,
        fc.nat(4),
        (seed, stepRatio, gaps, wrong, trailing) => {
          const all = walkBars({ count: 420, stepRatio, seed })
          const bars = all
            .map((bar, hour) => (hour === wrong?.[0] ? { ...bar, [wrong[1]]: -1 } : bar))
            .filter((_, hour) => !gaps.some(([from, length]) => hour >= from && hour < from + length))
          const series = bySeries(bars, trailing)
          const hours = seriesOf('X', bars, trailing).close.length
          vectors += series.length
          refused += hours - 168 - series.length
          expect(
            firstDifference(
              series,
              byNode(bars, hours, () => undefined),
            ),
          ).toBeUndefined()
        },
      ),
      { numRuns: 25 },
    )
    // Both are met.
    expect(vectors).toBeGreaterThan(500)
    expect(refused).toBeGreaterThan(500)
  })

  test.each([0, 1, 2, 168])('%i bars make none', (count) => {
    expect(bySeries(walkBars({ count, stepRatio: 0.01, seed: 1 }), 3)).toEqual([])
  })

  test('a series that begins with hours of which nothing is known counts from the first that is', () => {
    const bars = walkBars({ count: 200, stepRatio: 0.01, seed: 1 })
    const late = seriesOf('X', bars)
    late.missing.fill(1, 0, 5)
    late.close.fill(Number.NaN, 0, 5)
    const rows = [...hourlyFeatures(late)]
    expect(rows).toHaveLength(200 - 5 - 168)
    expect(rows[0]?.features.values).toEqual(byNode(bars.slice(5), 195, () => undefined)[0]?.values)
  })

  test('none is made before the time that they are asked from, and the others stay', () => {
    const series = seriesOf('X', walkBars({ count: 300, stepRatio: 0.01, seed: 1 }))
    const all = [...hourlyFeatures(series)]
    expect([...hourlyFeatures(series, undefined, all[50]?.now)]).toEqual(all.slice(50))
  })
})

describe('the market’s vector', () => {
  test('is kept for six hours after its newest bar, as a node keeps it', () => {
    const bars = walkBars({ count: 260, stepRatio: 0.01, seed: 4 })
    const series = seriesOf('market', bars, 20)
    const end = (bars.at(-1)?.openTime ?? 0) + 3_600
    const market = marketMemory(series, series.from)
    const newest = market(end)
    expect(newest).toBeDefined()
    expect(market(end + 6 * 3_600)).toEqual(newest)
    expect(market(end + 7 * 3_600)).toBeUndefined()
  })

  test('is the same whatever time it is first asked at', () => {
    const series = seriesOf('market', walkBars({ count: 400, stepRatio: 0.01, seed: 4 }))
    const [early, late] = [marketMemory(series, series.from), marketMemory(series, series.from + 300 * 3_600)]
    for (let hour = 300; hour < 400; hour++) {
      expect(late(series.from + hour * 3_600)).toEqual(early(series.from + hour * 3_600))
    }
  })
})

describe.runIf(hasSharedData())('recorded series', () => {
  const recorded = (asset: string): Bar[] => {
    const series = SERIES.find((each) => each.asset === asset)
    if (series === undefined) throw new Error(`no series ${asset}`)
    return barsOf(series, SHARED_DATA)
  }

  test('give the node’s vectors to the bit, the market’s within, over two years with nine gaps', () => {
    const [bars, marketBars] = [recorded('ADA-2020'), recorded('BTC-bitstamp')]
    const market = seriesOf('market', marketBars)
    const hours = seriesOf('X', bars).close.length
    const series = bySeries(bars, 0, marketMemory(market, bars[0]?.openTime ?? 0))
    expect(series.length).toBeGreaterThan(10_000)
    expect(series.length).toBeLessThan(hours - 168)
    const memory = marketMemory(market, 0)
    expect(firstDifference(series, byNode(bars, hours, memory))).toBeUndefined()
  })
})
