import { seriesOfBars } from '../../../backtests/data/series-of-bars.ts'
import { hourlyFeatures } from '../../../backtests/oracle/hourly-features.ts'
import type { Series } from '../../../backtests/series.ts'
import { type Bar, HISTORY_HOURS } from '../../../oracle-node/core/bar.ts'
import { extractFeatures } from '../../../oracle-node/core/features.ts'
import { median } from '../../../oracle-node/core/stats.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from '../../../oracle-node/core/units.ts'
import { print } from './child.ts'
import { seededMarkets } from './seeded-markets.ts'

/* Vectors of three years of hours: all of a series at once, as a backtest makes them, beside one at a time, as a node does. */

const HOURS = 26_280
const RUNS = 5

export type VectorsBench = {
  readonly hours: number
  readonly runs: number
  readonly vectorsPerSecond: number
  /** `extractFeatures` of the newest 201 bars, hour by hour: the same bits, which is checked. */
  readonly oneByOne: { readonly vectorsPerSecond: number; readonly ratio: number }
}

function benchVectors(): VectorsBench {
  const [[asset, bars] = []] = Object.entries(seededMarkets({ markets: 1, from: 1_577_836_800, hours: HOURS }))
  if (asset === undefined || bars === undefined) throw new Error('no market was made')
  const series = seriesOfBars({ asset, kind: 'volatile', where: asset, bars, gapHoursMax: 0 })
  const [whole, single] = [medianRun(() => wholeSeries(series)), medianRun(() => oneByOne(series))]
  if (whole.sum !== single.sum || whole.count !== single.count) throw new Error('the two ways make other vectors')
  const vectorsPerSecond = Math.round(whole.count / whole.seconds)
  const singlePerSecond = Math.round(single.count / single.seconds)
  return {
    hours: HOURS,
    runs: RUNS,
    vectorsPerSecond,
    oneByOne: {
      vectorsPerSecond: singlePerSecond,
      ratio: Math.round((10 * vectorsPerSecond) / singlePerSecond) / 10,
    },
  }
}

type Made = { readonly count: number; readonly sum: number }

function medianRun(make: () => Made): Made & { readonly seconds: number } {
  const seconds: number[] = []
  let made = make()
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now()
    made = make()
    seconds.push((performance.now() - began) / 1_000)
  }
  return { ...made, seconds: median(seconds) }
}

function wholeSeries(series: Series): Made {
  let [count, sum] = [0, 0]
  for (const { features } of hourlyFeatures(series)) {
    count += 1
    sum += sumOf(features.values)
  }
  return { count, sum }
}

function oneByOne({ from, open, high, low, close, volumeUsd }: Series): Made {
  let [count, sum] = [0, 0]
  const bars: Bar[] = []
  for (let hour = 0; hour < close.length; hour++) {
    const at = (column: Float64Array): number => column[hour] ?? Number.NaN
    const openTime = (from + hour * SECONDS_PER_HOUR) as UnixSeconds
    bars.push({ openTime, open: at(open), high: at(high), low: at(low), close: at(close), volume: at(volumeUsd) })
    if (bars.length > HISTORY_HOURS) bars.shift()
    const extraction = extractFeatures(bars, (openTime + SECONDS_PER_HOUR) as UnixSeconds)
    if (!extraction.ok) continue
    count += 1
    sum += sumOf(extraction.features.values)
  }
  return { count, sum }
}

/** In one order, so that equal vectors have equal sums. */
function sumOf(values: readonly number[]): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

if (import.meta.main) print(benchVectors())
