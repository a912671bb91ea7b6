import { parse } from 'csv-parse/sync'
import { type Columns, columnsOf, columnsWithoutHeader } from './columns.ts'
import { linesOf } from './read-lines.ts'
import { numberOf } from './read-number.ts'
import { parseTime, type TimeFormat } from './time-format.ts'

/** A row of a file as text: `fields` is undefined where the row cannot be taken apart. */
export type TableRow = { readonly line: number; readonly text: string; readonly fields: readonly string[] | undefined }

/** A file of rows. `header` is empty where the file has none; `rows` can be read once. */
export type Table = {
  readonly header: readonly string[]
  readonly columns: Columns
  readonly rows: AsyncIterable<readonly TableRow[]>
  close(): Promise<void>
}

const DELIMITERS = [',', ';', '\t'] as const

/**
 * Opens a file of comma-, semicolon- or tab-separated rows, gzipped or not; undefined when nothing is in it.
 * @throws {Error} that names the file when it cannot be read.
 */
export function openCsv(path: string): Promise<Table | undefined> {
  return tableOf(linesOf(path))
}

/** The same of lines that come from elsewhere. */
export async function tableOf(batches: AsyncGenerator<readonly string[]>): Promise<Table | undefined> {
  let batch: readonly string[] = []
  let line = 0
  // Blank lines before the header are nothing.
  while (!batch.some(isFilled)) {
    const next = await batches.next()
    if (next.done === true) return undefined
    const skipped = next.value.findIndex(isFilled)
    line += skipped === -1 ? next.value.length : skipped
    batch = skipped === -1 ? [] : next.value.slice(skipped)
  }
  const [first = ''] = batch
  const delimiter = DELIMITERS.toSorted((a, b) => first.split(b).length - first.split(a).length)[0] ?? ','
  const names = fieldsOf(first, delimiter) ?? []
  const bare = columnsWithoutHeader(names)
  return {
    header: bare ? [] : names.map((name) => name.trim()),
    columns: bare ?? columnsOf(names),
    rows: rowsOf({ first: bare ? batch : batch.slice(1), batches, line: line + (bare ? 0 : 1), delimiter }),
    close: async () => {
      await batches.return(undefined)
    },
  }
}

async function* rowsOf(from: {
  first: readonly string[]
  batches: AsyncIterable<readonly string[]>
  line: number
  delimiter: string
}): AsyncGenerator<readonly TableRow[]> {
  let { line } = from
  const take = (lines: readonly string[]): TableRow[] => {
    const rows: TableRow[] = []
    for (const text of lines) {
      line += 1
      if (isFilled(text)) rows.push({ line, text, fields: fieldsOf(text, from.delimiter) })
    }
    return rows
  }
  yield take(from.first)
  for await (const lines of from.batches) yield take(lines)
}

function isFilled(line: string): boolean {
  return line.trim() !== ''
}

/** Without quotes a row is what stands between its commas; the parser that knows quotes takes ten times as long. */
function fieldsOf(line: string, delimiter: string): readonly string[] | undefined {
  if (!line.includes('"')) return line.split(delimiter)
  try {
    const [row]: string[][] = parse(line, { delimiter })
    return row
  } catch {
    return undefined
  }
}

/** The numbers of a row that is to be a bar: NaN where there is none, and no format where there is no time. */
export type RawBar = {
  readonly time: number
  readonly format: TimeFormat | undefined
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

/** A row's bar; undefined where the row cannot be taken apart or has another number of fields than `width`. */
export function rawBarOf(row: TableRow, columns: Columns, width: number): RawBar | undefined {
  const { fields } = row
  if (fields === undefined || fields.length !== width) return undefined
  const time = parseTime(fields[columns.time ?? -1] ?? '')
  const value = (column: number | undefined): number => numberOf(fields[column ?? -1] ?? '')
  return {
    time: time?.seconds ?? Number.NaN,
    format: time?.format,
    open: value(columns.open),
    high: value(columns.high),
    low: value(columns.low),
    close: value(columns.close),
    volume: value(columns.volume),
  }
}
