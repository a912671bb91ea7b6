import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bar } from '../../oracle-node/core/bar.ts'
import {
  FEATURE_COUNT,
  FEATURE_SPEC_HASH,
  FEATURE_SPEC_JSON,
  featureIndex,
  RETURNS_OFFSET,
} from '../../oracle-node/core/feature-spec.ts'
import { featureVectorFault } from '../../oracle-node/core/feature-vector.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'
import { endOf, walkBars } from '../models/sample-bars.ts'

const bars = walkBars({ count: 200, stepRatio: 0.01, seed: 7 })

function valuesOf(given: readonly Bar[], now: UnixSeconds = endOf(given)): readonly number[] {
  const extraction = extractFeatures(given, now)
  if (!extraction.ok) throw new Error(extraction.detail)
  return extraction.features.values
}

function reasonOf(given: readonly Bar[], now: UnixSeconds = endOf(given)): string {
  const extraction = extractFeatures(given, now)
  return extraction.ok ? 'ok' : extraction.reason
}

describe('feature spec', () => {
  test('the committed file is the constant that the core uses, and its sha256 is the hash in every vector', () => {
    const file = readFileSync(new URL('../../models/feature-spec.json', import.meta.url))
    expect(file.toString()).toBe(FEATURE_SPEC_JSON)
    expect(createHash('sha256').update(file).digest('hex')).toBe(FEATURE_SPEC_HASH)
  })

  test('a name that the spec lacks is a bug of the caller', () => {
    expect(() => featureIndex('realized_2h')).toThrow(/realized_2h/)
  })
})

describe('features', () => {
  test('a vector has the spec’s length and hash, and no fault', () => {
    const extraction = extractFeatures(bars, endOf(bars))
    expect(extraction).toMatchObject({ ok: true, features: { specHash: FEATURE_SPEC_HASH } })
    if (!extraction.ok) return
    expect(extraction.features.values).toHaveLength(FEATURE_COUNT)
    expect(featureVectorFault(extraction.features)).toBeUndefined()
  })

  test('each volatility is what its formula says, computed another way', () => {
    const values = valuesOf(bars)
    const r = bars
      .slice(-169)
      .map((bar, index, all) => Math.log(bar.close / (all[index - 1]?.close ?? bar.close)))
      .slice(1)
    const square = (count: number): number => r.slice(-count).reduce((sum, each) => sum + each * each, 0)
    const parkinson = bars.slice(-24).reduce((sum, bar) => sum + Math.log(bar.high / bar.low) ** 2, 0)
    const days = Array.from({ length: 7 }, (_, day) =>
      r.slice(day * 24, day * 24 + 24).reduce((sum, each) => sum + each, 0),
    )
    const expected = {
      realized_1h: Math.sqrt(24 * square(1)),
      realized_6h: Math.sqrt(4 * square(6)),
      realized_24h: Math.sqrt(square(24)),
      realized_7d: Math.sqrt(square(168) / 7),
      parkinson_24h: Math.sqrt(parkinson / (4 * Math.log(2))),
      downside_24h: Math.sqrt(r.slice(-24).reduce((sum, each) => sum + Math.min(0, each) ** 2, 0)),
      daily_7d: Math.sqrt(days.reduce((sum, each) => sum + each * each, 0) / 7),
      ln_usd_volume_24h: Math.log(24e6),
      ln_usd_volume_7d: Math.log(24e6),
    }
    for (const [name, value] of Object.entries(expected))
      expect(values[featureIndex(name)], name).toBeCloseTo(value, 10)
    expect(values.at(-1)).toBeCloseTo(r.at(-1) ?? Number.NaN, 12)
    expect(values[RETURNS_OFFSET]).toBeCloseTo(r[0] ?? Number.NaN, 12)
  })

  test('prices in another unit give the same volatilities', () => {
    const scaled = bars.map((bar) => ({
      ...bar,
      open: bar.open * 8,
      high: bar.high * 8,
      low: bar.low * 8,
      close: bar.close * 8,
    }))
    expect(valuesOf(scaled)).toEqual(valuesOf(bars))
  })

  test('a bar that has not closed changes nothing', () => {
    const last = bars.at(-1) as Bar
    const open = {
      ...last,
      openTime: (last.openTime + 3_600) as UnixSeconds,
      low: last.low / 2,
      close: last.close / 2,
      open: last.close,
    }
    const wider = { ...open, high: Math.max(open.open, open.high) }
    expect(valuesOf([...bars, wider], endOf(bars))).toEqual(valuesOf(bars))
    expect(valuesOf([...bars, wider])).not.toEqual(valuesOf(bars))
  })

  test('the vector is the same all through the hour', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_600 }), (later) => {
        expect(valuesOf(bars, (endOf(bars) + later) as UnixSeconds)).toEqual(valuesOf(bars))
      }),
    )
  })

  test('a missing hour is flat and without volume, and its move falls in the next', () => {
    const holed = bars.filter((_, index) => index !== 190)
    const values = valuesOf(holed)
    const full = valuesOf(bars)
    const place = values.length - 10
    expect(values[place]).toBe(0)
    expect(values[place + 1]).toBeCloseTo((full[place] ?? 0) + (full[place + 1] ?? 0), 12)
    expect(values[featureIndex('ln_usd_volume_24h')]).toBeCloseTo(Math.log(23e6), 10)
  })

  test('twelve missing hours are borne, thirteen are too many', () => {
    const without = (count: number): Bar[] =>
      bars.filter((_, index) => index % 5 !== 0 || index < 60 || index >= 60 + 5 * count)
    expect(reasonOf(without(12))).toBe('ok')
    expect(reasonOf(without(13))).toBe('too-many-gaps')
  })

  test('168 hours are too few, 169 enough', () => {
    expect(reasonOf(bars.slice(-168))).toBe('too-few-bars')
    expect(reasonOf(bars.slice(-169))).toBe('ok')
    expect(reasonOf([])).toBe('too-few-bars')
  })

  test('bars that closed more than two hours ago are stale', () => {
    expect(reasonOf(bars, (endOf(bars) + 7_200) as UnixSeconds)).toBe('ok')
    expect(reasonOf(bars, (endOf(bars) + 7_201) as UnixSeconds)).toBe('stale-bars')
  })

  test.each([
    ['a close of zero', { close: 0 }],
    ['a NaN', { high: Number.NaN }],
    ['an infinite price', { high: Number.POSITIVE_INFINITY }],
    ['a high below the open', { high: 1e-9 }],
    ['a low above the close', { low: 1e9 }],
    ['a negative volume', { volume: -1 }],
    ['a volume that is no number', { volume: Number.NaN }],
    ['a time within an hour', { openTime: 1_700_000_001 as UnixSeconds }],
    ['the time of its neighbour', { openTime: bars[189]?.openTime as UnixSeconds }],
  ])('%s is a bad bar, with its place in the detail', (_, change) => {
    const broken = bars.map((bar, index) => (index === 190 ? { ...bar, ...change } : bar))
    expect(extractFeatures(broken, endOf(bars))).toMatchObject({ ok: false, reason: 'bad-bar', detail: /bar 190/ })
  })

  test('no history of sound bars makes a value that is not finite', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        fc.double({ min: 0, max: 1e18, noNaN: true }),
        (seed, stepRatio, volume) => {
          const values = valuesOf(walkBars({ count: 169, stepRatio, seed, volume }))
          expect(values.every(Number.isFinite)).toBe(true)
        },
      ),
    )
  })
})

describe('feature vectors', () => {
  const sound = { specHash: FEATURE_SPEC_HASH, values: new Array<number>(FEATURE_COUNT).fill(0.1) }

  test('another spec, another length or a NaN is named', () => {
    expect(featureVectorFault({ ...sound, specHash: 'ab' })).toMatch(/spec ab/)
    expect(featureVectorFault({ ...sound, values: [1] })).toMatch(/holds 1 values/)
    expect(featureVectorFault({ ...sound, values: sound.values.with(3, Number.NaN) })).toMatch(/feature 3 is NaN/)
  })
})
