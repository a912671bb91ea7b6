import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SECONDS_PER_DAY } from '../../core/market-rows.ts'
import type { FileKeeper } from './damaged-files.ts'
import type { DuckEngine } from './duck-engine.ts'
import { BARS, DEPTHS, type Kind, type KindName, TRADES } from './kinds.ts'
import { fileName, listPartitions, type Partition, storedDays, syncPath } from './partition-files.ts'
import { parquet } from './read-files.ts'
import { placeFiles, writeParquet } from './roll.ts'

export type Compaction = { readonly partitions: number; readonly filesBefore: number; readonly filesAfter: number }

const EVERYTHING = { from: 0, to: Number.POSITIVE_INFINITY }

/**
 * Makes one file of each partition that has several. The merged file takes its place before the others go: whoever is killed between
 * leaves rows twice, which readers see once.
 */
export async function compactFolder(
  engine: DuckEngine,
  folder: string,
  merging: FileKeeper['merging'],
): Promise<Compaction> {
  let [partitions, filesBefore] = [0, 0]
  for (const kind of [BARS, TRADES, DEPTHS]) {
    for (const partition of await listPartitions(folder, kind.name, EVERYTHING)) {
      if (partition.files.length < 2) continue
      partitions += 1
      filesBefore += partition.files.length
      await merging(kind, partition, (readable) => mergePartition(engine, folder, kind, readable))
    }
  }
  return { partitions, filesBefore, filesAfter: partitions }
}

async function mergePartition(
  engine: DuckEngine,
  folder: string,
  kind: Pick<Kind, 'name' | 'key' | 'columns'>,
  partition: Partition,
): Promise<void> {
  const newest = partition.files.at(-1)
  if (newest === undefined) return
  const from = join(folder, 'tmp', `${kind.name}-merging.parquet`)
  const to = join(partition.path, fileName(newest.sequence, true))
  const key = kind.key.map((name) => `"${name}"`).join(', ')
  const columns = kind.columns.map(([name]) => `"${name}"`).join(', ')
  const query = `SELECT ${columns} FROM ${parquet(partition.files)}
     QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY file_index DESC) = 1`
  await writeParquet(engine, kind, query, from)
  await placeFiles([{ from, to }])
  for (const { path } of partition.files) if (path !== to) await rm(path)
  await syncPath(partition.path)
}

/** Drops the days of a kind that ended by `before`: each goes as a whole, under another name first. */
export async function dropDays(folder: string, kind: KindName, before: number): Promise<number> {
  const old = (await storedDays(folder, kind)).filter(({ day }) => (day + 1) * SECONDS_PER_DAY <= before)
  let days = 0
  for (const { day, path } of old) {
    const partitions = await listPartitions(folder, kind, {
      from: day * SECONDS_PER_DAY,
      to: (day + 1) * SECONDS_PER_DAY,
    })
    const dropped = join(folder, 'tmp', `dropped-${kind}-${day}`)
    await rm(dropped, { recursive: true, force: true })
    await rename(path, dropped)
    await syncPath(join(folder, kind))
    await rm(dropped, { recursive: true, force: true })
    if (partitions.length > 0) days += 1
  }
  return days
}
