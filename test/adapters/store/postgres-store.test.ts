import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPostgresStore } from '../../../oracle-node/adapters/store/postgres-store.ts'
import { bar, barsOf, DAY, DAY_SECONDS, depth, EVER, trade } from '../../support/market-rows.ts'
import { freePort, type PostgresServer, startPostgres } from '../../support/postgres-server.ts'

const MINUTES = { ...EVER, interval: '1m' } as const
let server: PostgresServer
let admin: pg.Client
beforeAll(async () => {
  server = await startPostgres()
  admin = new pg.Client(server.config)
  // The server ends it at the end.
  admin.on('error', () => undefined)
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await server.stop()
})

async function rejection(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing was refused',
    (error: unknown) => (error instanceof Error ? error.message : 'no error'),
  )
}

test('an address is enough, also one with a search path of its own, and its tables are made once', async () => {
  const connectionString = `${server.connectionString}?options=-c%20search_path%3Dpg_catalog`
  for (const close of [1, 2]) {
    const store = await openPostgresStore({ connectionString })
    await store.append({ bars: [bar(DAY, close)] })
    expect(barsOf(await store.bars(MINUTES))).toEqual([bar(DAY, close)])
    await store.close()
  }
  const { rows } = await admin.query('SELECT version FROM plimsoll.migrations')
  expect(rows).toEqual([{ version: 1 }])
})

test('nodes that start at once make the tables once', async () => {
  const stores = await Promise.all(
    Array.from({ length: 4 }, () => openPostgresStore({ config: server.config, schema: 'at_once' })),
  )
  await Promise.all(stores.map((store) => store.close()))
  const { rows } = await admin.query('SELECT version FROM at_once.migrations')
  expect(rows).toEqual([{ version: 1 }])
})

test.each(['', 'Upper', '1a', 'a"; DROP SCHEMA public; --', "a'b", 'a.b', 'a'.repeat(64), 'ä'])(
  'the schema %j is refused by name',
  async (schema) => {
    await expect(openPostgresStore({ config: server.config, schema })).rejects.toThrow('lower-case letters')
  },
)

test('a schema may be a word of SQL', async () => {
  const store = await openPostgresStore({ config: server.config, schema: 'select' })
  await store.append({ trades: [trade(5, 'a')] })
  expect(await store.retain('trades', DAY)).toEqual({ days: 1 })
  await store.compact()
  await store.close()
})

test('a schema that a newer program made is refused', async () => {
  await (await openPostgresStore({ config: server.config, schema: 'newer' })).close()
  await admin.query('INSERT INTO newer.migrations (version) VALUES (99)')
  await expect(openPostgresStore({ config: server.config, schema: 'newer' })).rejects.toThrow(
    'has version 99, and this program knows 1',
  )
})

test('what keeps a node from its server is said with what to do, and without the password', async () => {
  await expect(openPostgresStore({})).rejects.toThrow('a connectionString or a config was needed')
  const port = await freePort()
  const cases: ReadonlyArray<readonly [Partial<PostgresServer['config']>, RegExp]> = [
    [{ port }, /127\.0\.0\.1:\d+\/postgres: .*ECONNREFUSED.*start the server/],
    [{ password: 'secret-1' }, /wrong password: correct it/],
    [{ database: 'none' }, /no such database: create it/],
  ]
  for (const [over, message] of cases) {
    const config = { ...server.config, ...over }
    expect(await rejection(openPostgresStore({ config }))).toMatch(message)
    const { user, password, host, database } = config
    const connectionString = `postgres://${user}:${password}@${host}:${config.port}/${database}`
    const said = await rejection(openPostgresStore({ connectionString }))
    expect(said).toMatch(message)
    expect(said).not.toContain(password)
  }
})

test('a user without rights is told which', async () => {
  await admin.query("CREATE ROLE poor LOGIN PASSWORD 'poor'")
  const config = { ...server.config, user: 'poor', password: 'poor' }
  await expect(openPostgresStore({ config, schema: 'not_mine' })).rejects.toThrow('grant CREATE on the database')
})

test('a call that fails half way leaves nothing of it', async () => {
  const store = await openPostgresStore({ config: server.config, schema: 'half' })
  await admin.query('ALTER TABLE half.depths ADD CONSTRAINT refused CHECK (mid < 10)')
  await expect(store.append({ bars: [bar(DAY)], depths: [depth(5)] })).rejects.toThrow('refused')
  expect(await store.bars(MINUTES)).toEqual([])
  expect(await store.holdings()).toEqual([])
  await store.append({ bars: [bar(DAY)] })
  expect(barsOf(await store.bars(MINUTES))).toEqual([bar(DAY)])
  await store.close()
})

test('nodes that write the same rows in opposite orders at once all succeed', async () => {
  const stores = await Promise.all(
    Array.from({ length: 3 }, () => openPostgresStore({ config: server.config, schema: 'fleet' })),
  )
  const rows = Array.from({ length: 400 }, (_, index) => bar(DAY + 60 * index, 5, { symbol: `S${index % 40}` }))
  const writes = stores.flatMap((store, index) =>
    Array.from({ length: 8 }, () => store.append({ bars: index % 2 === 0 ? rows : rows.toReversed() })),
  )
  await Promise.all(writes)
  for (const store of stores) expect(barsOf(await store.bars(MINUTES))).toHaveLength(400)
  await Promise.all(stores.map((store) => store.close()))
})

test('a connection that the server ended is replaced', async () => {
  const store = await openPostgresStore({ config: server.config, schema: 'ended' })
  await store.append({ bars: [bar(DAY)] })
  await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'plimsoll'")
  await expect
    .poll(
      () =>
        store.holdings().then(
          (held) => held.length,
          () => 0,
        ),
      { timeout: 5_000 },
    )
    .toBe(1)
  await store.close()
})

test('a statement that takes too long is given up, with advice', async () => {
  const store = await openPostgresStore({ config: server.config, schema: 'slow', statementMilliseconds: 200 })
  await admin.query('BEGIN')
  await admin.query('LOCK TABLE slow.bars IN ACCESS EXCLUSIVE MODE')
  await expect(store.append({ bars: [bar(DAY)] })).rejects.toThrow('raise statementMilliseconds')
  await admin.query('ROLLBACK')
  await store.append({ bars: [bar(DAY)] })
  await store.close()
})

test('a day among many is found through the index on time', async () => {
  const store = await openPostgresStore({ config: server.config, schema: 'indexed' })
  for (let day = 0; day < 40; day++) {
    const bars = Array.from({ length: 1_440 }, (_, minute) => bar(DAY + day * DAY_SECONDS + minute * 60))
    await store.append({ bars })
  }
  await store.compact()
  const { rows } = await admin.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT * FROM indexed.bars WHERE time >= ${DAY + 9 * DAY_SECONDS} AND time < ${DAY + 10 * DAY_SECONDS}`,
  )
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('bars_time')
  await store.close()
})
