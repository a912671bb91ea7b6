import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { parse } from 'csv-parse/sync'
import { readCandles } from '../../data/recorded/read-candles.ts'
import { recordFieldMax } from '../../oracle-node/core/record.ts'
import { median } from '../../oracle-node/core/stats.ts'
import { type Activity, activityOf, type DepthCoefficients, depthNow } from '../baselines/depth.ts'
import type { Sample } from './dataset.ts'
import { assetWeights, weightedQuantile } from './weighted.ts'

/** One measured depth with the activity of its market at that time. */
export type DepthPoint = {
  readonly label: string
  /** USD to move the price by 2 %; for a book it is what 1 % holds, since the recording's 1,000 levels end there. */
  readonly depthUsd: number
  readonly activity: Activity
  readonly role: 'scale' | 'floor'
}

const BOOK_DAY = Date.parse('2024-08-09T00:00:00Z') / 1_000
const QUOTE_DAY = Date.parse('2023-11-20T00:00:00Z') / 1_000
const DAY = 86_400

/** Every file that the calibration reads beside the series of samples. */
export const DEPTH_FILES = {
  btcBook: 'l2/binance_BTCUSDT_depth1s_20240808.csv.gz',
  ethBook: 'l2/binance_ETHUSDT_depth1s_20240808.csv.gz',
  btcBars: 'ohlcv/binance_spot_4h/binance_BTCUSDT_4h_20170817_20260304.csv.gz',
  quotes: 'slippage/1inch_quotes_20231119_20.csv.gz',
  pool: 'dex/uniswapv3_USDCUSDT-1bp_1h_pool_state_20220101_20260129.csv.gz',
} as const

/** The five measured depths of the recordings. A quoted wrapped coin has the activity of the coin itself. */
export function depthPoints(dataFolder: string, samples: readonly Sample[]): DepthPoint[] {
  const activity = (asset: string, time: number): Activity => {
    const sample = samples.find((each) => each.asset === asset && each.time === time)
    if (sample === undefined) throw new Error(`the depth calibration needs a sample of ${asset} at ${time}`)
    return activityOf(sample.features)
  }
  const quoted = quotedDepths(`${dataFolder}/${DEPTH_FILES.quotes}`)
  const quote = (source: keyof typeof QUOTED): number => {
    const sizes = quoted.get(source)
    if (sizes === undefined) throw new Error(`no quote of ${source} near 2 % of impact in ${DEPTH_FILES.quotes}`)
    return median(sizes)
  }
  return [
    {
      label: 'BTC book',
      depthUsd: bookDepth(`${dataFolder}/${DEPTH_FILES.btcBook}`).middle,
      activity: activityOfBars(`${dataFolder}/${DEPTH_FILES.btcBars}`, BOOK_DAY),
      role: 'scale',
    },
    {
      label: 'ETH book',
      depthUsd: bookDepth(`${dataFolder}/${DEPTH_FILES.ethBook}`).middle,
      activity: activity('ETH', BOOK_DAY),
      role: 'scale',
    },
    { label: 'WETH quotes', depthUsd: quote('WETH'), activity: activity('ETH', QUOTE_DAY), role: 'scale' },
    { label: 'WBTC quotes', depthUsd: quote('WBTC'), activity: activity('BTC', QUOTE_DAY), role: 'scale' },
    { label: 'USDC quotes', depthUsd: quote('USDC'), activity: activity('USDC', QUOTE_DAY), role: 'floor' },
  ]
}

/**
 * Scale: the median over the volatile points. Floor of σ: what makes the formula meet the stablecoin's point. Share: the 5 % quantile
 * of the formula's own later values over its present one, times the same of the recorded books within their minutes.
 */
export function calibrateDepth(input: {
  readonly points: readonly DepthPoint[]
  readonly train: readonly Sample[]
  readonly bookShare: number
}): DepthCoefficients {
  const unit = { scale: 1, sigmaFloor: 0 }
  const scaling = input.points.filter((point) => point.role === 'scale')
  const scale = median(scaling.map((point) => point.depthUsd / depthNow(point.activity, unit)))
  const peg = input.points.find((point) => point.role === 'floor')
  if (peg === undefined) throw new Error('the depth calibration needs a stablecoin’s point')
  const lnSigma = (ln(scale) + (2 / 3) * peg.activity.lnVolume - ln(peg.depthUsd)) * (3 / 4)
  const sigmaFloor = exp(lnSigma)
  const share = laterShare(input.train, { scale, sigmaFloor })
  return { scale, sigmaFloor, lowQuantileShare: share * input.bookShare, capUsd: Number(recordFieldMax('depthUsd')) }
}

/** The least over the books of (5 % quantile of the depth) / (its median). */
export function bookShare(dataFolder: string): number {
  const books = [DEPTH_FILES.btcBook, DEPTH_FILES.ethBook].map((file) => bookDepth(`${dataFolder}/${file}`))
  return Math.min(...books.map(({ low, middle }) => low / middle))
}

/** 5 % quantile, each asset with equal weight, of depth 6, 12, 18 and 24 h later over depth now. */
export function laterShare(
  samples: readonly Sample[],
  shape: { readonly scale: number; readonly sigmaFloor: number },
): number {
  const depths = new Map(
    samples.map((sample) => [`${sample.asset} ${sample.time}`, depthNow(activityOf(sample.features), shape)]),
  )
  const ratios = samples.flatMap(({ asset, time }) => {
    const now = depths.get(`${asset} ${time}`)
    const later = [6, 12, 18, 24].map((hours) => depths.get(`${asset} ${time + hours * 3_600}`))
    return later.flatMap((depth) => (now === undefined || depth === undefined ? [] : [{ asset, ratio: depth / now }]))
  })
  return weightedQuantile(
    Float64Array.from(ratios, ({ ratio }) => ratio),
    assetWeights(ratios),
    0.05,
  )
}

/** A pool's liquidity at its price 6, 12, 18 and 24 h later, over what it was. */
export type PoolYear = {
  readonly from: number
  readonly ratios: number
  /** The 5 % quantile of the ratios. */
  readonly lowQuantile: number
  /** How often a ratio lay below the model's share; 5 % would be right. */
  readonly belowShare: number
}

/**
 * The one liquidity that was recorded by the hour over years, a stablecoin pool's within its current tick, held against the model's share. It
 * was not fitted to, and it moves more than depth to 2 % does, which spans hundreds of ticks.
 */
export function poolYears(dataFolder: string, share: number): PoolYear[] {
  const liquidity = new Map(
    rowsOf(`${dataFolder}/${DEPTH_FILES.pool}`).map((row) => [Number(row['ts']), Number(row['poolLiquidity'])]),
  )
  const ratios = [...liquidity].flatMap(([time, now]) =>
    [6, 12, 18, 24].flatMap((hours) => {
      const later = liquidity.get(time + hours * 3_600)
      return later === undefined || now === 0 ? [] : [{ year: yearOf(time), ratio: later / now }]
    }),
  )
  return [...Map.groupBy(ratios, ({ year }) => year)].map(([from, own]) => {
    const sorted = Float64Array.from(own, ({ ratio }) => ratio)
    return {
      from,
      ratios: own.length,
      lowQuantile: weightedQuantile(sorted, new Float64Array(own.length).fill(1), 0.05),
      belowShare: own.filter(({ ratio }) => ratio < share).length / own.length,
    }
  })
}

function yearOf(time: number): number {
  return new Date(time * 1_000).getUTCFullYear()
}

function bookDepth(path: string): { readonly low: number; readonly middle: number } {
  const depths = rowsOf(path).flatMap((row) => {
    const text = row['bid_usd_100bps'] ?? ''
    return text === '' ? [] : [Number(text)]
  })
  const weights = new Float64Array(depths.length).fill(1)
  return { low: weightedQuantile(Float64Array.from(depths), weights, 0.05), middle: median(depths) }
}

/** The quoted assets that the calibration uses. */
const QUOTED = { WETH: true, WBTC: true, USDC: true } as const

/** USD received by sales into USDC (or USDT, for USDC) whose price impact lay within half a percent of 2 %. */
function quotedDepths(path: string): Map<string, number[]> {
  const sizes = new Map<string, number[]>()
  for (const row of rowsOf(path)) {
    const { src, dst } = row as { src: string; dst: string }
    const target = src === 'USDC' ? 'USDT' : 'USDC'
    const impact = Number(row['price_impact'])
    if (!(src in QUOTED) || dst !== target || impact < 0.015 || impact > 0.025) continue
    sizes.set(src, [...(sizes.get(src) ?? []), Number(row['out_amount']) / 1e6])
  }
  return sizes
}

/** Activity from bars of four hours, where no finer ones were recorded. */
function activityOfBars(path: string, time: number): Activity {
  const bars = readCandles(path).filter((bar) => bar.ts >= time - 7 * DAY - 14_400 && bar.ts < time)
  const week = bars.slice(1)
  const squares = week.map((bar, index) => ln(bar.close / (bars[index]?.close ?? Number.NaN))).map((r) => r * r)
  const volumes = week.map((bar) => bar.volume * bar.close)
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  return {
    lnVolume: ln(Math.min(sum(volumes.slice(-6)), sum(volumes) / 7)),
    sigma: Math.sqrt(Math.max(sum(squares.slice(-6)), sum(squares) / 7)),
  }
}

function rowsOf(path: string): Record<string, string>[] {
  return parse(gunzipSync(readFileSync(path)), { columns: true, skip_empty_lines: true })
}
