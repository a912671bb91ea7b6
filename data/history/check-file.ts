import { basename } from 'node:path'
import { BAR_SECONDS } from '../../oracle-node/core/market-rows.ts'
import { marketOfName, type NamedMarket } from './bar-interval.ts'
import { checkSeries } from './check-series.ts'
import { type Columns, missingFields } from './columns.ts'
import { commonStep } from './find-gaps.ts'
import { linesOf } from './read-lines.ts'
import { openParquet } from './read-parquet.ts'
import { openCsv, rawBarOf, type Table, type TableRow } from './read-table.ts'
import type { CheckOptions, SeriesCheck } from './series.ts'
import { timeOfNumber } from './time-format.ts'

/** Rows that are no series of prices: what they are, and when. Times in unix seconds, of the rows that have one. */
export type OtherRows = {
  readonly kind: OtherKind
  readonly rows: number
  readonly first?: number
  readonly last?: number
  /** Where the file's name says how often a row is due. */
  readonly regular?: Pick<
    SeriesCheck,
    'stepSeconds' | 'expected' | 'missing' | 'gaps' | 'duplicates' | 'outOfOrder' | 'coverage'
  >
  readonly unreadable: number
}
export type OtherKind = 'rounds' | 'events' | 'logs' | 'trades' | 'quotes' | 'prices' | 'records' | 'wire' | 'empty'

export type FileCheck = NamedMarket &
  (
    | { readonly kind: 'candles' | 'closes'; readonly check: SeriesCheck; readonly unreadable: number }
    | OtherRows
    | { readonly kind: 'unreadable'; readonly why: string }
  )

/** What is in a file, judged; a file that cannot be read says why and never throws. */
export async function checkFile(path: string, options: CheckOptions): Promise<FileCheck> {
  const market = marketOfName(path)
  try {
    if (/\.log(?:\.gz)?$/.test(path)) return { ...market, ...(await wireLog(path)) }
    const table = path.endsWith('.parquet') ? await openParquet(path) : await openCsv(path)
    if (table === undefined) return { ...market, kind: 'empty', rows: 0, unreadable: 0 }
    try {
      return { ...market, ...(await checkTable(table, market, options)) }
    } finally {
      await table.close()
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { ...market, kind: 'unreadable', why: why.replaceAll(path, basename(path)) }
  }
}

async function checkTable(table: Table, market: NamedMarket, options: CheckOptions): Promise<FileCheck> {
  const columns = priceColumns(table.columns)
  const read = await readSeries(table, columns ?? table.columns)
  const named = market.interval && BAR_SECONDS[market.interval]
  const rows = read.time.length + read.unreadable
  if (read.time.length === 0 && rows > 0 && columns !== undefined) {
    return {
      kind: 'unreadable',
      why: `none of its ${rows} rows has a time that can be read, after 1973 and before 2106`,
    }
  }
  if (read.time.length === 0) {
    return { kind: rows === 0 ? 'empty' : kindOf(table.header), rows, unreadable: read.unreadable }
  }
  const seconds = named ?? (columns && commonStep(read.time))
  if (columns === undefined || seconds === undefined) return otherRows(table, read, named, options)
  const { time, prices, unreadable } = read
  const { volume, ...four } = prices
  const kind = missingFields(table.columns).some((field) => field !== 'volume') ? 'closes' : 'candles'
  const series = { time, ...four, ...(columns.volume !== undefined && { volume }) }
  const from = named === undefined ? 'data' : 'name'
  return { kind, check: checkSeries(series, { seconds, from }, options), unreadable }
}

function otherRows(table: Table, read: ReadSeries, named: number | undefined, options: CheckOptions): OtherRows {
  const { time, unreadable } = read
  const [first, last] = extent(time)
  const other = { kind: kindOf(table.header), rows: time.length + unreadable, first, last, unreadable }
  if (named === undefined) return other
  const flat = Float64Array.from(time, () => 1)
  const series = { time, open: flat, high: flat, low: flat, close: flat }
  const check = checkSeries(series, { seconds: named, from: 'name' }, options)
  const { stepSeconds, expected, missing, gaps, duplicates, outOfOrder, coverage } = check
  return { ...other, regular: { stepSeconds, expected, missing, gaps, duplicates, outOfOrder, coverage } }
}

/** A series needs times and closes; where the other prices are missing the close stands for them. */
function priceColumns(columns: Columns): Columns | undefined {
  const { time, close } = columns
  if (time === undefined || close === undefined) return undefined
  return missingFields(columns).every((field) => field === 'volume')
    ? columns
    : { open: close, high: close, low: close, time, close }
}

const VALUES = ['open', 'high', 'low', 'close', 'volume'] as const
type ReadSeries = {
  readonly time: number[]
  readonly prices: Readonly<Record<(typeof VALUES)[number], number[]>>
  readonly unreadable: number
}

async function readSeries(table: Table, columns: Columns): Promise<ReadSeries> {
  const time: number[] = []
  const prices: ReadSeries['prices'] = { open: [], high: [], low: [], close: [], volume: [] }
  let unreadable = 0
  let width = table.header.length
  const take = (row: TableRow): void => {
    if (width === 0) width = row.fields?.length ?? 0
    const bar = rawBarOf(row, columns, width)
    if (bar === undefined || Number.isNaN(bar.time)) {
      unreadable += 1
      return
    }
    time.push(bar.time)
    for (const value of VALUES) prices[value].push(bar[value])
  }
  for await (const rows of table.rows) rows.forEach(take)
  return { time, prices, unreadable }
}

const KINDS: ReadonlyArray<readonly [OtherKind, RegExp]> = [
  ['rounds', /^(?:roundid|answeredinround)$/],
  ['logs', /^topics$/],
  ['events', /^(?:txtype|event|eventname)$/],
  ['trades', /^(?:aggressor|side|isbuyermaker|takerside)$/],
  ['quotes', /^(?:bid|ask|bidprice|askprice|priceimpact)$/],
  ['prices', /^price$/],
]

function kindOf(header: readonly string[]): OtherKind {
  const names = header.map((name) => name.toLowerCase().replaceAll(/[\s_-]/g, ''))
  return KINDS.find(([, pattern]) => names.some((name) => pattern.test(name)))?.[0] ?? 'records'
}

/** A recorded message starts with its time, or has it behind an arrow that says from where or to where it went. */
const WIRE_TIME = /(?:^|-> |<- |<-> )(\d{10,19}(?:\.\d{1,9})?)(?=[:\s]|$)/

async function wireLog(path: string): Promise<OtherRows> {
  const times: number[] = []
  let rows = 0
  const take = (line: string): void => {
    if (line === '') return
    rows += 1
    const time = timeOfNumber(Number(WIRE_TIME.exec(line.slice(0, 4_096))?.[1]))
    if (time !== undefined) times.push(time.seconds)
  }
  for await (const lines of linesOf(path)) lines.forEach(take)
  const [first, last] = extent(times)
  const unreadable = rows - times.length
  return { kind: rows === 0 ? 'empty' : 'wire', rows, unreadable, ...(times.length > 0 && { first, last }) }
}

function extent(values: readonly number[]): [number, number] {
  return values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as [number, number])
}
