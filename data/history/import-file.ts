import { type FileHandle, open } from 'node:fs/promises'
import { isInterval } from '../../oracle-node/core/market-rows.ts'
import type { BarInterval, MarketStore } from '../../oracle-node/ports/market-store.ts'
import { BAR_INTERVALS, intervalOf, marketOfName } from './bar-interval.ts'
import { BAR_FIELDS, missingFields, namesOf } from './columns.ts'
import { commonStep } from './find-gaps.ts'
import { unifiedSource, unifiedSymbol } from './market-name.ts'
import { openParquet } from './read-parquet.ts'
import { openCsv, rawBarOf, type Table, type TableRow } from './read-table.ts'
import { type BadRow, type Market, type RowRules, soundBars } from './sound-bars.ts'
import type { TimeFormat } from './time-format.ts'

/** What the caller says of a file, before what its name says. */
export type ImportOptions = {
  readonly source?: string
  readonly symbol?: string
  readonly interval?: BarInterval
  /** Take the sound rows in and write the others to a file beside; without it one bad row refuses the whole file. */
  readonly skipBad?: boolean
  readonly onRows?: (rows: number) => void
}

export type ImportedFile = Market & {
  readonly file: string
  readonly rows: number
  /** Unix seconds of the first and the last bar. */
  readonly first: number
  readonly last: number
  readonly timeFormats: readonly TimeFormat[]
  readonly bad: number
  /** Where the bad rows were written, when there were any. */
  readonly badFile?: string
}

/** A file that was refused; nothing of it is stored. */
export class RefusedFile extends Error {
  override name = 'RefusedFile'
}

/** Rows that one call of the store takes: enough that a year of minutes is ten calls. */
const BATCH_ROWS = 50_000
const PROBLEMS_SHOWN = 5
/** The step is known long before this many rows. */
const STEP_ROWS = 10_000

/**
 * Takes the candles of one CSV (gzipped or not) or Parquet file into a store. The file is read twice: nothing is stored before all
 * of it was judged.
 * @throws {RefusedFile} that says what was found and what was needed: columns, a market's name, sound rows.
 */
export async function importFile(path: string, store: MarketStore, options: ImportOptions): Promise<ImportedFile> {
  const survey = await surveyOf(path, options)
  if (survey.bad.count > 0 && options.skipBad !== true) throw new RefusedFile(problemsText(path, survey))
  if (survey.rows === 0)
    throw new RefusedFile(`${path} holds no sound row${survey.bad.count > 0 ? `: ${problemsText(path, survey)}` : ''}`)
  const badFile = survey.bad.count > 0 ? `${path}.bad.csv` : undefined
  const side = badFile === undefined ? undefined : await sideFile(badFile)
  try {
    await forEachBatch(path, async (rows) => {
      const { bars, bad } = soundBars(rows, survey.rules)
      await side?.write(bad.map(({ line, reason, text }) => `${line},${quoted(reason)},${quoted(text)}\n`).join(''))
      if (bars.length > 0) await store.append({ bars })
      options.onRows?.(rows.length)
    })
    await store.flush()
  } finally {
    await side?.close()
  }
  const { first, last, formats, bad } = survey
  const { market } = survey.rules
  return {
    ...market,
    file: path,
    rows: survey.rows,
    first,
    last,
    timeFormats: [...formats],
    bad: bad.count,
    ...(badFile !== undefined && { badFile }),
  }
}

async function sideFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'w')
    await file.write('line,reason,row\n')
    return file
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new RefusedFile(`the bad rows cannot be written to ${path}: ${why}; nothing is stored`, { cause: error })
  }
}

type Survey = {
  readonly rules: RowRules
  readonly rows: number
  readonly first: number
  readonly last: number
  readonly formats: ReadonlySet<TimeFormat>
  readonly bad: { readonly count: number; readonly first: readonly BadRow[] }
}

async function surveyOf(path: string, options: ImportOptions): Promise<Survey> {
  const { rules } = await rulesOf(path, options)
  let rows = 0
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const formats = new Set<TimeFormat>()
  const shownRows: BadRow[] = []
  let count = 0
  await forEachBatch(path, async (batch) => {
    const judged = soundBars(batch, rules)
    rows += judged.bars.length
    for (const { time } of judged.bars) {
      first = Math.min(first, time)
      last = Math.max(last, time)
    }
    for (const format of judged.formats) formats.add(format)
    count += judged.bad.length
    if (shownRows.length < PROBLEMS_SHOWN) shownRows.push(...judged.bad.slice(0, PROBLEMS_SHOWN - shownRows.length))
  })
  return { rules, rows, first, last, formats, bad: { count, first: shownRows } }
}

/** The file's columns and market, from its header, its name, its first rows and what the caller says. */
async function rulesOf(path: string, options: ImportOptions): Promise<{ rules: RowRules }> {
  const table = await openTable(path)
  try {
    const missing = missingFields(table.columns)
    if (missing.length > 0) throw new RefusedFile(missingText(path, table))
    const rows = await firstRows(table)
    const width = table.header.length || (rows[0]?.fields?.length ?? 0)
    return { rules: { columns: table.columns, width, market: marketOf(path, options, stepOf(rows, table, width)) } }
  } finally {
    await table.close()
  }
}

function marketOf(path: string, options: ImportOptions, step: number | undefined): Market {
  const named = marketOfName(path)
  const source = options.source ?? named.source
  const symbol = options.symbol ?? named.symbol
  const interval = options.interval ?? named.interval ?? (step === undefined ? undefined : intervalOf(step))
  const wanted = [
    ...(source === undefined ? ['--source, for instance binance'] : []),
    ...(symbol === undefined ? ['--symbol, for instance ETH/USDT'] : []),
    ...(isInterval(interval) ? [] : [`--freq, one of ${BAR_INTERVALS.join(', ')}`]),
  ]
  if (source === undefined || symbol === undefined || !isInterval(interval)) {
    throw new RefusedFile(`${path}: its name does not say which market it is of; give ${wanted.join('; and ')}`)
  }
  const unified = unifiedSymbol(symbol)
  if (unified === undefined) {
    throw new RefusedFile(`${path}: the symbol ${symbol} has no quote currency that is known; give --symbol BASE/QUOTE`)
  }
  return { source: unifiedSource(source), symbol: unified, interval }
}

async function firstRows(table: Table): Promise<readonly TableRow[]> {
  const rows: TableRow[] = []
  for await (const batch of table.rows) {
    rows.push(...batch.slice(0, STEP_ROWS - rows.length))
    if (rows.length >= STEP_ROWS) break
  }
  return rows
}

function stepOf(rows: readonly TableRow[], { columns }: Table, width: number): number | undefined {
  const times = rows.flatMap((row) => rawBarOf(row, columns, width)?.time ?? [])
  return times.length < 2 ? undefined : commonStep(times)
}

async function openTable(path: string): Promise<Table> {
  try {
    const table = /\.parquet$/i.test(path) ? await openParquet(path) : await openCsv(path)
    if (table !== undefined) return table
  } catch (error) {
    throw new RefusedFile(error instanceof Error ? error.message : String(error), { cause: error })
  }
  throw new RefusedFile(`${path} is empty; a file of candles was needed`)
}

async function forEachBatch(path: string, take: (rows: readonly TableRow[]) => Promise<void>): Promise<void> {
  const table = await openTable(path)
  try {
    let waiting: TableRow[] = []
    for await (const rows of table.rows) {
      waiting = waiting.concat(rows)
      while (waiting.length >= BATCH_ROWS) {
        await take(waiting.slice(0, BATCH_ROWS))
        waiting = waiting.slice(BATCH_ROWS)
      }
    }
    if (waiting.length > 0) await take(waiting)
  } finally {
    await table.close()
  }
}

function missingText(path: string, { header, columns }: Table): string {
  const missing = missingFields(columns)
  const found =
    header.length === 0
      ? 'a first row of numbers, but not the twelve of the Binance archive'
      : header.join(', ').slice(0, 300)
  const names = missing.map((field) => `${field} (${namesOf(field).slice(0, 4).join(', ')})`).join(', ')
  return `${path} lacks ${names}. It has: ${found}. Needed are ${BAR_FIELDS.join(', ')}; the time is the bar's open`
}

function problemsText(path: string, { bad, rows }: Survey): string {
  const lines = bad.first.map(({ line, reason, text }) => `  line ${line}: ${reason}: ${text.slice(0, 100)}`)
  const more = bad.count > lines.length ? [`  and ${bad.count - lines.length} more`] : []
  return [
    `${path} has ${bad.count} bad of ${bad.count + rows} rows; nothing of it is stored:`,
    ...lines,
    ...more,
    '  Mend the file, or give --skip-bad to take the sound rows and have the others written to a file beside it',
  ].join('\n')
}

function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
