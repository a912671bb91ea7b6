import { type Bar, HISTORY_HOURS } from './bar.ts'
import { type MarketContext, scalarsOf } from './feature-scalars.ts'
import { FEATURE_SPEC_HASH, LAST_BAR_AGE_MAX_SECONDS, MISSING_HOURS_MAX, WINDOW_HOURS } from './feature-spec.ts'
import { hourGrid } from './hour-grid.ts'
import type { FeatureVector } from './prediction.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from './units.ts'

/** Why there is no vector. All of these may pass with time, so a caller tries again at the next round. */
export type NoFeatures = 'bad-bar' | 'too-few-bars' | 'stale-bars' | 'too-many-gaps'

export type FeatureExtraction =
  | {
      readonly ok: true
      readonly features: FeatureVector
      /** When the newest bar ended. */
      readonly end: UnixSeconds
    }
  | { readonly ok: false; readonly reason: NoFeatures; readonly detail: string }

/**
 * Features of one asset at `now`, from its newest hourly bars in USD, oldest first (volume in USD too). A bar that has not
 * closed by `now` is ignored. The window ends at the newest closed bar, so two nodes with the same bars get the same vector whenever
 * they ask within the hour. Units, windows and order: {@link FEATURE_SPEC}. Logarithms are @stdlib's, so bits are equal on
 * every CPU.
 * @param context what the bars do not tell: the market's asset, books, venues, reserves.
 */
export function extractFeatures(
  history: readonly Bar[],
  now: UnixSeconds,
  context: MarketContext = {},
): FeatureExtraction {
  // One more than the history, since the newest may be open still.
  const bars = history.slice(-(HISTORY_HOURS + 1))
  const bad = bars.findIndex((bar, index) => !isSoundBar(bar, bars[index - 1]))
  if (bad >= 0) return no('bad-bar', `bar ${bad} of ${bars.length}: ${describe(bars[bad], bars[bad - 1])}`)
  const closed = bars.slice(0, 1 + bars.findLastIndex((bar) => bar.openTime + SECONDS_PER_HOUR <= now))
  const last = closed.at(-1)
  if (last === undefined) return no('too-few-bars', `no bar has closed by ${now}; ${WINDOW_HOURS + 1} hours are needed`)
  const age = now - (last.openTime + SECONDS_PER_HOUR)
  if (age > LAST_BAR_AGE_MAX_SECONDS) {
    return no('stale-bars', `the newest bar closed ${age} s ago; ${LAST_BAR_AGE_MAX_SECONDS} s is the most`)
  }
  const grid = hourGrid(closed, WINDOW_HOURS)
  if (grid === undefined) {
    return no(
      'too-few-bars',
      `${closed.length} closed bars do not reach back the ${WINDOW_HOURS + 1} hours that are needed`,
    )
  }
  if (grid.missing > MISSING_HOURS_MAX) {
    return no('too-many-gaps', `${grid.missing} of ${WINDOW_HOURS} hours are missing; ${MISSING_HOURS_MAX} is the most`)
  }
  const end = (last.openTime + SECONDS_PER_HOUR) as UnixSeconds
  // Not by spreading, which walks both arrays one value at a time.
  const values = scalarsOf(grid, end, context).concat(grid.returns)
  return { ok: true, features: { specHash: FEATURE_SPEC_HASH, values }, end }
}

/** Whether a bar is an hour after the one before, with prices and a volume that features can be made of. */
export function isSoundBar(bar: Bar, before: Bar | undefined): boolean {
  const { openTime, open, high, low, close, volume } = bar
  return (
    Number.isSafeInteger(openTime) &&
    openTime >= 0 &&
    openTime % SECONDS_PER_HOUR === 0 &&
    (before === undefined || before.openTime < openTime) &&
    isPrice(open) &&
    isPrice(high) &&
    isPrice(low) &&
    isPrice(close) &&
    high >= open &&
    high >= close &&
    low <= open &&
    low <= close &&
    volume >= 0 &&
    volume <= VOLUME_MAX
  )
}

/** Far outside any market; inside them no sum of squares or quotient can overflow. */
const PRICE_MIN = 1e-18
const PRICE_MAX = 1e18
const VOLUME_MAX = 1e18

function isPrice(price: number): boolean {
  return price >= PRICE_MIN && price <= PRICE_MAX
}

function describe(bar: Bar | undefined, before: Bar | undefined): string {
  const previous = before === undefined ? '' : ` after ${before.openTime}`
  return `${JSON.stringify(bar)}${previous} is not an hour in order with prices in (0, 1e18], low ≤ open, close ≤ high and volume ≥ 0`
}

function no(reason: NoFeatures, detail: string): FeatureExtraction {
  return { ok: false, reason, detail }
}
