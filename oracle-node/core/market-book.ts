import type { Rejection } from './market.ts'
import { isAmount, isPrice } from './market-bars.ts'

/** The deepest book that a venue serves (Coinbase's whole aggregated book) stays well below; more is an attack on memory. */
export const BOOK_LEVELS_MAX = 200_000
/** `depth` counts bids down to this share below the mid, by the definition of a record's depth (DESIGN §2). */
export const DEPTH_FALL = 0.02

export type ParsedBook =
  | { readonly ok: true; readonly mid: number; readonly depth: number }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/**
 * Mid price, and the quote currency that can be sold into the bids before the price falls {@link DEPTH_FALL}. Where a venue
 * cuts its book short of that, the depth is a lower bound. Levels are `[price, amount]`, bids falling, asks rising.
 */
export function parseBook(raw: unknown): ParsedBook {
  if (typeof raw !== 'object' || raw === null || !('bids' in raw) || !('asks' in raw)) {
    return no('malformed', 'an order book has bids and asks')
  }
  const bids = parseSide(raw.bids, 'bid')
  if (!bids.ok) return bids
  const asks = parseSide(raw.asks, 'ask')
  if (!asks.ok) return asks
  if (bids.best >= asks.best) return no('crossed-book', `best bid ${bids.best} is not below best ask ${asks.best}`)
  const mid = (bids.best + asks.best) / 2
  const floor = mid * (1 - DEPTH_FALL)
  let depth = 0
  for (const [price, amount] of bids.levels) if (price >= floor) depth += price * amount
  return { ok: true, mid, depth }
}

type Level = readonly [price: number, amount: number]
type Side =
  | { readonly ok: true; readonly best: number; readonly levels: readonly Level[] }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

function parseSide(raw: unknown, name: 'bid' | 'ask'): Side {
  if (!Array.isArray(raw)) return no('malformed', `${name}s: a list was needed, got ${typeof raw}`)
  if (raw.length > BOOK_LEVELS_MAX) return no('malformed', `${raw.length} ${name}s; ${BOOK_LEVELS_MAX} is the most`)
  const levels: Level[] = []
  for (const [index, row] of raw.entries()) {
    const level = parseLevel(row)
    if (level === undefined)
      return no(
        'malformed',
        `${name} ${index}: a price and an amount were needed, got ${JSON.stringify(row)?.slice(0, 60)}`,
      )
    const before = levels.at(-1)?.[0] ?? level[0]
    if (name === 'bid' ? level[0] > before : level[0] < before) {
      return no('malformed', `${name} ${index} at ${level[0]} is better than the one before it, ${before}`)
    }
    if (level[1] > 0) levels.push(level)
  }
  const best = levels[0]?.[0]
  return best === undefined ? no('empty', `no ${name}s in the book`) : { ok: true, best, levels }
}

function parseLevel(raw: unknown): Level | undefined {
  const [price, amount]: unknown[] = Array.isArray(raw) ? raw : []
  return isPrice(price) && isAmount(amount) ? [price, amount] : undefined
}

function no(reason: Rejection, detail: string): { ok: false; reason: Rejection; detail: string } {
  return { ok: false, reason, detail }
}
