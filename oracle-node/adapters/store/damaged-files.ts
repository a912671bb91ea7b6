import { rename } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DuckEngine } from './duck-engine.ts'
import type { Kind } from './kinds.ts'
import type { LogTable } from './log-table.ts'
import type { Partition } from './partition-files.ts'
import { parquet } from './read-files.ts'
import type { StoreReport } from './store-report.ts'

export type View = { readonly tables: readonly LogTable[]; readonly partitions: readonly Partition[] }
type KindOfFile = Pick<Kind, 'columns'>

export type FileKeeper = {
  /** Runs a read on what `view` lists, again when files went away meanwhile, and without those that cannot be read. */
  reading<Result>(kind: KindOfFile, view: () => Promise<View>, run: (view: View) => Promise<Result>): Promise<Result>
  /** Runs a merge of a partition's files, without those that cannot be read. */
  merging(kind: KindOfFile, partition: Partition, merge: (partition: Partition) => Promise<void>): Promise<void>
}

/** A file goes at most once for each merge or drop of another process; a read that meets so many in a row is not unlucky. */
const READS_MAX = 12
const PAUSE_MILLISECONDS = 20

/** Finds the files that DuckDB fails on, and sets them aside: a writer by another name, a reader in its memory. */
export function fileKeeper(engine: DuckEngine, moves: boolean, report: (report: StoreReport) => void): FileKeeper {
  const left = new Set<string>()
  const without = (partitions: readonly Partition[]): Partition[] =>
    partitions
      .map((partition) => ({ ...partition, files: partition.files.filter(({ path }) => !left.has(path)) }))
      .filter(({ files }) => files.length > 0)
  const setAside = async (kind: KindOfFile, paths: readonly string[]): Promise<boolean> => {
    const bad = await unreadable(engine, kind, paths)
    for (const { path, detail } of bad) {
      left.add(path)
      const moved = moves && (await moveAside(path))
      report({ kind: 'corrupt-file', path, detail: `${moved ? `renamed to ${path}.corrupt` : 'left out'}: ${detail}` })
    }
    return bad.length > 0
  }
  return {
    reading: async (kind, view, run) => {
      for (let reads = 1; ; reads++) {
        const { tables, partitions: listed } = await view()
        const partitions = without(listed)
        try {
          return await run({ tables, partitions })
        } catch (error) {
          const before = pathsOf(partitions)
          const now = new Set(pathsOf((await view()).partitions))
          const isChanged = before.some((path) => !now.has(path)) || (await setAside(kind, before))
          if (!isChanged || reads === READS_MAX) throw error
          await sleep(PAUSE_MILLISECONDS)
        }
      }
    },
    merging: async (kind, partition, merge) => {
      try {
        await merge(partition)
      } catch (error) {
        if (!(await setAside(kind, pathsOf([partition])))) throw error
        const [rest] = without([partition])
        if (rest !== undefined && rest.files.length > 1) await merge(rest)
      }
    },
  }
}

function pathsOf(partitions: readonly Partition[]): string[] {
  return partitions.flatMap(({ files }) => files.map(({ path }) => path))
}

async function moveAside(path: string): Promise<boolean> {
  return rename(path, `${path}.corrupt`).then(
    () => true,
    () => false,
  )
}

/** Those of some files that DuckDB cannot read to their ends. */
async function unreadable(
  engine: DuckEngine,
  { columns }: KindOfFile,
  paths: readonly string[],
): Promise<{ readonly path: string; readonly detail: string }[]> {
  const bad: { path: string; detail: string }[] = []
  const everything = columns.map(([name, type]) => `max("${name}"::${type})`).join(', ')
  for (const path of paths) {
    await engine
      .query(`SELECT ${everything} FROM ${parquet([{ path }])}`, () => undefined)
      .catch((error: unknown) => bad.push({ path, detail: error instanceof Error ? error.message : `${error}` }))
  }
  return bad
}
