import type { Bar } from './bar.ts'
import type { Rejection } from './market.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from './units.ts'

/** Seconds of one bar, by the names of `Source.priceInterval`. */
export const INTERVAL_SECONDS: Readonly<Record<'1m' | '1h', number>> = { '1m': 60, '1h': SECONDS_PER_HOUR }
/** No venue that we speak gives more than 1 000 at once (Binance); a longer list is not an answer to our question. */
export const CANDLES_MAX = 1_000
/** A venue's clock may lead ours by so much: its next bar may have opened already. */
export const CLOCK_LEAD_MAX_SECONDS = 30
/** Far outside any market, and no sum or product of such values overflows. */
export const PRICE_MIN = 1e-12
export const PRICE_MAX = 1e12
export const AMOUNT_MAX = 1e18
/** Quote currency of one bar: a thousand times the busiest hour of the largest market. One bar beyond it would spoil every sum over venues. */
export const BAR_VOLUME_MAX = 1e13

export type ParsedBars =
  | { readonly ok: true; readonly bars: readonly Bar[] }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/**
 * Closed bars, oldest first, from candles `[open time in ms, open, high, low, close, base volume]` of any provenance. Volume
 * becomes quote currency at the bar's close. A bar still open at `now` is left out; anything unsound rejects the whole list,
 * since a venue that errs in one row cannot be trusted in the next.
 */
export function parseBars(raw: unknown, interval: '1m' | '1h', now: UnixSeconds): ParsedBars {
  if (!Array.isArray(raw)) return no('malformed', `${interval} candles: a list was needed, got ${typeof raw}`)
  if (raw.length === 0) return no('empty', `no ${interval} candles`)
  if (raw.length > CANDLES_MAX) {
    return no('malformed', `${raw.length} ${interval} candles; ${CANDLES_MAX} is the most a venue gives`)
  }
  const seconds = INTERVAL_SECONDS[interval]
  const bars: Bar[] = []
  let before = -1
  for (const [index, row] of raw.entries()) {
    const bar = parseBar(row, seconds)
    if (typeof bar === 'string') return no('malformed', `${interval} candle ${index} of ${raw.length}: ${bar}`)
    if (bar.openTime <= before) {
      return no('malformed', `${interval} candle ${index} opens at ${bar.openTime}, not after ${before}`)
    }
    if (bar.openTime > now + CLOCK_LEAD_MAX_SECONDS) {
      return no('from-the-future', `${interval} candle ${index} opens at ${bar.openTime}; it is ${now}`)
    }
    before = bar.openTime
    if (bar.openTime + seconds <= now) bars.push(bar)
  }
  return { ok: true, bars }
}

function parseBar(row: unknown, seconds: number): Bar | string {
  if (!Array.isArray(row) || row.length < 6) return 'a row of six numbers was needed'
  const [ms, open, high, low, close, amount]: unknown[] = row
  if (typeof ms !== 'number' || !Number.isSafeInteger(ms) || ms < 0 || ms % (seconds * 1_000) !== 0) {
    return `its time ${shown(ms)} is not the start of ${seconds} s in milliseconds`
  }
  if (ms / 1_000 >= 2 ** 32) return `its time ${shown(ms)} is past the year 2106`
  if (!isPrice(open) || !isPrice(high) || !isPrice(low) || !isPrice(close)) {
    return `prices ${[open, high, low, close].map(shown).join(', ')} are not all numbers in ${PRICE_MIN}..${PRICE_MAX}`
  }
  if (high < Math.max(open, close) || low > Math.min(open, close)) {
    return `high ${high} and low ${low} do not hold open ${open} and close ${close}`
  }
  if (!isAmount(amount)) return `its volume ${shown(amount)} is not a number in 0..${AMOUNT_MAX}`
  if (amount * close > BAR_VOLUME_MAX) {
    return `its volume ${amount} at ${close} is worth more than ${BAR_VOLUME_MAX} of the quote currency`
  }
  return { openTime: (ms / 1_000) as UnixSeconds, open, high, low, close, volume: amount * close }
}

/** A price that a market could have. */
export function isPrice(value: unknown): value is number {
  return typeof value === 'number' && value >= PRICE_MIN && value <= PRICE_MAX
}

/** An amount of base currency that a market could have. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= AMOUNT_MAX
}

/** A hostile value for a message: never long. */
export function shown(value: unknown): string {
  return typeof value === 'number'
    ? `${value}`
    : typeof value === 'string'
      ? JSON.stringify(value.slice(0, 20))
      : typeof value
}

function no(reason: Rejection, detail: string): ParsedBars {
  return { ok: false, reason, detail }
}
