import { type Bar, HISTORY_HOURS } from '../../oracle-node/core/bar.ts'
import { type HourWindow, logBars, scalarsAt } from '../../oracle-node/core/feature-scalars.ts'
import {
  FEATURE_SPEC_HASH,
  LAST_BAR_AGE_MAX_SECONDS,
  MISSING_HOURS_MAX,
  WINDOW_HOURS,
} from '../../oracle-node/core/feature-spec.ts'
import { isSoundBar } from '../../oracle-node/core/features.ts'
import { hourGrid } from '../../oracle-node/core/hour-grid.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from '../../oracle-node/core/units.ts'
import type { Series } from '../series.ts'

/** What a node would have known at the end of one hour of a series. */
export type HourFeatures = {
  /** Which hour of the series has just ended. */
  readonly row: number
  /** Unix seconds at which it ended. */
  readonly now: number
  readonly features: FeatureVector
  /** When the newest bar ended: `now`, or up to two hours before where bars are missing. */
  readonly end: number
  /** The asset that stands for the market is not known then, and this is another. */
  readonly noMarket: boolean
}

/** The market's vector as a node remembers it; asked of times that never go back. */
export type MarketMemory = (now: number) => FeatureVector | undefined

const HOUR = SECONDS_PER_HOUR
const DAY_HOURS = 24
/** As the node's observer has it: an hour in which the market's venues fail must not move every other asset's forecast. */
const MARKET_AGE_MAX_SECONDS = 6 * HOUR

/**
 * The vectors of a series at every hour's end, oldest first: bit for bit what `extractFeatures` makes of all bars up to then, by the same
 * formulas, but with each hour's logarithms taken once and not in all vectors that it is part of. Hours of which it would refuse a vector are
 * left out. They are made one at a time, since years of them would fill the memory.
 * @param market absent for the asset that stands for the market, and where none does.
 * @param since unix seconds before which none is made.
 */
export function* hourlyFeatures(series: Series, market?: MarketMemory, since = 0): Generator<HourFeatures> {
  const known = knownHours(series)
  const hours = windowsOf(known)
  if (hours === undefined) return
  let newest = -1
  for (let row = 0; row < series.close.length; row++) {
    if (series.missing[row] === 0) newest = row
    const [now, end] = [series.from + (row + 1) * HOUR, series.from + (newest + 1) * HOUR]
    if (now < since || now - end > LAST_BAR_AGE_MAX_SECONDS || !known.isWhole(newest)) continue
    const last = newest - known.first
    const context = market?.(now)
    const scalars = scalarsAt({ ...hours, last, dayFrom: last - DAY_HOURS }, end, { market: context })
    // Not by spreading, which walks both arrays one value at a time.
    const values = scalars.concat(hours.returns.slice(last - WINDOW_HOURS, last))
    const features = { specHash: FEATURE_SPEC_HASH, values }
    yield { row, now, features, end, noMarket: market !== undefined && context === undefined }
  }
}

/**
 * The market's newest vector at a time, as long as a node would use it.
 * @param since unix seconds before which it is not asked.
 */
export function marketMemory(market: Series, since: number): MarketMemory {
  const walk = hourlyFeatures(market, undefined, since - MARKET_AGE_MAX_SECONDS)
  let ahead = walk.next()
  let last: HourFeatures | undefined
  return (now) => {
    while (!ahead.done && ahead.value.now <= now) {
      last = ahead.value
      ahead = walk.next()
    }
    return last !== undefined && now - last.end <= MARKET_AGE_MAX_SECONDS ? last.features : undefined
  }
}

type KnownHours = {
  readonly bars: readonly Bar[]
  /** The first hour with a bar, whose close the first return is counted from. */
  readonly first: number
  /** Whether the bars up to an hour that has one make a vector. */
  isWhole(newest: number): boolean
}

/** The bars of a series, and which hours' windows hold enough of them and no bad one. */
function knownHours({ from, open, high, low, close, volumeUsd, missing }: Series): KnownHours {
  const bars: Bar[] = []
  const holes = new Int32Array(close.length + 1)
  const bad = new Uint8Array(close.length)
  let first = -1
  // A bad bar is met by all vectors until it has left the history that a node asks for.
  let soundSince = 0
  for (let hour = 0; hour < close.length; hour++) {
    const isMissing = missing[hour] !== 0
    holes[hour + 1] = (holes[hour] ?? 0) + (isMissing ? 1 : 0)
    if (isMissing) continue
    if (first < 0) first = hour
    const at = (column: Float64Array): number => column[hour] ?? Number.NaN
    const openTime = (from + hour * HOUR) as UnixSeconds
    const bar = { openTime, open: at(open), high: at(high), low: at(low), close: at(close), volume: at(volumeUsd) }
    if (!isSoundBar(bar, bars.at(-1))) soundSince = bars.length + HISTORY_HOURS + 1
    bars.push(bar)
    if (bars.length <= soundSince) bad[hour] = 1
  }
  const isWhole = (newest: number): boolean =>
    first >= 0 &&
    newest - first >= WINDOW_HOURS &&
    bad[newest] === 0 &&
    (holes[newest + 1] ?? 0) - (holes[newest + 1 - WINDOW_HOURS] ?? 0) <= MISSING_HOURS_MAX
  return { bars, first, isWhole }
}

/** All hours after the first as columns, by the live node's grid; nothing where a series has no two bars. */
function windowsOf({ bars }: KnownHours): Omit<HourWindow, 'last' | 'dayFrom'> | undefined {
  const [first, last] = [bars[0], bars.at(-1)]
  if (first === undefined || last === undefined || first === last) return undefined
  const grid = hourGrid(bars, (last.openTime - first.openTime) / HOUR)
  if (grid === undefined) return undefined
  const { returns, ranges, volumes } = grid
  return { returns, ranges, volumes, bars: logBars(grid, 0) }
}
