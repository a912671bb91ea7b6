import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { checkFile } from '../../data/history/check-file.ts'
import { checkFiles, findDataFiles, type NamedCheck } from '../../data/history/check-files.ts'
import { reportHtml, reportSvg } from '../../data/history/report-html.ts'
import { CHECK_DEFAULTS } from '../../data/history/series.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { SHARED_DATA } from './shared-data.ts'

const checked = async (...paths: readonly string[]): Promise<NamedCheck[]> =>
  checkFiles(await findDataFiles(paths), CHECK_DEFAULTS)

/** A row of the manifest that names its file's missing bars. */
type Listed = Readonly<
  Record<'file' | 'kind' | 'freq' | 'rows' | 'expected' | 'missing' | 'max_gap_steps' | 'start' | 'end', string>
>

let listed: readonly Listed[] = []
let all: readonly NamedCheck[] = []
beforeAll(async () => {
  if (!existsSync(SHARED_DATA))
    throw new Error(`the recorded market data are missing at ${SHARED_DATA}; without them these tests show nothing`)
  listed = parse(readFileSync(join(SHARED_DATA, 'MANIFEST.csv')), { columns: true })
  all = await checked(SHARED_DATA)
})

test('every recorded file is read, each as what the manifest says it is', () => {
  expect(listed.length).toBeGreaterThan(200)
  const kinds = new Map(all.map(({ group, name, found }) => [`${group}/${name}`, found.kind]))
  const wanted: Readonly<Record<string, readonly string[]>> = {
    ohlcv: ['candles'],
    close: ['closes'],
    price: ['prices'],
    wire: ['wire'],
    rounds: ['rounds'],
    swaps: ['events'],
    lending_events: ['events'],
    raw_logs: ['logs'],
    trades: ['trades'],
    depth: ['quotes'],
    bbo: ['quotes'],
    slippage: ['quotes', 'prices'],
  }
  for (const { file, kind } of listed) {
    const found = kinds.get(file)
    expect(wanted[kind] ?? ['records'], `${file} is ${found}`).toContain(found)
  }
})

/** What a check says of a file's rows, in the manifest's words. */
function inItsWords(found: NamedCheck['found'] | undefined): object {
  if (found === undefined || found.kind === 'unreadable') return { kind: found?.kind }
  const { rows, first, last, gaps } = 'check' in found ? found.check : { ...found, gaps: found.regular?.gaps }
  const { expected, missing } = ('check' in found ? found.check : found.regular) ?? {}
  // The manifest counts the steps between the bars on either side of a gap, one more than are missing.
  return { rows, first, last, expected, missing, steps: (gaps?.largest[0]?.missing ?? 0) + 1 }
}

test('gaps are those that the manifest names, file by file', () => {
  const found = new Map(all.map((each) => [`${each.group}/${each.name}`, each.found]))
  const regular = listed.filter(({ missing }) => missing !== '')
  expect(regular.length).toBeGreaterThan(130)
  for (const { file, rows, expected, missing, max_gap_steps, start, end } of regular) {
    const wanted = { rows, expected, missing, steps: max_gap_steps }
    expect({ file, ...inItsWords(found.get(file)) }).toEqual({
      file,
      ...Object.fromEntries(Object.entries(wanted).map(([name, text]) => [name, Number(text)])),
      first: Date.parse(`${start}Z`) / 1_000,
      last: Date.parse(`${end}Z`) / 1_000,
    })
  }
})

test('what is known of the recordings is found', () => {
  const of = (part: string): NamedCheck['found'] | undefined => all.find(({ name }) => name.startsWith(part))?.found
  expect(of('binanceus_USDCUSDT_1m')).toMatchObject({ check: { zeroVolume: { share: expect.closeTo(0.83, 2) } } })
  expect(of('binance_LUNAUSDT_1m')).toMatchObject({ check: { gaps: { largest: [{ missing: 26_240 }] } } })
  const faults = all.flatMap(({ name, found }) =>
    'check' in found && found.check.ohlcViolations + found.check.duplicates > 0 ? [name] : [],
  )
  expect(faults).toEqual([])
})

test('a report draws every series and loads nothing', () => {
  const html = reportHtml(all)
  expect(html.match(/<article>/g)).toHaveLength(all.filter(({ found }) => 'check' in found).length)
  expect(html).not.toMatch(/NaN|undefined|Infinity|<script|(?:src|href)=|url\(/)
  expect(reportSvg(all)).not.toMatch(/NaN|undefined|Infinity/)
  expect(reportHtml([])).toContain('0 series')
})

test('folders are searched, but not what is hidden, linked or no data', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'a/.hidden'), { recursive: true })
  for (const name of ['a/x.csv', 'a/.hidden/y.csv', 'a/.z.csv', 'notes.md'])
    writeFileSync(join(folder, name), 'ts,close\n')
  symlinkSync('/etc', join(folder, 'a/etc'))
  const found = await findDataFiles([folder])
  expect(found.files.map(({ name }) => name)).toEqual(['a/x.csv'])
  expect(found.skipped).toEqual(['notes.md'])
  await expect(findDataFiles([join(folder, 'none')])).rejects.toThrow(/is not there; give/)
})

test('Parquet is read like CSV: the same rows give the same check', async () => {
  const folder = temporaryFolder()
  const csv = join(SHARED_DATA, 'ohlcv/binance_spot_4h/binance_LINKUSDT_4h_20190116_20260304.csv.gz')
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const times = ['ts', 'to_timestamp(ts)', 'to_timestamp(ts)::TIMESTAMP', 'ts * 1000000']
  for (const [index, time] of times.entries()) {
    const file = join(folder, `binance_LINKUSDT_4h_[${index}]*.parquet`)
    const prices = 'open AS o, high AS "High Price", low::DECIMAL(18, 8) AS low, close, volume'
    await connection.run(
      `COPY (SELECT ${prices}, ${time} AS open_time FROM read_csv('${csv}')) TO '${file}' (FORMAT parquet)`,
    )
  }
  connection.closeSync()
  const { check } = (await checkFile(csv, CHECK_DEFAULTS)) as { check?: unknown }
  const parquet = await checked(folder)
  expect(parquet).toHaveLength(times.length)
  for (const { found } of parquet) expect(found).toMatchObject({ kind: 'candles', check })
})

test('no file whatever makes a check throw: it is read, or it says why not', async () => {
  const folder = temporaryFolder()
  const header = 'ts,open,high,low,close,volume\n'
  const names = ['a.csv', 'b.csv.gz', 'c.parquet', 'd.log', 'e.tsv', 'kraken_ETHUSD_1h_x.csv']
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some)),
    fc.string({ maxLength: 300 }).map((text) => Buffer.from(header + text)),
    fc
      .array(fc.array(fc.oneof(fc.double(), fc.integer()), { minLength: 6, maxLength: 6 }))
      .map((rows) => Buffer.from(header + rows.join('\n'))),
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), bytes, fc.boolean(), async (name, content, packed) => {
      const path = join(folder, name)
      writeFileSync(path, packed ? gzipSync(content) : content)
      const found = await checkFile(path, CHECK_DEFAULTS)
      if (found.kind === 'unreadable') expect(found.why).not.toBe('')
      reportHtml([{ group: '', name, found }])
    }),
    { numRuns: 150 },
  )
})

test('gzip that was cut off is unreadable and says so', async () => {
  const path = join(temporaryFolder(), 'cut.csv.gz')
  const whole = gzipSync(
    `ts,close\n${Array.from({ length: 5_000 }, (_, row) => `${1_700_000_000 + row * 60},${Math.sin(row)}`).join('\n')}`,
  )
  writeFileSync(path, whole.subarray(0, whole.length - 100))
  expect(await checkFile(path, CHECK_DEFAULTS)).toMatchObject({
    kind: 'unreadable',
    why: expect.stringMatching(/as gzip: unexpected end of file\. Is it whole/),
  })
})
