import { mkdir, open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { encodedName, SECONDS_PER_DAY } from '../../core/market-rows.ts'
import type { MarketFilter } from '../../ports/market-store.ts'
import { compareMarkets, type KindName, type Market } from './kinds.ts'

/*
 * KIND/day=YYYY-MM-DD/source=NAME/symbol=NAME/SEQUENCE.parquet, names percent-encoded as Hive and DuckDB decode them. SEQUENCE is the
 * number of the log segment whose rows the file holds; `SEQUENCE-merged` holds those of every file up to that number.
 */

export type StoredFile = { readonly path: string; readonly sequence: number }
export type Partition = Market & {
  /** Counted from 1970, in UTC. */
  readonly day: number
  readonly path: string
  /** Oldest first: of two rows of one key the one in the later file counts. */
  readonly files: readonly StoredFile[]
}

const FILE = /^(\d{12})(-merged)?\.parquet$/
const DAY = /^day=(\d{4}-\d{2}-\d{2})$/

export function partitionPath(
  folder: string,
  kind: KindName,
  { day, source, symbol }: Omit<Partition, 'path' | 'files'>,
): string {
  return join(folder, kind, dayName(day), `source=${encodedName(source)}`, `symbol=${encodedName(symbol)}`)
}

export function fileName(sequence: number, merged = false): string {
  return `${String(sequence).padStart(12, '0')}${merged ? '-merged' : ''}.parquet`
}

export function logName(sequence: number): string {
  return `${String(sequence).padStart(12, '0')}.log`
}

/** The numbers of a folder's log segments, in order. */
export async function logSequences(logFolder: string): Promise<number[]> {
  const names = await namesIn(logFolder)
  return names
    .flatMap((name) => (/^\d{12}\.log$/.test(name) ? [Number.parseInt(name, 10)] : []))
    .toSorted((a, b) => a - b)
}

function dayName(day: number): string {
  return `day=${new Date(day * SECONDS_PER_DAY * 1_000).toISOString().slice(0, 10)}`
}

/** The days that a kind has a folder of, in order. */
export async function storedDays(
  folder: string,
  kind: KindName,
): Promise<{ readonly day: number; readonly path: string }[]> {
  const names = await namesIn(join(folder, kind))
  return names
    .flatMap((name) => {
      const [, date] = DAY.exec(name) ?? []
      const day = date === undefined ? Number.NaN : Date.parse(date) / 1_000 / SECONDS_PER_DAY
      // A folder that nobody here made, such as day=2024-13-99, is left alone.
      return Number.isInteger(day) && dayName(day) === name ? [{ day, path: join(folder, kind, name) }] : []
    })
    .toSorted((a, b) => a.day - b.day)
}

/** The partitions that may hold rows of a filter, by market and then by day; those without a file are left out. */
export async function listPartitions(folder: string, kind: KindName, filter: MarketFilter): Promise<Partition[]> {
  const found: Partition[] = []
  for (const { day, path } of await storedDays(folder, kind)) {
    if ((day + 1) * SECONDS_PER_DAY <= filter.from || day * SECONDS_PER_DAY >= filter.to) continue
    for (const source of await named(path, 'source', filter.source)) {
      const symbols = await named(source.path, 'symbol', filter.symbol)
      const partitions = await Promise.all(
        symbols.map(async (symbol) => ({
          day,
          source: source.name,
          symbol: symbol.name,
          path: symbol.path,
          files: await filesIn(symbol.path),
        })),
      )
      for (const partition of partitions) if (partition.files.length > 0) found.push(partition)
    }
  }
  return found.toSorted((a, b) => compareMarkets(a, b) || a.day - b.day)
}

async function named(folder: string, key: 'source' | 'symbol', only: string | undefined) {
  const entries = only === undefined ? await namesIn(folder) : [`${key}=${encodedName(only)}`]
  return entries.flatMap((entry) => {
    const name = entry.startsWith(`${key}=`) ? decoded(entry.slice(key.length + 1)) : undefined
    return name === undefined ? [] : [{ name, path: join(folder, entry) }]
  })
}

function decoded(name: string): string | undefined {
  try {
    const plain = decodeURIComponent(name)
    return encodedName(plain) === name ? plain : undefined
  } catch {
    return undefined
  }
}

async function filesIn(folder: string): Promise<StoredFile[]> {
  const names = await namesIn(folder)
  // `-` sorts before `.`, so a merged file comes before the one that a repeated roll puts beside it.
  return names
    .toSorted()
    .flatMap((name) => (FILE.test(name) ? [{ path: join(folder, name), sequence: Number.parseInt(name, 10) }] : []))
}

/** What a folder holds, nothing when it is not there (any more). */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
}

/** Makes a folder and puts every new level on the disk, so that a file renamed into it can be found after a crash. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let each = path; each.length >= first.length; each = dirname(each)) await syncPath(dirname(each))
}

/** Puts a file's content, or a folder's names, on the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
