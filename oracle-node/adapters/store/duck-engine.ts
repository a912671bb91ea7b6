import {
  DuckDBDataChunk as DataChunk,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api'
import type { Cell, Kind } from './kinds.ts'
import { serial } from './serial.ts'

export type EngineLimits = { readonly threads: number; readonly memoryMebibytes: number }

/** DuckDB in memory, which sees one folder and nothing else: no network, no extension, no other file. */
export type DuckEngine = {
  /** Runs a statement whose result nobody needs. */
  run(sql: string): Promise<void>
  /** Gives each chunk of the result's rows to `take`, in order. The result is held whole, and is made by all threads. */
  query(sql: string, take: (chunk: DuckDBDataChunk) => void): Promise<void>
  /** The same for results that may be too large to hold: made chunk by chunk, and given up when `take` throws. */
  stream(sql: string, take: (chunk: DuckDBDataChunk) => void): Promise<void>
  /** A table of rows, each with the number of what it belongs to in column `part`. */
  load(
    table: string,
    kind: Pick<Kind, 'columns'>,
    rows: Iterable<readonly [part: number, cells: readonly Cell[]]>,
  ): Promise<void>
  close(): void
}

/** Rows of one chunk: the size of DuckDB's own vectors. */
const CHUNK_ROWS = 2_048

export async function openDuckEngine(folder: string, limits: EngineLimits): Promise<DuckEngine> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: `${limits.threads}`,
    memory_limit: `${limits.memoryMebibytes}MiB`,
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  // Files are replaced under their names; what was read of one before must not answer for it.
  await connection.run('SET enable_external_file_cache = false')
  await connection.run(`SET allowed_directories = [${quoted(folder)}]`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
  const inTurn = serial()
  return {
    run: (sql) =>
      inTurn(async () => {
        await connection.run(sql)
      }),
    query: (sql, take) =>
      inTurn(async () => {
        const result = await connection.run(sql)
        for (const chunk of await result.fetchAllChunks()) take(chunk)
      }),
    stream: (sql, take) =>
      inTurn(async () => {
        const result = await connection.stream(sql)
        for (;;) {
          const chunk = await result.fetchChunk()
          if (chunk === null || chunk.rowCount === 0) return
          take(chunk)
        }
      }),
    load: (table, kind, rows) => inTurn(() => load(connection, table, kind, rows)),
    close: () => {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** A text as SQL writes it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

async function load(
  connection: DuckDBConnection,
  table: string,
  { columns }: Pick<Kind, 'columns'>,
  rows: Iterable<readonly [number, readonly Cell[]]>,
): Promise<void> {
  // Whole numbers up to 2^53 are exact as doubles, which the interface takes without a conversion; writing the file casts them.
  const types = columns.map(([, type]) => (type === 'VARCHAR' ? VARCHAR : DOUBLE))
  const names = columns.map(([name], index) => `"${name}" ${types[index]}`)
  await connection.run(`CREATE OR REPLACE TABLE ${table} (part INTEGER, ${names.join(', ')})`)
  const appender = await connection.createAppender(table)
  try {
    let held: (readonly [number, readonly Cell[]])[] = []
    const flush = (): void => {
      const chunk = DataChunk.create([INTEGER, ...types], held.length)
      chunk.setColumnValues(
        0,
        held.map(([part]) => part),
      )
      for (const column of columns.keys()) {
        chunk.setColumnValues(
          column + 1,
          held.map(([, cells]) => cells[column] ?? null),
        )
      }
      appender.appendDataChunk(chunk)
      held = []
    }
    for (const row of rows) {
      held.push(row)
      if (held.length === CHUNK_ROWS) flush()
    }
    if (held.length > 0) flush()
    appender.flushSync()
  } finally {
    appender.closeSync()
  }
}
