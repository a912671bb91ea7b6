import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { SHARED_DATA } from '../data/shared-data.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { runCli, type StartedCli, startCli } from './run-cli.ts'

const RECORDED = 'ohlcv/multivenue_1m_2023-03/kraken_BTCUSD_1m_20230301_20230321.csv.gz'

/** The JSON that a server prints when it is ready. */
async function addresses(
  run: StartedCli,
): Promise<{ readonly baseUrls: Readonly<Record<string, string>>; readonly from: string }> {
  let text = ''
  for await (const some of run.process.stdout ?? []) {
    text += some
    if (text.trimEnd().endsWith('}')) return JSON.parse(text)
  }
  throw new Error(`it ended without an address: ${(await run.done).stderr}`)
}

test('what was imported is served as its venue would have, until Ctrl-C', async () => {
  const folder = temporaryFolder()
  expect(await runCli(['data', 'import', join(SHARED_DATA, RECORDED)], folder)).toMatchObject({ code: 0 })
  const words = ['data', 'serve', '--from', '2023-03-11', '--venues', 'kraken', '--markets', 'markets.json', '--json']
  const run = startCli(words, folder)
  const { baseUrls, from } = await addresses(run)
  expect(from).toMatch(/^2023-03-11T00:00:/)
  const answer = await fetch(`${baseUrls['kraken']}/0/public/OHLC?pair=XBTUSD&interval=1`)
  const candles: { result: Record<string, unknown[][]> } = JSON.parse(await answer.text())
  const rows = Object.values(candles.result).find((value) => Array.isArray(value))
  expect(rows?.length).toBeGreaterThan(500)
  expect(Number(rows?.at(-2)?.[0])).toBeLessThan(Date.UTC(2023, 2, 11, 0, 5) / 1_000)
  expect(JSON.parse(readFileSync(join(folder, 'markets.json'), 'utf8')).venues).toEqual({
    kraken: { baseUrl: baseUrls['kraken'] },
  })
  run.process.kill('SIGINT')
  expect((await run.done).code).toBe(0)
})

test.each([
  [['--fault', 'kraken:oops'], 2, /oops is none of garbage,/],
  [['--fault', 'kraken'], 2, /give VENUE:KIND/],
  [['--venues', 'kraken,mtgox'], 2, /"mtgox"; give one of binance,/],
  [['--venues', 'okx'], 1, /the store has no minutes, hours, trades or depths of okx/],
  [['--speed', '0'], 2, /give a number above 0/],
])('serving with %j exits with %i', async (words, code, said) => {
  const folder = temporaryFolder()
  expect(await runCli(['data', 'import', join(SHARED_DATA, RECORDED)], folder)).toMatchObject({ code: 0 })
  expect(await runCli(['data', 'serve', ...words], folder)).toMatchObject({ code, stderr: expect.stringMatching(said) })
})

test('the installed command runs the same program: its output, its exit code and its signals', async () => {
  const program = fileURLToPath(new URL('../../oracle-node/scripts/plimsoll.mjs', import.meta.url))
  const folder = temporaryFolder()
  const started = (words: readonly string[]) =>
    spawn(process.execPath, [program, ...words], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const wrong = started(['data', 'chekc'])
  let said = ''
  wrong.stderr.on('data', (text) => {
    said += text
  })
  expect((await once(wrong, 'close'))[0]).toBe(2)
  expect(said).toContain('Did you mean check?')
  await runCli(['data', 'import', join(SHARED_DATA, RECORDED)], folder)
  const serving = started(['data', 'serve'])
  await once(serving.stdout, 'data')
  serving.kill('SIGTERM')
  expect((await once(serving, 'close'))[0]).toBe(0)
})
