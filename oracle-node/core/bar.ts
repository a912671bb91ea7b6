import type { UnixSeconds } from './units.ts'

/** One hour of one market. Prices in USD (or the source's quote currency before conversion), volume in the same currency. */
export type Bar = {
  /** The hour's first second; the bar covers [openTime, openTime + 3600). */
  readonly openTime: UnixSeconds
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

/** Hours of history that a node asks each venue for: seven days and one, plus a day of slack for gaps. Kraken gives 720, Coinbase 300. */
export const HISTORY_HOURS = 200
