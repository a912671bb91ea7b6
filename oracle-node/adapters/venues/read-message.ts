import { isAmount, isPrice } from '../../core/market-bars.ts'

/** More rows than this in one message are no book: Coinbase's deepest has about a third. */
const ROWS_MAX = 200_000
/** No venue writes a number longer than this. */
const DIGITS_MAX = 40

/** Hardly any update has more rows, and any snapshot worth the name does. */
const UPDATE_ROWS_MAX = 64

/**
 * Two places where lists are made, though both make the same: once the lists of a place have lived long, as those of snapshots do, V8
 * puts all that it makes there later straight into the old part of the heap, which the short-lived ones of updates then fill. With
 * `few` in book-side.ts, measured with 16,000 updates a second: about 680 MiB instead of 900.
 */
const listOfSnapshot = (): number[] => []
const listOfUpdate = (): number[] => []

/** An object with unknown fields, as JSON gives it. */
export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The first element of a list, if it is an object. */
export function firstOf(list: unknown): Fields | undefined {
  const first: unknown = Array.isArray(list) ? list[0] : undefined
  return isFields(first) ? first : undefined
}

/** A number, from itself or its decimal text; not a number from anything else. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value
  return typeof value === 'string' && value.length > 0 && value.length <= DIGITS_MAX ? Number(value) : Number.NaN
}

/** A whole number that a `number` holds exactly, else undefined. */
export function integerOf(value: unknown): number | undefined {
  const number = numberOf(value)
  return Number.isSafeInteger(number) ? number : undefined
}

/**
 * Rows of levels as price, amount, price, amount…; undefined if one row is not a level, for a book with a hole in it is worse than
 * none. A list that is absent has no rows.
 */
export function levelsOf(
  rows: unknown,
  price: number | string = 0,
  amount: number | string = 1,
): readonly number[] | undefined {
  if (rows === undefined || rows === null) return []
  if (!Array.isArray(rows) || rows.length > ROWS_MAX) return undefined
  const levels = rows.length > UPDATE_ROWS_MAX ? listOfSnapshot() : listOfUpdate()
  for (const row of rows) {
    if (typeof row !== 'object' || row === null) return undefined
    const at = numberOf(row[price])
    const of = numberOf(row[amount])
    if (!isPrice(at) || !isAmount(of)) return undefined
    levels.push(at, of)
  }
  return levels
}
