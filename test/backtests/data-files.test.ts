import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { everySeries, type FileInput, fileSeries } from '../../backtests/data/file-series.ts'
import type { Series } from '../../backtests/series.ts'
import { benchHundredMillion } from '../bench/backtest/hundred-million.ts'

const START = 1_600_000_000 - (1_600_000_000 % 3_600)
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-files-'))
let duck: DuckDBConnection

beforeAll(async () => {
  duck = await (await DuckDBInstance.create(':memory:')).connect()
  await duck.run("SET TimeZone = 'UTC'")
})
afterAll(() => {
  duck.closeSync()
  rmSync(folder, { recursive: true })
})

let files = 0
/** A Parquet file of what a query gives. */
async function parquet(query: string): Promise<string> {
  const path = join(folder, `${++files}.parquet`)
  await duck.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`)
  return path
}

function csv(...lines: readonly string[]): string {
  const path = join(folder, `${++files}.csv`)
  writeFileSync(path, lines.join('\n'))
  return path
}

/** Hours of one market by a formula; `change` is what of a column differs at `i`. */
const hours = (count: number, change: Readonly<Record<string, string>> = {}): string =>
  `SELECT ${Object.entries({
    ts: `${START} + i * 3600`,
    open: '100.0 + i',
    high: '102.5 + i',
    low: '99.5 + i',
    close: '101.0 + i',
    volume: '2.0',
    ...change,
  })
    .map(([column, value]) => `${value} AS ${column}`)
    .join(', ')} FROM generate_series(0, ${count - 1}) rows(i)`

const read = async (path: string, more: Partial<FileInput> = {}): Promise<Series> =>
  (await fileSeries({ asset: 'ETH', kind: 'volatile', path, ...more })).series

describe('CSV', () => {
  const rows = ['time,open,high,low,close,volume', '2020-09-13T12:00:00Z,1,3,1,2,10', '2020-09-13T13:00:00Z,2,4,2,3,10']

  test('plain or gzipped gives the same, with where it came from', async () => {
    const path = csv(...rows)
    const found = await fileSeries({ asset: 'ETH', kind: 'volatile', path })
    expect([...found.series.close]).toEqual([2, 3])
    expect([...found.series.volumeUsd]).toEqual([20, 30])
    expect(found.source).toMatchObject({ name: path, rows: 2, from: START, to: START + 7_200 })
    expect(found.source.sha256).toMatch(/^[0-9a-f]{64}$/)
    const packed = join(folder, 'packed.csv.gz')
    writeFileSync(packed, gzipSync(rows.join('\n')))
    expect(await read(packed)).toEqual(found.series)
  })

  test.each([
    [
      'a word for a price',
      [...rows, '2020-09-13T14:00:00Z,2,4,2,none,1'],
      /\.csv, line 4 \(2020-09-13T14:00:00Z\): close is NaN/,
    ],
    ['a zero price', [...rows, '2020-09-13T14:00:00Z,2,4,0,3,1'], /\.csv, line 4 .*low is 0/],
    ['rows out of order', [...rows, '2020-09-13T11:00:00Z,2,4,2,3,1'], /\.csv, line 4 .*stands behind line 3 .*sorted/],
    ['a time twice', [...rows, '2020-09-13T13:00:00Z,2,4,2,3,1'], /\.csv, line 4 .*overlap/],
    ['no time', [...rows, 'noon,2,4,2,3,1'], /\.csv, line 4: noon,2,4,2,3,1 has no time/],
    ['a short row', [...rows, '2020-09-13T14:00:00Z,2'], /\.csv, line 4: .* is not 6 fields/],
    ['a column too few', ['time,open,high,low,close', '1600000000,1,1,1,1'], /lacks volume \(volume, vol/],
    ['nothing', [''], /is empty/],
    ['a header alone', [rows[0] ?? ''], /has no row/],
  ])('with %s is refused at its line', async (_, lines, message) => {
    await expect(read(csv(...lines))).rejects.toThrow(message)
  })

  test('of several symbols needs one named', async () => {
    const [header, one, two] = rows
    const path = csv(`symbol,${header}`, `A,${one}`, `B,${one?.replace('1,3,1,2', '5,9,5,8')}`, `A,${two}`)
    expect([...(await read(path, { symbol: 'A' })).close]).toEqual([2, 3])
    expect([...(await read(path, { symbol: 'B' })).close]).toEqual([8])
    await expect(read(path)).rejects.toThrow(/line 3: a second symbol, B after A; say which/)
    await expect(read(path, { symbol: 'C' })).rejects.toThrow(/has no row of the symbol C/)
    await expect(read(csv(...rows), { symbol: 'C' })).rejects.toThrow(/has no column of symbols to find C in/)
  })
})

describe('Parquet', () => {
  test('gives the same series as CSV of the same rows', async () => {
    const path = await parquet(`${hours(60, { volume: '0.1 + i % 7 / 3.0' })} WHERE i % 11 <> 5`)
    const text = join(folder, 'same.csv')
    await duck.run(`COPY (SELECT * FROM read_parquet('${path}')) TO '${text}' (HEADER)`)
    const [a, b] = [await read(path), await read(text)]
    expect({ ...a, volumeUsd: [] }).toEqual({ ...b, volumeUsd: [] })
    // Summed in whole 10⁻⁵ USD.
    for (const [hour, volume] of a.volumeUsd.entries())
      expect(Math.abs(volume - (b.volumeUsd[hour] ?? 0))).toBeLessThan(1e-5)
    expect(a.missing.reduce((sum, each) => sum + each, 0)).toBe(5)
  })

  test('times may be seconds, milliseconds, microseconds, timestamps with or without a zone, or text', async () => {
    const expected = await read(await parquet(hours(4)))
    for (const ts of [
      `(${START} + i * 3600)::DOUBLE`,
      `(${START} + i * 3600)::INTEGER`,
      `(${START} + i * 3600) * 1000`,
      `(${START} + i * 3600) * 1000000`,
      `make_timestamp((${START} + i * 3600) * 1000000)`,
      `make_timestamp((${START} + i * 3600) * 1000000)::TIMESTAMPTZ`,
      `make_timestamp((${START} + i * 3600) * 1000000)::TIMESTAMP_NS`,
      `strftime(make_timestamp((${START} + i * 3600) * 1000000), '%Y-%m-%dT%H:%M:%SZ')`,
    ]) {
      expect(await read(await parquet(hours(4, { ts }))), ts).toEqual(expected)
    }
  })

  test('trades become hours: first, highest, lowest, last price and what was traded', async () => {
    const path = await parquet(
      `SELECT ${START * 1_000} + i * 600000 AS time, CASE i WHEN 1 THEN 9.0 WHEN 3 THEN 4.0 ELSE 5.0 + i / 10 END AS price, 2.0 AS amount
       FROM generate_series(0, 7) rows(i)`,
    )
    const series = await read(path)
    expect([...series.open]).toEqual([5, 5.6])
    expect([...series.high]).toEqual([9, 5.7])
    expect([...series.low]).toEqual([4, 5.6])
    expect([...series.close]).toEqual([5.5, 5.7])
    expect(series.volumeUsd[0]).toBeCloseTo(2 * (5 + 9 + 5.2 + 4 + 5.4 + 5.5), 5)
  })

  test('of several markets, whichever way it goes, gives each', async () => {
    const two = `SELECT 'B' AS symbol, * FROM (${hours(5)}) UNION ALL SELECT 'A', * FROM (${hours(4, { close: '100.0 + i' })})`
    for (const query of [
      two,
      `SELECT * FROM (${two}) ORDER BY ts, symbol`,
      `SELECT * FROM (${two}) ORDER BY ts, symbol DESC`,
    ]) {
      const path = await parquet(query)
      const found: [string, number, string, number | undefined][] = []
      for await (const { series, rows } of everySeries({
        path,
        kindOf: (symbol) => (symbol === 'A' ? 'stable' : 'volatile'),
      })) {
        found.push([series.asset, rows, series.kind, series.close.at(-1)])
      }
      expect(found).toEqual([
        ['A', 4, 'stable', 103],
        ['B', 5, 'volatile', 105],
      ])
      expect((await read(path, { symbol: 'B' })).close.at(-1)).toBe(105)
      await expect(read(path)).rejects.toThrow(/several symbols, A and B among them; say which/)
      await expect(read(path, { symbol: "it's" })).rejects.toThrow(/has no row of the symbol it's/)
    }
  })

  test.each([
    [
      'a zero price',
      hours(9, { low: 'CASE WHEN i >= 4 THEN 0.0 ELSE 99.5 + i END' }),
      /row 5 \(2020-09-13T16:00:00Z\): low is 0; .* first of 5 such rows/,
    ],
    ['no number', hours(9, { close: "CASE i WHEN 2 THEN 'NaN'::DOUBLE ELSE 101.0 + i END" }), /row 3 .*close is NaN/],
    ['nothing for a number', hours(9, { high: 'CASE i WHEN 2 THEN NULL ELSE 102.5 + i END' }), /row 3 .*high is NaN/],
    [
      'no time',
      hours(9, { ts: `CASE i WHEN 2 THEN NULL ELSE ${START} + i * 3600 END` }),
      /row 3 \(no time\): it has no time/,
    ],
    [
      'absurd volume',
      hours(9, { volume: 'CASE i WHEN 2 THEN 1e30 ELSE 1 END' }),
      /row 3 .*volume is .* Is it in quote units/,
    ],
    [
      'volume of no number',
      hours(9, { volume: "CASE i WHEN 2 THEN 'NaN'::DOUBLE ELSE 1 END" }),
      /row 3 .*volume is NaN/,
    ],
    [
      'rows of one time',
      hours(9, { ts: `${START} + (CASE i WHEN 6 THEN 5 ELSE i END) * 3600` }),
      /row 7 \(2020-09-13T17:00:00Z\): row 6 is of the same time, so the data overlap \(in 1 hours\)/,
    ],
    [
      'rows out of order',
      hours(9, { ts: `${START} + (CASE i WHEN 6 THEN 20 ELSE i END) * 3600` }),
      /row 8 .*earlier than its market's row before; rows need to be sorted/,
    ],
    [
      'minutes out of order within an hour',
      hours(60, { ts: `${START} + (CASE i WHEN 23 THEN 24 WHEN 24 THEN 23 ELSE i END) * 60` }),
      /row 25 \(2020-09-13T12:23:00Z\): it is earlier than its market's row before; rows/,
    ],
    [
      'half hours among hours',
      hours(9, { ts: `${START} + i * 3600 + CASE i WHEN 6 THEN 1800 ELSE 0 END` }),
      /row 7 .*not the start of a bar of 1h/,
    ],
    ['seconds', hours(90, { ts: `${START} + i * 5` }), /row 2 .*off the full minute/],
    ['four hours', hours(9, { ts: `${START} + i * 14400` }), /its bars are 4h apart/],
    ['a hole', hours(9, { ts: `${START} + (i + i // 5 * 90) * 3600` }), /has no bar from .* which are 90 hours/],
    ['no row', hours(0), /has no row/],
    ['other columns', 'SELECT 1 AS a, 2 AS b', /lacks time \(ts, time.* and for trades price and amount. It has: a, b/],
  ])('with %s is refused with its place', async (_, query, message) => {
    await expect(read(await parquet(query))).rejects.toThrow(message)
  })

  test('of markets one of which is out of order is refused, whichever way it goes', async () => {
    const late = hours(9, { ts: `${START} + (CASE i WHEN 6 THEN 20 ELSE i END) * 3600` })
    const sound = `SELECT 'A' AS symbol, * FROM (${hours(9)})`
    const byMarket = await parquet(`${sound} UNION ALL SELECT 'B', * FROM (${late})`)
    await expect(read(byMarket, { symbol: 'A' })).resolves.toMatchObject({ asset: 'ETH' })
    await expect(read(byMarket, { symbol: 'B' })).rejects.toThrow(/row 17 \(B, .*earlier than its market's row before/)
    const all = async (path: string): Promise<number> => {
      let count = 0
      for await (const _ of everySeries({ path, kindOf: () => 'volatile' })) count += 1
      return count
    }
    await expect(all(byMarket)).rejects.toThrow(/row 17 \(B, /)
    // Months one behind the other, market by market within each: neither order holds for the whole file, and only sorting tells.
    const half = (from: number, symbol: string, rows: string): string =>
      `SELECT '${symbol}' AS symbol, * FROM (${rows}) WHERE ts >= ${START + from * 3_600} AND ts < ${START + (from + 5) * 3_600}`
    const months = (b: string): string =>
      [half(0, 'A', hours(10)), half(0, 'B', b), half(5, 'A', hours(10)), half(5, 'B', b)].join(' UNION ALL ')
    expect(await all(await parquet(months(hours(10))))).toBe(2)
    const swapped = hours(10, { ts: `${START} + (CASE i WHEN 6 THEN 7 WHEN 7 THEN 6 ELSE i END) * 3600` })
    await expect(all(await parquet(months(swapped)))).rejects.toThrow(
      /row 18 \(B, .*earlier than its market's row before/,
    )
  })

  test('that is none is refused by name', async () => {
    const path = join(folder, 'text.parquet')
    writeFileSync(path, 'no parquet')
    await expect(read(path)).rejects.toThrow(/text\.parquet cannot be read as Parquet/)
    await expect(read(join(folder, 'absent.parquet'))).rejects.toThrow(/absent\.parquet cannot be read as Parquet/)
  })

  test('of a million minutes of a hundred markets is read whole', () => {
    const found = benchHundredMillion(1_000_000)
    expect(found).toMatchObject({ rows: 1_000_000, symbols: 100, hours: 100 * Math.ceil(10_000 / 60) })
    expect(found.peakMegabytes).toBeLessThan(2_147)
  })
})
