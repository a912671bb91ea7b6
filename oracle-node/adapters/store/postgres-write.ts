import type { PoolClient } from 'pg'
import { BAR_SECONDS, type SoundRows } from '../../core/market-rows.ts'
import { BARS, type Cell, compareMarkets, DEPTHS, type Kind, type Market, marketKey, TRADES } from './kinds.ts'
import { type Database, inTransaction } from './postgres-schema.ts'

/** Rows of one statement: some megabytes of text. */
const ROWS_PER_STATEMENT = 10_000
/** Two nodes that write the same rows in another order: the server ends one, which may try again. */
const ATTEMPTS_MAX = 5
const RETRYABLE: ReadonlySet<unknown> = new Set(['40001', '40P01'])

/** Numbers of markets that are in the table for good. */
export type MarketIds = Map<string, number>

/** Takes rows in, all in one transaction. */
export async function insertRows(database: Database, ids: MarketIds, rows: SoundRows): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await ensureMarkets(database, ids, [...rows.bars, ...rows.trades, ...rows.depths])
      await inTransaction(database.pool, async (client) => {
        await upsert(client, database.schema, BARS, rows.bars, ids)
        await upsert(client, database.schema, TRADES, rows.trades, ids)
        await upsert(client, database.schema, DEPTHS, rows.depths, ids)
      })
      return
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (!RETRYABLE.has(code) || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

/** Apart from the rows: a market that exists without any does no harm, and a number once seen stays true. */
async function ensureMarkets({ pool, schema }: Database, ids: MarketIds, rows: readonly Market[]): Promise<void> {
  const unknown = new Map<string, Market>()
  for (const row of rows) if (!ids.has(marketKey(row))) unknown.set(marketKey(row), row)
  if (unknown.size === 0) return
  const markets = [...unknown.values()].toSorted(compareMarkets)
  const names = [markets.map(({ source }) => source), markets.map(({ symbol }) => symbol)]
  await pool.query(
    `INSERT INTO "${schema}".markets (source, symbol) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`,
    names,
  )
  const { rows: found } = await pool.query<Market & { id: number }>(
    `SELECT id, source, symbol FROM "${schema}".markets JOIN unnest($1::text[], $2::text[]) AS wanted (source, symbol) USING (source, symbol)`,
    names,
  )
  for (const { id, source, symbol } of found) ids.set(marketKey({ source, symbol }), id)
}

async function upsert<Row extends Market>(
  client: PoolClient,
  schema: string,
  kind: Kind<Row>,
  rows: readonly Row[],
  ids: MarketIds,
): Promise<void> {
  // A statement may touch a row once; in one order, so that two nodes seldom wait for each other in a circle.
  const newest = new Map(rows.map((row) => [`${marketKey(row)}\n${kind.keyOf(row)}`, row]))
  const sorted = [...newest.values()].toSorted((a, b) => compareMarkets(a, b) || kind.compare(a, b))
  const columns = kind.columns.map(([name, type]) => ({ name: sqlName(name), type: sqlType(name, type) }))
  const keys = ['market', ...kind.key.map(sqlName)]
  const changed = columns.map(({ name }) => name).filter((name) => !keys.includes(name))
  const statement = `INSERT INTO "${schema}".${kind.name} (market, ${columns.map(({ name }) => name).join(', ')})
    SELECT * FROM unnest($1::integer[], ${columns.map(({ type }, index) => `$${index + 2}::${type}[]`).join(', ')})
    ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${changed.map((name) => `${name} = excluded.${name}`).join(', ')}`
  for (let at = 0; at < sorted.length; at += ROWS_PER_STATEMENT) {
    const batch = sorted.slice(at, at + ROWS_PER_STATEMENT)
    const cells = batch.map((row) => kind.cells(row))
    await client.query(statement, [
      batch.map((row) => ids.get(marketKey(row))),
      ...columns.map(({ name }, index) => cells.map((row) => sqlCell(name, row[index]))),
    ])
  }
}

/** `interval` is a word of SQL, and seconds sort as the bars' lengths do. */
function sqlName(name: string): string {
  return name === 'interval' ? 'interval_seconds' : name
}

function sqlType(name: string, type: string): string {
  if (name === 'interval') return 'integer'
  return type === 'VARCHAR' ? 'text' : type === 'BIGINT' ? 'bigint' : 'double precision'
}

function sqlCell(name: string, cell: Cell | undefined): Cell | undefined {
  return name === 'interval_seconds' ? Object.entries(BAR_SECONDS).find(([interval]) => interval === cell)?.[1] : cell
}
