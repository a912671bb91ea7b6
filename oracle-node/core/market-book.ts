import { depthProfile } from './depth.ts'
import type { Ladder, Level, Rejection } from './market.ts'
import { isAmount, isPrice, shown } from './market-bars.ts'

/** The deepest book that a venue serves (Coinbase's whole aggregated book) stays well below; more is an attack on memory. */
export const BOOK_LEVELS_MAX = 200_000
/** A spread beyond this leaves open where the price is: its mid is a guess. */
export const SPREAD_MAX = 0.02
/** Quote currency on either side within 2 % of the mid; with less, one small order would make the price. */
export const THIN_BOOK_DEPTH = 1_000

export type ParsedBook =
  | { readonly ok: true; readonly mid: number; readonly ladder: Ladder }
  | { readonly ok: false; readonly reason: Rejection; readonly detail: string }

/** Mid price and levels of an order book of `[price, amount]`, bids falling, asks rising. Levels of no amount are left out. */
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
  const ladder = { bids: bids.levels, asks: asks.levels }
  return thinness(ladder, mid) ?? { ok: true, mid, ladder }
}

function thinness(ladder: Ladder, mid: number): ReturnType<typeof no> | undefined {
  const [bid, ask] = [ladder.bids[0]?.[0] ?? 0, ladder.asks[0]?.[0] ?? 0]
  const spread = (ask - bid) / mid
  if (spread > SPREAD_MAX) {
    return no('thin-book', `best bid ${bid} and ask ${ask} are ${spread} of the mid apart; ${SPREAD_MAX} is the most`)
  }
  return shallowness(ladder, mid)
}

/** Why one small order would make this price, if it would: of a book, or of a pool, whose spread is its fee. */
export function shallowness(ladder: Ladder, mid: number): ReturnType<typeof no> | undefined {
  const { sell, buy } = depthProfile([{ ladder, rate: 1 }], mid)
  const depth = Math.min(sell[2], buy[2])
  if (depth >= THIN_BOOK_DEPTH) return undefined
  return no('thin-book', `${depth} of the quote currency within 2 % on one side; ${THIN_BOOK_DEPTH} is needed`)
}

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
      return no('malformed', `${name} ${index}: a price and an amount were needed, got ${told(row)}`)
    const before = levels.at(-1)?.[0] ?? level[0]
    if (name === 'bid' ? level[0] > before : level[0] < before) {
      return no('malformed', `${name} ${index} at ${level[0]} is better than the one before it, ${before}`)
    }
    if (level[1] > 0) levels.push(level)
  }
  const best = levels[0]?.[0]
  return best === undefined ? no('empty', `no ${name}s in the book`) : { ok: true, best, levels }
}

function told(row: unknown): string {
  return Array.isArray(row) ? row.slice(0, 2).map(shown).join(', ') : shown(row)
}

function parseLevel(raw: unknown): Level | undefined {
  const [price, amount]: unknown[] = Array.isArray(raw) ? raw : []
  return isPrice(price) && isAmount(amount) ? [price, amount] : undefined
}

function no(reason: Rejection, detail: string): { ok: false; reason: Rejection; detail: string } {
  return { ok: false, reason, detail }
}
