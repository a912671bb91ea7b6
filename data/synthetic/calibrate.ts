/**
 * Fits the simulator to recorded markets: `node data/synthetic/calibrate.ts FOLDER` reads the recorded market data in FOLDER and
 * writes calibration.json beside this file. Only these figures are committed, never the data.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { parse } from 'csv-parse/sync'
import { mean, median, quantile } from '../../oracle-node/core/stats.ts'
import { hoursOf } from '../recorded/candle-store.ts'
import { type Candle, readCandles } from '../recorded/read-candles.ts'
import { CALIBRATION_FILE, type Calibration, calibrationSchema } from './calibration.ts'
import {
  autocorrelation,
  fitGarch,
  hourlyReturns,
  JUMP_DEVIATIONS,
  kurtosisOf,
  logNormalOf,
  momentsOf,
  standardised,
} from './moments.ts'

const BINANCE = (pair: string): string => `ohlcv/binance_spot_1h/binance_${pair}_1h_20210404_20231230.csv.gz`
const MARCH = (name: string): string => `ohlcv/multivenue_1m_2023-03/${name}_1m_20230301_20230321.csv.gz`
const MARCH_START = Date.parse('2023-03-01T00:00:00Z') / 1_000
const MARCH_END = Date.parse('2023-03-22T00:00:00Z') / 1_000
/** Beyond half of an hour's variance, jumps would be most of it and the normal part vanish. */
const JUMP_SHARE_MAX = 0.5

function assetFigures(candles: readonly Candle[], isPegged: boolean): Calibration['assets']['BTC'] {
  const returns = hourlyReturns(candles)
  const garch = fitGarch(returns)
  const shocks = standardised(returns, garch)
  const moments = momentsOf(returns, garch)
  const logs = candles.map(({ close }) => ln(close))
  return {
    startPrice: median(candles.filter(({ ts }) => ts >= MARCH_START && ts < MARCH_END).map(({ close }) => close)),
    pegMemory: isPegged ? autocorrelation(logs, 1) : 1,
    garch,
    jump: jumpsFor(kurtosisOf(shocks), moments.jumpRate),
    moments,
    hourlyVolume: logNormalOf(candles.map(({ volume }) => volume)),
  }
}

/**
 * Jumps under which a shock of variance 1, else normal, has the kurtosis and the rate of four deviations that were measured. With
 * jumps of variance v at a rate p its kurtosis is 3 (1 + p (1 - p) v²), which gives v; p is the one whose tail comes closest.
 */
function jumpsFor(kurtosis: number, measured: number): { rate: number; variance: number } {
  const candidates = Array.from({ length: 100 }, (_, index) => {
    const rate = measured * (1 + index / 10)
    const free = Math.sqrt(Math.max(0, kurtosis / 3 - 1) / (rate * (1 - rate)))
    const variance = Math.min(free, JUMP_SHARE_MAX / rate)
    const quiet = 1 - rate * variance
    const tail = rate * beyond(JUMP_DEVIATIONS, quiet + variance) + (1 - rate) * beyond(JUMP_DEVIATIONS, quiet)
    return { rate, variance, miss: Math.abs(tail - measured) }
  })
  const { rate, variance } = candidates.reduce((best, each) => (each.miss < best.miss ? each : best))
  return { rate, variance }
}

/** Share of a normal law of that variance beyond ±limit, by the trapezoidal rule out to twelve deviations. */
function beyond(limit: number, variance: number): number {
  const sd = Math.sqrt(variance)
  const step = sd / 200
  let share = 0
  for (let x = limit; x < limit + 12 * sd; x += step) share += exp(-(x * x) / (2 * variance)) * (x === limit ? 0.5 : 1)
  return (2 * share * step) / (sd * Math.sqrt(2 * Math.PI))
}

function correlationOf(a: readonly Candle[], b: readonly Candle[]): number {
  const closes = new Map(b.map(({ ts, close }) => [ts, close]))
  const pairs = a.filter(({ ts }) => closes.has(ts))
  const x = hourlyReturns(pairs)
  const y = hourlyReturns(pairs.map(({ ts }) => ({ ts, close: closes.get(ts) ?? 0 })))
  const sd = (values: readonly number[]): number => Math.sqrt(mean(values.map((value) => value * value)))
  return mean(x.map((value, index) => value * (y[index] ?? 0))) / (sd(x) * sd(y))
}

function venueNoise(venues: ReadonlyArray<readonly Candle[]>): Calibration['venueNoise'] {
  const closes = venues.map((candles) => new Map(candles.map(({ ts, close }) => [ts, close])))
  const common = [...(closes[0]?.keys() ?? [])].filter((ts) => closes.every((each) => each.has(ts)))
  const noise = closes.map((each) =>
    common.map((ts) => (each.get(ts) ?? 0) / median(closes.map((other) => other.get(ts) ?? 0)) - 1),
  )
  const sizes = noise.flat().map((value) => Math.abs(value) * 1e4)
  return {
    medianBps: median(sizes),
    p99Bps: quantile(sizes, 0.99),
    memory: mean(noise.map((each) => autocorrelation(each, 1))),
  }
}

const PROFILE_BPS = [5, 10, 25, 50, 100] as const

function bookFigures(folder: string, hourlyVolumeUsd: number): Calibration['book'] {
  const text = gunzipSync(readFileSync(join(folder, 'l2/binance_ETHUSDT_depth1s_20240808.csv.gz')))
  const rows: Record<string, string>[] = parse(text, { columns: true })
  const column = (name: string): number[] => rows.map((row) => Number(row[name]))
  const depth = median(column('bid_usd_100bps'))
  return {
    spreadBps: median(column('spread_bps')),
    profile: PROFILE_BPS.map((bps) => ({ bps, share: median(column(`bid_usd_${bps}bps`)) / depth })),
    depthHours: depth / hourlyVolumeUsd,
    logSd: logNormalOf(column('bid_usd_100bps')).logSd,
  }
}

/** Measured figures beyond the sixth digit say nothing, and change with every library. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number(value.toPrecision(6))
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rounded(inner)]))
}

function calibrate(folder: string): Calibration {
  const read = (file: string): Candle[] => readCandles(join(folder, file))
  const btc = read(BINANCE('BTCUSDT'))
  const eth = read(BINANCE('ETHUSDT'))
  const minutes = ['coinbase_BTCUSD', 'kraken_BTCUSD', 'binanceus_BTCUSD'].map((name) => read(MARCH(name)))
  const inMarch = btc.filter(({ ts }) => ts >= MARCH_START && ts < MARCH_END)
  const volume = (candles: readonly Candle[]): number => candles.reduce((sum, candle) => sum + candle.volume, 0)
  const ethFigures = assetFigures(eth, false)
  return {
    note:
      'Written by calibrate.ts from recorded markets. BTC, ETH: Binance 1h, 2021-04..2023-12; USDC, USDT: Kraken, March 2023; venue noise: BTC/USD by ' +
      'the minute on three venues, March 2023; book: Binance ETH/USDT, 346 seconds of 2024-08-08, which held 1,000 levels. The share of ' +
      "depth that an hour's volume makes (depthHours) is ETH's, for every asset and venue.",
    assets: {
      BTC: assetFigures(btc, false),
      ETH: ethFigures,
      USDC: assetFigures(hoursOf(read(MARCH('kraken_USDCUSD'))), true),
      USDT: assetFigures(hoursOf(read(MARCH('kraken_USDTUSD'))), true),
    },
    correlation: correlationOf(btc, eth),
    venueNoise: venueNoise(minutes),
    venueShare: {
      binance: 1,
      coinbaseexchange: volume(minutes[0] ?? []) / volume(inMarch),
      kraken: volume(minutes[1] ?? []) / volume(inMarch),
    },
    book: bookFigures(folder, ethFigures.hourlyVolume.median * median(eth.map(({ close }) => close))),
  }
}

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  process.stderr.write('give the folder of recorded market data: node data/synthetic/calibrate.ts FOLDER\n')
  process.exitCode = 2
} else {
  const calibration = calibrationSchema.parse(rounded(calibrate(folder)))
  writeFileSync(CALIBRATION_FILE, `${JSON.stringify(calibration, null, 2)}\n`)
  process.stdout.write(`calibration written to ${CALIBRATION_FILE.pathname}\n`)
}
