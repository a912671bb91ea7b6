import type { Sample } from './dataset.ts'
import { HORIZON_SECONDS } from './series.ts'

export type FoldSamples = { readonly train: readonly Sample[]; readonly test: readonly Sample[] }

/** A forecaster that is fitted anew at each refit: the outputs of each test sample, from training samples that ended before. */
export type Candidate = {
  readonly id: string
  /** The module that its code starts from: a change of it or of what it imports makes its kept forecasts stale. */
  readonly module: URL
  /** What it is besides its module, such as a decay that is given to a fit: likewise. */
  readonly recipe?: string
  /** Minutes rather than seconds: left out of a quick run. */
  readonly slow?: boolean
  forecast(samples: FoldSamples): readonly Float64Array[] | Promise<readonly Float64Array[]>
}

/** From one refit (unix seconds) up to the next. */
export type Fold = FoldSamples & { readonly start: number; readonly end: number }

/**
 * Expanding windows: at each refit the training part is every sample whose label was known by then, the test part every sample from then to the
 * next refit. Since a label reaches a day ahead, the last day before a refit is purged from training; features may reach back over it, as
 * they would have on that day. Tested samples are in the order of time, and by asset within one time.
 */
export function expandingFolds(
  samples: readonly Sample[],
  parts: {
    readonly refits: readonly number[]
    readonly isFitted: (sample: Sample) => boolean
    readonly isTested: (sample: Sample) => boolean
  },
): Fold[] {
  const fitted = samples.filter(parts.isFitted)
  const tested = samples
    .filter(parts.isTested)
    .toSorted((a, b) => a.time - b.time || (a.asset < b.asset ? -1 : a.asset > b.asset ? 1 : 0))
  return parts.refits.map((start, index) => {
    const end = parts.refits[index + 1] ?? Number.POSITIVE_INFINITY
    return {
      start,
      end,
      train: fitted.filter(({ time }) => time + HORIZON_SECONDS <= start),
      test: tested.filter(({ time }) => time >= start && time < end),
    }
  })
}

/** 1 January and 1 July between two days: unix seconds. */
export function halfYears(from: string, until: string): number[] {
  const [first, last] = [Number(from.slice(0, 4)), Number(until.slice(0, 4))]
  return Array.from({ length: 2 * (last - first + 1) }, (_, half) => {
    const month = half % 2 === 0 ? '01' : '07'
    return Date.parse(`${first + Math.floor(half / 2)}-${month}-01T00:00:00Z`) / 1_000
  }).filter((start) => start >= Date.parse(from) / 1_000 && start < Date.parse(until) / 1_000)
}
