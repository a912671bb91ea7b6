import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { SoundRows } from '../../core/market-rows.ts'
import type { DuckEngine } from './duck-engine.ts'
import { KIND_NAMES } from './kinds.ts'
import { recoverLogs } from './log-files.ts'
import { type LogSegment, openLogSegment } from './log-segment.ts'
import { addRows, emptyTable, type LogTable, rowCount } from './log-table.ts'
import { listPartitions, logName, makeFolder, syncPath } from './partition-files.ts'
import { rollTable } from './roll.ts'
import type { StoreReport } from './store-report.ts'

/** The log of a store: the segment that is written to, and those before it that wait to become files. */
export type StoreLog = {
  /** Resolves when the operating system has the frame. */
  append(frame: Buffer, rows: SoundRows): Promise<void>
  /** Resolves when everything that was appended is on the disk. */
  flush(): Promise<void>
  /** Begins a new segment and makes files of those before it. One call at a time. */
  roll(): Promise<void>
  /** Rows that are in no file yet, oldest first. */
  tables(): LogTable[]
  /** Rows and bytes of the segment that is written to. */
  rows(): number
  bytes(): number
  /** Whether so many segments wait that no new one is begun. */
  isFull(): boolean
  close(): Promise<void>
}

type Active = { readonly segment: LogSegment; readonly table: LogTable; rows: number }
/** When so many segments wait to become files, the disk is in trouble and memory would be next. */
const PENDING_MAX = 4

/** Opens the log of a folder, first made free of what a crash left. */
export async function openStoreLog(
  folder: string,
  engine: DuckEngine,
  syncMilliseconds: number,
  report: (report: StoreReport) => void,
): Promise<StoreLog> {
  const [logFolder, tmpFolder] = [join(folder, 'log'), join(folder, 'tmp')]
  for (const path of [logFolder, tmpFolder]) await makeFolder(path)
  for (const leftover of await readdir(tmpFolder)) await rm(join(tmpFolder, leftover), { recursive: true, force: true })
  const begin = async (sequence: number): Promise<Active> => {
    const segment = await openLogSegment(join(logFolder, logName(sequence)), syncMilliseconds)
    await syncPath(logFolder)
    return { segment, table: emptyTable(sequence), rows: 0 }
  }
  const pending: LogTable[] = await recoverLogs(logFolder, report)
  // Before an old log goes, the next is there: its number must stay above those of all files, also when nothing else is left.
  let active = await begin((pending.at(-1)?.sequence ?? (await highestSequence(folder))) + 1)
  /** Settles when the segment before the active one is on the disk. */
  let ended: Promise<void> = Promise.resolve()
  const roll = async (): Promise<void> => {
    if (active.rows > 0 && pending.length < PENDING_MAX) {
      const next = await begin(active.table.sequence + 1)
      const { segment, table } = active
      pending.push(table)
      active = next
      ended = segment.close()
    }
    // Only now is the table complete: calls that were on their way are in it.
    await ended
    for (let table = pending[0]; table !== undefined; table = pending[0]) {
      await rollTable(engine, folder, table)
      await rm(join(logFolder, logName(table.sequence)))
      pending.shift()
    }
  }
  return {
    append: (frame, rows) => {
      const current = active
      return current.segment.append(frame, () => {
        addRows(current.table, rows)
        current.rows += rowCount(rows)
      })
    },
    flush: async () => {
      await Promise.all([ended, active.segment.flush()])
    },
    roll,
    tables: () => [...pending, active.table],
    rows: () => active.rows,
    bytes: () => active.segment.bytes(),
    isFull: () => pending.length >= PENDING_MAX,
    close: async () => {
      try {
        // Calls that nobody waited for are in the log by then, and so in what is rolled.
        await active.segment.flush()
        await roll()
      } finally {
        await active.segment.close()
      }
    },
  }
}

/** Only where somebody removed the log: rows that come now must count above those in files. */
async function highestSequence(folder: string): Promise<number> {
  let highest = 0
  for (const kind of KIND_NAMES) {
    const partitions = await listPartitions(folder, kind, { from: 0, to: Number.POSITIVE_INFINITY })
    for (const { files } of partitions) highest = Math.max(highest, files.at(-1)?.sequence ?? 0)
  }
  return highest
}
