import { BAR_SECONDS } from '../../oracle-node/core/market-rows.ts'
import { columnsOf } from './columns.ts'
import type { Piece } from './fetch-pieces.ts'
import { type Market, soundBars } from './sound-bars.ts'

/**
 * One answer of a venue: candles `[open time in ms, open, high, low, close, volume]` from `since` (ms) on, at most `limit`.
 * @throws {FetchFault} of `fetch-pieces.ts`.
 */
export type CandlePage = (
  ask: { readonly since: number; readonly limit: number },
  signal: AbortSignal,
) => Promise<readonly unknown[]>

export type PagesRequest = {
  readonly market: Market
  /** Unix seconds, [from, to). */
  readonly from: number
  readonly to: number
  readonly now: number
  /** Candles that the venue gives at once. */
  readonly pageBars: number
  readonly page: CandlePage
}

const FIELDS = ['time', 'open', 'high', 'low', 'close', 'volume']
const COLUMNS = columnsOf(FIELDS)

/** Pages of candles for a period, oldest first. They begin at the same times whatever the period, so that a later run knows them again. */
export function candlePages({ market, from, to, now, pageBars, page }: PagesRequest): Piece[] {
  const step = BAR_SECONDS[market.interval]
  const length = step * pageBars
  const end = Math.min(to, now)
  const pieces: Piece[] = []
  // An answer that begins later than its page says that there is nothing before: the pages until then need not be asked for.
  let nothingUntil = Number.NEGATIVE_INFINITY
  for (let start = Math.floor(from / length) * length; start < end; start += length) {
    // A bar that has not closed is not asked for, or it would be stored as it stands.
    const closed = Math.floor(now / step) * step
    const piece = { from: start, to: Math.min(start + length, closed) }
    if (piece.to <= piece.from) continue
    pieces.push({
      ...piece,
      id: new Date(start * 1_000).toISOString().slice(0, 16),
      open: start + length > closed,
      load: async (signal) => {
        if (piece.to <= nothingUntil) return { kind: 'not-there' }
        const given = await page({ since: start * 1_000, limit: pageBars }, signal)
        // Venues answer from the time on, and some give what they have, newer than what was asked for.
        const rows = given.filter((row) => Array.isArray(row) && isWithin(row[0], piece)).map(toRow)
        if (rows.length === 0) {
          nothingUntil = Math.max(nothingUntil, earliestAfter(given, piece.to))
          return { kind: 'not-there' }
        }
        const { bars, bad } = soundBars(rows, { market, columns: COLUMNS, width: FIELDS.length })
        return { kind: 'bars', bars, bad, bytes: 0 }
      },
    })
  }
  return pieces
}

/** Unix seconds of the first candle at `to` or later. */
function earliestAfter(given: readonly unknown[], to: number): number {
  const times = given.flatMap((row): unknown[] => (Array.isArray(row) ? [row[0]] : []))
  const later = times.filter((ms): ms is number => typeof ms === 'number' && ms >= to * 1_000)
  return later.length === 0 ? Number.NEGATIVE_INFINITY : later.reduce((a, b) => Math.min(a, b)) / 1_000
}

function isWithin(ms: unknown, { from, to }: { readonly from: number; readonly to: number }): boolean {
  return typeof ms === 'number' && ms >= from * 1_000 && ms < to * 1_000
}

function toRow(candle: unknown, index: number): { line: number; text: string; fields: string[] } {
  const values: unknown[] = Array.isArray(candle) ? candle.slice(0, FIELDS.length) : []
  const fields = values.map((value) => (typeof value === 'number' ? `${value}` : ''))
  return { line: index + 1, text: fields.join(','), fields }
}
