import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { shown } from '../../core/market-bars.ts'
import { isInterval } from '../../core/market-rows.ts'
import type { Holding, MarketFilter, MarketStore } from '../../ports/market-store.ts'
import { type FileKeeper, fileKeeper, type View } from './damaged-files.ts'
import { type DuckEngine, openDuckEngine } from './duck-engine.ts'
import { lockFolder } from './folder-lock.ts'
import { holdingsOf } from './holdings.ts'
import { BARS, DEPTHS, KIND_NAMES, type Kind, type Market, TRADES } from './kinds.ts'
import { followLogs } from './log-files.ts'
import type { KindTable, LogTable } from './log-table.ts'
import { compactFolder, dropDays } from './maintain.ts'
import { listPartitions, makeFolder, type Partition } from './partition-files.ts'
import { readBars } from './read-bars.ts'
import { checkFilter } from './read-files.ts'
import { readRows } from './read-rows.ts'
import { serial } from './serial.ts'
import type { StoreReport } from './store-report.ts'
import { openStoreWriter, type StoreWriter, type WriterLimits } from './store-writer.ts'

export type { StoreReport } from './store-report.ts'

export type ParquetStoreOptions = Partial<WriterLimits> & {
  /** Made when it is not there. */
  readonly folder: string
  /** Looks on while another process writes; everything that changes the store is refused. */
  readonly readOnly?: boolean
  readonly threads?: number
  readonly memoryMebibytes?: number
  /** Told of damage that was found and worked around. */
  readonly onReport?: (report: StoreReport) => void
}

const EVERYTHING = { from: 0, to: Number.POSITIVE_INFINITY }

/**
 * Market data in Parquet files, `KIND/day=…/source=…/symbol=…/*.parquet`, behind a log that is crash-safe: a row is with the
 * operating system when `append` resolves, so `kill -9` loses none that was acknowledged, and on the disk within `syncMilliseconds`.
 * One process writes a folder; any number may read it meanwhile.
 * @throws {Error} when another process writes the folder, or it is not there for reading.
 */
export async function openParquetStore(options: ParquetStoreOptions): Promise<MarketStore> {
  const folder = resolve(options.folder)
  if (/[*?[\]]/.test(folder))
    throw new Error(`the folder ${folder} holds one of * ? [ ], which DuckDB reads as a pattern; name another`)
  const report = options.onReport ?? (() => undefined)
  const limits = { threads: options.threads ?? 2, memoryMebibytes: options.memoryMebibytes ?? 1_024 }
  if (options.readOnly === true) {
    if (!existsSync(folder))
      throw new Error(`there are no market data in ${folder}: the folder is not there; fetching or importing makes it`)
    const engine = await openDuckEngine(folder, limits)
    return storeOf({
      folder,
      engine,
      view: followLogs(join(folder, 'log')),
      report,
      onClose: async () => engine.close(),
    })
  }
  const { rollRows = 200_000, rollSeconds = 300, syncMilliseconds = 500 } = options
  await makeFolder(folder)
  const lock = await lockFolder(folder)
  const engine = await openDuckEngine(folder, limits).catch((error: unknown) => {
    lock.release()
    throw error
  })
  const release = (): void => {
    engine.close()
    lock.release()
  }
  try {
    const writer = await openStoreWriter(folder, engine, { rollRows, rollSeconds, syncMilliseconds }, report)
    const onClose = (): Promise<void> => writer.close().finally(release)
    return storeOf({ folder, engine, writer, view: viewOf(writer), report, onClose })
  } catch (error) {
    release()
    throw error
  }
}

/** The log first: what leaves it while the files are listed is in one of them. */
function viewOf(writer: StoreWriter): Parts['view'] {
  return async (list) => {
    const tables = writer.tables()
    return { tables, partitions: await list() }
  }
}

type Parts = {
  readonly folder: string
  readonly engine: DuckEngine
  readonly writer?: StoreWriter
  readonly view: (list: () => Promise<Partition[]>) => Promise<View>
  readonly report: (report: StoreReport) => void
  readonly onClose: () => Promise<void>
}

function storeOf(parts: Parts): MarketStore {
  let closed = false
  const inTurn = serial()
  const { folder, engine, writer } = parts
  const keeper = fileKeeper(engine, writer !== undefined, parts.report)
  const open = <Result>(task: () => Promise<Result>): Promise<Result> => {
    if (closed) throw new Error(`the market data in ${folder} were closed`)
    return inTurn(task)
  }
  const writable = (): StoreWriter => {
    if (closed) throw new Error(`the market data in ${folder} were closed`)
    if (writer === undefined) throw new Error(`the market data in ${folder} were opened for reading only`)
    return writer
  }
  return {
    ...readerOf(parts, keeper, open),
    append: async (rows) => writable().append(rows),
    flush: async () => writable().flush(),
    compact: async () => {
      const { roll, exclusive } = writable()
      await roll()
      return exclusive(() => compactFolder(engine, folder, keeper.merging))
    },
    retain: async (kind, before) => {
      const { roll, exclusive } = writable()
      if (!KIND_NAMES.includes(kind) || Number.isNaN(before)) throw new Error(`cannot drop ${kind} before ${before}`)
      await roll()
      return { days: await exclusive(() => dropDays(folder, kind, before)) }
    },
    close: async () => {
      if (closed) return
      closed = true
      await inTurn(parts.onClose)
    },
  }
}

function readerOf(
  { folder, engine, view }: Parts,
  keeper: FileKeeper,
  open: <Result>(task: () => Promise<Result>) => Promise<Result>,
): Pick<MarketStore, 'bars' | 'trades' | 'depths' | 'holdings'> {
  const read = <Row extends Market, Result>(
    kind: Kind<Row>,
    filter: MarketFilter,
    run: (partitions: readonly Partition[], tables: readonly LogTable[]) => Promise<Result>,
  ): Promise<Result> =>
    open(() => {
      checkFilter(filter)
      return keeper.reading(
        kind,
        () => view(() => listPartitions(folder, kind.name, filter)),
        ({ partitions, tables }) => run(partitions, tables),
      )
    })
  const rows =
    <Row extends Market>(kind: Kind<Row>, tableOf: TableOf<Row>) =>
    async (filter: MarketFilter): Promise<Row[]> =>
      read(kind, filter, (partitions, logged) =>
        readRows(
          engine,
          kind,
          partitions,
          logged.map((log) => ({ sequence: log.sequence, table: tableOf(log) })),
          filter,
        ),
      )
  const held = <Row extends Market>(kind: Kind<Row>, tableOf: TableOf<Row>): Promise<Holding[]> =>
    read(kind, EVERYTHING, (partitions, logged) => holdingsOf(engine, kind, partitions, logged.map(tableOf)))
  return {
    bars: async (filter) => {
      if (!isInterval(filter.interval)) throw new Error(`the interval ${shown(filter.interval)} is none that is stored`)
      return read(BARS, filter, (partitions, logged) =>
        readBars(
          engine,
          partitions,
          logged.map(({ sequence, bars }) => ({ sequence, table: bars })),
          filter,
        ),
      )
    },
    trades: rows(TRADES, ({ trades }) => trades),
    depths: rows(DEPTHS, ({ depths }) => depths),
    holdings: async () => [
      ...(await held(BARS, ({ bars }) => bars)),
      ...(await held(TRADES, ({ trades }) => trades)),
      ...(await held(DEPTHS, ({ depths }) => depths)),
    ],
  }
}

type TableOf<Row> = (log: LogTable) => KindTable<Row>
