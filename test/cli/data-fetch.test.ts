import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { type Candle, readCandles } from '../../data/recorded/read-candles.ts'
import { recordedHistory } from '../../data/recorded/recorded-history.ts'
import { startVenues } from '../../data/venues/venues.ts'
import { SHARED_DATA } from '../data/shared-data.ts'
import { type ArchiveServer, archiveServer } from '../support/archive-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { runCli, type StartedCli, startCli } from './run-cli.ts'

let hours: readonly Candle[] = []
beforeAll(() => {
  hours = readCandles(join(SHARED_DATA, 'ohlcv/binance_spot_1h/binance_ETHUSDT_1h_20210404_20231230.csv.gz'))
})

const archive = (): Promise<ArchiveServer> => archiveServer({ candles: hours, symbol: 'ETHUSDT', interval: '1h' })
const words = (server: { readonly baseUrl: string }, to: string): string[] => {
  const market = ['--venue', 'Binance', '--symbol', 'ethusdt', '--freq', '1h', '--from', '2021-05-01', '--to', to]
  return ['data', 'fetch', ...market, '--base-url', server.baseUrl]
}
const MONTHS = 18

/** Waits until a run is in the middle: some files have come, and many have not. */
async function untilAsked(server: ArchiveServer, files: number): Promise<void> {
  while (server.asked().length < files) await new Promise((resolve) => setTimeout(resolve, 20))
}

async function interrupted(
  signal: NodeJS.Signals,
): Promise<{ server: ArchiveServer; folder: string; run: StartedCli }> {
  const [server, folder] = [await archive(), temporaryFolder()]
  server.slow(120)
  const run = startCli(words(server, '2022-11-01'), folder)
  await untilAsked(server, 9)
  run.process.kill(signal)
  return { server, folder, run }
}

test('kill -9 in the middle, and the next run fetches only the rest', async () => {
  const { server, folder, run } = await interrupted('SIGKILL')
  expect((await run.done).code).toBe(null)
  const before = server.asked().length
  server.slow(0)
  const again = await runCli([...words(server, '2022-11-01'), '--json'], folder)
  expect(again).toMatchObject({ code: 0 })
  const summary = JSON.parse(again.stdout)
  expect(summary).toMatchObject({ pieces: MONTHS, failed: [], left: 0 })
  expect(summary.held).toBeGreaterThan(0)
  expect(server.asked().length - before).toBe(summary.fetched)
  const check = JSON.parse((await runCli(['data', 'check', '--json'], folder)).stdout)
  const expected = hours.filter(({ ts }) => ts >= Date.UTC(2021, 4) / 1_000 && ts < Date.UTC(2022, 10) / 1_000).length
  expect(check.files).toMatchObject([{ symbol: 'ETH/USDT', interval: '1h', rows: expected, duplicates: 0 }])
})

test('Ctrl-C ends in order with 130, and says how to go on', async () => {
  const { server, folder, run } = await interrupted('SIGINT')
  const ended = await run.done
  expect(ended).toMatchObject({ code: 130, stderr: expect.stringContaining('run the same command again') })
  expect(ended.stdout).toMatch(/left: \d+ pieces/)
  server.slow(0)
  const again = JSON.parse((await runCli([...words(server, '2022-11-01'), '--json'], folder)).stdout)
  expect(again).toMatchObject({ failed: [], left: 0 })
  expect(again.held + again.fetched).toBe(MONTHS)
  expect(again.held).toBeGreaterThan(0)
})

test('a month that cannot be had makes the command fail; the others are stored', async () => {
  const [server, folder] = [await archive(), temporaryFolder()]
  server.fail('2021-06', 'no-checksum')
  const run = await runCli(words(server, '2021-08-01'), folder)
  expect(run).toMatchObject({ code: 1, stdout: expect.stringContaining('failed: 2021-06: http') })
  expect(run.stdout).toMatch(/binance ETH\/USDT 1h: 1,\d{3} rows stored of 2 pieces .* 2 checksums right/)
})

test('a venue without archives is paged through its REST interface', async () => {
  const history = recordedHistory(SHARED_DATA)
  const now = Date.UTC(2023, 2, 12, 6) / 1_000
  const venues = await startVenues({ history, now: () => now })
  try {
    const baseUrl = venues.baseUrls.coinbaseexchange ?? ''
    const folder = temporaryFolder()
    const market = [
      '--venue',
      'coinbase',
      '--symbol',
      'BTC-USD',
      '--freq',
      '1m',
      '--from',
      '2023-03-11',
      '--to',
      '2023-03-11T20:00',
    ]
    const run = await runCli(['data', 'fetch', ...market, '--base-url', baseUrl, '--json'], folder)
    expect(run, run.stderr).toMatchObject({ code: 0 })
    // Whole pages of 300 minutes, which begin at multiples of their length.
    const page = 300 * 60
    const from = Math.floor(Date.UTC(2023, 2, 11) / 1_000 / page) * page
    const market1m = { venue: 'coinbaseexchange', symbol: 'BTC/USD', interval: '1m' } as const
    const bars = history.bars({ ...market1m, from, to: from + 5 * page })
    expect(JSON.parse(run.stdout)).toMatchObject({
      source: 'coinbaseexchange',
      failed: [],
      pieces: 5,
      rows: bars.length,
    })
  } finally {
    await venues.close()
  }
})

test.each([
  [['--venue', 'mtgox'], /venue mtgox is not known; give one of binance,/],
  [['--symbol', '!'], /give BASE\/QUOTE/],
  [['--freq', '2m'], /give one of 1m, 5m, 15m, 30m, 1h, 4h, 1d/],
  [['--from', '01/02/2020'], /give a day or an ISO time/],
  [['--from', '2099-01-01'], /--from must be before --to, and in the past/],
  [['--base-url', 'example.org'], /needs an http:\/\/ or https:\/\/ address/],
  [['--frm', '2020-01-01'], /unknown option '--frm'\n\(Did you mean --from\?\)/],
])('wrong usage exits with 2 and says what to give: %j', async (wrong, said) => {
  const run = await runCli([...words({ baseUrl: 'http://127.0.0.1:9' }, '2021-08-01'), ...wrong], temporaryFolder())
  expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(said) })
})
