import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { BacktestConfigInput } from '../../backtests/config/schema.ts'
import { csv, DATA_FROM, folderWith, MARKET, smallConfig, walk } from '../backtests/run-inputs.ts'
import { runCli, startCli } from './run-cli.ts'

const MINE = { 'mine.csv': csv(walk({})) }
const POLICIES: NonNullable<BacktestConfigInput['lending']>['policies'] = [
  { kind: 'static', knobs: [0, 500] },
  { kind: 'ewma' },
]
const SMALL = stringify(smallConfig({ policies: POLICIES }))
const COMMANDS = ['run', 'list', 'compare', 'report', 'worker']

test('help names every command with an example, and exits with 0', async () => {
  const folder = folderWith({})
  const group = await runCli(['backtest', '--help'], folder)
  expect(group).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('plimsoll backtest run backtests/examples/crises.yaml'),
  })
  const helps = await Promise.all(COMMANDS.map((name) => runCli(['backtest', name, '--help'], folder)))
  for (const [index, name] of COMMANDS.entries()) {
    expect(group.stdout).toMatch(new RegExp(`\\n {2}${name} `))
    expect(helps[index]).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`Examples:\n +(?:\\S+=\\S+ )?plimsoll backtest ${name}`)),
    })
  }
})

test('run, list, compare and report work on one folder of runs', async () => {
  const folder = folderWith({ ...MINE, 'my.yaml': SMALL, 'shy.yaml': SMALL.replace('ltvBps: 7500', 'ltvBps: 7000') })
  const first = await runCli(['backtest', 'run', 'my.yaml'], folder)
  expect(first.stderr).toMatch(
    /^markets: 0 of 3 \(forecasts of ewma, MINE, january\)\n(?:markets: .*\n)*markets: 3 of 3, 0 s left \(.*\)\nreport: 1 of 1 \(done\)\n$/,
  )
  expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^small {2}[0-9a-f]{12}\n/) })
  expect(first.stdout).toMatch(/January +Static, as Aave had it +0 +\$[\d.]+ M .* % {2,}0\nJanuary +EWMA rule +1 /)
  const id = first.stdout.slice(7, 19)
  expect(first.stdout).toContain(`result  plimsoll-backtests/runs/${id}/result.json`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sign that colours begin with
  expect(first.stdout + first.stderr).not.toMatch(/\u001b|undefined|NaN/)

  const second = await runCli(['backtest', 'run', 'shy.yaml', '--json'], folder)
  expect(second).toMatchObject({ code: 0, stderr: '' })
  const shy = JSON.parse(second.stdout)
  expect(shy).toMatchObject({
    name: 'small',
    version: 1,
    lending: { courses: 4, changes: expect.any(Number) },
    provenance: { seed: 1 },
  })
  expect(shy.lending.runs).toHaveLength(3)
  expect(existsSync(join(folder, shy.files.report))).toBe(true)
  expect(shy.lending.runs).toEqual(JSON.parse(readFileSync(join(folder, shy.files.result), 'utf8')).lending.runs)

  writeFileSync(join(folder, 'plimsoll-backtests', 'runs', 'junk'), '')
  const listed = await runCli(['backtest', 'list'], folder)
  expect(listed.stderr).toBe('passed over plimsoll-backtests/runs/junk: it is not a whole result\n')
  expect(listed.stdout).toMatch(/^id +name +finished +markets +policies +promises kept +forecasts\n/)
  for (const each of [id, shy.id])
    expect(listed.stdout).toMatch(new RegExp(`\\n${each} +small +.* 1 in 1 periods +static ewma +–`))
  const json = JSON.parse((await runCli(['backtest', 'list', '--json'], folder)).stdout)
  expect(json.runs.map((each: { id: string }) => each.id).toSorted()).toEqual([id, shy.id].toSorted())

  const compared = await runCli(['backtest', 'compare', id.slice(0, 8), shy.id], folder)
  expect(compared.stdout).toMatch(/lending\.markets\.MINE\.ltvBps +7500 +7000\n/)
  expect(compared.stdout).toMatch(/january static 0 badDebtUsd +[\d,]+ +[\d,]+ +−\d+\.\d %/)
  const same = await runCli(['backtest', 'compare', id, id, '--json'], folder)
  expect(JSON.parse(same.stdout).settings).toEqual([])

  const report = await runCli(['backtest', 'report', id, '--html', 'r.html', '--png', 'png', '--svg', 'svg'], folder)
  expect(report).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringMatching(/^wrote r\.html\nwrote (\d+) plots into png\nwrote \1 plots into svg\n$/),
  })
  expect(readFileSync(join(folder, 'r.html'))).toEqual(
    readFileSync(join(folder, 'plimsoll-backtests', 'runs', id, 'report.html')),
  )
  const [png, svg] = ['png', 'svg'].map((kind) => readdirSync(join(folder, kind)))
  expect(png?.map((name) => name.replace(/png$/, 'svg'))).toEqual(svg)
  expect(svg?.length).toBeGreaterThan(2)
  for (const name of png ?? [])
    expect(
      readFileSync(join(folder, 'png', name))
        .subarray(0, 8)
        .toString('hex'),
    ).toBe('89504e470d0a1a0a')
  for (const name of svg ?? []) expect(readFileSync(join(folder, 'svg', name), 'utf8')).toMatch(/^<svg .*<\/svg>\s*$/s)
})

test('runs are kept where --out says, else PLIMSOLL_BACKTESTS, wherever the config lies', async () => {
  const folder = folderWith({ ...MINE, 'my.yaml': SMALL })
  const elsewhere = folderWith({})
  const env = { PLIMSOLL_BACKTESTS: join(elsewhere, 'kept') }
  const run = await runCli(['backtest', 'run', join(folder, 'my.yaml'), '--json'], elsewhere, env)
  expect(run.code).toBe(0)
  const { id } = JSON.parse(run.stdout)
  expect(readdirSync(join(elsewhere, 'kept', 'runs'))).toEqual([id])
  expect(readdirSync(folder).toSorted()).toEqual(['mine.csv', 'my.yaml'])
  expect((await runCli(['backtest', 'list'], folder, env)).stdout).toContain(id)
  const none = await runCli(['backtest', 'list', '--out', 'none'], folder, env)
  expect(none.stdout).toBe('no backtest was run in none yet; plimsoll backtest run CONFIG.yaml does\n')
})

test('what cannot be done says what, why and what to do', async () => {
  const folder = folderWith({
    ...MINE,
    'my.yaml': SMALL,
    'typo.yaml': SMALL.replace('warmUpDays', 'warmupDays'),
    'zero.yaml': SMALL.replace('mine.csv', 'zero.csv'),
    'zero.csv': csv([...walk({ days: 2 }), [DATA_FROM + 2 * 86_400, 1, 1, 0, 1, 1]]),
    'throws.yaml': SMALL.replace('kind: ewma', 'kind: function\n      file: throws.mjs\n      reads: none'),
    'throws.mjs': 'export function policy() { throw new Error("no idea") }',
  })
  const cases: ReadonlyArray<readonly [readonly string[], number, RegExp]> = [
    [
      ['run', 'typo.yaml'],
      2,
      /typo\.yaml is not a backtest's config:\n {2}line \d+, lending: `warmupDays` is no field there/,
    ],
    [['run', 'none.yaml'], 2, /can't read the config none\.yaml: there is no such file/],
    [['run', 'my.yaml', '--jobs', '0'], 2, /got "0"; give a whole number from 1 to 256/],
    [['run', 'my.yaml', '--redis', 'http://localhost'], 2, /--redis needs an address that begins with redis:\/\//],
    [
      ['run', 'my.yaml', '--redis', 'redis://:secret@127.0.0.1:9'],
      1,
      /Redis at redis:\/\/127\.0\.0\.1:9 cannot be used: nothing listens there/,
    ],
    [['run', 'zero.yaml'], 1, /zero\.csv, line 50 \(2023-01-03T00:00:00Z\): low is 0; a price above 0 was needed/],
    [
      ['run', 'throws.yaml'],
      1,
      /task 'throws, MINE, january' failed: .*throws\.mjs, MINE at 2023-01-11T00:00:00\.000Z: the policy threw: no idea/,
    ],
    [['worker'], 2, /a worker needs a queue; give --redis or PLIMSOLL_REDIS_URL/],
    [['report', 'abc', '--out', 'empty'], 2, /no run in empty begins with abc; there are none yet/],
    [['compare', 'abc', 'def', '--out', 'empty'], 2, /no run in empty begins with abc; there are none yet/],
    [['rum'], 2, /Did you mean run/],
  ]
  const runs = await inPairs(cases, ([words]) => runCli(['backtest', ...words], folder))
  for (const [index, [words, code, said]] of cases.entries()) {
    const run = runs[index]
    expect(run, words.join(' ')).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(said) })
    expect(run?.stderr).not.toMatch(/secret|\n {4}at /)
  }
})

test('--check makes a missed promise fail the command', async () => {
  // The hours crash on 11 March, within the days of the crisis.
  const hours = csv(walk({ from: Date.UTC(2023, 1, 20) / 1_000 }))
  const config = smallConfig({
    periods: [{ crisis: '2023-03-usdc', assets: ['MINE'], beforeDays: 5, afterDays: 0 }],
    policies: [
      { kind: 'static', knobs: [0, -500, 500, 1_000, 2_000, 4_000] },
      { kind: 'ewma', knobs: [1, 0, 3] },
    ],
    verdict: { policy: 'ewma', against: { static: 0 } },
    warmUpDays: 0,
  })
  const folder = folderWith({ 'mine.csv': hours, 'my.yaml': stringify(config) })
  const run = await runCli(['backtest', 'run', 'my.yaml'], folder)
  expect(run.code).toBe(0)
  expect(run.stdout).toMatch(
    /1 promise that could be compared, 0 kept\n.*\nmissed +2023-03-usdc +knob by this period’s capacity +At equal capacity ewma lost [\d,]+ USD and static/,
  )
  const checked = await runCli(['backtest', 'run', 'my.yaml', '--check'], folder)
  expect(checked).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/\n1 promises of the verdict were missed\n$/),
  })
  expect(checked.stdout).toBe(run.stdout)
})

test('--check of a run without a verdict fails, and says why', async () => {
  const folder = folderWith({ ...MINE, 'my.yaml': SMALL })
  expect(await runCli(['backtest', 'run', 'my.yaml', '--check'], folder)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--check found nothing to judge'),
  })
})

describe('a run that is stopped', () => {
  const many = Array.from({ length: 10 }, (_, index) => ({
    kind: 'static' as const,
    id: `s${index}`,
    knobs: [100 * index, 100 * index + 50],
  }))
  const LONG = stringify(
    smallConfig({ policies: many, borrowers: { count: 4_000 }, seeds: 2, markets: { MINE: MARKET } }),
  )

  /** Once some of its results are there, and not all. */
  async function untilHalf(folder: string): Promise<void> {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      if (resultsIn(folder) >= 4) return
      await wait(10)
    }
    throw new Error('no result came')
  }
  const resultsIn = (folder: string): number => {
    const tasks = join(folder, 'plimsoll-backtests', 'tasks')
    return existsSync(tasks)
      ? readdirSync(tasks, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.result')).length
      : 0
  }

  test('by kill -9 goes on where it was, to the same bytes; by Ctrl-C too, and says so', async () => {
    const files = { ...MINE, 'my.yaml': LONG }
    const [killed, told, whole] = [folderWith(files), folderWith(files), folderWith(files)]
    const words = ['backtest', 'run', 'my.yaml', '--jobs', '1']
    const dying = startCli(words, killed)
    await untilHalf(killed)
    dying.process.kill('SIGKILL')
    expect(await dying.done).toMatchObject({ code: null, stdout: '' })
    expect(existsSync(join(killed, 'plimsoll-backtests', 'runs'))).toBe(false)
    const found = resultsIn(killed)
    expect(found).toBeLessThan(12)

    const stopped = startCli(words, told)
    await untilHalf(told)
    stopped.process.kill('SIGINT')
    expect(await stopped.done).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringMatching(/\nstopped; what was finished is kept: run the same command again for the rest\n$/),
    })

    const [again, resumed, once] = await inPairs([killed, told, whole], (folder) => runCli(words, folder))
    expect([again?.code, resumed?.code, once?.code]).toEqual([0, 0, 0])
    // It began with what was there.
    expect(again?.stderr).toMatch(/^markets: [1-9]\d* of 11\n/)
    const bytes = [killed, told, whole].map((folder) => {
      const [id = ''] = readdirSync(join(folder, 'plimsoll-backtests', 'runs'))
      return readFileSync(join(folder, 'plimsoll-backtests', 'runs', id, 'result.json'))
    })
    expect(bytes[0]).toEqual(bytes[2])
    expect(bytes[1]).toEqual(bytes[2])
  })
})

/** Two at a time, as there are cores. */
async function inPairs<T, R>(all: readonly T[], each: (one: T) => Promise<R>): Promise<R[]> {
  const found: R[] = []
  for (let first = 0; first < all.length; first += 2)
    found.push(...(await Promise.all(all.slice(first, first + 2).map(each))))
  return found
}
