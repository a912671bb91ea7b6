import type { BarInterval } from '../../oracle-node/core/market-rows.ts'

/**
 * One market's rows in columns of equal length, in the order of their file. Times are unix seconds; what could not be read as a
 * number is NaN. A file of closes alone has them in all four prices, and no volume.
 */
export type SeriesColumns = {
  readonly time: ArrayLike<number>
  readonly open: ArrayLike<number>
  readonly high: ArrayLike<number>
  readonly low: ArrayLike<number>
  readonly close: ArrayLike<number>
  readonly volume?: ArrayLike<number>
}

/** Bars that are not there, between two that are. */
export type Gap = {
  /** Unix seconds of the first missing bar. */
  readonly from: number
  /** Unix seconds of the bar that ends the gap. */
  readonly to: number
  readonly missing: number
}

export type Jump = {
  /** Unix seconds of the bar whose close jumped. */
  readonly time: number
  /** ln(close / close before). */
  readonly logReturn: number
  /** |logReturn| in σ. */
  readonly sigmas: number
  /** Bars since the close before: 1 unless it stands behind a gap. */
  readonly bars: number
}

export type FlatRun = { readonly from: number; readonly rows: number }

export type SeriesCheck = {
  readonly rows: number
  /** Unix seconds of the earliest and the latest row. */
  readonly first: number
  readonly last: number
  readonly stepSeconds: number
  /** The step's usual name, where it has one. */
  readonly interval?: BarInterval
  readonly stepFrom: 'name' | 'data'
  /** Bars from the first to the last. */
  readonly expected: number
  readonly missing: number
  readonly gaps: { readonly count: number; readonly largest: readonly Gap[] }
  /** Rows whose time another row has. */
  readonly duplicates: number
  /** Rows older than one before them; with the duplicates, all that keeps times from rising strictly. */
  readonly outOfOrder: number
  /** Rows whose time is not a whole number of steps. */
  readonly offGrid: number
  /** Rows whose high or low does not hold the open and the close. */
  readonly ohlcViolations: number
  readonly notPositive: number
  readonly notANumber: number
  readonly zeroVolume?: { readonly rows: number; readonly share: number }
  readonly flatRuns: { readonly count: number; readonly longest?: FlatRun }
  readonly jumps: { readonly count: number; readonly sigma: number; readonly largest: readonly Jump[] }
  /** Share of the bars that are there, by equal parts of the period. */
  readonly coverage: readonly number[]
  /** Closes at equal distances over the period, for a drawing; null where there is none. */
  readonly sketch: ReadonlyArray<number | null>
}

export type CheckOptions = {
  readonly jumpSigmas: number
  /** How many gaps and jumps to list, the largest first. */
  readonly listed: number
}

/** Fat tails make a dozen σ common; past this a move is worth a look. */
export const CHECK_DEFAULTS: CheckOptions = { jumpSigmas: 20, listed: 5 }

/** How many findings of a check are faults of the data; jumps, flat runs and bars without volume can be the market's own. */
export function problemsOf(check: SeriesCheck): number {
  const { missing, duplicates, outOfOrder, offGrid, ohlcViolations, notPositive, notANumber } = check
  return missing + duplicates + outOfOrder + offGrid + ohlcViolations + notPositive + notANumber
}
