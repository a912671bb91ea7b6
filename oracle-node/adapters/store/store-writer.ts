import type { MarketRows } from '../../ports/market-store.ts'
import type { DuckEngine } from './duck-engine.ts'
import { encodeFrame } from './log-codec.ts'
import { type LogTable, rowCount } from './log-table.ts'
import { serial } from './serial.ts'
import { soundRows } from './sound-rows.ts'
import { openStoreLog } from './store-log.ts'
import type { StoreReport } from './store-report.ts'

export type WriterLimits = {
  /** The log becomes files when it holds so many rows, … */
  readonly rollRows: number
  /** … or when its oldest row is this old. */
  readonly rollSeconds: number
  /** A row is on the disk at most so long after it was appended. */
  readonly syncMilliseconds: number
}

export type StoreWriter = {
  append(rows: MarketRows): Promise<void>
  flush(): Promise<void>
  /** Rows that are in no file yet, oldest first. */
  tables(): LogTable[]
  /** Turns the log into files. @throws {Error} when that fails; the rows are still in the log then. */
  roll(): Promise<void>
  /** Runs a task while no roll does. */
  exclusive<Result>(task: () => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

const LOG_BYTES_MAX: number = 64 * 2 ** 20

/** Takes rows into the log of a folder, and turns it into files beside that. The folder must be locked. */
export async function openStoreWriter(
  folder: string,
  engine: DuckEngine,
  limits: WriterLimits,
  report: (report: StoreReport) => void,
): Promise<StoreWriter> {
  const log = await openStoreLog(folder, engine, limits.syncMilliseconds, report)
  const inTurn = serial()
  let timer: NodeJS.Timeout | undefined
  let isClosing = false
  const roll = (): Promise<void> =>
    inTurn(async () => {
      clearTimeout(timer)
      timer = undefined
      await log.roll()
    })
  let rolling: Promise<void> | undefined
  const rollBehind = (): void => {
    rolling ??= roll()
      .catch((error: unknown) => report({ kind: 'roll-failed', path: folder, detail: `${error}` }))
      .finally(() => {
        rolling = undefined
      })
  }
  rollBehind()
  await rolling
  return {
    append: async (given) => {
      const rows = soundRows(given)
      if (rowCount(rows) === 0) return
      const frame = encodeFrame(rows)
      // Whoever appends faster than files are written waits for them.
      if (log.rows() >= limits.rollRows) await rolling
      if (log.isFull() && log.rows() >= limits.rollRows) {
        rollBehind()
        throw new Error(`no files can be written in ${folder}, so no more is taken; the store's last report says why`)
      }
      await log.append(frame, rows)
      if (isClosing) return
      if (log.rows() >= limits.rollRows || log.bytes() >= LOG_BYTES_MAX) rollBehind()
      else timer ??= setTimeout(rollBehind, limits.rollSeconds * 1_000).unref()
    },
    flush: log.flush,
    tables: log.tables,
    roll,
    exclusive: inTurn,
    close: () => {
      isClosing = true
      return inTurn(log.close).finally(() => clearTimeout(timer))
    },
  }
}
