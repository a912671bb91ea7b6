import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** One recorded bar: `ts` is the bar's open in unix seconds; `volume` in base units. */
export type Candle = {
  readonly ts: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

const COLUMNS = ['ts', 'open', 'high', 'low', 'close', 'volume'] as const
/** A year of minutes is 40 MB of text; a file that unpacks to more than this is not one of ours. */
const UNPACKED_BYTES_MAX = 512 * 1_024 * 1_024

/**
 * Reads a gzipped candle file of the recorded market data, oldest first. The files are bare numbers between commas, so lines are split and not
 * parsed as CSV, which takes six times as long; a quoted field is refused as not a number.
 * @throws {Error} that names the file, the line and the column when a column is missing or a value is not a number.
 */
export function readCandles(path: string): Candle[] {
  const [header = '', ...lines] = textOf(path).split(/\r?\n/)
  const names = header.split(',')
  const places = COLUMNS.map((column) => names.indexOf(column))
  const missing = COLUMNS.filter((_, index) => places[index] === -1)
  if (missing.length > 0) {
    throw new Error(
      `${path} lacks ${missing.join(', ')}; it has ${names.join(', ').slice(0, 200)}. Is it a candle file?`,
    )
  }
  const candles: Candle[] = []
  for (const [index, line] of lines.entries()) {
    if (line !== '') candles.push(toCandle(line.split(','), places, `${path} line ${index + 2}`))
  }
  if (candles.length === 0) throw new Error(`${path} holds no rows; it needs the columns ${COLUMNS.join(', ')}`)
  return candles.sort((a, b) => a.ts - b.ts)
}

function textOf(path: string): string {
  const packed = readFileSync(path)
  try {
    return gunzipSync(packed, { maxOutputLength: UNPACKED_BYTES_MAX }).toString()
  } catch (error) {
    throw new Error(`${path} cannot be unpacked; a gzipped candle file was needed`, { cause: error })
  }
}

function toCandle(fields: readonly string[], places: readonly number[], where: string): Candle {
  const value = (column: number): number => {
    const text = fields[places[column] ?? -1] ?? ''
    const number = text.trim() === '' ? Number.NaN : Number(text)
    if (!Number.isFinite(number)) {
      throw new Error(`${where}: ${COLUMNS[column]} is ${JSON.stringify(text)}, a number was needed`)
    }
    return number
  }
  return { ts: value(0), open: value(1), high: value(2), low: value(3), close: value(4), volume: value(5) }
}
