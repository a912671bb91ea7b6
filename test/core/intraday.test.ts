import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type IntradayFeatures, intradayFeatures } from '../../oracle-node/core/intraday.ts'
import type { BarSeries } from '../../oracle-node/core/market-rows.ts'
import { hasSharedData, SHARED_DATA } from '../data/shared-data.ts'
import { DAY } from '../support/market-rows.ts'
import { seededRandom } from '../support/seeded-random.ts'

type Row = readonly [minute: number, open: number, high: number, low: number, close: number, volume: number]

function series(rows: readonly Row[]): BarSeries {
  const column = (index: number) => Float64Array.from(rows, (row) => row[index] ?? Number.NaN)
  return {
    source: 'x',
    symbol: 'X',
    interval: '1m',
    time: Float64Array.from(rows, ([minute]) => DAY + 60 * minute),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  }
}

function features(rows: readonly Row[], minutes: number): IntradayFeatures {
  const found = intradayFeatures(series(rows), { from: DAY, to: DAY + 60 * minutes })
  if (found === undefined) throw new Error('no bar')
  return found
}

const E = Math.E

test('gives what the formulas give by hand', () => {
  // Log returns 1, -2, 0.5 (that over a hole of one minute); log ranges 1, 3, 1.
  const rows: Row[] = [
    [0, 1, E, 1, E, 2],
    [1, E, E ** 2, 1 / E, 1 / E, 4],
    [3, 1 / E, 1, 1 / E, E ** -0.5, 0],
  ]
  const found = features(rows, 5)
  const realised = 1 + 4 + 0.25
  const bipower = (Math.PI / 2) * (3 / 2) * (2 + 1)
  expect(found.realisedVariance).toBeCloseTo(realised, 12)
  expect(found.volatility).toBeCloseTo(Math.sqrt((realised * 365 * 1_440) / 5), 8)
  expect(found.bipowerVariation).toBeCloseTo(bipower, 12)
  expect(found.jumpShare).toBe(0)
  expect(found.parkinsonVariance).toBeCloseTo((1 + 9 + 1) / (4 * Math.LN2), 12)
  expect(found.garmanKlassVariance).toBeCloseTo(0.5 * 11 - (2 * Math.LN2 - 1) * (1 + 4 + 0.25), 12)
  // (h − c)(h − o) + (l − c)(l − o): 0; (2 − −1)(2 − 1) + 0; (0.5)(1) + (−0.5)(0).
  expect(found.rogersSatchellVariance).toBeCloseTo(3 + 0.5, 12)
  expect(found.quoteVolume).toBeCloseTo(2 * E + 4 / E, 12)
  expect(found.illiquidity).toBeCloseTo((1 / (2 * E) + 2 / (4 / E)) / 2, 12)
  expect(found.missingShare).toBeCloseTo(2 / 5, 12)
  expect(found.largestReturn).toBeCloseTo(2, 12)
})

test('a jump among quiet minutes is nearly all of the variance', () => {
  const rows = Array.from({ length: 100 }, (_, minute): Row => {
    const before = 100 * (minute > 50 ? 1.1 : 1) * (1 + 1e-4 * (minute % 2))
    const after = 100 * (minute >= 50 ? 1.1 : 1) * (1 + 1e-4 * ((minute + 1) % 2))
    return [minute, before, Math.max(before, after), Math.min(before, after), after, 1]
  })
  const { jumpShare, largestReturn } = features(rows, 100)
  expect(jumpShare).toBeGreaterThan(0.98)
  expect(largestReturn).toBeCloseTo(Math.log(1.1), 3)
})

test('of one bar, and of bars that did not move or trade', () => {
  expect(features([[2, 1, E, 1, E, 1]], 10)).toMatchObject({ bipowerVariation: 0, jumpShare: 0, missingShare: 0.9 })
  const flat = features(
    [
      [0, 5, 5, 5, 5, 0],
      [1, 5, 5, 5, 5, 0],
    ],
    2,
  )
  expect(flat).toEqual({
    realisedVariance: 0,
    volatility: 0,
    bipowerVariation: 0,
    jumpShare: 0,
    parkinsonVariance: 0,
    garmanKlassVariance: 0,
    rogersSatchellVariance: 0,
    quoteVolume: 0,
    illiquidity: Number.NaN,
    missingShare: 0,
    largestReturn: 0,
  })
})

test('only bars that open within the stretch count, and there may be none', () => {
  const rows = [0, 1, 2, 3].map((minute): Row => [minute, 1, E ** minute, 1, E ** minute, 1])
  const found = intradayFeatures(series(rows), { from: DAY + 60, to: DAY + 180 })
  expect(found?.missingShare).toBe(0)
  expect(found?.largestReturn).toBeCloseTo(1, 12)
  expect(intradayFeatures(series(rows), { from: DAY + 240, to: DAY + 300 })).toBeUndefined()
  expect(intradayFeatures(series([]), { from: DAY, to: DAY + 60 })).toBeUndefined()
  expect(() => intradayFeatures(series(rows), { from: DAY, to: DAY + 59 })).toThrow('at least one bar')
  expect(() => intradayFeatures({ ...series(rows), low: new Float64Array(3) }, { from: DAY, to: DAY + 60 })).toThrow(
    'one length',
  )
})

/** A path of 20 steps a minute, with the minute's bars: geometric Brownian motion of a yearly volatility. */
function simulated(volatility: number, seed: number): Row[] {
  const random = seededRandom(seed)
  const uniform = (): number => (random.below(2 ** 32) + 0.5) / 2 ** 32
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  const step = volatility * Math.sqrt(1 / (365 * 1_440 * 20))
  let price = 100
  return Array.from({ length: 1_440 }, (_, minute): Row => {
    const [open, path] = [price, [price]]
    for (let each = 0; each < 20; each++) {
      price *= Math.exp(step * normal() - (step * step) / 2)
      path.push(price)
    }
    return [minute, open, Math.max(...path), Math.min(...path), price, 1]
  })
}

test('recovers the volatility of a simulated day, each estimator within what its own error allows', () => {
  const count = 20
  const days = Array.from({ length: count }, (_, seed) => features(simulated(0.8, seed), 1_440))
  const yearly = (variance: (day: IntradayFeatures) => number): number =>
    Math.sqrt((365 * days.reduce((sum, day) => sum + variance(day), 0)) / count)
  // 28 800 returns: the relative error of the realised volatility is 1/√(2 · 28 800) = 0.42 %, of which three are allowed.
  expect(Math.abs(yearly((day) => day.realisedVariance) / 0.8 - 1)).toBeLessThan(0.0126)
  expect(Math.abs(yearly((day) => day.bipowerVariation) / 0.8 - 1)).toBeLessThan(0.0145)
  expect(Math.abs(days.reduce((sum, { volatility }) => sum + volatility, 0) / count / 0.8 - 1)).toBeLessThan(0.0126)
  expect(days.reduce((sum, { jumpShare }) => sum + jumpShare, 0) / count).toBeLessThan(0.05)
  // Twenty steps a bar miss the true extremes, so that ranges are known to come out low, by some 10 to 20 %.
  for (const variance of ['parkinsonVariance', 'garmanKlassVariance', 'rogersSatchellVariance'] as const) {
    const ratio = yearly((day) => day[variance]) / 0.8
    expect(ratio, variance).toBeGreaterThan(0.78)
    expect(ratio, variance).toBeLessThan(0.95)
  }
})

test('scales as prices and volumes do, and never gives a negative variance', () => {
  const price = fc.double({ min: 1e-6, max: 1e6, noNaN: true })
  const anyBars = fc.array(fc.tuple(price, price, price, price, fc.double({ min: 0, max: 1e9, noNaN: true })), {
    minLength: 2,
    maxLength: 30,
  })
  const rowsOf = (bars: readonly (readonly [number, number, number, number, number])[], scale: number): Row[] =>
    bars.map(([a, b, c, d, volume], minute) => {
      const [low = 1, open = 1, close = 1, high = 1] = [a, b, c, d]
        .toSorted((x, y) => x - y)
        .map((value) => value * scale)
      return [minute, open, high, low, close, volume]
    })
  fc.assert(
    fc.property(anyBars, (bars) => {
      const one = features(rowsOf(bars, 1), 30)
      const scaled = features(rowsOf(bars, 1_024), 30)
      for (const name of [
        'realisedVariance',
        'bipowerVariation',
        'parkinsonVariance',
        'garmanKlassVariance',
        'rogersSatchellVariance',
      ] as const) {
        expect(one[name], name).toBeGreaterThanOrEqual(0)
        expect(Math.abs(scaled[name] - one[name]), name).toBeLessThanOrEqual(1e-9 * (1 + one[name]))
      }
      expect(scaled.quoteVolume).toBeCloseTo(
        1_024 * one.quoteVolume,
        -Math.ceil(Math.log10(1e-9 * (1 + one.quoteVolume * 1_024))),
      )
      expect(one.jumpShare).toBeGreaterThanOrEqual(0)
      expect(one.jumpShare).toBeLessThanOrEqual(1)
      expect(one.missingShare).toBeCloseTo(1 - bars.length / 30, 12)
    }),
  )
})

describe.runIf(hasSharedData())('on recorded minutes of March 2023', () => {
  const day = (venue: string, date: string): IntradayFeatures => {
    const path = `${SHARED_DATA}ohlcv/multivenue_1m_2023-03/${venue}_1m_20230301_20230321.csv.gz`
    const from = Date.parse(date) / 1_000
    const rows = gunzipSync(readFileSync(path))
      .toString()
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',').map(Number))
      .filter(([time = 0]) => time >= from && time < from + 86_400)
      .map(
        ([time = 0, open = 0, high = 0, low = 0, close = 0, volume = 0]): Row => [
          (time - DAY) / 60,
          open,
          high,
          low,
          close,
          volume,
        ],
      )
    const found = intradayFeatures(series(rows), { from, to: from + 86_400 })
    if (found === undefined) throw new Error(`${path} holds no bar of ${date}`)
    return found
  }

  test('the depeg of USDC shows: 11 March moved tens of times what 3 March did', () => {
    const [quiet, depeg] = [day('kraken_USDCUSD', '2023-03-03'), day('kraken_USDCUSD', '2023-03-11')]
    expect(quiet.volatility).toBeLessThan(0.05)
    expect(depeg.volatility / quiet.volatility).toBeGreaterThan(30)
    expect(depeg.quoteVolume).toBeGreaterThan(quiet.quoteVolume)
  })

  test('two venues agree on the volatility of bitcoin within a quarter, and range estimators with returns', () => {
    const [kraken, coinbase] = [day('kraken_BTCUSD', '2023-03-10'), day('coinbase_BTCUSD', '2023-03-10')]
    expect(kraken.volatility).toBeGreaterThan(0.3)
    expect(kraken.volatility).toBeLessThan(1.5)
    expect(Math.abs(kraken.volatility / coinbase.volatility - 1)).toBeLessThan(0.25)
    expect(kraken.parkinsonVariance / kraken.realisedVariance).toBeGreaterThan(0.5)
    expect(kraken.parkinsonVariance / kraken.realisedVariance).toBeLessThan(1.5)
    expect(kraken.missingShare).toBeLessThan(0.1)
    expect(coinbase.illiquidity).toBeLessThan(1e-6)
  })
})
