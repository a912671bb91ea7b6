import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import type { BacktestConfigInput } from '../../../backtests/config/schema.ts'
import { everySeries } from '../../../backtests/data/file-series.ts'
import { fileSource } from '../../../backtests/data/file-source.ts'
import { runBacktest } from '../../../backtests/run/run-backtest.ts'
import { NODE_FLAGS, peakMegabytes, print } from './child.ts'

/*
 * A data set of a hundred million rows in one Parquet file, loaded as hourly series with every check that a user's file gets, and some of its
 * markets replayed. The peak is of a whole process, so one makes the file and others read it: `hundred-million.ts make|load|replay FILE ROWS`.
 */

const SYMBOLS = 100
/** 2020-01-01 */
const START = 1_577_836_800
/** A row takes half as much in the file. */
const ROW_BYTES = 8

export type HundredMillionBench = {
  readonly rows: number
  readonly symbols: number
  readonly hours: number
  readonly fileMegabytes: number
  readonly seconds: number
  readonly rowsPerSecond: number
  /** Beside: the file's sha256, as a result states it. */
  readonly hashSeconds: number
  readonly peakMegabytes: number
}

export type ReplayOfRows = {
  readonly markets: number
  readonly policies: readonly string[]
  readonly days: number
  readonly seconds: number
  readonly peakMegabytes: number
}

/** Minutes of {@link SYMBOLS} markets, one market after the other: prices by a formula, so the file is the same on every machine. */
async function makeMinutes(path: string, rows: number): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1GB', threads: '2' })
  const connection = await instance.connect()
  const minutes = Math.ceil(rows / SYMBOLS)
  await connection.run(`
    COPY (
      SELECT 'S' || lpad((i // ${minutes})::VARCHAR, 3, '0') AS symbol, ${START} + (i % ${minutes}) * 60 AS ts, price AS open,
        price * 1.0005 AS high, price * 0.9995 AS low, price AS close, 10 + i % 97 / 8.0 AS volume
      FROM (SELECT i, 100 + (i // 7 * 7919 % 1009) / 64.0 AS price FROM generate_series(0, ${rows - 1}) series(i))
    ) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, ROW_GROUP_SIZE 500000)`)
  connection.closeSync()
  instance.closeSync()
}

async function loadMinutes(path: string, rows: number): Promise<HundredMillionBench> {
  const start = performance.now()
  let [read, symbols, hours] = [0, 0, 0]
  for await (const each of everySeries({ path, kindOf: () => 'volatile' })) {
    read += each.rows
    symbols += 1
    hours += each.series.close.length
  }
  const seconds = (performance.now() - start) / 1_000
  if (read !== rows) throw new Error(`${read} of ${rows} rows came back`)
  const hashStart = performance.now()
  await fileSource(path, { rows, from: START, to: START + rows })
  return {
    rows,
    symbols,
    hours,
    fileMegabytes: Math.round(statSync(path).size / 1e6),
    seconds,
    rowsPerSecond: Math.round(rows / seconds),
    hashSeconds: (performance.now() - hashStart) / 1_000,
    peakMegabytes: peakMegabytes(),
  }
}

const REPLAYED = ['S000', 'S001', 'S050', 'S099']
const DAY = 86_400
/** The first days are what vectors look back on, and the last what a loss lies in. */
const [LEAD_DAYS, TAIL_DAYS] = [30, 2]

/** A lending backtest of some of the file's markets, over all days that it has, by the function that the command runs. */
async function replayMinutes(path: string, rows: number): Promise<ReplayOfRows> {
  const dayAt = (time: number): string => new Date(time * 1_000).toISOString().slice(0, 10)
  const [first, last] = [START + LEAD_DAYS * DAY, START + daysOf(rows) * DAY - TAIL_DAYS * DAY]
  const market = { ltvBps: 7_000, liquidationThresholdBps: 7_500, liquidationBonusBps: 750, demandOverLiquidity: 10 }
  const policies = [{ kind: 'static' }, { kind: 'ewma' }] as const
  const config: BacktestConfigInput = {
    name: 'large file',
    data: { files: Object.fromEntries(REPLAYED.map((symbol) => [symbol, { path, symbol }])), marketAsset: 'S000' },
    lending: {
      periods: [{ id: 'all', title: 'All days', from: dayAt(first), to: dayAt(last), assets: REPLAYED }],
      defaults: market,
      policies: [...policies],
    },
  }
  const start = performance.now()
  await runBacktest(config, { out: join(path, '../runs') })
  return {
    markets: REPLAYED.length,
    policies: policies.map(({ kind }) => kind),
    days: (last - first) / DAY,
    seconds: (performance.now() - start) / 1_000,
    peakMegabytes: peakMegabytes(),
  }
}

function daysOf(rows: number): number {
  return Math.floor(rows / SYMBOLS / 1_440)
}

/** Makes the file in a temporary folder, reads it, each in a process of its own, and takes it away. */
export function benchHundredMillion(rows = 100_000_000): HundredMillionBench {
  return withRows(rows, (run) => run<HundredMillionBench>('load'))
}

/** The same, and then a backtest of it. @throws {Error} when the rows are too few days for that, or the disk too small for the rows. */
export function benchLargeFile(rows: number): HundredMillionBench & { readonly replay: ReplayOfRows } {
  if (daysOf(rows) < 2 * (LEAD_DAYS + TAIL_DAYS)) {
    throw new Error(`${rows} rows are ${daysOf(rows)} days of ${SYMBOLS} markets; give --rows ${10_000_000} or more`)
  }
  const { bavail, bsize } = statfsSync(tmpdir())
  if (bavail * bsize < rows * ROW_BYTES) {
    throw new Error(
      `${tmpdir()} has ${Math.round((bavail * bsize) / 1e6)} MB left and ${rows} rows need ${(rows * ROW_BYTES) / 1e6}; give fewer --rows, or set TMPDIR`,
    )
  }
  return withRows(rows, (run) => ({ ...run<HundredMillionBench>('load'), replay: run<ReplayOfRows>('replay') }))
}

function withRows<T>(rows: number, use: (run: <R>(what: 'load' | 'replay') => R) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'))
  const path = join(folder, 'minutes.parquet')
  const said = (what: string): string =>
    execFileSync(process.execPath, [...NODE_FLAGS, fileURLToPath(import.meta.url), what, path, `${rows}`], {
      encoding: 'utf8',
    })
  try {
    said('make')
    return use(<R>(what: string) => JSON.parse(said(what)) as R)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const [, , what, path = '', rows = ''] = process.argv
  if (what === 'make') await makeMinutes(path, Number(rows))
  else if (what === 'load') print(await loadMinutes(path, Number(rows)))
  else print(await replayMinutes(path, Number(rows)))
}
