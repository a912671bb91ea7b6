import type { DuckDBDataChunk } from '@duckdb/node-api'
import { TIME_MAX } from '../../core/market-rows.ts'
import type { MarketFilter } from '../../ports/market-store.ts'
import { type DuckEngine, quoted } from './duck-engine.ts'
import type { Kind } from './kinds.ts'
import type { Partition, StoredFile } from './partition-files.ts'

/** Files of one query: enough to keep all threads busy, and a text of some 100 kB. */
const FILES_PER_QUERY = 512

/** 0.5 GB: 500 markets' minutes of two weeks. */
export const BARS_PER_READ_MAX = 10_000_000
/** About 1 GB as objects: a day of trades of the busiest market. */
export const ROWS_PER_READ_MAX = 4_000_000

export type FileOfMarket = StoredFile & Pick<Partition, 'source' | 'symbol' | 'day'>

export type FileQuery = {
  readonly kind: Pick<Kind, 'ticksPerSecond'>
  /** SQL expressions, by their position in the chunk from 1; 0 is the file's place in the list. */
  readonly columns: readonly string[]
  readonly filter: MarketFilter
  readonly where?: string
  readonly groupBy?: string
  /** For rows of which a file may hold more than memory should. */
  readonly streamed?: boolean
}

/** Every file of some partitions, in their order. */
export function filesOf(partitions: readonly Partition[]): FileOfMarket[] {
  return partitions.flatMap(({ source, symbol, day, files }) => files.map((file) => ({ ...file, source, symbol, day })))
}

/** The file that a chunk's column 0 means. */
export function fileAt(files: readonly FileOfMarket[], place: number): FileOfMarket {
  const file = files[place]
  if (file === undefined) throw new Error(`DuckDB named file ${place} of ${files.length}`)
  return file
}

/** Reads files in their order; `take` gets each chunk and the place in `files` that the chunk's column 0 counts from. */
export async function queryFiles(
  engine: DuckEngine,
  files: readonly StoredFile[],
  query: FileQuery,
  take: (chunk: DuckDBDataChunk, firstFile: number) => void,
): Promise<void> {
  const { from, to } = timeBounds(query.kind, query.filter)
  const where = [`"time" >= ${from}`, `"time" < ${to}`, ...(query.where === undefined ? [] : [query.where])].join(
    ' AND ',
  )
  for (let first = 0; first < files.length; first += FILES_PER_QUERY) {
    const ask = query.streamed === true ? engine.stream : engine.query
    await ask(
      `SELECT file_index::INTEGER, ${query.columns.join(', ')}
       FROM ${parquet(files.slice(first, first + FILES_PER_QUERY))}
       WHERE ${where} ${query.groupBy === undefined ? '' : `GROUP BY ${query.groupBy}`}`,
      (chunk) => take(chunk, first),
    )
  }
}

/** A table function over exactly these files. The folder is refused when it is opened if its own path reads as a pattern. */
export function parquet(files: readonly Pick<StoredFile, 'path'>[]): string {
  return `read_parquet([${files.map(({ path }) => quoted(path)).join(', ')}], hive_partitioning = false)`
}

/** The range in a kind's own whole units: from ≤ time < to. */
export function timeBounds(kind: Pick<Kind, 'ticksPerSecond'>, { from, to }: MarketFilter) {
  const whole = (seconds: number): number =>
    Math.ceil(Math.min(Math.max(seconds, 0), TIME_MAX + 1) * kind.ticksPerSecond)
  return { from: whole(from), to: whole(to) }
}

/** @throws {Error} unless both ends are numbers in order. */
export function checkFilter({ from, to, source, symbol }: MarketFilter): void {
  if (typeof from !== 'number' || typeof to !== 'number' || !(from <= to)) {
    throw new Error(`a range from ≤ to in unix seconds was needed, got ${from}..${to}`)
  }
  for (const [name, value] of Object.entries({ source, symbol })) {
    if (value !== undefined && typeof value !== 'string')
      throw new Error(`${name} is ${typeof value}; a name was needed`)
  }
}

/** @throws {Error} when a read would hold more rows than memory is meant for. */
export function checkCount(what: string, count: number, most: number): void {
  if (count <= most) return
  throw new Error(
    `the range holds more than ${most} ${what}, the most of one read: ask for a shorter range or one symbol`,
  )
}
