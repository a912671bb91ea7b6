import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult } from '@duckdb/node-api'
import type { VolumeUnit } from './bar-faults.ts'
import { type Hour, type Hours, hourList } from './hours.ts'
import { checkRows } from './parquet-faults.ts'
import { viewRows } from './parquet-rows.ts'

/** What DuckDB may take; the rest goes to the disk. With Node and the hours themselves it stays below 2 GiB. */
const MEMORY_MAX = '1GB'

export type ParquetInput = {
  readonly path: string
  /** One market of the file; all when absent. */
  readonly symbol?: string
  readonly volumeIn?: VolumeUnit
}

/** One market's hours; `symbol` is empty where the file has no such column. */
export type SymbolHours = { readonly symbol: string; readonly hours: Hours; readonly rows: number }

/**
 * The hours of each market of a Parquet file, by symbol: bars of an hour or a part of it, or trades (`time`, `price`, `amount`). Of any
 * number of rows in bounded memory: DuckDB joins them by the hour, and only hours leave it. Volumes are summed in whole 10⁻⁵ USD, so that
 * the sum does not depend on which thread came first.
 * @throws {Error} that names the place of the first fault; nothing is given before the whole file was checked.
 */
export async function* hoursOfParquet(input: ParquetInput): AsyncGenerator<SymbolHours> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-duckdb-'))
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: MEMORY_MAX,
    threads: '2',
    temp_directory: folder,
  })
  const connection = await instance.connect()
  try {
    await joinRows(connection, input)
    yield* marketsOf(await connection.stream(SELECT_HOURS))
  } finally {
    connection.closeSync()
    instance.closeSync()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function joinRows(
  connection: DuckDBConnection,
  { path, symbol, volumeIn = 'base' }: ParquetInput,
): Promise<void> {
  try {
    await connection.run("SET TimeZone = 'UTC'")
    const kind = await viewRows(connection, { path, symbol, volumeIn })
    await connection.run(kind === 'bars' ? joinSql('us') : joinSql('n'))
    await checkRows(connection, { path, kind, symbol, volumeIn })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    if (why.startsWith(path)) throw error
    throw new Error(`${path} cannot be read as Parquet: ${why.slice(0, 400)}`, { cause: error })
  }
}

/** Bars of one hour follow their times; trades of one microsecond follow their rows. */
function joinSql(order: 'us' | 'n'): string {
  return `
    CREATE TEMP TABLE market_hours AS
    SELECT symbol, us // 3600000000 AS hour, arg_min(open, ${order}) AS open, max(high) AS high, min(low) AS low,
      arg_max(close, ${order}) AS close, sum(usd) AS usd, count(*) AS rows,
      bit_or(1::UBIGINT << (us % 3600000000 // 60000000)::UBIGINT) AS minutes,
      count(*) FILTER (us % 60000000 <> 0) AS off_minute,
      count(*) FILTER (bad) AS bad, min(n) FILTER (bad) AS first_bad
    FROM market_rows GROUP BY symbol, hour`
}

const SELECT_HOURS = `
  SELECT symbol, (hour * 3600)::DOUBLE, open, high, low, close, usd::DOUBLE / 1e5, rows::DOUBLE
  FROM market_hours ORDER BY symbol, hour`

async function* marketsOf(result: DuckDBResult): AsyncGenerator<SymbolHours> {
  let symbol: string | undefined
  let list = hourList()
  let rows = 0
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const columns = Array.from({ length: chunk.columnCount }, (_, index) => chunk.getColumnVector(index))
    for (let row = 0; row < chunk.rowCount; row++) {
      const value = (column: number): number => Number(columns[column]?.getItem(row))
      const next = `${columns[0]?.getItem(row)}`
      if (symbol !== undefined && next !== symbol) {
        yield { symbol, hours: list.hours(), rows }
        list = hourList()
        rows = 0
      }
      symbol = next
      rows += value(7)
      list.add(hourOf(value))
    }
  }
  if (symbol !== undefined) yield { symbol, hours: list.hours(), rows }
}

function hourOf(value: (column: number) => number): Hour {
  return {
    time: value(1),
    open: value(2),
    high: value(3),
    low: value(4),
    close: value(5),
    volumeUsd: value(6),
  }
}
