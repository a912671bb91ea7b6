import { barsOf, marketFeatures, type Sample, samplesOf } from '../../models/training/dataset.ts'
import { NOT_FITTED, STEP_HOURS } from '../../models/training/samples.ts'
import { HORIZON_SECONDS, MARKET_SERIES, SERIES } from '../../models/training/series.ts'
import { FEATURE_SPEC, WINDOW_HOURS } from '../../oracle-node/core/feature-spec.ts'
import { SECONDS_PER_DAY } from '../../oracle-node/core/market-rows.ts'

/** Unix seconds from which, and up to which, something is not to be seen. */
export type TimeRange = { readonly from: number; readonly to: number }

/** How far back a vector reaches: the hours of its returns, and the close that the first is counted from. */
const LOOK_BACK_SECONDS = (WINDOW_HOURS + 1) * FEATURE_SPEC.barSeconds

const kept = new Map<string, readonly Sample[]>()

/**
 * The samples that models are trained on, through the live node's own features, as the walk-forward of `models/evaluation` takes them. Kept for
 * the life of the process: it takes seconds to make them.
 * @throws {Error} that says where the recording was sought when it is absent.
 */
export function recordedSamples(dataFolder: string): readonly Sample[] {
  const known = kept.get(dataFolder)
  if (known !== undefined) return known
  const marketAt = marketFeatures(MARKET_SERIES.flatMap((series) => barsOf(series, dataFolder)))
  const samples = SERIES.filter(({ asset }) => !NOT_FITTED.has(asset)).flatMap((series) =>
    samplesOf(series, barsOf(series, dataFolder), STEP_HOURS, marketAt),
  )
  kept.set(dataFolder, samples)
  return samples
}

/**
 * The samples that a model fitted at `until` may learn from: those whose labels were known by then, and which saw nothing of the ranges that are
 * left out, neither in the day that the label is of nor in the week that the features are.
 */
export function samplesUntil(samples: readonly Sample[], until: number, leftOut: readonly TimeRange[] = []): Sample[] {
  const touches = (time: number, { from, to }: TimeRange): boolean =>
    time + HORIZON_SECONDS > from && time - LOOK_BACK_SECONDS < to
  return samples.filter(({ time }) => time + HORIZON_SECONDS <= until && !leftOut.some((range) => touches(time, range)))
}

/**
 * Times at which models are fitted anew, the first at `from`.
 * @throws {RangeError} unless the days are whole and from 1, and `from` lies before `to`.
 */
export function refitTimes({ from, to, everyDays }: TimeRange & { readonly everyDays: number }): number[] {
  if (!(Number.isInteger(everyDays) && everyDays >= 1)) {
    throw new RangeError(`models are fitted anew every so many whole days from 1, got ${everyDays}`)
  }
  if (!(from < to)) throw new RangeError(`refits need a time from before a time to, got ${from} and ${to}`)
  const count = Math.ceil((to - from) / (everyDays * SECONDS_PER_DAY))
  return Array.from({ length: count }, (_, refit) => from + refit * everyDays * SECONDS_PER_DAY)
}
