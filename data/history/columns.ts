/** What a bar is made of. */
export const BAR_FIELDS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const
export type BarField = (typeof BAR_FIELDS)[number]

/** Where each field stands in a row; absent where the file lacks it. */
export type Columns = Readonly<Partial<Record<BarField, number>>>

/** Usual names, in small letters without spaces and underscores, the best first. A bar's time is its open: close times are none. */
const NAMES: Readonly<Record<BarField, readonly string[]>> = {
  time: [
    'ts',
    'time',
    'opentime',
    'timestamp',
    'opentimestamp',
    'date',
    'datetime',
    'unix',
    'unixtime',
    'start',
    'starttime',
    'blocktimestamp',
    't',
  ],
  open: ['open', 'openprice', 'o'],
  high: ['high', 'highprice', 'max', 'h'],
  low: ['low', 'lowprice', 'min', 'l'],
  close: ['close', 'closeprice', 'last', 'c'],
  volume: ['volume', 'vol', 'basevolume', 'volumebase', 'amount', 'v'],
}

/** Binance's archive has no header (from 2025 on some files have): open time first, volume sixth, twelve in all. */
const BINANCE_ARCHIVE: Columns = { time: 0, open: 1, high: 2, low: 3, close: 4, volume: 5 }
const BINANCE_ARCHIVE_COLUMNS = 12

/** The columns that a header names, in any order. */
export function columnsOf(header: readonly string[]): Columns {
  const plain = header.map((name) => name.toLowerCase().replaceAll(/[\s_-]/g, ''))
  const places: [BarField, number][] = []
  for (const field of BAR_FIELDS) {
    const name = NAMES[field].find((each) => plain.includes(each))
    if (name !== undefined) places.push([field, plain.indexOf(name)])
  }
  return Object.fromEntries(places)
}

/** The columns of a file whose first row is data already: Binance's archive, or undefined. */
export function columnsWithoutHeader(first: readonly string[]): Columns | undefined {
  const numbers = first.every((text) => text.trim() !== '' && Number.isFinite(Number(text)))
  return numbers && first.length === BINANCE_ARCHIVE_COLUMNS ? BINANCE_ARCHIVE : undefined
}

/** The fields of a bar that a file lacks. */
export function missingFields(columns: Columns): readonly BarField[] {
  return BAR_FIELDS.filter((field) => columns[field] === undefined)
}

/** The names that would have been taken for a field, for a message. */
export function namesOf(field: BarField): readonly string[] {
  return NAMES[field]
}
