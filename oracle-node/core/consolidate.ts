import { type Bar, HISTORY_HOURS } from './bar.ts'
import { invariant } from './errors.ts'
import type { MarketTick, Source } from './market.ts'
import { median } from './stats.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from './units.ts'

/** What a stablecoin is worth in USD: now, and by the hour where its own bars are known. */
export type QuoteRate = { readonly now: number; readonly bars?: readonly Bar[] }
export type QuoteRates = Readonly<Partial<Record<Source['quote'], QuoteRate>>>

/** So many hours in a row without a bar anywhere are filled flat; a longer hole is left open, for features to count as missing. */
export const CARRY_HOURS_MAX = 3

/** Where three venues or more traded in an hour, none counts for more than so many times all the others together. */
export const DOMINANCE_MAX = 4

/**
 * Hourly bars in USD over several sources, oldest first: the median of opens, highs, lows and closes over venues, of each venue's
 * median over its markets, and the sum of volumes, so that one venue neither makes an hour with many markets nor with made-up
 * volume. In an hour in which somebody traded, a bar without volume is no vote: it repeats an older price. The order of
 * `ticks` does not matter.
 * @param ticks of sources whose quote currency has a rate; others are left out.
 */
export function consolidate(ticks: readonly MarketTick[], rates: QuoteRates, now: UnixSeconds): Bar[] {
  const end = now - (now % SECONDS_PER_HOUR)
  const start = end - HISTORY_HOURS * SECONDS_PER_HOUR
  const hours = new Map<number, Map<string, Bar[]>>()
  for (const { source, bars } of ticks) {
    const toUsd = converter(source.quote, rates)
    if (toUsd === undefined) continue
    for (const bar of bars) {
      if (bar.openTime < start || bar.openTime >= end) continue
      const hour = hours.get(bar.openTime) ?? new Map<string, Bar[]>()
      const own = hour.get(source.venue)
      if (own === undefined) hour.set(source.venue, [toUsd(bar)])
      else own.push(toUsd(bar))
      hours.set(bar.openTime, hour)
    }
  }
  const merged = [...hours.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, byVenue]) =>
      merge(
        [...byVenue.values()].map((own) => merge(own)),
        DOMINANCE_MAX,
      ),
    )
  return fillShortHoles(merged)
}

/** The hour's rate where its bar is known, else the present one: a depeg of last week must not wear today's rate. */
function converter(quote: Source['quote'], rates: QuoteRates): ((bar: Bar) => Bar) | undefined {
  if (quote === 'USD') return (bar) => bar
  const rate = rates[quote]
  if (rate === undefined) return undefined
  const byHour = new Map((rate.bars ?? []).map((bar) => [bar.openTime as number, bar.close]))
  return (bar) => scaled(bar, byHour.get(bar.openTime) ?? rate.now)
}

function scaled(bar: Bar, rate: number): Bar {
  return {
    openTime: bar.openTime,
    open: bar.open * rate,
    high: bar.high * rate,
    low: bar.low * rate,
    close: bar.close * rate,
    volume: bar.volume * rate,
  }
}

/** Bars of one hour as one. */
function merge(bars: readonly Bar[], dominanceMax: number = Number.POSITIVE_INFINITY): Bar {
  const [first] = bars
  invariant(first !== undefined, 'an hour without a bar')
  if (bars.length === 1) return first
  const traded = bars.filter((bar) => bar.volume > 0)
  const votes = traded.length > 0 ? traded : bars
  return {
    openTime: first.openTime,
    open: median(votes.map((bar) => bar.open)),
    high: median(votes.map((bar) => bar.high)),
    low: median(votes.map((bar) => bar.low)),
    close: median(votes.map((bar) => bar.close)),
    volume: boundedSum(
      traded.map((bar) => bar.volume),
      dominanceMax,
    ),
  }
}

/** Sorted, so that the sum's last bits do not depend on the order of the sources. */
function boundedSum(volumes: readonly number[], dominanceMax: number): number {
  const sorted = volumes.toSorted((a, b) => a - b)
  const largest = sorted.at(-1) ?? 0
  const others = sorted.slice(0, -1).reduce((sum, volume) => sum + volume, 0)
  return others + (sorted.length < 3 ? largest : Math.min(largest, dominanceMax * others))
}

function fillShortHoles(bars: readonly Bar[]): Bar[] {
  const filled: Bar[] = []
  for (const bar of bars) {
    const before = filled.at(-1)
    const hole = before === undefined ? 0 : (bar.openTime - before.openTime) / SECONDS_PER_HOUR - 1
    for (let hour = 1; before !== undefined && hole <= CARRY_HOURS_MAX && hour <= hole; hour++) {
      filled.push(flat(before.close, before.openTime + hour * SECONDS_PER_HOUR))
    }
    filled.push(bar)
  }
  return filled
}

function flat(price: number, openTime: number): Bar {
  return { openTime: openTime as UnixSeconds, open: price, high: price, low: price, close: price, volume: 0 }
}
