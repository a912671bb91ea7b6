import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { DataFrame } from 'danfojs-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BacktestResult } from '../../backtests/result.ts'
import { barColumnsOf, FRAMES, frameOf, rowsOf } from '../../backtests/run/frames.ts'
import { runBacktest } from '../../backtests/run/run-backtest.ts'
import { writeParquet } from '../../backtests/run/write-parquet.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { csv, DATA_FROM, folderWith, smallConfig, walk } from './run-inputs.ts'
import { sampleResult } from './sample-result.ts'

const SAMPLE = sampleResult(2)
if (SAMPLE.lending === undefined) throw new Error('the sample has no lending')
const { lending } = SAMPLE
const RESULT: BacktestResult = {
  ...SAMPLE,
  lending: { ...lending, byAsset: lending.runs.map((run) => ({ ...run, asset: 'ETH' })) },
}

/** A column's values of the first row. */
async function firstRow(name: (typeof FRAMES)[number]): Promise<Record<string, unknown>> {
  const frame = await frameOf(RESULT, name)
  return Object.fromEntries(frame.columns.map((column) => [column, frame.column(column).values[0]]))
}

describe('a result as frames', () => {
  test('has a row for each of what it has, under the same names', async () => {
    const { forecast } = RESULT
    const courses = lending.courses.filter(({ asset }) => asset !== undefined)
    const rows = {
      runs: lending.runs.length,
      markets: lending.runs.length,
      frontier: lending.frontier.length,
      hours: courses.reduce((sum, { time }) => sum + time.length, 0),
      changes: lending.changes.length,
      verdicts: lending.verdicts.length,
      forecasts: forecast?.cells.length,
      regimes: forecast?.regimes.length,
    }
    for (const name of FRAMES) expect((await frameOf(RESULT, name)).shape[0], name).toBe(rows[name])
    expect(await firstRow('runs')).toEqual(lending.runs[0])
    expect(await firstRow('markets')).toEqual({ ...lending.runs[0], asset: 'ETH' })
    expect(await firstRow('verdicts')).toEqual(lending.verdicts[0])
    expect(await firstRow('changes')).toEqual(lending.changes[0])
    expect(await firstRow('regimes')).toEqual(forecast?.regimes[0])
    const [course] = courses
    expect(await firstRow('hours')).toEqual({
      period: course?.period,
      policy: course?.policy,
      knob: course?.knob,
      asset: course?.asset,
      time: course?.time[0],
      badDebtUsd: course?.badDebtUsd[0],
      equityUsd: course?.equityUsd[0],
      capacityUsd: course?.capacityUsd[0],
      debtUsd: course?.debtUsd[0],
      liquidatedUsd: course?.liquidatedUsd[0],
      ltvBps: course?.ltvBps?.[0],
      liquidationThresholdBps: course?.liquidationThresholdBps?.[0],
      loss24h: course?.loss24h?.[0],
      priceUsd: course?.priceUsd?.[0],
    })
  })

  test('says NaN where a figure does not exist', async () => {
    const [cell] = RESULT.forecast?.cells ?? []
    if (cell === undefined || RESULT.forecast === undefined) throw new Error('the sample has no cell')
    const none = {
      ...RESULT,
      forecast: { ...RESULT.forecast, cells: [cell, { ...cell, severity: null, greenShare: null }] },
    }
    const frame = await frameOf(none, 'forecasts')
    expect(frame.column('severity').values).toEqual([cell.severity ?? Number.NaN, Number.NaN])
    expect(frame.column('greenShare').values).toEqual([cell.greenShare ?? Number.NaN, Number.NaN])
  })

  test('has no frame of what it has not', async () => {
    const { forecast: _, ...lent } = RESULT
    await expect(frameOf(lent, 'forecasts')).rejects.toThrow('this result has no forecasts: its config asks for none')
    const { lending: __, ...forecast } = RESULT
    for (const name of ['runs', 'hours', 'verdicts'] as const)
      await expect(frameOf(forecast, name)).rejects.toThrow(/has no/)
  })
})

describe('a frame as data', () => {
  const columns = { time: [1, 2], open: [1, 2], high: [3, 4], low: [1, 1], close: [2, 3], volume: [5, 6] }

  test('gives its columns, whatever others it has', () => {
    const frame = new DataFrame({ note: ['a', 'b'], ...columns })
    expect(barColumnsOf(frame)).toEqual(columns)
  })

  test.each(['time', 'open', 'high', 'low', 'close', 'volume'] as const)(
    'without the column %s is refused by its name',
    (name) => {
      const { [name]: _, ...others } = columns
      expect(() => barColumnsOf(new DataFrame(others))).toThrow(`a frame of bars needs the column ${name}; it has `)
      expect(() => barColumnsOf(new DataFrame({ ...others, [name]: ['x', 'y'] }))).toThrow(
        `row 0 of the column ${name} is "x"; a number was needed`,
      )
    },
  )

  test('is backtested as a file of the same rows is', async () => {
    const rows = walk({})
    const names = ['time', 'open', 'high', 'low', 'close', 'volume']
    const frame = new DataFrame(Object.fromEntries(names.map((name, place) => [name, rows.map((row) => row[place])])))
    const folder = folderWith({ 'mine.csv': csv(rows) })
    const where = { folder, out: join(folder, 'out'), jobs: 1 }
    const given = await runBacktest(
      { ...smallConfig(), data: { marketAsset: 'MINE' } },
      { ...where, data: { MINE: barColumnsOf(frame) } },
    )
    expect(given.result.lending).toEqual((await runBacktest(smallConfig(), where)).result.lending)
    // danfojs keeps numbers as float32 nowhere: a time is one to the second.
    expect(given.result.provenance.data[0]?.from).toBe(DATA_FROM)
  })
})

describe('Parquet beside a result', () => {
  let duck: DuckDBConnection
  beforeAll(async () => {
    duck = await (await DuckDBInstance.create(':memory:')).connect()
  })
  afterAll(() => duck.closeSync())
  const read = async (path: string) =>
    (await duck.runAndReadAll(`SELECT * FROM read_parquet('${path}')`)).getRowObjectsJS()

  test('holds the rows of the frames', async () => {
    const folder = folderWith({ 'mine.csv': csv(walk({})) })
    const config = smallConfig({ policies: [{ kind: 'static', knobs: [0, 500] }, { kind: 'ewma' }] })
    const { result, files } = await runBacktest(config, { folder, out: join(folder, 'out'), jobs: 1 })
    for (const name of ['markets', 'hours', 'changes'] as const) {
      const rows = rowsOf(result, name)
      expect(rows.length).toBeGreaterThan(0)
      expect(await read(join(files.folder, `${name}.parquet`)), name).toEqual(rows)
    }
    expect(existsSync(join(files.folder, 'forecasts.parquet'))).toBe(false)
  })

  test('keeps text, truth, and what is no number', async () => {
    const path = join(temporaryFolder(), "it's.parquet")
    const rows = [
      { 'a "name"': 'x', kept: true, value: 1.5 },
      { 'a "name"': "it's; DROP", kept: false, value: Number.NaN },
    ]
    await writeParquet(path, rows)
    expect(await read(path.replace("'", "''"))).toEqual([rows[0], { ...rows[1], value: null }])
    await writeParquet(join(path, '..', 'none.parquet'), [])
    expect(existsSync(join(path, '..', 'none.parquet'))).toBe(false)
  })
})
