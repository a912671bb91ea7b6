import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../backtests/config/read-config.ts'
import type { BacktestConfigInput } from '../../backtests/config/schema.ts'
import { stepsOf } from '../../backtests/run/market-result.ts'
import type { RunProgress } from '../../backtests/run/progress.ts'
import { type BacktestRun, type RunOptions, runBacktest } from '../../backtests/run/run-backtest.ts'
import { resultText, tasksFolder } from '../../backtests/run/run-folder.ts'
import { csv, DATA_FROM, folderWith, type Hour, MARKET, PERIOD, smallConfig, walk } from './run-inputs.ts'

const DAY = 86_400
const HOURS = walk({})
const MINE = { 'mine.csv': csv(HOURS) }

type Lending = NonNullable<BacktestConfigInput['lending']>

const THREE: Lending['policies'] = [{ kind: 'static', knobs: [0, 500] }, { kind: 'ewma' }, { kind: 'smart-ltv' }]

function run(folder: string, config: BacktestConfigInput, more: RunOptions = {}): Promise<BacktestRun> {
  return runBacktest(config, { folder, out: join(folder, 'out'), jobs: 1, ...more })
}

/** What a run in a folder of these files throws. */
async function faultOf(lending: Partial<Lending>, files: Readonly<Record<string, string>> = MINE): Promise<string> {
  const folder = folderWith(files)
  return run(folder, smallConfig(lending)).then(
    () => 'nothing',
    (error: Error) => error.message.replaceAll(folder, ''),
  )
}

/** Result files of tasks, without data. */
function filesIn(out: string): string[] {
  return existsSync(out)
    ? readdirSync(out, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.result$/.test(name))
        .toSorted()
    : []
}

describe('a backtest', () => {
  test('of policies on a market of one’s own gives what happened, and where it comes from', async () => {
    const folder = folderWith(MINE)
    const { result, files } = await run(folder, smallConfig({ policies: THREE }))
    const { lending, forecast, provenance } = result
    expect(forecast).toBeUndefined()
    expect(lending?.policies.map(({ id }) => id)).toEqual(['static', 'ewma', 'smart-ltv'])
    expect(lending?.periods).toEqual([
      { id: 'january', title: 'January', from: DATA_FROM + 12 * DAY, to: DATA_FROM + 26 * DAY, assets: ['MINE'] },
    ])
    expect(lending?.runs.map(({ policy, knob }) => [policy, knob])).toEqual([
      ['static', 0],
      ['static', 500],
      ['ewma', 1],
      ['smart-ltv', 10],
    ])
    const [published, careful, ewma] = lending?.runs ?? []
    // It fell by 40 % within six hours.
    expect(published?.badDebtUsd).toBeGreaterThan(100_000)
    expect(published?.liquidatedUsd).toBeGreaterThan(published?.badDebtUsd ?? 0)
    expect(careful?.badDebtUsd).toBeLessThan(published?.badDebtUsd ?? 0)
    expect(careful?.capacityUsd).toBeLessThan(published?.capacityUsd ?? 0)
    expect([published?.changes, careful?.changes]).toEqual([0, 0])
    expect(ewma?.changes).toBeGreaterThan(10)
    const [total] = lending?.courses ?? []
    const own = lending?.courses.find(({ policy, asset }) => policy === 'static' && asset === 'MINE')
    expect(total?.time.at(-1)).toBe(DATA_FROM + 26 * DAY)
    expect(total?.time).toHaveLength(240)
    expect(own?.badDebtUsd.at(-1)).toBeCloseTo(published?.badDebtUsd ?? 0, 1)
    // The worst of a step's hours: how far below its close the price went within a day.
    const lossAt = (hour: number): number =>
      1 - Math.min(1, Math.min(...HOURS.slice(hour + 1, hour + 25).map(([, , , low]) => low)) / (HOURS[hour]?.[4] ?? 0))
    const losses = stepsOf(14 * 24, 240).map(([from, to]) =>
      Math.max(...Array.from({ length: to - from }, (_, hour) => lossAt(12 * 24 + from + hour))),
    )
    expect(own?.loss24h).toEqual(losses.map((loss) => Number(loss.toFixed(4))))
    expect(Math.max(...losses)).toBeGreaterThan(0.3)
    expect(lending?.changes.every(({ reason, policy }) => reason !== '' && policy !== 'static')).toBe(true)
    expect(lending?.verdicts).toEqual([])
    expect(provenance).toMatchObject({
      data: [
        {
          name: 'mine.csv',
          rows: HOURS.length,
          from: DATA_FROM,
          to: DATA_FROM + 28 * DAY,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      ],
      models: [],
      seed: 1,
      config: { name: 'small', lending: { seeds: 1, refitEveryDays: 90 } },
      code: { commit: expect.stringMatching(/^[0-9a-f]{40}/) },
    })
    expect(readFileSync(files.result, 'utf8')).toBe(resultText(result))
    expect(readFileSync(files.report, 'utf8')).toMatch(/^<!doctype html>[\s\S]*Static, as Aave had it[\s\S]*<\/html>/)
    expect(JSON.stringify(result)).not.toMatch(/null|NaN/)
  })

  test('gives the same bytes on two threads, and elsewhere', async () => {
    const config = smallConfig({ policies: THREE, seeds: 2 })
    const [one, two] = [folderWith(MINE), folderWith(MINE)]
    const [a, b] = [await run(one, config), await run(two, config, { jobs: 2 })]
    expect(readFileSync(b.files.result)).toEqual(readFileSync(a.files.result))
    expect(readFileSync(b.files.report)).toEqual(readFileSync(a.files.report))
    expect(filesIn(tasksFolder(join(two, 'out')))).toEqual(filesIn(tasksFolder(join(one, 'out'))))
  })

  test('that was run before does nothing anew', async () => {
    const folder = folderWith(MINE)
    const config = smallConfig({ policies: THREE })
    const seen: RunProgress[] = []
    const first = await run(folder, config, { onProgress: (each) => seen.push(each) })
    expect(seen[0]).toMatchObject({ stage: 'markets', done: 0, total: 5 })
    expect(seen.filter(({ stage, done }) => stage === 'markets' && done === 5)).toHaveLength(1)
    expect(new Set(seen.map(({ label }) => label))).toContain('forecasts of ewma, MINE, january')
    const before = filesIn(join(folder, 'out')).map((name) => statSync(join(folder, 'out', name)).mtimeMs)
    const again: RunProgress[] = []
    const second = await run(folder, config, { onProgress: (each) => again.push(each) })
    expect(again.map(({ stage, done, total }) => [stage, done, total])).toEqual([
      ['markets', 5, 5],
      ['report', 0, 1],
      ['report', 1, 1],
    ])
    expect(second).toEqual(first)
    expect(filesIn(join(folder, 'out')).map((name) => statSync(join(folder, 'out', name)).mtimeMs)).toEqual(before)
  })

  test('asked for one more policy does that alone', async () => {
    const folder = folderWith(MINE)
    const first = await run(folder, smallConfig())
    const seen: RunProgress[] = []
    const second = await run(
      folder,
      smallConfig({ policies: [{ kind: 'static' }, { kind: 'static', id: 'shy', knobs: [800] }] }),
      {
        onProgress: (each) => seen.push(each),
      },
    )
    expect(seen.map(({ label }) => label)).toEqual(['', 'shy, MINE, january', 'shy, MINE, january', 'writing', 'done'])
    expect(second.result.id).not.toBe(first.result.id)
    expect(second.result.lending?.runs[0]).toEqual(first.result.lending?.runs[0])
  })

  test('is another one with another seed, market, price or hour of data', async () => {
    const folder = folderWith({ ...MINE, 'other.csv': csv(walk({ seed: 2 })) })
    const ids = new Set<string>()
    for (const config of [
      smallConfig(),
      { ...smallConfig(), seed: 2 },
      smallConfig({ markets: { MINE: { ...MARKET, ltvBps: 7_400 } } }),
      smallConfig({}, { files: { MINE: { path: 'other.csv' } } }),
    ]) {
      ids.add((await run(folder, config)).result.id)
    }
    writeFileSync(join(folder, 'mine.csv'), csv(HOURS.slice(1)))
    ids.add((await run(folder, smallConfig())).result.id)
    expect(ids.size).toBe(5)
  })

  test('that is stopped keeps what was finished', async () => {
    const folder = folderWith(MINE)
    const config = smallConfig({ policies: THREE })
    const stopping = new AbortController()
    const onProgress = ({ done }: RunProgress): void => {
      if (done === 3) stopping.abort(new Error('enough'))
    }
    await expect(run(folder, config, { onProgress, signal: stopping.signal })).rejects.toThrow('enough')
    expect(existsSync(join(folder, 'out', 'runs'))).toBe(false)
    const seen: number[] = []
    const { files } = await run(folder, config, { onProgress: ({ done }) => seen.push(done) })
    expect(seen[0]).toBeGreaterThanOrEqual(3)
    const whole = await run(folderWith(MINE), config)
    expect(readFileSync(files.result)).toEqual(readFileSync(whole.files.result))
  })

  test('takes its data as plain columns, of a script, in place of files', async () => {
    const column = (place: number): number[] => HOURS.map((hour) => hour[place] ?? Number.NaN)
    const columns = {
      time: column(0),
      open: column(1),
      high: column(2),
      low: column(3),
      close: column(4),
      volume: column(5),
    }
    const folder = folderWith(MINE)
    const fromFile = await run(folder, smallConfig())
    const given = await run(folder, { ...smallConfig(), data: { marketAsset: 'MINE' } }, { data: { MINE: columns } })
    expect(given.result.lending).toEqual(fromFile.result.lending)
    expect(given.result.provenance.data).toMatchObject([{ name: 'frame of MINE', rows: HOURS.length }])
    await expect(run(folder, { ...smallConfig(), data: {} })).rejects.toThrow(
      /data names no data: give recorded or files/,
    )
    const uneven = { ...columns, close: columns.close.slice(1) }
    await expect(run(folder, { ...smallConfig(), data: {} }, { data: { MINE: uneven } })).rejects.toThrow(
      /the frame of MINE: close has 671 rows and time 672/,
    )
  })

  test('that is not one is refused by its field', async () => {
    const wrong = {
      ...smallConfig(),
      lending: { ...smallConfig().lending, seeds: 0, periods: [{ ...PERIOD, titel: 'x' }] },
    }
    const fault = await run('.', wrong).catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(ConfigError)
    expect(String(fault)).toMatch(/lending\.periods\.0: `titel` is no field there; a typo\?\n {2}lending\.seeds: /)
  })
})

describe('data that cannot be', () => {
  const at = (hour: number): string => new Date((DATA_FROM + hour * 3_600) * 1_000).toISOString().slice(0, 13)
  const withRow = (place: number, row: (hour: Hour) => Hour): Hour[] =>
    HOURS.map((hour, index) => (index === place ? row(hour) : hour))
  test.each([
    [
      'a zero price',
      withRow(40, ([time, open, high, , close, volume]) => [time, open, high, 0, close, volume]),
      `line 42 \\(${at(40)}.*low is 0`,
    ],
    ['rows that overlap', withRow(40, ([time, ...rest]) => [time - 3_600, ...rest]), `line 42 \\(${at(39)}.*overlap`],
    [
      'rows out of order',
      withRow(40, ([time, ...rest]) => [time - 9 * 3_600, ...rest]),
      `line 42 \\(${at(31)}.*sorted`,
    ],
    [
      'a hole',
      HOURS.filter((_, index) => index < 400 || index > 460),
      `no bar from ${at(400)}.* to ${at(461)}.*61 hours; 48 is`,
    ],
    [
      'too late a start',
      HOURS.slice(60),
      `MINE reach from 2023-01-03T12:00 to .*needed are 2023-01-02T00:00 to 2023-01-28T00:00`,
    ],
    ['too early an end', HOURS.slice(0, -30), `MINE reach from .* to 2023-01-27T18:00; needed are`],
  ])('%s: the file and its line are named', async (_, rows, message) => {
    expect(await faultOf({}, { 'mine.csv': csv(rows) })).toMatch(new RegExp(message))
  })

  test('a hole that is allowed is a market that stood still', async () => {
    const rows = HOURS.filter((_, index) => index < 400 || index > 440)
    expect(await faultOf({}, { 'mine.csv': csv(rows) })).toBe('nothing')
    const folder = folderWith({ 'mine.csv': csv(HOURS.filter((_, index) => index < 400 || index > 460)) })
    const { result } = await run(folder, smallConfig({}, { gapHoursMax: 61 }))
    expect(result.lending?.runs).toHaveLength(1)
  })

  test('what is named and is not there is named again', async () => {
    const folder = folderWith(MINE)
    const cases: ReadonlyArray<readonly [BacktestConfigInput, RegExp]> = [
      [
        smallConfig({ periods: [{ ...PERIOD, assets: ['OTHER'] }] }),
        /lending\.periods\.0\.assets: there are no data of OTHER; known are MINE/,
      ],
      [smallConfig({ periods: [{ crisis: '2019-01-01' }] }), /there is no crisis "2019-01-01"; known are 2020-03-12, /],
      [smallConfig({ periods: [{ crisis: '2023-07-crv' }] }), /2023-07-crv.* is not recorded: .*name its assets/],
      [smallConfig({ markets: {} }), /Aave's ltvBps for MINE is not recorded; give lending\.markets\.MINE\.ltvBps/],
      [
        smallConfig({ markets: { MINE: { ...MARKET, ltvBps: 8_100 } } }),
        /lending\.markets\.MINE: an LTV of 8100 is above its liquidation threshold, 8000/,
      ],
      [smallConfig({ markets: { MINE: { ...MARKET, debt: 'EURO' } } }), /there are no data of EURO; known are MINE/],
      [smallConfig({ markets: { MINE: { ...MARKET, positions: 'none.csv' } } }), /none\.csv/],
      [smallConfig({ policies: [{ kind: 'static' }, { kind: 'static' }] }), /lending\.policies has static twice/],
      [
        smallConfig({ policies: [{ kind: 'function', file: 'none.ts' }] }),
        /lending\.policies names the file .*none\.ts, which cannot be read/,
      ],
      [smallConfig({}, { files: { MINE: { path: 'none.csv' } } }), /none\.csv/],
      [smallConfig({}, { recorded: 'nowhere' }), /data\.recorded names .*nowhere, which is not there/],
      [
        smallConfig({ policies: [{ kind: 'plimsoll' }], forecaster: 'log-har' }),
        /log-har cannot be fitted on 2023-01-11 on \d+ samples; begin later/,
      ],
    ]
    for (const [config, message] of cases) await expect(run(folder, config)).rejects.toThrow(message)
  })
})

describe('a policy of one’s own', () => {
  const policy = (body: string): string => `export function policy({ current, now, record }, knob) { ${body} }`
  const own = { kind: 'function', id: 'mine', file: 'mine.mjs', reads: 'none' } as const
  const NOON = DATA_FROM + 18 * DAY + 12 * 3_600

  test.each([
    [
      'throws',
      "if (now >= NOON) throw new Error('no idea'); return current",
      /task 'mine, MINE, january' failed: .*\/mine\.mjs, MINE at 2023-01-19T12:00:00.000Z: the policy threw: no idea/,
    ],
    [
      'gives NaN',
      'return { ...current, ltvBps: now >= NOON ? NaN : current.ltvBps }',
      /policy mine, MINE at 2023-01-19T12:00:00.000Z: ltvBps must be a whole number of 0 or more, got NaN/,
    ],
    [
      'gives an LTV above the threshold',
      'return { ...current, ltvBps: now >= NOON ? 8001 : current.ltvBps }',
      /policy mine, MINE at 2023-01-19T12:00.*: ltvBps must not be above the liquidation threshold, 8000, got 8001/,
    ],
    [
      'leaves no room for the bonus',
      'return { ...current, liquidationThresholdBps: 9900 }',
      /: liquidationThresholdBps must be 9523 or less, so that the bonus of 500 can be paid/,
    ],
    [
      'gives nothing',
      '',
      /mine\.mjs, MINE at 2023-01-11T00:00:00.000Z: the policy gave undefined; parameters as in view\.current are needed/,
    ],
    ['gives a promise', 'return Promise.resolve(current)', /the policy gave a promise/],
  ])('that %s is told by file, market, time and field', async (_, body, message) => {
    expect(
      await faultOf({ policies: [own] }, { ...MINE, 'mine.mjs': policy(body.replace('NOON', String(NOON))) }),
    ).toMatch(message)
  })

  test.each([
    ['does not compile', 'export function policy( {', /mine\.mjs cannot be run: /],
    ['exports none', 'export const other = 1', /mine\.mjs exports other; needed is: export function policy/],
  ])('whose file %s is told so', async (_, text, message) => {
    expect(await faultOf({ policies: [own] }, { ...MINE, 'mine.mjs': text })).toMatch(message)
  })

  test('that fails leaves what the others did', async () => {
    const folder = folderWith({ ...MINE, 'mine.mjs': policy("throw new Error('no')") })
    const policies = [...THREE, own]
    await expect(run(folder, smallConfig({ policies }))).rejects.toThrow(/the policy threw: no/)
    writeFileSync(join(folder, 'mine.mjs'), policy('return current'))
    const seen: RunProgress[] = []
    // On a thread, since this one has loaded the file as it was.
    const { result } = await run(folder, smallConfig({ policies }), { onProgress: (each) => seen.push(each), jobs: 2 })
    expect(seen.map(({ stage, label }) => `${stage}: ${label}`)).toEqual([
      'markets: ',
      'markets with your own policy: ',
      'markets with your own policy: mine, MINE, january',
      'markets with your own policy: mine, MINE, january',
      'report: writing',
      'report: done',
    ])
    // It leaves everything as it is.
    const [published] = result.lending?.runs ?? []
    const mine = result.lending?.runs.find((each) => each.policy === 'mine')
    expect(mine).toEqual({ ...published, policy: 'mine', knob: 1 })
  })

  test('in TypeScript is given the knob, and another text of it is another run', async () => {
    const text = (margin: number): string =>
      `import type { PolicyView } from 'plimsoll'
      export const policy = ({ current }: PolicyView, knob: number) =>
        ({ ...current, ltvBps: ${7_500 - margin} - knob, liquidationThresholdBps: ${8_000 - margin} - knob })`
    const config = smallConfig({
      policies: [
        { kind: 'static', knobs: [500] },
        { ...own, file: 'mine.ts', knobs: [100, 400] },
      ],
    })
    const folder = folderWith({ ...MINE, 'mine.ts': text(100) })
    const first = await run(folder, config, { jobs: 2 })
    const [published, , mine] = first.result.lending?.runs ?? []
    expect(mine?.knob).toBe(400)
    expect(mine?.badDebtUsd).toBeCloseTo(published?.badDebtUsd ?? 0, -4)
    writeFileSync(join(folder, 'mine.ts'), text(0))
    const second = await run(folder, config, { jobs: 2 })
    expect(second.result.id).not.toBe(first.result.id)
    expect(second.result.lending?.runs[2]?.badDebtUsd).toBeGreaterThan(mine?.badDebtUsd ?? 0)
    // The same file elsewhere is the same policy.
    const elsewhere = await run(folderWith({ ...MINE, 'mine.ts': text(0) }), config, { jobs: 2 })
    expect(resultText(elsewhere.result)).toBe(resultText(second.result))
  })
})
