import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { parse } from 'csv-parse/sync'
import { openParquetStore } from '../../../oracle-node/adapters/store/parquet-store.ts'
import { openPostgresStore } from '../../../oracle-node/adapters/store/postgres-store.ts'
import { intradayFeatures } from '../../../oracle-node/core/intraday.ts'
import type { BarRow, BarSeries } from '../../../oracle-node/core/market-rows.ts'
import type { MarketStore } from '../../../oracle-node/ports/market-store.ts'
import { startPostgres } from '../../support/postgres-server.ts'

/*
 * A day of one-minute bars of 500 symbols: written as it would come, minute by minute, and queried as features. The operating system's
 * cache of files is warm in every way that is compared; each run opens its store, and with it DuckDB, anew.
 */

const SYMBOLS = 500
const MINUTES = 1_440
const RUNS = 7
const DAY = 1_704_067_200
const DAY_RANGE = { from: DAY, to: DAY + MINUTES * 60 }

type Timed = {
  readonly medianMilliseconds: number
  readonly worstMilliseconds: number
  /** The median of this process's time on the processor, all threads: what a busy machine does not change much. */
  readonly cpuMilliseconds: number
}

export type StoreBench = {
  readonly bars: number
  readonly runs: number
  readonly parquet: {
    /** Rows a second that are on the disk, in the log. */
    readonly appendRowsPerSecond: number
    readonly filesAsWritten: number
    readonly queryAsWritten: Timed
    readonly compactMilliseconds: number
    readonly filesCompacted: number
    readonly megabytes: number
    /** The figure that counts: open, query the day, features of every symbol. */
    readonly query: Timed
    readonly ofWhichFeaturesMilliseconds: number
  }
  readonly postgres: { readonly appendRowsPerSecond: number; readonly query: Timed }
  readonly peers: {
    /** One gzipped CSV a symbol, read with csv-parse. */
    readonly csv: Timed
    /** One Parquet file for the day instead of one a symbol, read by the same DuckDB into the same columns. */
    readonly dayFile: Timed
    /** The realised variance alone, calculated by DuckDB's SQL over the files of the store. */
    readonly sqlAggregation: Timed
  }
}

export async function benchStore(): Promise<StoreBench> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'))
  try {
    const parquet = await benchParquet(join(folder, 'store'))
    const peers = {
      csv: await benchCsv(join(folder, 'csv')),
      dayFile: await benchDayFile(join(folder, 'store'), folder),
      sqlAggregation: await benchSql(join(folder, 'store')),
    }
    return { bars: SYMBOLS * MINUTES, runs: RUNS, parquet, postgres: await benchPostgres(), peers }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function benchParquet(folder: string): Promise<StoreBench['parquet']> {
  const store = await openParquetStore({ folder })
  const appendRowsPerSecond = await appendRate(store)
  await store.close()
  const filesAsWritten = parquetFiles(folder).length
  const open = (): Promise<MarketStore> => openParquetStore({ folder, readOnly: true })
  const queryAsWritten = await timed(() => featuresFrom(open))
  const writer = await openParquetStore({ folder })
  const begun = performance.now()
  await writer.compact()
  const compactMilliseconds = Math.round(performance.now() - begun)
  await writer.close()
  const query = await timed(() => featuresFrom(open))
  const reader = await open()
  const series = await reader.bars({ ...DAY_RANGE, interval: '1m' })
  await reader.close()
  const features = await timed(async () => expectAll(series))
  const files = parquetFiles(folder)
  return {
    appendRowsPerSecond,
    filesAsWritten,
    queryAsWritten,
    compactMilliseconds,
    filesCompacted: files.length,
    megabytes: Math.round(files.reduce((sum, path) => sum + statSync(path).size, 0) / 1e5) / 10,
    query,
    ofWhichFeaturesMilliseconds: features.medianMilliseconds,
  }
}

async function benchPostgres(): Promise<StoreBench['postgres']> {
  const server = await startPostgres()
  try {
    const open = (): Promise<MarketStore> => openPostgresStore({ config: server.config })
    const store = await open()
    const appendRowsPerSecond = await appendRate(store)
    await store.compact()
    await store.close()
    return { appendRowsPerSecond, query: await timed(() => featuresFrom(open)) }
  } finally {
    await server.stop()
  }
}

async function benchCsv(folder: string): Promise<Timed> {
  mkdirSync(folder)
  const texts = new Map<string, string[]>()
  for (const bars of dayOfBars()) {
    for (const { symbol, time, open, high, low, close, volume } of bars) {
      const lines = texts.get(symbol) ?? ['time,open,high,low,close,volume']
      texts.set(symbol, lines)
      lines.push([time, open, high, low, close, volume].join(','))
    }
  }
  for (const [symbol, lines] of texts) writeFileSync(join(folder, `${symbol}.csv.gz`), gzipSync(lines.join('\n')))
  return timed(async () => {
    const series = readdirSync(folder).map((name): BarSeries => {
      const rows: string[][] = parse(gunzipSync(readFileSync(join(folder, name))), { from_line: 2 })
      const column = (index: number): Float64Array => Float64Array.from(rows, (row) => Number(row[index]))
      return seriesOf(
        name,
        Array.from({ length: 6 }, (_, index) => column(index)),
      )
    })
    expectAll(series)
  })
}

/** The same rows in one file, as another layout would have them, and the least code that makes columns of them. */
async function benchDayFile(store: string, folder: string): Promise<Timed> {
  const day = join(folder, 'day.parquet')
  const instance = await DuckDBInstance.create()
  const writing = await instance.connect()
  await writing.run(
    `COPY (SELECT symbol, time, open, high, low, close, volume FROM read_parquet('${store}/bars/*/*/*/*.parquet', hive_partitioning = true)
     ORDER BY symbol, time) TO '${day}' (FORMAT parquet, COMPRESSION zstd)`,
  )
  instance.closeSync()
  return timed(async () => {
    const engine = await DuckDBInstance.create(':memory:', { threads: '2' })
    const connection = await engine.connect()
    const result = await connection.run(
      `SELECT dense_rank() OVER (ORDER BY symbol)::INTEGER, time::DOUBLE, open, high, low, close, volume FROM '${day}' ORDER BY symbol, time`,
    )
    const columns = Array.from({ length: 7 }, () => new Float64Array(SYMBOLS * MINUTES))
    let at = 0
    for (const chunk of await result.fetchAllChunks()) {
      for (const [index, column] of columns.entries()) {
        const vector = chunk.getColumnVector(index)
        for (let row = 0; row < chunk.rowCount; row++) column[at + row] = Number(vector.getItem(row))
      }
      at += chunk.rowCount
    }
    engine.closeSync()
    const [, ...values] = columns
    expectAll(
      Array.from({ length: SYMBOLS }, (_, symbol) =>
        seriesOf(
          `${symbol}`,
          values.map((column) => column.subarray(symbol * MINUTES, (symbol + 1) * MINUTES)),
        ),
      ),
    )
  })
}

async function benchSql(store: string): Promise<Timed> {
  return timed(async () => {
    const engine = await DuckDBInstance.create(':memory:', { threads: '2' })
    const connection = await engine.connect()
    const result = await connection.run(
      `SELECT symbol, sum(r * r) FROM (
         SELECT symbol, ln(close / coalesce(lag(close) OVER (PARTITION BY symbol ORDER BY time), open)) AS r
         FROM read_parquet('${store}/bars/*/*/*/*.parquet', hive_partitioning = true)
       ) GROUP BY symbol`,
    )
    if (result.rowCount !== SYMBOLS) throw new Error(`${result.rowCount} symbols, not ${SYMBOLS}`)
    engine.closeSync()
  })
}

async function featuresFrom(open: () => Promise<MarketStore>): Promise<void> {
  const store = await open()
  expectAll(await store.bars({ ...DAY_RANGE, interval: '1m' }))
  await store.close()
}

function expectAll(series: readonly BarSeries[]): void {
  const features = series.map((each) => intradayFeatures(each, DAY_RANGE))
  const whole = features.filter((each) => each !== undefined && each.missingShare === 0 && each.realisedVariance > 0)
  if (whole.length !== SYMBOLS) throw new Error(`features of ${whole.length} symbols, not ${SYMBOLS}`)
}

/** Rows a second, without the time that making them takes. */
async function appendRate(store: MarketStore): Promise<number> {
  let milliseconds = 0
  for (const bars of dayOfBars()) {
    const begun = performance.now()
    await store.append({ bars })
    milliseconds += performance.now() - begun
  }
  const begun = performance.now()
  await store.flush()
  return Math.round((SYMBOLS * MINUTES * 1_000) / (milliseconds + performance.now() - begun))
}

async function timed(task: () => Promise<void>): Promise<Timed> {
  const [wall, cpu]: [number[], number[]] = [[], []]
  for (let run = 0; run < RUNS; run++) {
    const [begun, used] = [performance.now(), process.cpuUsage()]
    await task()
    wall.push(performance.now() - begun)
    const { user, system } = process.cpuUsage(used)
    cpu.push((user + system) / 1_000)
  }
  const at = (values: readonly number[], index: number): number =>
    Math.round(values.toSorted((a, b) => a - b).at(index) ?? Number.NaN)
  return {
    medianMilliseconds: at(wall, RUNS >> 1),
    worstMilliseconds: at(wall, -1),
    cpuMilliseconds: at(cpu, RUNS >> 1),
  }
}

/**
 * A call holds ten minutes of every symbol, in the order in which they would come; prices walk by a fixed generator. Made anew each time:
 * a million rows that somebody holds would cost every query the time to collect garbage around them.
 */
function* dayOfBars(): Generator<BarRow[]> {
  let state = 1
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const prices = Array.from({ length: SYMBOLS }, (_, symbol) => 1 + symbol)
  const minute = (number: number): BarRow[] =>
    prices.map((open, symbol) => {
      const close = open * (1 + 0.002 * (uniform() - 0.5))
      prices[symbol] = close
      const [high, low] = [
        Math.max(open, close) * (1 + 0.0005 * uniform()),
        Math.min(open, close) * (1 - 0.0005 * uniform()),
      ]
      const row = { source: 'binance', symbol: `S${symbol}USDT`, interval: '1m', time: DAY + 60 * number } as const
      return { ...row, open, high, low, close, volume: 1_000 * uniform() }
    })
  for (let first = 0; first < MINUTES; first += 10) {
    yield Array.from({ length: 10 }, (_, each) => minute(first + each)).flat()
  }
}

function seriesOf(symbol: string, columns: readonly Float64Array[]): BarSeries {
  const [time, open, high, low, close, volume] = columns
  if (!time || !open || !high || !low || !close || !volume) throw new Error(`${symbol} lacks a column`)
  return { source: 'binance', symbol, interval: '1m', time, open, high, low, close, volume }
}

function parquetFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, `${name}`))
    .filter((path) => path.endsWith('.parquet'))
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await benchStore(), undefined, 2)}\n`)
