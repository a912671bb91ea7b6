import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { BacktestResult } from '../../backtests/result.ts'
import { compareResults } from '../../backtests/run/compare.ts'
import {
  findRun,
  listRuns,
  RunNotFound,
  resultText,
  runFolder,
  tasksFolder,
  writeRun,
} from '../../backtests/run/run-folder.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { sampleResult } from './sample-result.ts'

const SAMPLE = sampleResult(2)
const named = (id: string): BacktestResult => ({ ...SAMPLE, id })

/** A run that finished at a time. */
function runAt(out: string, id: string, seconds: number): void {
  const folder = writeRun(out, named(id), { 'report.html': '<p>' })
  utimesSync(join(folder, 'result.json'), seconds, seconds)
}

describe('a folder of runs', () => {
  test('has a folder for each with all of its files, and none that is unfinished', () => {
    const out = temporaryFolder()
    const folder = writeRun(out, SAMPLE, { 'report.html': '<p>', 'a.bin': Uint8Array.of(1, 2) })
    expect(folder).toBe(runFolder(out, SAMPLE.id))
    expect(readFileSync(join(folder, 'result.json'), 'utf8')).toBe(resultText(SAMPLE))
    expect(resultText(SAMPLE)).toMatch(/^\{"version":1,.*\}\n$/)
    expect([...readFileSync(join(folder, 'a.bin'))]).toEqual([1, 2])
    expect(existsSync(join(folder, 'result.json.unfinished'))).toBe(false)
    expect(tasksFolder(out)).not.toBe(folder)
    expect(findRun(out, SAMPLE.id).result).toEqual(SAMPLE)
  })

  test('writes the result last: without it there is no run', () => {
    const out = temporaryFolder()
    // A folder where a file belongs cannot be replaced: as if it had been killed there.
    mkdirSync(join(runFolder(out, SAMPLE.id), 'report.html', 'x'), { recursive: true })
    expect(() => writeRun(out, SAMPLE, { 'report.html': '<p>' })).toThrow()
    expect(listRuns(out)).toEqual({ runs: [], damaged: [runFolder(out, SAMPLE.id)] })
  })

  test('is listed by the newest first, and by name within a second', () => {
    const out = temporaryFolder()
    for (const [id, seconds] of [
      ['b1', 500],
      ['aa', 900],
      ['c1', 500],
      ['zz', 100],
    ] as const)
      runAt(out, id, seconds)
    expect(listRuns(out).runs.map(({ id, finishedAt }) => [id, finishedAt])).toEqual([
      ['aa', 900],
      ['b1', 500],
      ['c1', 500],
      ['zz', 100],
    ])
    expect(listRuns(temporaryFolder())).toEqual({ runs: [], damaged: [] })
  })

  test.each([
    ['cut off', resultText(named('bad')).slice(0, -20)],
    ['of another version', resultText({ ...named('bad'), version: 2 as 1 })],
    ['of another run', resultText(named('other'))],
    ['nothing', 'null'],
    ['empty', ''],
  ])('passes over a result that is %s', (_, text) => {
    const out = temporaryFolder()
    runAt(out, 'good', 100)
    runAt(out, 'bad', 200)
    writeFileSync(join(runFolder(out, 'bad'), 'result.json'), text)
    const { runs, damaged } = listRuns(out)
    expect(runs.map(({ id }) => id)).toEqual(['good'])
    expect(damaged).toEqual([runFolder(out, 'bad')])
    expect(() => findRun(out, 'bad')).toThrow(RunNotFound)
  })

  test('finds a run by as much of its name as tells it from others', () => {
    const out = temporaryFolder()
    expect(() => findRun(out, 'ab')).toThrow(`no run in ${out} begins with ab; there are none yet`)
    for (const id of ['abc1', 'abd2', 'ff00']) runAt(out, id, 100)
    expect(findRun(out, 'abd').id).toBe('abd2')
    expect(findRun(out, 'f').id).toBe('ff00')
    expect(() => findRun(out, 'ab')).toThrow('2 runs begin with ab: abc1, abd2')
    expect(() => findRun(out, '9')).toThrow(`no run in ${out} begins with 9; there are abc1, abd2, ff00`)
    expect(() => findRun(out, '')).toThrow(RunNotFound)
  })
})

describe('two results compared', () => {
  test('have the same settings and no change against themselves', () => {
    const { settings, figures } = compareResults(SAMPLE, SAMPLE)
    expect(settings).toEqual([])
    expect(figures.length).toBeGreaterThan(20)
    expect(figures.every(({ a, b, change }) => a === b && (a === 0 ? change === null : change === 0))).toBe(true)
  })

  test('list every setting that differs, on either side, and every figure that both have', () => {
    const [run] = SAMPLE.lending?.runs ?? []
    expect(run).toBeDefined()
    if (run === undefined || SAMPLE.lending === undefined) return
    const other: BacktestResult = {
      ...SAMPLE,
      lending: { ...SAMPLE.lending, runs: [{ ...run, badDebtUsd: run.badDebtUsd * 1.5 }] },
      provenance: { ...SAMPLE.provenance, config: { name: 'x', lending: { seeds: [1, 2] } } },
    }
    const { settings, figures } = compareResults(SAMPLE, other)
    expect(settings).toContainEqual({ field: 'name', a: SAMPLE.name, b: 'x' })
    expect(settings).toContainEqual({ field: 'seed', a: '7', b: '–' })
    expect(settings).toContainEqual({ field: 'lending.seeds.1', a: '–', b: '2' })
    expect(settings.map(({ field }) => field)).toEqual(settings.map(({ field }) => field).toSorted())
    const name = `${run.period} ${run.policy} ${run.knob}`
    expect(figures.find((each) => each.name === `${name} badDebtUsd`)?.change).toBeCloseTo(0.5, 12)
    expect(figures.find((each) => each.name === `${name} equityUsd`)?.change).toBe(0)
    expect(figures.filter((each) => each.name.startsWith(run.period) && !each.name.startsWith(name))).toEqual([])
  })
})
