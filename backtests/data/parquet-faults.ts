import type { DuckDBConnection } from '@duckdb/node-api'
import { isoTime } from '../../data/history/time-format.ts'
import { barFault, type VolumeUnit } from './bar-faults.ts'
import { type RowKind, text } from './parquet-rows.ts'

export type ReadRows = {
  readonly path: string
  readonly kind: RowKind
  readonly symbol: string | undefined
  readonly volumeIn: VolumeUnit
}

/**
 * Looks for what a file of bars must not have, in SQL over all of it: rows that are no bars, rows of one time, rows out of order.
 * Needs the view `market_rows` and the table `market_hours`.
 * @throws {Error} that names the place of the first of each, and how many there are.
 */
export async function checkRows(connection: DuckDBConnection, read: ReadRows): Promise<void> {
  await checkValues(connection, read)
  if (read.kind === 'bars') await checkTimes(connection, read)
  await checkOrder(connection, read)
}

async function checkValues(connection: DuckDBConnection, { path, symbol, volumeIn }: ReadRows): Promise<void> {
  const [[rows = 0, bad = 0, first = 0] = []] = await numbers(
    connection,
    'SELECT coalesce(sum(rows), 0), coalesce(sum(bad), 0), coalesce(min(first_bad), 0) FROM market_hours',
  )
  if (rows === 0) throw new Error(`${path} has no row${symbol === undefined ? '' : ` of the symbol ${symbol}`}`)
  if (bad === 0) return
  const [[time = Number.NaN, open = Number.NaN, high = Number.NaN, low = Number.NaN, close = Number.NaN, volume] = []] =
    await numbers(connection, `SELECT us / 1e6, open, high, low, close, volume FROM market_rows WHERE n = ${first}`)
  const fault = barFault({ time, open, high, low, close, volume: volume ?? Number.NaN }, volumeIn)
  const more = bad === 1 ? '' : `. It is the first of ${bad} such rows`
  throw new Error(`${await placeOf(connection, path, first)}: ${fault ?? 'it has no time'}${more}`)
}

/** Bars stand on full minutes, one a time, and those of an hour on full hours. */
async function checkTimes(connection: DuckDBConnection, { path }: ReadRows): Promise<void> {
  const [[off = 0] = []] = await numbers(connection, 'SELECT sum(off_minute) FROM market_hours')
  if (off > 0) {
    const [[row = 0] = []] = await numbers(connection, 'SELECT min(n) FROM market_rows WHERE us % 60000000 <> 0')
    const place = await placeOf(connection, path, row)
    throw new Error(`${place}: a bar that opens off the full minute; bars of 1m to 1h were needed`)
  }
  const twice = await connection.runAndReadAll(
    'SELECT symbol, hour, count(*) OVER () FROM market_hours WHERE bit_count(minutes) <> rows ORDER BY symbol, hour LIMIT 1',
  )
  const [found] = twice.getRowsJS()
  if (found !== undefined) {
    const [row] = await numbers(
      connection,
      `SELECT n, before FROM (SELECT n, us, lag(us) OVER w AS same, lag(n) OVER w AS before FROM market_rows
         WHERE symbol = ${text(`${found[0]}`)} AND us // 3600000000 = ${found[1]} WINDOW w AS (ORDER BY us, n))
       WHERE us = same ORDER BY us, n LIMIT 1`,
    )
    const place = await placeOf(connection, path, row?.[0] ?? 0)
    throw new Error(
      `${place}: row ${(row?.[1] ?? 0) + 1} is of the same time, so the data overlap (in ${found[2]} hours); each time may come once`,
    )
  }
  await checkHourly(connection, path)
}

/** A market most of whose hours are one bar has no bar within an hour. */
async function checkHourly(connection: DuckDBConnection, path: string): Promise<void> {
  const mixed = await connection.runAndReadAll(
    `SELECT symbol FROM market_hours GROUP BY symbol
     HAVING count(*) FILTER (minutes = 1) * 2 >= count(*) AND count(*) FILTER (minutes <> 1) > 0 ORDER BY symbol LIMIT 1`,
  )
  const [found] = mixed.getRowsJS()
  if (found === undefined) return
  const [[row = 0] = []] = await numbers(
    connection,
    `SELECT min(n) FROM market_rows WHERE symbol = ${text(`${found[0]}`)} AND us % 3600000000 <> 0`,
  )
  const place = await placeOf(connection, path, row)
  throw new Error(`${place}: it is not the start of a bar of 1h, as most of its market's are`)
}

/** Rows rise in time within each market, whether the file goes market by market or time by time. */
async function checkOrder(connection: DuckDBConnection, { path }: ReadRows): Promise<void> {
  // In the order of the file, without sorting it.
  const [[within = 0, first = 0, across = 0, changes = 0, markets = 0] = []] = await numbers(
    connection,
    `SELECT count(*) FILTER (us < us_before AND symbol = symbol_before),
       coalesce(min(n) FILTER (us < us_before AND symbol = symbol_before), 0),
       count(*) FILTER (us < us_before AND symbol <> symbol_before), count(*) FILTER (symbol <> symbol_before),
       (SELECT count(DISTINCT symbol) FROM market_hours)
     FROM (SELECT n, us, symbol, lag(us) OVER () AS us_before, lag(symbol) OVER () AS symbol_before FROM market_rows)`,
  )
  if (within > 0) throw await orderError(connection, path, first, within)
  if (across === 0 || changes + 1 === markets) return
  // Neither: pieces that follow one another, such as months. Only sorting can tell.
  const [[late = 0, firstLate = 0] = []] = await numbers(
    connection,
    `SELECT count(*), coalesce(min(n), 0)
     FROM (SELECT n, us, lag(us) OVER (PARTITION BY symbol ORDER BY n) AS us_before FROM market_rows) WHERE us < us_before`,
  )
  if (late > 0) throw await orderError(connection, path, firstLate, late)
}

async function orderError(connection: DuckDBConnection, path: string, row: number, count: number): Promise<Error> {
  const more = count === 1 ? '' : `, the first of ${count} such rows`
  const place = await placeOf(connection, path, row)
  return new Error(`${place}: it is earlier than its market's row before${more}; rows need to be sorted by rising time`)
}

async function placeOf(connection: DuckDBConnection, path: string, row: number): Promise<string> {
  const read = await connection.runAndReadAll(`SELECT symbol, us / 1e6 FROM market_rows WHERE n = ${row}`)
  const [[symbol, seconds] = []] = read.getRowsJS()
  const time = typeof seconds === 'number' ? isoTime(seconds) : 'no time'
  return `${path}, row ${row + 1} (${symbol === '' ? '' : `${symbol}, `}${time})`
}

/** Every value as a number; what is none is NaN. */
async function numbers(connection: DuckDBConnection, sql: string): Promise<number[][]> {
  const read = await connection.runAndReadAll(sql)
  return read.getRowsJS().map((row) => row.map((value) => (value === null ? Number.NaN : Number(value))))
}
