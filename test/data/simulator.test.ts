import { describe, expect, test } from 'vitest'
import type { History } from '../../data/recorded/history.ts'
import { readCalibration } from '../../data/synthetic/calibration.ts'
import { hourlyReturns, momentsOf } from '../../data/synthetic/moments.ts'
import { simulatePaths } from '../../data/synthetic/paths.ts'
import { seededRandom } from '../../data/synthetic/random.ts'
import { SYNTHETIC_START, syntheticHistory } from '../../data/synthetic/simulator.ts'
import { marketConfigSchema } from '../../oracle-node/app/market-config.ts'
import { depthProfile, recordDepth } from '../../oracle-node/core/depth.ts'
import { parseBook } from '../../oracle-node/core/market-book.ts'
import { median } from '../../oracle-node/core/stats.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'

const VENUES = ['binance', 'coinbaseexchange', 'kraken'] as const

function everything(history: History): string {
  const { to } = history.period
  return JSON.stringify(
    VENUES.flatMap((venue) =>
      history
        .markets(venue)
        .map(({ symbol }) => [
          venue,
          symbol,
          history.bars({ venue, symbol, interval: '1m', from: 0, to }),
          history.book?.({ venue, symbol, at: to - 100 }),
        ]),
    ),
  )
}

test('one seed gives one history to the bit, another seed another', () => {
  const made = (seed: string): string => everything(syntheticHistory({ seed, hours: 2 }))
  expect(made('a')).toBe(made('a'))
  expect(made('a')).not.toBe(made('b'))
})

test('the generator is pinned: its first numbers are the same on every machine', () => {
  const random = seededRandom('plimsoll')
  expect([random.uniform(), random.normal(), random.normal()]).toMatchInlineSnapshot(`
    [
      0.34994805813767016,
      0.2103242659420827,
      -1.494034528799303,
    ]
  `)
  const many = Array.from({ length: 20_000 }, () => random.normal())
  const mean = many.reduce((sum, x) => sum + x, 0) / many.length
  const variance = many.reduce((sum, x) => sum + x * x, 0) / many.length
  expect(Math.abs(mean)).toBeLessThan(0.03)
  expect(Math.abs(variance - 1)).toBeLessThan(0.04)
})

describe('its moments are those of the calibration', () => {
  const { calibration } = readCalibration()
  const hours = 20_000
  const runs = ['a', 'b', 'c'].map((seed) => simulatePaths(calibration, seed, hours))
  const figures = (asset: 'BTC' | 'ETH') =>
    runs.map((paths) => {
      const closes = Array.from({ length: hours }, (_, hour) => ({
        ts: hour * 3_600,
        close: paths[asset].minutes[hour * 60 + 59] ?? 0,
      }))
      return momentsOf(hourlyReturns(closes), calibration.assets[asset].garch)
    })

  test.each(['BTC', 'ETH'] as const)('%s: volatility, jumps, fat tails and clusters', (asset) => {
    const target = calibration.assets[asset].moments
    const simulated = figures(asset)
    const middle = (name: keyof typeof target): number => median(simulated.map((each) => each[name]))
    expect(middle('hourlyVolatility') / target.hourlyVolatility).toBeGreaterThan(0.75)
    expect(middle('hourlyVolatility') / target.hourlyVolatility).toBeLessThan(1.25)
    expect(middle('jumpRate') / target.jumpRate).toBeGreaterThan(0.7)
    expect(middle('jumpRate') / target.jumpRate).toBeLessThan(1.4)
    expect(middle('kurtosis')).toBeGreaterThan(target.kurtosis / 2)
    expect(middle('squaredAcf1')).toBeGreaterThan(target.squaredAcf1 / 4)
    expect(middle('squaredAcf24')).toBeGreaterThan(target.squaredAcf24 / 4)
  })

  test('stablecoins stay near their peg at the median', () => {
    for (const asset of ['USDC', 'USDT'] as const) {
      for (const paths of runs) expect(Math.abs(median([...paths[asset].minutes]) - 1)).toBeLessThan(0.01)
    }
  })
})

describe('its markets', () => {
  const history = syntheticHistory({ seed: 'markets', hours: 48 })

  test('have a valid configuration, and say that they are simulated', () => {
    const config = history.marketConfig({
      binance: 'http://127.0.0.1:1',
      coinbaseexchange: 'http://127.0.0.1:2',
      kraken: 'http://127.0.0.1:3',
    })
    expect(marketConfigSchema.safeParse(config).success).toBe(true)
    expect(history.describe()).toMatchObject({ source: 'synthetic' })
    expect(history.describe().sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(history.describe().sha256).not.toBe(syntheticHistory({ seed: 'other', hours: 48 }).describe().sha256)
  })

  test('differ between venues as much as recorded ones did at the median', () => {
    const close = (venue: (typeof VENUES)[number]): number[] =>
      history.bars({ venue, symbol: 'BTC/USD', interval: '1m', from: 0, to: history.period.to }).map((bar) => bar.close)
    const kraken = close('kraken')
    const gaps = close('coinbaseexchange').map((price, index) => Math.abs(price / (kraken[index] ?? price) - 1) * 1e4)
    const { medianBps } = readCalibration().calibration.venueNoise
    // The gap of two equal errors is √2 of one.
    expect(median(gaps) / (medianBps * Math.SQRT2)).toBeGreaterThan(0.8)
    expect(median(gaps) / (medianBps * Math.SQRT2)).toBeLessThan(1.25)
  })

  test('have sound candles: no hole, high and low around open and close', () => {
    for (const venue of VENUES) {
      for (const { symbol } of history.markets(venue)) {
        const bars = history.bars({ venue, symbol, interval: '1m', from: 0, to: history.period.to })
        expect(bars).toHaveLength((201 + 48) * 60)
        expect(
          bars.every(
            ({ ts, open, high, low, close, volume }, index) =>
              ts === (bars[0]?.ts ?? 0) + index * 60 &&
              high >= Math.max(open, close) &&
              low <= Math.min(open, close) &&
              low > 0 &&
              volume >= 0,
          ),
        ).toBe(true)
      }
    }
  })

  test('have books that are sound, as deep as calibrated, and thinner at the venue with less volume', () => {
    const depthAt = (venue: (typeof VENUES)[number], symbol: string): number[] =>
      Array.from({ length: 48 }, (_, hour) => {
        const book = parseBook(history.book?.({ venue, symbol, at: SYNTHETIC_START + hour * 3_600 + 90 }))
        if (!book.ok) throw new Error(book.detail)
        return recordDepth(depthProfile([{ ladder: book.ladder, rate: 1 }], book.mid))
      })
    const binance = median(depthAt('binance', 'ETH/USDT'))
    const { assets, book } = readCalibration().calibration
    const calibrated = book.depthHours * assets.ETH.hourlyVolume.median * assets.ETH.startPrice
    expect(binance / calibrated).toBeGreaterThan(0.4)
    expect(binance / calibrated).toBeLessThan(2.5)
    expect(median(depthAt('kraken', 'ETH/USD'))).toBeLessThan(binance / 10)
  })

  test('refuse lengths and starts that they cannot have', () => {
    expect(() => syntheticHistory({ seed: 'x', hours: 0 })).toThrow(/1 to 1000 whole hours/)
    expect(() => syntheticHistory({ seed: 'x', hours: 1.5 })).toThrow(/whole hours/)
    expect(() => syntheticHistory({ seed: 'x', hours: 1, from: 1_700_000_001 as UnixSeconds })).toThrow(/full hour/)
  })
})
