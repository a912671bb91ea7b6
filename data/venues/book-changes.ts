import { crc32 } from 'node:zlib'
import type { HistoryBook } from '../recorded/history.ts'

export type BookLevels = HistoryBook['bids']
/** New amounts at prices, zero where a level is gone. */
export type BookChanges = { readonly bids: BookLevels; readonly asks: BookLevels }

/** Amounts below half of a venue's last decimal would be printed as zero, which means that a level is gone. */
const AMOUNT_MIN = 5e-9

/** The best levels of a book that can be printed. */
export function topOf({ bids, asks }: HistoryBook, depth: number): HistoryBook {
  const printable = (side: BookLevels): BookLevels => side.filter(([, amount]) => amount >= AMOUNT_MIN).slice(0, depth)
  return { bids: printable(bids), asks: printable(asks) }
}

/** What turns one book into another, best levels first as in the books. */
export function changesBetween(before: HistoryBook, after: HistoryBook): BookChanges {
  return { bids: sideChanges(before.bids, after.bids), asks: sideChanges(before.asks, after.asks) }
}

function sideChanges(before: BookLevels, after: BookLevels): BookLevels {
  if (before === after) return []
  const known = new Map(before)
  const changed: (readonly [number, number])[] = []
  for (const level of after) {
    const [price, amount] = level
    if (known.get(price) !== amount) changed.push(level)
    known.delete(price)
  }
  for (const price of known.keys()) changed.push([price, 0])
  return changed
}

/** CRC-32 (ISO-HDLC) of a text as an unsigned number, as Kraken sends it. */
export function checksumOf(text: string): number {
  return crc32(text)
}

/** The same as a signed number, as OKX and Bitfinex send it. */
export function signedChecksumOf(text: string): number {
  return crc32(text) | 0
}
