import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { DataSource } from '../result.ts'

/** What a result says of a file that it depends on. @throws {Error} when the file cannot be read. */
export async function fileSource(
  path: string,
  { rows, from, to }: Omit<DataSource, 'name' | 'sha256'>,
): Promise<DataSource> {
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(bytes as Uint8Array)
  return { name: path, sha256: hash.digest('hex'), rows, from, to }
}
