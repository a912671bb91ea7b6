import type { BarInterval, BarSeries, DepthRow, MarketRows, TradeRow } from '../core/market-rows.ts'

export type { BarInterval, BarRow, BarSeries, DepthRow, MarketRows, TradeRow } from '../core/market-rows.ts'

/**
 * Rows whose time lies in [from, to), in unix seconds whatever the unit of the rows' own times. `to` may be Infinity.
 */
export type TimeRange = { readonly from: number; readonly to: number }
export type MarketFilter = TimeRange & { readonly source?: string; readonly symbol?: string }

/** One market's holdings of one kind. */
export type Holding = {
  readonly kind: 'bars' | 'trades' | 'depths'
  readonly source: string
  readonly symbol: string
  /** Of bars. */
  readonly interval?: BarInterval
  readonly rows: number
  /** Times of the first and the last row, in unix seconds. */
  readonly first: number
  readonly last: number
}

/**
 * Market data that outlives the process. Rows are keyed: bars by (source, symbol, interval, time), trades by (source, symbol,
 * time, id), depths by (source, symbol, time); a row appended again replaces the one before it. A trade's time is part of its key
 * since the day of a row must follow from its key, and since venues have begun their ids anew.
 */
export type MarketStore = {
  /**
   * Takes rows in; all or none of a call. They are readable at once and outlive `kill -9` within a second, or when the promise of
   * a later {@link flush} resolves.
   * @throws {Error} that names the row and the field when a row is unsound; nothing of the call is stored then.
   */
  append(rows: MarketRows): Promise<void>
  /** Resolves when everything appended so far outlives a crash. */
  flush(): Promise<void>
  /** By source and symbol, in the order of their UTF-16 code units. @throws {Error} on a range of no numbers, or of too many rows. */
  bars(filter: MarketFilter & { readonly interval: BarInterval }): Promise<readonly BarSeries[]>
  /** In the order of source, symbol, time and id. */
  trades(filter: MarketFilter): Promise<readonly TradeRow[]>
  /** In the order of source, symbol and time. */
  depths(filter: MarketFilter): Promise<readonly DepthRow[]>
  /** In the order of kind, source, symbol and interval (the shortest first). */
  holdings(): Promise<readonly Holding[]>
  /** Merges the small pieces that appending leaves; safe at any time, also when it is killed. */
  compact(): Promise<{ readonly partitions: number; readonly filesBefore: number; readonly filesAfter: number }>
  /** Drops whole days that ended before `before` (unix seconds) of one kind. */
  retain(kind: Holding['kind'], before: number): Promise<{ readonly days: number }>
  close(): Promise<void>
}
