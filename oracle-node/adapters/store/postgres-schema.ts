import type { Pool, PoolClient } from 'pg'

/** A server and the schema of it that is ours: tables are named with it, since an address may set a search path of its own. */
export type Database = { readonly pool: Pool; readonly schema: string }

/*
 * Plain tables, not one partition a day: a query over all days takes a lock on every partition and its index, of which a server
 * gives 6 400 by default, and a decade of days of three kinds has 22 000. The primary key serves one market's range; rows come
 * almost in the order of time, so a BRIN index of a few pages finds a day's blocks for all markets.
 */

/** Each brings the schema from the version before it to its own place in the list, from 1; none is ever changed. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE markets (
     id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     source text COLLATE "C" NOT NULL,
     symbol text COLLATE "C" NOT NULL,
     UNIQUE (source, symbol)
   );
   CREATE TABLE bars (
     market integer NOT NULL REFERENCES markets,
     interval_seconds integer NOT NULL,
     time bigint NOT NULL,
     open double precision NOT NULL,
     high double precision NOT NULL,
     low double precision NOT NULL,
     close double precision NOT NULL,
     volume double precision NOT NULL,
     PRIMARY KEY (market, interval_seconds, time)
   );
   CREATE INDEX bars_time ON bars USING brin (time) WITH (autosummarize = on);
   CREATE TABLE trades (
     market integer NOT NULL REFERENCES markets,
     time bigint NOT NULL,
     id text COLLATE "C" NOT NULL,
     side text NOT NULL,
     price double precision NOT NULL,
     amount double precision NOT NULL,
     PRIMARY KEY (market, time, id)
   );
   CREATE INDEX trades_time ON trades USING brin (time) WITH (autosummarize = on);
   CREATE TABLE depths (
     market integer NOT NULL REFERENCES markets,
     time bigint NOT NULL,
     mid double precision NOT NULL,
     sell_50 double precision NOT NULL,
     sell_100 double precision NOT NULL,
     sell_200 double precision NOT NULL,
     sell_500 double precision NOT NULL,
     buy_50 double precision NOT NULL,
     buy_100 double precision NOT NULL,
     buy_200 double precision NOT NULL,
     buy_500 double precision NOT NULL,
     PRIMARY KEY (market, time)
   );
   CREATE INDEX depths_time ON depths USING brin (time) WITH (autosummarize = on);`,
]

/** Any number, the same in every node: two that start at once migrate one after the other. */
const MIGRATION_LOCK = 7_083_211

/**
 * Makes or updates the tables of a schema; done already, it changes nothing.
 * @throws {Error} when a newer program made the schema.
 */
export async function migrate({ pool, schema }: Database): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    await client.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`)
    await client.query(`SET LOCAL search_path TO "${schema}"`)
    await client.query(
      `CREATE TABLE IF NOT EXISTS migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`,
    )
    const { rows } = await client.query<{ version: number }>(
      'SELECT coalesce(max(version), 0) AS version FROM migrations',
    )
    const version = rows[0]?.version ?? 0
    if (version > MIGRATIONS.length) {
      throw new Error(
        `the schema ${schema} has version ${version}, and this program knows ${MIGRATIONS.length}; run a newer one, or name another schema`,
      )
    }
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < version) continue
      await client.query(migration)
      await client.query('INSERT INTO migrations (version) VALUES ($1)', [index + 1])
    }
  })
}

/** Runs a task in one transaction: all of it happens, or nothing when it throws. */
export async function inTransaction<Result>(
  pool: Pool,
  task: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const result = await task(client)
    await client.query('COMMIT')
    client.release()
    return result
  } catch (error) {
    // A connection that cannot even roll back is of no use to the next.
    const isClean = await client.query('ROLLBACK').then(
      () => true,
      () => false,
    )
    client.release(!isClean)
    throw error
  }
}
