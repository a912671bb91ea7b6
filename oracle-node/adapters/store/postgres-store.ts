import pg from 'pg'
import { shown } from '../../core/market-bars.ts'
import { isInterval, SECONDS_PER_DAY } from '../../core/market-rows.ts'
import type { MarketStore } from '../../ports/market-store.ts'
import { DEPTHS, KIND_NAMES, TRADES } from './kinds.ts'
import { readBars, readHoldings, readRows } from './postgres-read.ts'
import { type Database, migrate } from './postgres-schema.ts'
import { insertRows, type MarketIds } from './postgres-write.ts'
import { checkFilter } from './read-files.ts'
import { soundRows } from './sound-rows.ts'

export type PostgresStoreOptions = {
  /** `postgres://user:password@host:port/database`, or the parts of it in `config`. */
  readonly connectionString?: string
  readonly config?: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly password: string
    readonly database: string
  }
  /** Made when it is not there. */
  readonly schema?: string
  readonly connectionsMax?: number
  readonly connectMilliseconds?: number
  readonly statementMilliseconds?: number
}

const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/

/**
 * Market data in PostgreSQL, for a fleet of nodes that share a store. A call is one transaction, committed when `append` resolves;
 * `flush` therefore waits for nothing. `compact` has no files to merge: it lets the server clean up and count anew, and reports zeros.
 * @throws {Error} when the server cannot be reached or the schema is another program's, without the password.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<MarketStore> {
  const {
    schema = 'plimsoll',
    connectionsMax = 4,
    connectMilliseconds = 10_000,
    statementMilliseconds = 60_000,
  } = options
  if (!SCHEMA.test(schema)) {
    throw new Error(
      `the schema ${shown(schema)} is not a name of 1 to 63 lower-case letters, digits and _, no digit first`,
    )
  }
  const where = options.connectionString ?? options.config
  if (where === undefined) throw new Error('a connectionString or a config was needed to reach PostgreSQL, got neither')
  const pool = new pg.Pool({
    ...(typeof where === 'string' ? { connectionString: where } : where),
    max: connectionsMax,
    connectionTimeoutMillis: connectMilliseconds,
    statement_timeout: statementMilliseconds,
    idle_in_transaction_session_timeout: statementMilliseconds,
    application_name: 'plimsoll',
  })
  // A connection that breaks while it idles is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined)
  const database = { pool, schema }
  const told = explaining(options)
  await told(() => migrate(database)).catch(async (error: unknown) => {
    await pool.end()
    throw error
  })
  return storeOf(database, told)
}

type Explaining = <Result>(task: () => Promise<Result>) => Promise<Result>

function storeOf(database: Database, told: Explaining): MarketStore {
  const { pool, schema } = database
  const ids: MarketIds = new Map()
  let closed = false
  const open: Explaining = (task) => {
    if (closed) throw new Error('the market data in PostgreSQL were closed')
    return told(task)
  }
  return {
    append: async (given) => {
      const rows = soundRows(given)
      return open(() => insertRows(database, ids, rows))
    },
    flush: async () => open(async () => undefined),
    bars: async (filter) => {
      if (!isInterval(filter.interval)) throw new Error(`the interval ${shown(filter.interval)} is none that is stored`)
      checkFilter(filter)
      return open(() => readBars(database, filter))
    },
    trades: async (filter) => {
      checkFilter(filter)
      return open(() => readRows(database, TRADES, filter))
    },
    depths: async (filter) => {
      checkFilter(filter)
      return open(() => readRows(database, DEPTHS, filter))
    },
    holdings: async () => open(() => readHoldings(database)),
    compact: async () =>
      open(async () => {
        for (const kind of KIND_NAMES) await pool.query(`VACUUM (ANALYZE) "${schema}".${kind}`)
        return { partitions: 0, filesBefore: 0, filesAfter: 0 }
      }),
    retain: async (kind, before) => {
      if (!KIND_NAMES.includes(kind) || Number.isNaN(before))
        throw new Error(`cannot drop ${shown(kind)} before ${before}`)
      const ticks = SECONDS_PER_DAY * (kind === 'trades' ? 1_000 : 1)
      const end = Math.floor(Math.min(Math.max(before, 0), Number.MAX_SAFE_INTEGER / 1_000) / SECONDS_PER_DAY) * ticks
      return open(async () => {
        const { rows } = await pool.query<{ days: number }>(
          `WITH gone AS (DELETE FROM "${schema}".${kind} WHERE time < $1 RETURNING time)
           SELECT count(DISTINCT time / ${ticks})::float8 AS days FROM gone`,
          [end],
        )
        return { days: rows[0]?.days ?? 0 }
      })
    },
    close: async () => {
      if (closed) return
      closed = true
      await pool.end()
    },
  }
}

/** What each of the server's refusals asks the operator to do, by its code or the system's. */
const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: start the server, or correct host and port',
  ENOTFOUND: 'no such host: correct it',
  ETIMEDOUT: 'no answer: look at the network and its firewalls',
  '28P01': 'wrong password: correct it',
  '28000': 'the server does not let this user in: see its pg_hba.conf',
  '3D000': 'no such database: create it, or correct its name',
  '42501': 'the user lacks a right: grant CREATE on the database, or have its owner make the schema',
  '42P01': 'a table of the store is gone: restore the schema, or drop it and open the store again',
  '53100': 'the server’s disk is full: free it',
  '53300': 'the server has no connection left: raise max_connections, or lower connectionsMax',
  '57014': 'the statement took too long: ask for less, or raise statementMilliseconds',
}

/** Says where a failure was and what to do; nothing of it carries the password. */
function explaining({ connectionString, config }: PostgresStoreOptions): Explaining {
  const where =
    config === undefined ? withoutPassword(connectionString ?? '') : `${config.host}:${config.port}/${config.database}`
  return async (task) => {
    try {
      return await task()
    } catch (cause) {
      if (!(cause instanceof Error) || !('code' in cause)) throw cause
      const code = `${cause.code}`
      throw new Error(`PostgreSQL at ${where}: ${cause.message || code}; ${ADVICE[code] ?? `its code is ${code}`}`, {
        cause,
      })
    }
  }
}

function withoutPassword(connectionString: string): string {
  const url = URL.parse(connectionString)
  return url === null ? 'the given address' : `${url.host}${url.pathname}`
}
