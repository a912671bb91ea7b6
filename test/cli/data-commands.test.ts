import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { startPostgres } from '../support/postgres-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { runCli } from './run-cli.ts'

const HEADER = 'ts,open,high,low,close,volume\n'
const START = Date.UTC(2024, 0) / 1_000

function candles(hours: readonly number[]): string {
  return (
    HEADER +
    hours.map((hour) => `${START + hour * 3_600},${100 + hour},${103 + hour},${99 + hour},${101 + hour},5\n`).join('')
  )
}

function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

const NAME = 'kraken_ETHUSD_1h_20240101_20240102.csv'

test('help names every command with an example, loads nothing heavy, and exits with 0', async () => {
  const folder = temporaryFolder()
  const started = performance.now()
  const root = await runCli(['--help'], folder)
  expect(performance.now() - started).toBeLessThan(2_000)
  expect(root).toMatchObject({ code: 0, stdout: expect.stringContaining('data') })
  const group = await runCli(['data', '--help'], folder)
  for (const name of ['fetch', 'import', 'check', 'list', 'compact', 'retain', 'serve']) {
    expect(group.stdout).toContain(name)
    const help = await runCli(['data', name, '--help'], folder)
    expect(help).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`Examples:\n +plimsoll data ${name}`)),
    })
  }
})

test('import, list, check, compact and retain work on one store, and say which', async () => {
  const folder = folderWith({ [NAME]: candles([0, 1, 2, 5, 6]), [`${NAME}.gz`]: gzipSync(candles([6, 7])) })
  const imported = await runCli(['data', 'import', '--json', NAME, `${NAME}.gz`], folder)
  expect(imported).toMatchObject({ code: 0, stderr: 'store: ./plimsoll-data\n' })
  expect(JSON.parse(imported.stdout)).toMatchObject({
    imported: [
      { source: 'kraken', symbol: 'ETH/USD', interval: '1h', rows: 5, timeFormats: ['s'], bad: 0 },
      { rows: 2, first: '2024-01-01T06:00:00Z' },
    ],
    refused: [],
  })
  const env = { PLIMSOLL_STORE: join(folder, 'plimsoll-data') }
  const listed = await runCli(['data', 'list', '--json'], temporaryFolder(), env)
  expect(listed.stderr).toBe(`store: ${env.PLIMSOLL_STORE}\n`)
  expect(JSON.parse(listed.stdout).holdings).toEqual([
    {
      kind: 'bars',
      source: 'kraken',
      symbol: 'ETH/USD',
      interval: '1h',
      rows: 6,
      first: '2024-01-01T00:00:00Z',
      last: '2024-01-01T07:00:00Z',
    },
  ])
  expect((await runCli(['data', 'list'], folder)).stdout).toMatch(
    /kraken ETH\/USD +bars 1h +6 +2024-01-01 +2024-01-01 07:00/,
  )
  expect(await runCli(['data', 'check', '--strict'], folder)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('2 (25.0 %)'),
  })
  expect(await runCli(['data', 'compact', '--json'], folder)).toMatchObject({ code: 0 })
  const retained = await runCli(['data', 'retain', '--kind', 'bars', '--days', '30'], folder)
  expect(retained).toMatchObject({ code: 0, stdout: expect.stringContaining('dropped 1 day of bars') })
  expect(await runCli(['data', 'list'], folder)).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('It is empty'),
  })
})

test('a refused file makes import fail, and the sound ones beside it are stored', async () => {
  const folder = folderWith({
    [NAME]: candles([0, 1]),
    'kraken_BTCUSD_1h_20240101_20240102.csv': `${candles([0])}${START + 3_600},1,2,3,4\n`,
    'rounds.csv': 'ts,roundId,answer\n1,2,3\n',
  })
  const run = await runCli(['data', 'import', '.', '--store', 'store'], folder)
  expect(run.code).toBe(1)
  expect(run.stdout).toContain('kraken ETH/USD')
  expect(run.stderr).toMatch(
    /BTCUSD.* has 1 bad of 2 rows; nothing of it is stored:\n {2}line 3: it has 5 fields, not 6/,
  )
  expect(run.stderr).toMatch(/rounds\.csv lacks open \(open, .*It has: ts, roundId, answer\. Needed are time, open/)
  expect(run.stderr).toContain('2 files of 3 refused')
})

test('what cannot be done says what, why and what to do', async () => {
  const folder = folderWith({ [NAME]: candles([0, 1]), 'a.txt': 'x' })
  expect(await runCli(['data', 'import', NAME, '--store', 'store'], folder)).toMatchObject({ code: 0 })
  const cases: ReadonlyArray<readonly [readonly string[], number, RegExp]> = [
    [['data', 'list', '--store', 'nowhere'], 1, /no market data in .*nowhere/],
    [['data', 'list', '--store', 'postgres://user:secret@127.0.0.1:9/db'], 1, /store: postgres:\/\/user:…@127/],
    [['data', 'check', 'nowhere'], 2, /nowhere is not there; give a file or a folder/],
    [['data', 'check', 'store'], 2, /store is a store; check it with --store store/],
    [['data', 'check', NAME, '--store', 'x'], 2, /check one or the other/],
    [['data', 'check', NAME, '--plot', 'x.pdf'], 2, /ends in \.html or \.svg/],
    [['data', 'check', NAME, '--jump-sigmas', '0'], 2, /give a number above 0/],
    [['data', 'retain', '--kind', 'candles', '--days', '3'], 2, /Allowed choices are bars, trades, depths/],
    [['data', 'retain', '--kind', 'bars', '--days', '0'], 2, /whole number of days from 1/],
    [['data', 'cheque'], 2, /Did you mean check/],
    [['dat'], 2, /Did you mean data/],
  ]
  for (const [words, code, said] of cases) {
    const run = await runCli(words, folder)
    expect(run, words.join(' ')).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(said) })
    expect(run.stderr).not.toMatch(/secret|\n {4}at /)
  }
})

test('a plot is one file that loads nothing, and hostile names cannot break out of it', async () => {
  const folder = folderWith({ [NAME]: candles([0, 1, 2, 5, 6]), '<script>alert(1)<script>.csv': candles([0, 1]) })
  for (const plot of ['report.html', 'report.svg']) {
    const run = await runCli(['data', 'check', '.', '--plot', plot], folder)
    expect(run).toMatchObject({ code: 0, stderr: `wrote ${plot}\n` })
    const text = readFileSync(join(folder, plot), 'utf8')
    expect(text).not.toMatch(/<script|(?:src|href)=|url\(|@import/)
    expect(text).toContain('class="gap"')
  }
})

test('colours and bars are for terminals alone', async () => {
  const folder = folderWith({ [NAME]: candles([0, 1, 2, 5, 6]) })
  const run = await runCli(['data', 'check', '.'], folder)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sign that colours begin with
  expect(run.stdout + run.stderr).not.toMatch(/\u001b/)
  expect(run.stdout).toMatch(/[▁-█]/)
})

test('a server of PostgreSQL is a store like a folder', async () => {
  const server = await startPostgres()
  try {
    const folder = folderWith({ [NAME]: candles([0, 1, 2, 5, 6]) })
    const env = { PLIMSOLL_STORE: server.connectionString }
    expect(await runCli(['data', 'import', NAME], folder, env)).toMatchObject({ code: 0 })
    expect((await runCli(['data', 'list'], folder, env)).stdout).toMatch(/kraken ETH\/USD +bars 1h +5 /)
    expect((await runCli(['data', 'check'], folder, env)).stdout).toContain('2 (28.6 %)')
    expect(existsSync(join(folder, 'plimsoll-data'))).toBe(false)
  } finally {
    await server.stop()
  }
})
