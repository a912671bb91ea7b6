import { BAR_SECONDS, type BarInterval, type BarSeries, isInterval } from '../../core/market-rows.ts'
import type { Holding, MarketFilter } from '../../ports/market-store.ts'
import { compareHoldings } from './holdings.ts'
import { type Cell, compareMarkets, KIND_NAMES, type Kind, type KindName, type Market } from './kinds.ts'
import type { Database } from './postgres-schema.ts'
import { BARS_PER_READ_MAX, checkCount, ROWS_PER_READ_MAX, timeBounds } from './read-files.ts'

const FIELDS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const
type PackedBars = Market & Readonly<Record<(typeof FIELDS)[number], Buffer>>

/**
 * One row a market, each column packed by the server as big-endian doubles: a fifth of the time that text and an object a bar take.
 * @throws {Error} when the range holds more than {@link BARS_PER_READ_MAX}.
 */
export async function readBars(
  { pool, schema }: Database,
  filter: MarketFilter & { readonly interval: BarInterval },
): Promise<BarSeries[]> {
  const { from, to } = timeBounds({ ticksPerSecond: 1 }, filter)
  const where = `FROM "${schema}".bars JOIN "${schema}".markets ON markets.id = market
    WHERE interval_seconds = $1 AND time >= $2 AND time < $3
    AND ($4::text IS NULL OR source = $4) AND ($5::text IS NULL OR symbol = $5)`
  const values = [BAR_SECONDS[filter.interval], from, to, filter.source ?? null, filter.symbol ?? null]
  const { rows: counted } = await pool.query<{ bars: number }>(
    `SELECT count(*)::float8 AS bars FROM (SELECT 1 ${where} LIMIT ${BARS_PER_READ_MAX + 1}) AS counted`,
    values,
  )
  checkCount('bars', counted[0]?.bars ?? 0, BARS_PER_READ_MAX)
  const packed = FIELDS.map((name) => `string_agg(float8send(${name}::float8), ''::bytea ORDER BY time) AS ${name}`)
  const { rows } = await pool.query<PackedBars>(
    `SELECT source, symbol, ${packed.join(', ')} ${where} GROUP BY markets.id`,
    values,
  )
  return rows.toSorted(compareMarkets).map(({ source, symbol, time, open, high, low, close, volume }) => ({
    source,
    symbol,
    interval: filter.interval,
    time: doubles(time),
    open: doubles(open),
    high: doubles(high),
    low: doubles(low),
    close: doubles(close),
    volume: doubles(volume),
  }))
}

/** Copied into memory of its own, since a double must lie at a multiple of eight. */
function doubles(packed: Buffer): Float64Array {
  const bytes = new Uint8Array(packed)
  Buffer.from(bytes.buffer).swap64()
  return new Float64Array(bytes.buffer)
}

export async function readRows<Row extends Market>(
  { pool, schema }: Database,
  kind: Kind<Row>,
  filter: MarketFilter,
): Promise<Row[]> {
  const { from, to } = timeBounds(kind, filter)
  const columns = kind.columns.map(([name, type]) => (type === 'VARCHAR' ? `data.${name}` : `data.${name}::float8`))
  const { rows } = await pool.query<[string, string, ...Cell[]]>({
    text: `SELECT source, symbol, ${columns.join(', ')} FROM "${schema}".${kind.name} AS data JOIN "${schema}".markets ON markets.id = market
      WHERE time >= $1 AND time < $2 AND ($3::text IS NULL OR source = $3) AND ($4::text IS NULL OR symbol = $4)
      LIMIT ${ROWS_PER_READ_MAX + 1}`,
    values: [from, to, filter.source ?? null, filter.symbol ?? null],
    rowMode: 'array',
  })
  checkCount(kind.name, rows.length, ROWS_PER_READ_MAX)
  return rows
    .map(([source, symbol, ...cells]) => kind.row({ source, symbol }, cells))
    .toSorted((a, b) => compareMarkets(a, b) || kind.compare(a, b))
}

export async function readHoldings(database: Database): Promise<Holding[]> {
  const holdings: Holding[] = []
  for (const kind of KIND_NAMES) holdings.push(...(await holdingsOf(database, kind)))
  return holdings
}

async function holdingsOf({ pool, schema }: Database, kind: KindName): Promise<Holding[]> {
  const interval = kind === 'bars' ? 'interval_seconds' : 'NULL::integer'
  const { rows } = await pool.query<Market & { seconds: number | null; rows: number; first: number; last: number }>(
    `SELECT source, symbol, ${interval} AS seconds, count(*)::float8 AS rows, min(time)::float8 AS first, max(time)::float8 AS last
     FROM "${schema}".${kind} JOIN "${schema}".markets ON markets.id = market GROUP BY source, symbol, seconds`,
  )
  const ticks = kind === 'trades' ? 1_000 : 1
  return rows
    .map(({ source, symbol, seconds, rows: count, first, last }) => {
      const interval = Object.keys(BAR_SECONDS)
        .filter(isInterval)
        .find((each) => BAR_SECONDS[each] === seconds)
      const ofBars = interval === undefined ? {} : { interval }
      return { kind, source, symbol, ...ofBars, rows: count, first: first / ticks, last: last / ticks }
    })
    .toSorted(compareHoldings)
}
