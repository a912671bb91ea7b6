import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ImportedFile, type ImportOptions, importFile, RefusedFile } from '../../data/history/import-file.ts'
import { readCandles } from '../../data/recorded/read-candles.ts'
import { openParquetStore } from '../../oracle-node/adapters/store/parquet-store.ts'
import type { BarSeries } from '../../oracle-node/ports/market-store.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { SHARED_DATA } from './shared-data.ts'

const HEADER = 'ts,open,high,low,close,volume'
const START = Date.UTC(2025, 0) / 1_000 - 3_600
const NAMED = { source: 'kraken', symbol: 'ETH/USD', interval: '1h' } as const

type Outcome = { readonly imported?: ImportedFile; readonly refused?: string; readonly series: BarSeries | undefined }

async function importOne(path: string, options: ImportOptions = {}): Promise<Outcome> {
  const store = await openParquetStore({ folder: join(temporaryFolder(), 'store') })
  try {
    const outcome = await importFile(path, store, options).then(
      (imported) => ({ imported }),
      (error: unknown) => {
        if (error instanceof RefusedFile) return { refused: error.message }
        throw error
      },
    )
    const [holding] = await store.holdings()
    const { interval = '1h' } = holding ?? {}
    const [series] = holding === undefined ? [] : await store.bars({ interval, from: 0, to: 2 ** 32 - 1 })
    return { ...outcome, series }
  } finally {
    await store.close()
  }
}

function fileOf(text: string | Buffer, name = 'mine.csv'): string {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, text)
  return path
}

test('a recorded file comes into the store as it is, named by its file', async () => {
  const path = join(SHARED_DATA, 'ohlcv/multivenue_1h/coinbase_BTCUSD_1h_20180601_20191017.csv.gz')
  const { imported, series } = await importOne(path)
  expect(imported).toMatchObject({
    source: 'coinbaseexchange',
    symbol: 'BTC/USD',
    interval: '1h',
    rows: 12_082,
    bad: 0,
    timeFormats: ['s'],
  })
  const candles = readCandles(path)
  expect(Array.from(series?.time ?? [])).toEqual(candles.map(({ ts }) => ts))
  expect(Array.from(series?.close ?? [])).toEqual(candles.map(({ close }) => close))
  expect(Array.from(series?.volume ?? [])).toEqual(candles.map(({ volume }) => volume))
})

test('columns in any order, under other names and times in any format are the same bars', async () => {
  const iso = (row: number): string => new Date((START + row * 3_600) * 1_000).toISOString()
  const files = [
    `${HEADER}\n${START},1,3,0.5,2,7\n${START + 3_600},2,3,1,1,0\n`,
    `Volume;Close;Low;High;Open;Date\n7;2;0.5;3;1;${iso(0)}\n0;1;1;3;2;${iso(1)}\n`,
    `vol\topen_price\tmax\tmin\tlast\textra\tOpen time\n7\t1\t3\t0.5\t2\tx\t${START}000\n0\t2\t3\t1\t1\ty\t${START + 3_600}000\n`,
    // As Binance's archive: no header, twelve columns, here from milliseconds to microseconds.
    `${START}000,1,3,0.5,2,7,${START}999,1,1,1,1,0\n${START + 3_600}000000,2,3,1,1,0,1,1,1,1,1,0\n`,
  ]
  const outcomes: Outcome[] = []
  for (const text of files) {
    outcomes.push(await importOne(fileOf(text), NAMED), await importOne(fileOf(gzipSync(text), 'mine.csv.gz'), NAMED))
  }
  for (const { series } of outcomes) expect(series).toEqual(outcomes[0]?.series)
  expect(outcomes.map(({ imported }) => imported?.timeFormats.join())).toEqual([
    's',
    's',
    'iso',
    'iso',
    'ms',
    'ms',
    'ms,us',
    'ms,us',
  ])
})

test('the length of a bar is known from the times where neither name nor caller says it', async () => {
  const rows = Array.from({ length: 20 }, (_, row) => `${START + row * 900},1,1,1,1,1`)
  const { imported } = await importOne(fileOf([HEADER, ...rows].join('\n')), { source: 'okx', symbol: 'BTC/USDC' })
  expect(imported).toMatchObject({ source: 'okx', symbol: 'BTC/USDC', interval: '15m', rows: 20 })
})

test.each([
  ['', /is empty; a file of candles was needed/],
  ['\n\n', /is empty/],
  [`${HEADER}\n`, /holds no sound row/],
  [
    'ts,price\n1,2\n',
    /lacks open \(open, .*volume .*It has: ts, price\. Needed are time, open, high, low, close, volume; the time is the bar's open/,
  ],
  ['close_time,open,high,low,close,volume\n1,2,3,4,5,6\n', /lacks time \(ts, time, opentime/],
  ['1,2,3\n', /lacks time/],
  [
    `${HEADER}\n${START},1,3,0.5,2,7\n${START + 60},1,3,0.5,2,7\n`,
    /1 bad of 2 rows.*\n {2}line 3: time 1735686060 is not the start of a bar of 1h/,
  ],
])('a file of %j is refused', async (text, why) => {
  const { refused, series } = await importOne(fileOf(text), NAMED)
  expect(refused).toMatch(why)
  expect(series).toBe(undefined)
})

test('a file whose market nobody names is refused, and the refusal says what to give', async () => {
  const path = fileOf(`${HEADER}\n${START},1,3,0.5,2,7\n`)
  expect((await importOne(path)).refused).toMatch(
    /give --source, for instance binance; and --symbol, .*; and --freq, one of 1m/,
  )
  expect((await importOne(path, { ...NAMED, symbol: 'POOL' })).refused).toMatch(
    /symbol POOL has no quote currency that is known; give --symbol/,
  )
  expect((await importOne(join(path, '..', 'none.csv'), NAMED)).refused).toMatch(/none\.csv/)
})

test('with bad rows nothing is stored, and the first five are named; with --skip-bad all sound ones are, and every bad one is kept', async () => {
  const bad = [
    'nonsense',
    `${START},1,1,1,1,-1`,
    `${START},1,2,1,1,"1`,
    'x,1,1,1,1,1',
    `${START},,1,1,1,1`,
    `${START},1,1e99,1,1,1`,
    '1,2',
  ]
  const rows = bad.flatMap((row, index) => [row, `${START + index * 3_600},1,3,0.5,2,7`])
  const path = fileOf([HEADER, ...rows].join('\n'))
  const first = await importOne(path, NAMED)
  expect(first.series).toBe(undefined)
  expect(first.refused).toMatch(
    /has 7 bad of 14 rows; nothing of it is stored:\n {2}line 2: it has 1 fields.*\n {2}line 4: .*\n {2}line 6: .*\n {2}line 8: .*\n {2}line 10: .*\n {2}and 2 more/,
  )
  const second = await importOne(path, { ...NAMED, skipBad: true })
  expect(second.imported).toMatchObject({ rows: 7, bad: 7, badFile: `${path}.bad.csv` })
  expect(second.series?.time).toHaveLength(7)
  const side = readFileSync(`${path}.bad.csv`, 'utf8')
  expect(side.split('\n')[0]).toBe('line,reason,row')
  for (const row of bad) expect(side).toContain(row.replaceAll('"', '""'))
})

test('whatever rows a file has, each is stored or written aside', async () => {
  const value = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom('', 'x', -1, 0, 'NaN', 1e300))
  const row = fc.tuple(fc.integer({ min: 0, max: 3_599_000 }), value, value, value, value, value)
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (rows) => {
      const lines = rows.map(([time, ...values], index) =>
        [START + index * 3_600 + (time % 1_000 === 0 ? 1 : 0), ...values].join(),
      )
      const path = fileOf([HEADER, ...lines].join('\n'))
      const { imported, refused, series } = await importOne(path, { ...NAMED, skipBad: true })
      const aside = existsSync(`${path}.bad.csv`)
        ? readFileSync(`${path}.bad.csv`, 'utf8').trimEnd().split('\n').length - 1
        : 0
      if (imported) expect((series?.time.length ?? 0) + aside).toBe(rows.length)
      else expect(refused).toMatch(/holds no sound row/)
    }),
    { numRuns: 25 },
  )
})

test('where the bad rows cannot be kept, nothing is stored', async () => {
  const path = fileOf(`${HEADER}\n${START},1,3,0.5,2,7\nbad\n`)
  mkdirSync(`${path}.bad.csv`)
  chmodSync(`${path}.bad.csv`, 0o500)
  const { refused, series } = await importOne(path, { ...NAMED, skipBad: true })
  expect(refused).toMatch(/bad rows cannot be written to .*; nothing is stored/)
  expect(series).toBe(undefined)
})
