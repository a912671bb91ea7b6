import { INTERVAL_SECONDS } from '../../oracle-node/core/market-bars.ts'
import type { History, HistoryTrade } from './history.ts'
import type { Candle } from './read-candles.ts'

/** When in its interval a bar's open, first extreme, second extreme and close were traded, as parts of it. */
const MOMENTS: readonly number[] = [0, 1 / 3, 2 / 3, 0.999]
/** A day is further back than any venue's list of recent trades needs to reach. */
const WINDOW_SECONDS_MAX = 86_400

/**
 * Trades that agree with a history's bars where none were recorded: four a bar, at its open, high, low and close, each of a
 * quarter of its volume, so that candles made of them are the bars again. A rising bar falls to its low first, a falling one rises
 * to its high. Minutes where they are known, else hours. A bar without volume has none.
 */
export function tradesOfBars(
  history: Pick<History, 'bars'>,
  query: Parameters<NonNullable<History['trades']>>[0],
): readonly HistoryTrade[] {
  const minutes = tradesOf(history, query, '1m')
  return minutes.length > 0 ? minutes : tradesOf(history, query, '1h')
}

function tradesOf(
  history: Pick<History, 'bars'>,
  { venue, symbol, from, to }: Parameters<NonNullable<History['trades']>>[0],
  interval: '1m' | '1h',
): HistoryTrade[] {
  const seconds = INTERVAL_SECONDS[interval]
  const earliest = Math.max(from, to - WINDOW_SECONDS_MAX * 1_000) / 1_000
  const first = Math.floor(earliest / seconds) * seconds
  // The bar in which `to` lies has not closed by then, but its first trades have been made.
  const end = (Math.floor(to / 1_000 / seconds) + 1) * seconds
  return history
    .bars({ venue, symbol, interval, from: first, to: end })
    .filter(({ volume }) => volume > 0)
    .flatMap((bar) => tradesIn(bar, seconds))
    .filter(({ time }) => time > from && time <= to)
}

function tradesIn({ ts, open, high, low, close, volume }: Candle, seconds: number): HistoryTrade[] {
  const rises = close >= open
  const prices = rises ? [open, low, high, close] : [open, high, low, close]
  return prices.map((price, index) => ({
    id: (ts / seconds) * MOMENTS.length + index,
    time: Math.round((ts + (MOMENTS[index] ?? 0) * seconds) * 1_000),
    side: price >= (prices[index - 1] ?? (rises ? 0 : Number.POSITIVE_INFINITY)) ? 'buy' : 'sell',
    price,
    amount: volume / MOMENTS.length,
  }))
}
