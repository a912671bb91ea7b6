import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { openParquetStore } from '../../oracle-node/adapters/store/parquet-store.ts'
import { openPostgresStore } from '../../oracle-node/adapters/store/postgres-store.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { testMarketStore } from './market-store.ts'

testMarketStore('DuckDB and Parquet', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-store-'))
  return {
    open: () => openParquetStore({ folder }),
    remove: async () => rmSync(folder, { recursive: true }),
  }
})

let server: PostgresServer
let schemas = 0
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

testMarketStore('PostgreSQL', async () => {
  schemas += 1
  const schema = `store_${schemas}`
  return {
    open: () => openPostgresStore({ config: server.config, schema }),
    remove: async () => undefined,
  }
})
