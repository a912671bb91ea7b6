import { DuckDBInstance } from '@duckdb/node-api'
import { columnsOf } from './columns.ts'
import type { Table, TableRow } from './read-table.ts'

/** What a query of one file may take; DuckDB puts the rest on disk or refuses. */
const MEMORY_MAX = '1GB'

/**
 * Opens a Parquet file as rows of text, as if it were CSV: times as ISO in UTC, numbers so that they read back as the same.
 * @throws {Error} that names the file when it is not Parquet.
 */
export async function openParquet(path: string): Promise<Table> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: MEMORY_MAX, threads: '2' })
  const connection = await instance.connect()
  const close = async (): Promise<void> => {
    connection.closeSync()
    instance.closeSync()
  }
  try {
    await connection.run("SET TimeZone = 'UTC'")
    const result = await connection.stream('SELECT COLUMNS(*)::VARCHAR FROM read_parquet($1)', [literal(path)])
    const header = result.columnNames()
    return { header, columns: columnsOf(header), rows: rowsOf(result.yieldRowsJs()), close }
  } catch (error) {
    await close()
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`${path} cannot be read as Parquet: ${why.slice(0, 300)}`, { cause: error })
  }
}

async function* rowsOf(batches: AsyncIterable<readonly (readonly unknown[])[]>): AsyncGenerator<readonly TableRow[]> {
  let line = 0
  for await (const batch of batches) {
    yield batch.map((values) => {
      line += 1
      const fields = values.map((value) => (typeof value === 'string' ? value : ''))
      return { line, text: fields.join(','), fields }
    })
  }
}

/** DuckDB takes a path for a pattern; in brackets each of its signs stands for itself. */
function literal(path: string): string {
  return path.replaceAll(/[*?[]/g, '[$&]')
}
