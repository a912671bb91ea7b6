import { missingFields, namesOf } from '../../data/history/columns.ts'
import { openCsv, rawBarOf, type Table, type TableRow } from '../../data/history/read-table.ts'
import type { BarRow } from './bar-faults.ts'
import { symbolColumn } from './symbol-column.ts'

/** Ten years of minutes are half of it; past this the columns alone take half a gigabyte. */
const ROWS_MAX = 10_000_000

export type CsvBars = { readonly bars: BarRows; readonly lines: readonly number[] }
export type BarRows = Readonly<Record<keyof BarRow, readonly number[]>>

/**
 * Bars of a CSV file, gzipped or not, in the file's order: of one symbol, where it has several.
 * @throws {Error} that names the file and the line.
 */
export async function readCsvBars(path: string, symbol: string | undefined): Promise<CsvBars> {
  const table = await openCsv(path)
  if (table === undefined) throw new Error(`${path} is empty; a file of bars was needed`)
  try {
    return await takeBars(path, table, symbol)
  } finally {
    await table.close()
  }
}

async function takeBars(path: string, table: Table, symbol: string | undefined): Promise<CsvBars> {
  checkColumns(path, table)
  const isWanted = symbolFilter(path, table.header, symbol)
  const bars: Record<keyof BarRow, number[]> = { time: [], open: [], high: [], low: [], close: [], volume: [] }
  const lines: number[] = []
  for await (const batch of table.rows) {
    for (const row of batch.filter(isWanted)) {
      const bar = barOf(path, table, row)
      for (const field of FIELDS) bars[field].push(bar[field])
      lines.push(row.line)
    }
    if (lines.length > ROWS_MAX) {
      throw new Error(
        `${path} has more than ${ROWS_MAX} rows of one market; give it as Parquet, which is read piece by piece`,
      )
    }
  }
  if (lines.length === 0) throw new Error(`${path} has no row${symbol === undefined ? '' : ` of the symbol ${symbol}`}`)
  return { bars, lines }
}

function checkColumns(path: string, { columns, header }: Table): void {
  const missing = missingFields(columns)
  if (missing.length === 0) return
  const needed = missing.map((field) => `${field} (${namesOf(field).slice(0, 4).join(', ')})`).join(', ')
  throw new Error(`${path} lacks ${needed}. It has: ${header.join(', ').slice(0, 300)}`)
}

function barOf(path: string, { columns, header }: Table, row: TableRow): BarRow {
  const width = header.length || (row.fields?.length ?? 0)
  const bar = rawBarOf(row, columns, width)
  if (bar === undefined) throw new Error(`${path}, line ${row.line}: ${row.text.slice(0, 100)} is not ${width} fields`)
  if (Number.isNaN(bar.time)) throw new Error(`${path}, line ${row.line}: ${row.text.slice(0, 100)} has no time`)
  return bar
}

const FIELDS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const

/** Which rows are the market's; of a file with several symbols one must be named. */
function symbolFilter(path: string, header: readonly string[], symbol: string | undefined): (row: TableRow) => boolean {
  const name = symbolColumn(header)
  const column = name === undefined ? -1 : header.indexOf(name)
  if (symbol !== undefined && name === undefined) {
    throw new Error(`${path} has no column of symbols to find ${symbol} in; it has ${header.join(', ').slice(0, 300)}`)
  }
  let only = symbol
  return ({ fields, line }) => {
    if (column === -1) return true
    const found = fields?.[column] ?? ''
    only ??= found
    if (found !== only && symbol === undefined) {
      throw new Error(`${path}, line ${line}: a second symbol, ${found} after ${only}; say which is meant (symbol)`)
    }
    return found === only
  }
}
