import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { everySeries } from '../../../backtests/data/file-series.ts'
import { fileSource } from '../../../backtests/data/file-source.ts'

/*
 * A data set of a hundred million rows in one Parquet file, loaded as hourly series with every check that a user's file gets. The peak is
 * of a whole process, so one makes the file and another reads it: `hundred-million.ts make|load FILE ROWS`.
 */

const SYMBOLS = 100
/** 2020-01-01 */
const START = 1_577_836_800

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
    peakMegabytes: Math.round((process.resourceUsage().maxRSS * 1_024) / 1e6),
  }
}

/** Makes the file in a temporary folder, reads it, each in a process of its own, and takes it away. */
export function benchHundredMillion(rows = 100_000_000): HundredMillionBench {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'))
  try {
    const path = join(folder, 'minutes.parquet')
    const run = (what: 'make' | 'load'): string =>
      execFileSync(process.execPath, [fileURLToPath(import.meta.url), what, path, `${rows}`], { encoding: 'utf8' })
    run('make')
    return JSON.parse(run('load')) as HundredMillionBench
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , what, path = '', rows = ''] = process.argv
  if (what === 'make') await makeMinutes(path, Number(rows))
  else process.stdout.write(JSON.stringify(await loadMinutes(path, Number(rows))))
}
