import { copyFile, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { View } from './damaged-files.ts'
import { readFrames } from './log-codec.ts'
import { addRows, emptyTable, type LogTable } from './log-table.ts'
import { logName, logSequences, type Partition } from './partition-files.ts'
import type { StoreReport } from './store-report.ts'

/**
 * What a writer that is gone left in its log, oldest first. A torn tail, as a crash leaves it, is reported; of a log that is damaged
 * before its end a copy is kept as `.corrupt`, and every whole frame is taken all the same.
 */
export async function recoverLogs(logFolder: string, report: (report: StoreReport) => void): Promise<LogTable[]> {
  const tables: LogTable[] = []
  for (const sequence of await logSequences(logFolder)) {
    const path = join(logFolder, logName(sequence))
    const log = await readFile(path)
    const { calls, end, damaged } = readFrames(log)
    const table = emptyTable(sequence)
    for (const rows of calls) addRows(table, rows)
    tables.push(table)
    if (damaged.length > 0) await copyFile(path, `${path}.corrupt`)
    for (const [from, to] of damaged) {
      report({
        kind: 'damaged-log',
        path,
        detail: `bytes ${from} to ${to} hold no whole frame; a copy is ${path}.corrupt`,
      })
    }
    if (end < log.length) {
      report({
        kind: 'torn-log',
        path,
        detail: `the last ${log.length - end} of ${log.length} bytes are no whole frame`,
      })
    }
  }
  return tables
}

/** Rolls take seconds, and a view some milliseconds: one that is disturbed so often is taken as it is, with a call's rows in parts. */
const VIEWS_MAX = 10

/**
 * The log of a writer that is at work in another process, as far as it is written, with the files that `list` finds beside it. Files are
 * listed one folder after the other, so if a segment was becoming files meanwhile, both are looked at again: or the rows that
 * came last would be seen of one market and not yet of another.
 */
export function followLogs(logFolder: string): (list: () => Promise<Partition[]>) => Promise<View> {
  const refresh = logReader(logFolder)
  return async (list) => {
    for (let views = 1; ; views++) {
      const before = await refresh()
      const partitions = await list()
      const { tables, stamp } = await refresh()
      if (stamp === before.stamp || views === VIEWS_MAX) return { tables, partitions }
    }
  }
}

/** Reads what came since it was last called; the stamp changes with everything but what is appended to the last segment. */
function logReader(logFolder: string) {
  const known = new Map<number, { readonly table: LogTable; read: number }>()
  return async (): Promise<{ readonly tables: LogTable[]; readonly stamp: string }> => {
    const sequences = await logSequences(logFolder)
    for (const sequence of known.keys()) if (!sequences.includes(sequence)) known.delete(sequence)
    const found: { readonly table: LogTable; read: number }[] = []
    for (const sequence of sequences) {
      const segment = known.get(sequence) ?? { table: emptyTable(sequence), read: 0 }
      const rest = await readFrom(join(logFolder, logName(sequence)), segment.read)
      // Its rows are in files by now, which are listed after this.
      if (rest === undefined) continue
      const { calls, end } = readFrames(rest)
      for (const rows of calls) addRows(segment.table, rows)
      segment.read += end
      known.set(sequence, segment)
      found.push(segment)
    }
    const last = found.at(-1)
    return {
      tables: found.map(({ table }) => table),
      stamp: found.map((each) => `${each.table.sequence}:${each === last ? '' : each.read}`).join(' '),
    }
  }
}

async function readFrom(path: string, position: number): Promise<Buffer | undefined> {
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      const rest = Buffer.alloc(Math.max(0, size - position))
      const { bytesRead } = await file.read(rest, 0, rest.length, position)
      return rest.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
