import type { DuckDBConnection } from '@duckdb/node-api'
import { columnsOf, namesOf } from '../../data/history/columns.ts'
import { BAR_VOLUME_MAX, PRICE_MAX, PRICE_MIN } from '../../oracle-node/core/market-bars.ts'
import type { VolumeUnit } from './bar-faults.ts'
import { symbolColumn } from './symbol-column.ts'

/** What a file's rows are, once the view `market_rows` is there: `n` (from 0), `symbol`, `us` (microseconds), prices, `volume`, `bad`. */
export type RowKind = 'bars' | 'trades'

const PRICE_NAMES = ['price', 'p', 'px']
const AMOUNT_NAMES = ['amount', 'size', 'qty', 'quantity', 'volume', 'q']

/**
 * Makes the view `market_rows` over a Parquet file of bars or of trades. A row is `bad` by the rules of `barFault`.
 * @throws {Error} that says what the file has and what was needed.
 */
export async function viewRows(
  connection: DuckDBConnection,
  { path, symbol, volumeIn }: { path: string; symbol: string | undefined; volumeIn: VolumeUnit },
): Promise<RowKind> {
  const source = `read_parquet(${text(literal(path))}, file_row_number = true)`
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`)
  const types = new Map(described.getRowsJS().map(([name, type]) => [`${name}`, `${type}`]))
  types.delete('file_row_number')
  const header = [...types.keys()]
  const markets = symbolColumn(header)
  if (symbol !== undefined && markets === undefined) {
    throw new Error(`${path} has no column of symbols to find ${symbol} in; it has ${header.join(', ').slice(0, 300)}`)
  }
  const { kind, time, select } = fieldsOf(path, header)
  await connection.run(`
    CREATE TEMP VIEW market_rows AS
    SELECT *, NOT coalesce(us IS NOT NULL AND ${SOUND} AND ${usd(volumeIn)} <= ${BAR_VOLUME_MAX}, false) AS bad,
      TRY_CAST(${usd(volumeIn)} * 1e5 AS BIGINT) AS usd
    FROM (
      SELECT file_row_number AS n, ${markets === undefined ? "''" : `${name(markets)}::VARCHAR`} AS symbol,
        ${microseconds(name(time), types.get(time) ?? '')} AS us, ${select}
      FROM ${source} ${symbol === undefined ? '' : `WHERE ${name(markets ?? '')} = ${text(symbol)}`}
    )`)
  return kind
}

const SOUND = `low >= ${PRICE_MIN} AND high <= ${PRICE_MAX} AND low <= least(open, close) AND high >= greatest(open, close) AND volume >= 0`

/** A volume in USD; NaN is above every number for DuckDB, and so fails each check. */
function usd(volumeIn: VolumeUnit): string {
  return volumeIn === 'base' ? 'volume * close' : 'volume'
}

function fieldsOf(path: string, header: readonly string[]): { kind: RowKind; time: string; select: string } {
  const { time, open, high, low, close, volume } = columnsOf(header)
  const column = (index: number | undefined): string => header[index ?? -1] ?? ''
  const bars = { open, high, low, close, volume }
  const missing = (Object.keys(bars) as (keyof typeof bars)[]).filter((field) => bars[field] === undefined)
  if (time !== undefined && missing.length === 0) {
    const parts = Object.entries(bars).map(([field, index]) => `${name(column(index))}::DOUBLE AS ${field}`)
    return { kind: 'bars', time: column(time), select: parts.join(', ') }
  }
  const [price, amount] = [PRICE_NAMES, AMOUNT_NAMES].map((names) => named(header, names))
  if (time !== undefined && price !== undefined && amount !== undefined) {
    const parts = ['open', 'high', 'low', 'close'].map((field) => `${name(price)}::DOUBLE AS ${field}`)
    return { kind: 'trades', time: column(time), select: `${parts.join(', ')}, ${name(amount)}::DOUBLE AS volume` }
  }
  const needed = [...(time === undefined ? ['time' as const] : []), ...missing]
  throw new Error(
    `${path} lacks ${needed.map((field) => `${field} (${namesOf(field).slice(0, 4).join(', ')})`).join(', ')}, and for trades ` +
      `price and amount. It has: ${header.join(', ').slice(0, 300)}`,
  )
}

function named(header: readonly string[], names: readonly string[]): string | undefined {
  return names.flatMap((each) => header.filter((column) => column.trim().toLowerCase() === each))[0]
}

/** Microseconds since 1970 of a column of times, or of numbers whose size tells their unit as `timeOfNumber` has it. */
function microseconds(column: string, type: string): string {
  if (/^(?:TIMESTAMP|DATE)/.test(type)) return `epoch_us(${column}::TIMESTAMP)`
  if (type === 'VARCHAR') {
    return `coalesce(${ofNumber(`TRY_CAST(${column} AS DOUBLE)`)}, epoch_us(TRY_CAST(${column} AS TIMESTAMP)))`
  }
  return ofNumber(/^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?)$/.test(type) ? `${column}::BIGINT` : `${column}::DOUBLE`)
}

function ofNumber(value: string): string {
  return `CASE WHEN ${value} >= 1e20 OR ${value} < 1e8 THEN NULL WHEN ${value} >= 1e17 THEN (${value} / 1000)::BIGINT
    WHEN ${value} >= 1e14 THEN ${value}::BIGINT WHEN ${value} >= 1e11 THEN (${value} * 1000)::BIGINT
    ELSE (${value} * 1000000)::BIGINT END`
}

function name(column: string): string {
  return `"${column.replaceAll('"', '""')}"`
}

export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/** DuckDB takes a path for a pattern; in brackets each of its signs stands for itself. */
function literal(path: string): string {
  return path.replaceAll(/[*?[]/g, '[$&]')
}
