import type { DuckDBDataChunk } from '@duckdb/node-api'
import type { BarInterval, BarRow, BarSeries } from '../../core/market-rows.ts'
import type { MarketFilter } from '../../ports/market-store.ts'
import type { DuckEngine } from './duck-engine.ts'
import { BARS, compareMarkets, type Market, marketKey } from './kinds.ts'
import { loggedRows, type SequencedTable } from './log-table.ts'
import type { Partition } from './partition-files.ts'
import { BARS_PER_READ_MAX, checkCount, type FileOfMarket, fileAt, filesOf, queryFiles } from './read-files.ts'

const FIELDS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const
type Columns = Readonly<Record<(typeof FIELDS)[number], Float64Array>>
/** Rows [from, to) of the columns that came from one place. */
type Run = { readonly sequence: number; readonly from: number; to: number }
type Runs = Market & { readonly runs: Run[] }

export type BarFilter = MarketFilter & { readonly interval: BarInterval }

/** Bars of files and of the log as one series a market; of two bars of one time the one that came later counts. */
export async function readBars(
  engine: DuckEngine,
  partitions: readonly Partition[],
  logs: readonly SequencedTable<BarRow>[],
  filter: BarFilter,
): Promise<BarSeries[]> {
  const rows = collector()
  const files = filesOf(partitions)
  const query = {
    kind: BARS,
    columns: FIELDS.map((name) => `"${name}"::DOUBLE`),
    filter,
    where: `"interval" = '${filter.interval}'`,
  }
  await queryFiles(engine, files, query, (chunk, first) => takeBars(chunk, files, first, rows))
  for (const { market, sequence, row } of loggedRows(BARS, logs, filter)) {
    if (row.interval !== filter.interval) continue
    rows.begin(market, sequence)
    for (const [field, name] of FIELDS.entries()) rows.put(field, row[name])
  }
  return rows.series(filter.interval)
}

type Collector = ReturnType<typeof collector>

function takeBars(chunk: DuckDBDataChunk, files: readonly FileOfMarket[], first: number, rows: Collector): void {
  const [index, ...values] = Array.from({ length: FIELDS.length + 1 }, (_, column) => chunk.getColumnVector(column))
  const { rowCount } = chunk
  for (let row = 0; row < rowCount; row++) {
    const file = fileAt(files, first + Number(index?.getItem(row)))
    rows.begin(file, file.sequence)
    for (let field = 0; field < FIELDS.length; field++) rows.put(field, Number(values[field]?.getItem(row)))
  }
}

/** Takes rows one after the other into columns, and remembers which stretch belongs to which market. */
function collector() {
  let capacity = 8_192
  let count = 0
  let columns = FIELDS.map(() => new Float64Array(capacity))
  const markets = new Map<string, Runs>()
  let current: { readonly market: Market; readonly sequence: number; readonly run: Run } | undefined
  const grow = (): void => {
    capacity *= 2
    columns = columns.map((column) => {
      const longer = new Float64Array(capacity)
      longer.set(column)
      return longer
    })
  }
  return {
    /** Begins the next row. */
    begin: (market: Market, sequence: number): void => {
      if (current?.market !== market) {
        const key = marketKey(market)
        const runs = markets.get(key) ?? { source: market.source, symbol: market.symbol, runs: [] }
        markets.set(key, runs)
        const run = { sequence, from: count, to: count }
        runs.runs.push(run)
        current = { market, sequence, run }
      }
      checkCount('bars', count + 1, BARS_PER_READ_MAX)
      if (count === capacity) grow()
      count += 1
      current.run.to = count
    },
    put: (field: number, value: number): void => {
      const column = columns[field]
      if (column !== undefined) column[count - 1] = value
    },
    series: (interval: BarInterval): BarSeries[] => {
      const [time = NONE, open = NONE, high = NONE, low = NONE, close = NONE, volume = NONE] = columns
      const all = { time, open, high, low, close, volume }
      return [...markets.values()]
        .toSorted(compareMarkets)
        .map(({ source, symbol, runs }) => ({ source, symbol, interval, ...merged(all, runs) }))
    },
  }
}

const NONE = new Float64Array(0)

function merged(columns: Columns, runs: readonly Run[]): Columns {
  const whole = wholeRun(columns.time, runs)
  // A copy, so that one market kept does not keep the columns of all.
  const column =
    whole === undefined
      ? picker(columns, newestByTime(columns.time, runs))
      : (name: keyof Columns) => columns[name].slice(whole.from, whole.to)
  return {
    time: column('time'),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  }
}

function picker(columns: Columns, rows: readonly number[]) {
  return (name: keyof Columns): Float64Array => Float64Array.from(rows, (row) => columns[name][row] ?? Number.NaN)
}

/** All runs as one, where they follow each other and no time comes twice: as a store at rest gives them. */
function wholeRun(times: Float64Array, runs: readonly Run[]): Pick<Run, 'from' | 'to'> | undefined {
  const from = runs[0]?.from ?? 0
  const to = runs.at(-1)?.to ?? 0
  if (runs.some((run, index) => index > 0 && run.from !== runs[index - 1]?.to)) return undefined
  for (let row = from + 1; row < to; row++) if (!((times[row - 1] ?? 0) < (times[row] ?? 0))) return undefined
  return { from, to }
}

/** Row numbers in the order of time, one each; runs of a higher number came later. */
function newestByTime(times: Float64Array, runs: readonly Run[]): number[] {
  const rows = new Map<number, number>()
  for (const { from, to } of runs.toSorted((a, b) => a.sequence - b.sequence)) {
    for (let row = from; row < to; row++) rows.set(times[row] ?? Number.NaN, row)
  }
  return [...rows].toSorted(([a], [b]) => a - b).map(([, row]) => row)
}
