import type { Bar } from './bar.ts'
import type { MarketTick, RawMarket, Rejection, VenueSource } from './market.ts'
import { CLOCK_LEAD_MAX_SECONDS, INTERVAL_SECONDS, parseBars } from './market-bars.ts'
import { parseBook } from './market-book.ts'
import { parseTrades } from './market-trades.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from './units.ts'

export type ParsedTick =
  | { readonly ok: true; readonly tick: MarketTick }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/** Closed hours below this cannot show whether a price is a jump. */
export const HOURS_MIN = 24
/** A history whose newest closed hour ended longer ago is not this market's any more: venues skip hours without trades, not three. */
export const HOURS_AGE_MAX_SECONDS: number = 3 * SECONDS_PER_HOUR
/** Mid against the last trade, as a ratio: minutes apart they differ by less even in the crash of March 2020. */
export const JUMP_MAX = 0.2

/**
 * A venue's answer, checked: the only door by which a venue's data enters. Only bars that closed by `now` count. The price is the
 * book's mid where the source has a book, else the newest trade: one of the list where there is one, or the close of the last
 * closed bar with a trade in it, for a flat bar without volume only repeats an older price. Its time is the trade's, or the bar's
 * end. Never throws, whatever `raw` holds.
 */
export function parseTick(args: {
  readonly source: VenueSource
  readonly raw: RawMarket
  readonly now: UnixSeconds
}): ParsedTick {
  const { source, raw, now } = args
  const hours = parseBars(raw.hours, '1h', now)
  if (!hours.ok) return hours
  if (hours.bars.length < HOURS_MIN) {
    return no('too-few-bars', `${hours.bars.length} closed hours; ${HOURS_MIN} are needed`)
  }
  const historyAge = now - endOf(hours.bars.at(-1), SECONDS_PER_HOUR)
  if (historyAge > HOURS_AGE_MAX_SECONDS) {
    return no('stale', `the last closed hour ended ${historyAge} s ago; ${HOURS_AGE_MAX_SECONDS} s is the most`)
  }
  const last = lastPrice(source, raw, hours.bars, now)
  if (!last.ok) return last
  if (now - last.time > source.maxAgeSeconds) {
    return no('stale', `the last trade is ${now - last.time} s old; ${source.maxAgeSeconds} s is the most`)
  }
  const tick = { source, price: last.price, time: last.time, bars: hours.bars }
  return source.book ? withBook(tick, source, raw, now) : { ok: true, tick }
}

type LastPrice =
  | { readonly ok: true; readonly price: number; readonly time: UnixSeconds }
  | Extract<ParsedTick, { ok: false }>

/** The newer of the last trade of the list and the last bar that somebody traded in. */
function lastPrice(source: VenueSource, raw: RawMarket, hours: readonly Bar[], now: UnixSeconds): LastPrice {
  const { priceInterval } = source
  const fine = priceInterval === '1m' ? parseBars(raw.minutes, '1m', now) : { ok: true as const, bars: hours }
  if (!fine.ok) return fine
  const trades = raw.trades === undefined ? { ok: true as const, last: undefined } : parseTrades(raw.trades, now)
  if (!trades.ok) return trades
  const bar = fine.bars.findLast(({ volume }) => volume > 0)
  const end = endOf(bar, INTERVAL_SECONDS[priceInterval]) as UnixSeconds
  if (trades.last !== undefined && trades.last.time >= end) return { ok: true, ...trades.last }
  if (bar !== undefined) return { ok: true, price: bar.close, time: end }
  return no('stale', `no trade in the last ${fine.bars.length} closed ${priceInterval} bars`)
}

/** A book that a stream keeps is as old as the last sign of life with the venue; one that was asked for is of now. */
function withBook(last: MarketTick, source: VenueSource, raw: RawMarket, now: UnixSeconds): ParsedTick {
  const time = raw.bookTime === undefined ? now : (Math.floor(raw.bookTime) as UnixSeconds)
  if (!(time <= now + CLOCK_LEAD_MAX_SECONDS)) return no('from-the-future', `the book is of ${time}; it is ${now}`)
  if (now - time > source.maxAgeSeconds) {
    return no('stale', `the book is ${now - time} s old; ${source.maxAgeSeconds} s is the most`)
  }
  const book = parseBook(raw.book)
  if (!book.ok) return book
  const jump = Math.abs(book.mid / last.price - 1)
  if (jump > JUMP_MAX)
    return no('jump', `mid ${book.mid} is ${jump} away from the last trade, ${last.price}; ${JUMP_MAX} is the most`)
  return { ok: true, tick: { ...last, price: book.mid, time, ladder: book.ladder } }
}

function endOf(bar: Bar | undefined, seconds: number): number {
  return bar === undefined ? 0 : bar.openTime + seconds
}

function no(reason: Rejection, detail: string): Extract<ParsedTick, { ok: false }> {
  return { ok: false, reason, detail }
}
