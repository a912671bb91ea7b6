import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'

/** The rows of a gzipped CSV by its header. @throws {Error} where it is missing: a test without its evidence must not pass. */
export function csvRows(path: string): readonly Readonly<Record<string, string>>[] {
  return parse(gunzipSync(readFileSync(path)), { columns: true, skip_empty_lines: true })
}
