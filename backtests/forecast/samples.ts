import { type MarketAt, marketFeatures, type Sample, samplesOf } from '../../models/training/dataset.ts'
import type { Bar } from '../../oracle-node/core/bar.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from '../../oracle-node/core/units.ts'
import type { Series } from '../series.ts'

/** The hours that were recorded: a hole is a hole to the features too, and not an hour that stood still. */
export function barsOfSeries({ from, open, high, low, close, volumeUsd, missing }: Series): Bar[] {
  const at = (values: Float64Array, hour: number): number => values[hour] ?? Number.NaN
  const bars: Bar[] = []
  for (let hour = 0; hour < close.length; hour++) {
    if (missing[hour] === 1) continue
    bars.push({
      openTime: (from + hour * SECONDS_PER_HOUR) as UnixSeconds,
      open: at(open, hour),
      high: at(high, hour),
      low: at(low, hour),
      close: at(close, hour),
      volume: at(volumeUsd, hour),
    })
  }
  return bars
}

/** Samples of a series every `stepHours`, with the live node's features. @param market whose moves are features of every asset. */
export function samplesOfSeries(series: Series, stepHours: number, market?: MarketAt): Sample[] {
  if (!Number.isInteger(stepHours) || stepHours < 1 || 24 % stepHours !== 0) {
    throw new RangeError(`stepHours: a whole part of 24 hours, got ${stepHours}`)
  }
  const { asset, kind } = series
  return samplesOf({ asset, kind, file: '' }, barsOfSeries(series), stepHours, market)
}

/** The market's features by time, from its series. */
export function marketOfSeries(series: Series): MarketAt {
  return marketFeatures(barsOfSeries(series))
}
