import type { DuckDBDataChunk } from '@duckdb/node-api'
import { BAR_SECONDS, type BarInterval, isInterval } from '../../core/market-rows.ts'
import type { Holding } from '../../ports/market-store.ts'
import { type DuckEngine, quoted } from './duck-engine.ts'
import { BARS, type Cell, dayOf, type Kind, type Market, marketKey, order } from './kinds.ts'
import type { KindTable } from './log-table.ts'
import type { Partition } from './partition-files.ts'
import { filesOf, parquet, queryFiles } from './read-files.ts'

type Count = { readonly rows: number; readonly first: number; readonly last: number }
type Tally = Market & { readonly interval?: BarInterval; readonly counts: Count[] }
/** One market's day whose rows lie in more than one place. */
type MixedDay<Row> = Market & { readonly day: number; readonly files: Partition['files']; readonly rows: Row[] }

/**
 * How many different rows there are of each market of a kind. A day that one file holds is counted as it is; only where several
 * places may hold the same row are keys compared.
 */
export async function holdingsOf<Row extends Market>(
  engine: DuckEngine,
  kind: Kind<Row>,
  partitions: readonly Partition[],
  tables: readonly KindTable<Row>[],
): Promise<Holding[]> {
  const tallies = new Map<string, Tally>()
  const add = (market: Market, interval: unknown, count: Count): void => {
    const key = `${marketKey(market)}\n${interval}`
    const { source, symbol } = market
    const tally = tallies.get(key) ?? { source, symbol, ...(isInterval(interval) ? { interval } : {}), counts: [] }
    tallies.set(key, tally)
    tally.counts.push(count)
  }
  const mixed = mixedDays(kind, partitions, tables)
  const single = filesOf(partitions.filter((partition) => !mixed.has(dayKey(partition))))
  const columns = [intervalOf(kind), 'count(*)::DOUBLE', 'min("time")::DOUBLE', 'max("time")::DOUBLE']
  const everything = { from: 0, to: Number.POSITIVE_INFINITY }
  await queryFiles(engine, single, { kind, columns, filter: everything, groupBy: 'ALL' }, (chunk, first) =>
    takeCounts(chunk, (file) => single[first + file], add),
  )
  const days = [...mixed.values()]
  if (days.length > 0) await countMixed(engine, kind, days, add)
  return [...tallies.values()].map((tally) => holding(kind, tally)).toSorted(compareHoldings)
}

function mixedDays<Row extends Market>(
  kind: Kind<Row>,
  partitions: readonly Partition[],
  tables: readonly KindTable<Row>[],
): Map<string, MixedDay<Row>> {
  const mixed = new Map<string, MixedDay<Row>>()
  const files = new Map(partitions.map((partition) => [dayKey(partition), partition.files]))
  for (const partition of partitions) {
    if (partition.files.length > 1) mixed.set(dayKey(partition), { ...partition, rows: [] })
  }
  for (const table of tables) {
    for (const { source, symbol, rows } of table.values()) {
      for (const row of rows.values()) {
        const day = dayOf(kind, kind.timeOf(row))
        const key = dayKey({ source, symbol, day })
        const known = mixed.get(key) ?? { source, symbol, day, files: files.get(key) ?? [], rows: [] }
        mixed.set(key, known)
        known.rows.push(row)
      }
    }
  }
  return mixed
}

async function countMixed<Row extends Market>(
  engine: DuckEngine,
  kind: Kind<Row>,
  days: readonly MixedDay<Row>[],
  add: (market: Market, interval: unknown, count: Count) => void,
): Promise<void> {
  const keys = kind.columns.flatMap((column, index) => (kind.key.includes(column[0]) ? [{ column, index }] : []))
  const inLog = days.flatMap(({ rows }, part) =>
    rows.map((row): readonly [number, readonly Cell[]] => {
      const cells = kind.cells(row)
      return [part, keys.map(({ index }) => cells[index] ?? '')]
    }),
  )
  await engine.load('log_keys', { columns: keys.map(({ column }) => column) }, inLog)
  const names = keys.map(({ column: [name, type] }) => `"${name}"::${type} AS "${name}"`).join(', ')
  const files = days.flatMap((day, part) => day.files.map((file) => ({ ...file, part })))
  const inFiles =
    files.length === 0
      ? ''
      : `UNION ALL SELECT [${files.map(({ part }) => part).join(', ')}][file_index::BIGINT + 1] AS part, ${names} FROM ${parquet(files)}`
  // Distinct as a whole: segments of the log may hold the same row also where no file does.
  await engine.query(
    `SELECT part::INTEGER, ${intervalOf(kind)}, count(*)::DOUBLE, min("time")::DOUBLE, max("time")::DOUBLE
     FROM (SELECT DISTINCT * FROM (SELECT part, ${names} FROM log_keys ${inFiles})) GROUP BY ALL`,
    (chunk) => takeCounts(chunk, (part) => days[part], add),
  )
  await engine.run('DROP TABLE log_keys')
}

/** Rows of (place, interval, count, first, last). */
function takeCounts(
  chunk: DuckDBDataChunk,
  marketAt: (place: number) => Market | undefined,
  add: (market: Market, interval: unknown, count: Count) => void,
): void {
  const [place, interval, rows, first, last] = [0, 1, 2, 3, 4].map((column) => chunk.getColumnVector(column))
  for (let row = 0; row < chunk.rowCount; row++) {
    const market = marketAt(Number(place?.getItem(row)))
    if (market === undefined) throw new Error('DuckDB named a place that it was not given')
    const number = (vector: typeof rows): number => Number(vector?.getItem(row))
    add(market, interval?.getItem(row), { rows: number(rows), first: number(first), last: number(last) })
  }
}

function intervalOf(kind: Pick<Kind, 'name'>): string {
  return kind.name === BARS.name ? '"interval"' : quoted('')
}

function dayKey(of: Market & { readonly day: number }): string {
  return `${of.day}\n${marketKey(of)}`
}

function holding(kind: Pick<Kind, 'name' | 'ticksPerSecond'>, { counts, ...market }: Tally): Holding {
  return {
    kind: kind.name,
    ...market,
    rows: counts.reduce((sum, { rows }) => sum + rows, 0),
    first: counts.reduce((least, { first }) => Math.min(least, first), Number.POSITIVE_INFINITY) / kind.ticksPerSecond,
    last: counts.reduce((most, { last }) => Math.max(most, last), 0) / kind.ticksPerSecond,
  }
}

/** By source, symbol and interval, the shortest first. */
export function compareHoldings(a: Holding, b: Holding): number {
  const seconds = ({ interval }: Holding): number => (interval === undefined ? 0 : BAR_SECONDS[interval])
  return order(a.source, b.source) || order(a.symbol, b.symbol) || seconds(a) - seconds(b)
}
