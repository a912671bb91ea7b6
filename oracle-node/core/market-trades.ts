import type { Rejection } from './market.ts'
import { CLOCK_LEAD_MAX_SECONDS, isAmount, isPrice, shown } from './market-bars.ts'
import type { UnixSeconds } from './units.ts'

/** A stream keeps no more of one market than this, and no venue answers with more at once. */
export const TRADES_MAX = 5_000

export type LastTrade = { readonly price: number; readonly time: UnixSeconds }

export type ParsedTrades =
  | { readonly ok: true; readonly last: LastTrade | undefined }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/**
 * The newest of a list of trades in ccxt's unified shape (`timestamp` in ms, `price`, `amount`), in any order and with repeats, as
 * streams give them after a reconnect. Anything unsound rejects the list, as with bars.
 */
export function parseTrades(raw: unknown, now: UnixSeconds): ParsedTrades {
  if (!Array.isArray(raw)) return no('malformed', `trades: a list was needed, got ${typeof raw}`)
  if (raw.length > TRADES_MAX) return no('malformed', `${raw.length} trades; ${TRADES_MAX} is the most`)
  let last: LastTrade | undefined
  for (const [index, row] of raw.entries()) {
    const trade = parseTrade(row)
    if (typeof trade === 'string') return no('malformed', `trade ${index} of ${raw.length}: ${trade}`)
    if (trade.time > now + CLOCK_LEAD_MAX_SECONDS) {
      return no('from-the-future', `trade ${index} was made at ${trade.time}; it is ${now}`)
    }
    if (last === undefined || trade.time >= last.time) last = trade
  }
  return { ok: true, last }
}

function parseTrade(row: unknown): LastTrade | string {
  if (typeof row !== 'object' || row === null) return 'an object was needed'
  const { timestamp, price, amount }: Readonly<Record<string, unknown>> = { ...row }
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp) || timestamp < 0) {
    return `its time ${shown(timestamp)} is not a number of milliseconds`
  }
  if (!isPrice(price)) return `its price ${shown(price)} is not one that a market could have`
  if (!isAmount(amount)) return `its amount ${shown(amount)} is not one that a market could have`
  return { price, time: Math.floor(timestamp / 1_000) as UnixSeconds }
}

function no(reason: Rejection, detail: string): ParsedTrades {
  return { ok: false, reason, detail }
}
