import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { FrameRow } from '../frame.ts'

/** Writes rows as a Parquet file, columns as the first row has them; nothing where there are none. */
export async function writeParquet(path: string, rows: readonly FrameRow[]): Promise<void> {
  if (rows.length === 0) return
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-parquet-'))
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  try {
    const file = join(folder, 'rows.ndjson')
    writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    const types = Object.entries(rows[0] ?? {}).map(([name, value]) => `${quoted(name)}: ${quoted(typeOf(value))}`)
    await connection.run(
      `COPY (SELECT * FROM read_json(${quoted(file)}, format = 'newline_delimited', columns = {${types.join(', ')}})) ` +
        `TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd)`,
    )
  } finally {
    connection.closeSync()
    instance.closeSync()
    rmSync(folder, { recursive: true, force: true })
  }
}

function typeOf(value: FrameRow[string]): string {
  if (typeof value === 'number') return 'DOUBLE'
  return typeof value === 'boolean' ? 'BOOLEAN' : 'VARCHAR'
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
