import type { Bar } from './bar.ts'
import type { MarketTick, RawMarket, Rejection, Source } from './market.ts'
import { INTERVAL_SECONDS, parseBars } from './market-bars.ts'
import { parseBook } from './market-book.ts'
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
 * A source's answer, checked: the only door by which a venue's data enters. Only bars that closed by `now` count. The price is
 * the book's mid where the source has a book, else the close of the last closed bar with a trade in it, for a flat bar
 * without volume only repeats an older price; its time is that bar's end. Never throws, whatever `raw` holds.
 */
export function parseTick(args: {
  readonly source: Source
  readonly raw: RawMarket
  readonly now: UnixSeconds
}): ParsedTick {
  const { source, raw, now } = args
  const hours = parseBars(raw.hours, '1h', now)
  if (!hours.ok) return hours
  const fine = source.priceInterval === '1m' ? parseBars(raw.minutes, '1m', now) : hours
  if (!fine.ok) return fine
  if (hours.bars.length < HOURS_MIN) {
    return no('too-few-bars', `${hours.bars.length} closed hours; ${HOURS_MIN} are needed`)
  }
  const historyAge = now - endOf(hours.bars.at(-1), SECONDS_PER_HOUR)
  if (historyAge > HOURS_AGE_MAX_SECONDS) {
    return no('stale', `the last closed hour ended ${historyAge} s ago; ${HOURS_AGE_MAX_SECONDS} s is the most`)
  }
  const traded = fine.bars.findLast((bar) => bar.volume > 0)
  if (traded === undefined)
    return no('stale', `no trade in the last ${fine.bars.length} closed ${source.priceInterval} bars`)
  const time = endOf(traded, INTERVAL_SECONDS[source.priceInterval])
  if (now - time > source.maxAgeSeconds) {
    return no('stale', `the last trade is ${now - time} s old; ${source.maxAgeSeconds} s is the most`)
  }
  const last = { source, price: traded.close, time: time as UnixSeconds, bars: hours.bars }
  return source.book ? withBook(last, raw.book, now) : { ok: true, tick: last }
}

function withBook(last: MarketTick, raw: unknown, now: UnixSeconds): ParsedTick {
  const book = parseBook(raw)
  if (!book.ok) return book
  const jump = Math.abs(book.mid / last.price - 1)
  if (jump > JUMP_MAX)
    return no('jump', `mid ${book.mid} is ${jump} away from the last trade, ${last.price}; ${JUMP_MAX} is the most`)
  return { ok: true, tick: { ...last, price: book.mid, time: now, depth: book.depth } }
}

function endOf(bar: Bar | undefined, seconds: number): number {
  return bar === undefined ? 0 : bar.openTime + seconds
}

function no(reason: Rejection, detail: string): ParsedTick {
  return { ok: false, reason, detail }
}
