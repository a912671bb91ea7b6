import type { VenueId } from '../../oracle-node/core/market.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import type { MarketName } from './history.ts'
import type { Candle } from './read-candles.ts'

/** One market's candles, oldest first; without minutes where only hours are known. */
export type MarketCandles = MarketName & {
  readonly venue: VenueId
  readonly minutes: readonly Candle[]
  readonly hours: readonly Candle[]
}

/** Hours out of minutes as a venue makes them: first open, highest high, lowest low, last close, all volume. */
export function hoursOf(minutes: readonly Candle[]): Candle[] {
  const hours: Candle[] = []
  for (const minute of minutes) {
    const ts = minute.ts - (minute.ts % SECONDS_PER_HOUR)
    const hour = hours.at(-1)
    if (hour?.ts !== ts) hours.push({ ...minute, ts })
    else hours[hours.length - 1] = join(hour, minute)
  }
  return hours
}

/** Two candles of one market, the earlier first, as one that opens when the first does. */
export function join(first: Candle, second: Candle): Candle {
  return {
    ts: first.ts,
    open: first.open,
    high: Math.max(first.high, second.high),
    low: Math.min(first.low, second.low),
    close: second.close,
    volume: first.volume + second.volume,
  }
}

/** The candles that open at `from` or later and have closed by `to`, which may be a fraction of a second. */
export function closedWithin(candles: readonly Candle[], seconds: number, from: number, to: number): readonly Candle[] {
  return candles.slice(firstAt(candles, from), Math.max(0, firstAt(candles, Math.floor(to) - seconds + 1)))
}

/** Index of the first candle that opens at `ts` or later. */
function firstAt(candles: readonly Candle[], ts: number): number {
  let low = 0
  let high = candles.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((candles[middle]?.ts ?? 0) < ts) low = middle + 1
    else high = middle
  }
  return low
}
