import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bar } from '../../oracle-node/core/bar.ts'
import type { DepthProfile } from '../../oracle-node/core/depth.ts'
import type { MarketContext } from '../../oracle-node/core/feature-scalars.ts'
import { FEATURE_SPEC, featureIndex } from '../../oracle-node/core/feature-spec.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'
import { endOf, walkBars } from '../models/sample-bars.ts'

const bars = walkBars({ count: 200, stepRatio: 0.01, seed: 11 })

function vectorOf(given: readonly Bar[], context: MarketContext = {}): FeatureVector {
  const extraction = extractFeatures(given, endOf(given), context)
  if (!extraction.ok) throw new Error(extraction.detail)
  return extraction.features
}
const at = (vector: FeatureVector, name: string): number => vector.values[featureIndex(name)] ?? Number.NaN

/** The formulas of the papers, written a second time, on prices and with the language's own functions. */
function reference(all: readonly Bar[]): Record<string, number> {
  const day = all.slice(-24)
  const before = all.slice(-25, -1)
  const r = all.slice(1).map((bar, index) => Math.log(bar.close / (all[index]?.close ?? 0)))
  const last = r.slice(-24)
  const logs = day.map(({ open, high, low, close }) => ({
    u: Math.log(high / open),
    d: Math.log(low / open),
    c: Math.log(close / open),
  }))
  const steps = day.map((bar, index) => Math.log(bar.open / (before[index]?.close ?? 0)))
  const total = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0)
  const variance = (values: readonly number[]): number => {
    const mean = total(values) / values.length
    return total(values.map((each) => (each - mean) ** 2)) / (values.length - 1)
  }
  const rogersSatchell = logs.map(({ u, d, c }) => u * (u - c) + d * (d - c))
  const k = 0.34 / (1.34 + 25 / 23)
  const yangZhang = variance(steps) + k * variance(logs.map(({ c }) => c)) + (1 - k) * (total(rogersSatchell) / 24)
  const realized = total(last.map((each) => each ** 2))
  const bipower = (Math.PI / 2) * (24 / 23) * total(last.slice(1).map((each, i) => Math.abs(each * (last[i] ?? 0))))
  const pairs = day.slice(1).map((bar, index) => [day[index] as Bar, bar] as const)
  const spread = ([one, two]: readonly [Bar, Bar]): number => {
    const beta = Math.log(one.high / one.low) ** 2 + Math.log(two.high / two.low) ** 2
    const gamma = Math.log(Math.max(one.high, two.high) / Math.min(one.low, two.low)) ** 2
    const root = 3 - 2 * Math.SQRT2
    const alpha = (Math.sqrt(2 * beta) - Math.sqrt(beta)) / root - Math.sqrt(gamma / root)
    return Math.max(0, (2 * (Math.exp(alpha) - 1)) / (1 + Math.exp(alpha)))
  }
  const middle = ({ high, low }: Bar): number => (Math.log(high) + Math.log(low)) / 2
  const abdi = pairs.map(([one, two]) => (Math.log(one.close) - middle(one)) * (Math.log(one.close) - middle(two)))
  const volume = total(day.map((bar) => bar.volume))
  return {
    garman_klass_24h: Math.sqrt(total(logs.map(({ u, d, c }) => (u - d) ** 2 / 2 - (2 * Math.LN2 - 1) * c ** 2))),
    rogers_satchell_24h: Math.sqrt(total(rogersSatchell)),
    yang_zhang_24h: Math.sqrt(24 * yangZhang),
    bipower_24h: Math.sqrt(bipower),
    jump_share_24h: Math.max(0, 1 - bipower / realized),
    fall_24h: -Math.min(0, total(last)),
    fall_7d: -Math.min(0, total(r.slice(-168))),
    same_hour_7d: Math.sqrt((24 / 7) * total([1, 2, 3, 4, 5, 6, 7].map((back) => (r.at(-24 * back) ?? 0) ** 2))),
    ln_amihud_24h: Math.log(total(last.map((each, i) => Math.abs(each) / (day[i]?.volume ?? 0))) / 24),
    corwin_schultz_24h: total(pairs.map(spread)) / 23,
    abdi_ranaldo_24h: Math.sqrt(Math.max(0, (4 * total(abdi)) / 23)),
    ln_kyle_obizhaeva_24h: Math.log((realized / volume) ** (1 / 3)),
    realized_24h: Math.sqrt(realized),
  }
}

describe('each scalar is what its paper says, written a second time', () => {
  test.each([1, 2, 3, 4, 5])('on walk %i', (seed) => {
    const walk = walkBars({ count: 200, stepRatio: 0.004 * seed, seed, volume: 1e5 * seed })
    // Opens that jump from the close before, as thin markets' do.
    const jumped = walk.map((bar, index) => {
      const open = bar.open * (1 + 0.002 * Math.sin(index * seed))
      return { ...bar, open, high: Math.max(bar.high, open), low: Math.min(bar.low, open) }
    })
    const vector = vectorOf(jumped)
    for (const [name, value] of Object.entries(reference(jumped))) expect(at(vector, name), name).toBeCloseTo(value, 9)
  })
})

test('a market that stands still has no volatility, no spread and no jumps, and no value that is not finite', () => {
  const flat = bars.map((bar) => ({ ...bar, open: 5, high: 5, low: 5, close: 5, volume: 0 }))
  const vector = vectorOf(flat)
  expect(vector.values.every(Number.isFinite)).toBe(true)
  for (const { name, unit } of FEATURE_SPEC.scalars)
    if (unit === 'per sqrt(day)') expect(at(vector, name), name).toBe(0)
  expect(at(vector, 'jump_share_24h')).toBe(0)
  expect(at(vector, 'ln_amihud_24h')).toBeCloseTo(Math.log(1e-18), 10)
})

describe('the market', () => {
  const market = vectorOf(walkBars({ count: 200, stepRatio: 0.03, seed: 5 }))

  test('is the vector that is given, and the asset itself where none is', () => {
    const own = vectorOf(bars)
    const beside = vectorOf(bars, { market })
    for (const name of ['realized_1h', 'realized_24h', 'realized_7d', 'fall_24h']) {
      expect(at(own, `market_${name}`)).toBe(at(own, name))
      expect(at(beside, `market_${name}`)).toBe(at(market, name))
      expect(at(beside, name)).toBe(at(own, name))
    }
  })
})

describe('the calendar', () => {
  const shifted = (hours: number): Bar[] =>
    bars.map((bar) => ({ ...bar, openTime: (bar.openTime + hours * 3_600) as UnixSeconds }))

  test('is that of the week as the platform tells it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), (hours) => {
        const given = shifted(hours)
        const end = new Date(endOf(given) * 1_000)
        const vector = vectorOf(given)
        expect(at(vector, 'hour_of_week')).toBe(((end.getUTCDay() + 6) % 7) * 24 + end.getUTCHours())
        const ahead = Array.from({ length: 24 }, (_, hour) => new Date(end.getTime() + (hour + 0.5) * 3_600_000))
        const weekend = ahead.filter((time) => time.getUTCDay() % 6 === 0).length
        expect(at(vector, 'weekend_24h')).toBeCloseTo(weekend / 24, 12)
      }),
    )
  })
})

describe('what books, venues and reserves say', () => {
  const profile = (narrow: number, middle: number): DepthProfile => ({
    sell: [narrow, narrow, middle, middle],
    buy: [1, 1, 1, 1],
  })

  test('is in the vector as the spec says, and nothing where it is not known', () => {
    const known = vectorOf(bars, {
      depth: profile(1e6, 4e6),
      dispersion: 0.002,
      quoteRates: [1.001, 0.97],
      utilisation: 0.8,
    })
    expect(at(known, 'ln_book_depth')).toBeCloseTo(Math.log(4e6), 12)
    // Four times the depth at four times the distance: a slope of one.
    expect(at(known, 'book_slope')).toBeCloseTo(1, 12)
    expect(at(known, 'venue_dispersion')).toBe(0.002)
    expect(at(known, 'stablecoin_basis')).toBeCloseTo(0.03, 12)
    expect(at(known, 'reserve_utilisation')).toBe(0.8)
    const unknown = vectorOf(bars)
    for (const name of ['ln_book_depth', 'book_slope', 'venue_dispersion', 'stablecoin_basis', 'reserve_utilisation'])
      expect(at(unknown, name), name).toBe(0)
  })

  test('an empty side of a book gives no slope and no infinity', () => {
    for (const [narrow, middle] of [
      [0, 0],
      [0, 1e6],
    ] as const) {
      const vector = vectorOf(bars, { depth: profile(narrow, middle) })
      expect(vector.values.every(Number.isFinite)).toBe(true)
      expect(at(vector, 'book_slope')).toBe(0)
    }
  })
})
