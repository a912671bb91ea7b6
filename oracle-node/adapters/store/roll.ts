import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type DuckEngine, quoted } from './duck-engine.ts'
import { BARS, DEPTHS, dayOf, type Kind, type Market, TRADES } from './kinds.ts'
import type { KindTable, LogTable } from './log-table.ts'
import { fileName, makeFolder, type Partition, partitionPath, syncPath } from './partition-files.ts'

/** Files that are put on the disk at the same time. */
const SYNCS_AT_ONCE = 16

type Piece = Omit<Partition, 'path' | 'files'>
/** A file that is written in full and not yet in its place. */
type Placement = { readonly from: string; readonly to: string }

/**
 * Writes what a log segment holds as Parquet files named by its number. Killed at any point and done again, it makes the same files
 * under the same names.
 */
export async function rollTable(engine: DuckEngine, folder: string, table: LogTable): Promise<void> {
  await rollKind(engine, folder, BARS, table.bars, table.sequence)
  await rollKind(engine, folder, TRADES, table.trades, table.sequence)
  await rollKind(engine, folder, DEPTHS, table.depths, table.sequence)
}

async function rollKind<Row extends Market>(
  engine: DuckEngine,
  folder: string,
  kind: Kind<Row>,
  table: KindTable<Row>,
  sequence: number,
): Promise<void> {
  const pieces = piecesOf(kind, table)
  if (pieces.length === 0) return
  await engine.load(
    'rolling',
    kind,
    pieces.flatMap(({ rows }, part) => rows.map((row) => [part, kind.cells(row)] as const)),
  )
  const placements: Placement[] = []
  for (const [part, piece] of pieces.entries()) {
    const from = join(folder, 'tmp', `${kind.name}-${sequence}-${part}.parquet`)
    const columns = kind.columns.map(([name, type]) => `"${name}"::${type} AS "${name}"`)
    await writeParquet(engine, kind, `SELECT ${columns.join(', ')} FROM rolling WHERE part = ${part}`, from)
    placements.push({ from, to: join(partitionPath(folder, kind.name, piece), fileName(sequence)) })
  }
  await engine.run('DROP TABLE rolling')
  await placeFiles(placements)
}

/** One market's rows of one day each, in an order that does not depend on when they came. */
function piecesOf<Row extends Market>(kind: Kind<Row>, table: KindTable<Row>): (Piece & { readonly rows: Row[] })[] {
  const pieces: (Piece & { readonly rows: Row[] })[] = []
  for (const { source, symbol, rows } of table.values()) {
    const days = Map.groupBy(rows.values(), (row) => dayOf(kind, kind.timeOf(row)))
    for (const [day, ofDay] of days) pieces.push({ day, source, symbol, rows: ofDay })
  }
  return pieces
}

/** Writes the rows of a query, sorted, as a Parquet file. */
export async function writeParquet(
  engine: DuckEngine,
  kind: Pick<Kind, 'key'>,
  query: string,
  to: string,
): Promise<void> {
  const key = kind.key.map((name) => `"${name}"`).join(', ')
  await engine.run(
    `COPY (${query} ORDER BY ${key}) TO ${quoted(to)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
  )
}

/** Puts finished files in their places: content first, then the name, then the folder, each on the disk before the next. */
export async function placeFiles(placements: readonly Placement[]): Promise<void> {
  const folders = [...new Set(placements.map(({ to }) => dirname(to)))]
  await each(placements, ({ from }) => syncPath(from))
  for (const folder of folders) await makeFolder(folder)
  await each(placements, ({ from, to }) => rename(from, to))
  await each(folders, syncPath)
}

async function each<Item>(items: readonly Item[], task: (item: Item) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += SYNCS_AT_ONCE) {
    await Promise.all(items.slice(at, at + SYNCS_AT_ONCE).map(task))
  }
}
