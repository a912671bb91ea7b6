import { existsSync } from 'node:fs'
import { readCandles } from '../../data/recorded/read-candles.ts'
import { type Bar, HISTORY_HOURS } from '../../oracle-node/core/bar.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import { hourGrid } from '../../oracle-node/core/hour-grid.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from '../../oracle-node/core/units.ts'
import type { Series } from './series.ts'

/** Features at one time and what came after. */
export type Sample = {
  readonly asset: string
  readonly kind: Series['kind']
  readonly time: number
  readonly features: readonly number[]
  /** 1 − close(time + 24 h) / close(time); negative for a gain. */
  readonly loss: number
  /** √ of the sum of 24 squared hourly log returns after `time`: the realised volatility of that day. */
  readonly realized: number
  /** 1 − close(time + 1 h) / close(time). */
  readonly hourLoss: number
  /** Parkinson's deviation of the hour after `time`, for one hour: a single squared return would be noise. */
  readonly hourRealized: number
}

/** Features of the market's asset at a time, where its bars reach. */
export type MarketAt = (time: number) => FeatureVector | undefined

const HORIZON_HOURS = 24
/** What a tick of a quiet peg is: an hour that did not move still has a positive deviation, as QLIKE needs. */
const HOUR_REALIZED_MIN = 2e-5
/** A day with more holes than this tells too little to be a label. */
const LABEL_MISSING_MAX = 2

/**
 * Samples of one series every `stepHours`, at hours divisible by it, through the live node's own `extractFeatures`: bars up to
 * `time` for features and bars after it for the label, so nothing looks ahead. Times without features or label are left out.
 */
export function samplesOf(
  series: Series,
  bars: readonly Bar[],
  stepHours: number,
  marketAt: MarketAt = () => undefined,
): Sample[] {
  const samples: Sample[] = []
  for (let index = 0; index + HORIZON_HOURS < bars.length; index++) {
    const bar = bars[index]
    const time = (bar?.openTime ?? 0) + SECONDS_PER_HOUR
    if (bar === undefined || time % (stepHours * SECONDS_PER_HOUR) !== 0) continue
    const label = labelAt(bars, index)
    if (label === undefined) continue
    const past = bars.slice(Math.max(0, index + 1 - HISTORY_HOURS), index + 1)
    const extraction = extractFeatures(past, time as UnixSeconds, { market: marketAt(time) })
    if (!extraction.ok) continue
    samples.push({ asset: series.asset, kind: series.kind, time, features: extraction.features.values, ...label })
  }
  return samples
}

/**
 * Hourly bars of a recorded file, volume turned from base units into USD at the hour's close. Finer bars are joined by the hour.
 * @throws {Error} that says where the recording was sought when it is absent.
 */
export function barsOf(series: Series, dataFolder: string): Bar[] {
  const path = `${dataFolder}/${series.file}`
  if (!existsSync(path)) {
    throw new Error(
      `no recording ${series.file} in ${dataFolder}; training needs the recorded market data: give --data FOLDER`,
    )
  }
  const { from = 0, until = Number.POSITIVE_INFINITY } = series
  const hours = new Map<number, Bar>()
  for (const { ts, open, high, low, close, volume } of readCandles(path)) {
    if (ts < from || ts >= until || !(low > 0) || high < Math.max(open, close) || low > Math.min(open, close)) continue
    const openTime = (ts - (ts % SECONDS_PER_HOUR)) as UnixSeconds
    const before = hours.get(openTime)
    hours.set(openTime, {
      openTime,
      open: before?.open ?? open,
      high: Math.max(before?.high ?? high, high),
      low: Math.min(before?.low ?? low, low),
      close,
      volume: (before?.volume ?? 0) + volume * close,
    })
  }
  return [...hours.values()].sort((a, b) => a.openTime - b.openTime)
}

/** The market's features by time, each worked out once. */
export function marketFeatures(bars: readonly Bar[]): MarketAt {
  const places = new Map(bars.map((bar, index) => [bar.openTime + SECONDS_PER_HOUR, index]))
  const known = new Map<number, FeatureVector | undefined>()
  return (time) => {
    if (known.has(time)) return known.get(time)
    const index = places.get(time)
    const past = index === undefined ? [] : bars.slice(Math.max(0, index + 1 - HISTORY_HOURS), index + 1)
    const extraction = extractFeatures(past, time as UnixSeconds)
    const features = extraction.ok ? extraction.features : undefined
    known.set(time, features)
    return features
  }
}

type Label = Pick<Sample, 'loss' | 'realized' | 'hourLoss' | 'hourRealized'>

function labelAt(bars: readonly Bar[], index: number): Label | undefined {
  const now = bars[index]
  if (now === undefined) return undefined
  const end = now.openTime + HORIZON_HOURS * SECONDS_PER_HOUR
  const ahead = bars.slice(index, index + HORIZON_HOURS + 1).filter((bar) => bar.openTime <= end)
  const last = ahead.at(-1)
  if (last === undefined || last.openTime !== end) return undefined
  const grid = hourGrid(ahead, HORIZON_HOURS)
  if (grid === undefined || grid.missing > LABEL_MISSING_MAX) return undefined
  const variance = grid.returns.reduce((sum, r) => sum + r * r, 0)
  const [range = 0] = grid.ranges
  return {
    loss: 1 - last.close / now.close,
    realized: Math.sqrt(variance),
    hourLoss: 1 - (grid.hours[0]?.close ?? Number.NaN) / now.close,
    hourRealized: Math.max(HOUR_REALIZED_MIN, range / Math.sqrt(4 * Math.LN2)),
  }
}
