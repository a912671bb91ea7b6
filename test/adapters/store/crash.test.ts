import { spawn, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openParquetStore, type StoreReport } from '../../../oracle-node/adapters/store/parquet-store.ts'
import type { MarketStore } from '../../../oracle-node/ports/market-store.ts'
import { barsOf, EVER } from '../../support/market-rows.ts'
import { numberedBar, numberedRows, numberedTrade } from '../../support/numbered-rows.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const WRITER = fileURLToPath(new URL('../../support/append-market-rows.ts', import.meta.url))
const KILLS = 25

/** Appends from a number on until it is killed, and gives the last number that was acknowledged. */
async function appendAndKill(folder: string, from: number, milliseconds: number): Promise<number> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', WRITER, folder, 'forever', `${from}`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  await expect.poll(() => output.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(0)
  await sleep(milliseconds)
  child.kill('SIGKILL')
  await ended
  // The last line may be cut.
  return Number(output.split('\n').at(-2))
}

/** Every number up to the last that is found, with the content that it was written with. */
async function expectWhole(store: MarketStore, acknowledged: number): Promise<number> {
  const bars = barsOf(await store.bars({ ...EVER, interval: '1m' })).toSorted((a, b) => a.time - b.time)
  expect(bars.length).toBeGreaterThan(acknowledged)
  expect(bars).toEqual(bars.map((_, number) => numberedBar(number)))
  const trades = await store.trades(EVER)
  expect(trades).toEqual(bars.map((_, number) => numberedTrade(number)))
  const depths = await store.depths(EVER)
  const last = bars.length - 1
  expect(depths.filter(({ symbol }) => symbol !== 'counter')).toEqual(
    bars.map((_, number) => numberedRows(number).depths[0]),
  )
  // The newest of all the rows that took each other's place.
  expect(depths.filter(({ symbol }) => symbol === 'counter')).toEqual([numberedRows(last).depths[1]])
  const held = await store.holdings()
  expect(held.reduce((sum, { rows }) => sum + rows, 0)).toBe(3 * bars.length + 1)
  return last
}

test(`a writer killed at ${KILLS} random moments loses nothing that it acknowledged and leaves no file unreadable`, {
  timeout: 300_000,
}, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const random = seededRandom(seed)
  const folder = temporaryFolder()
  let next = 0
  let [amidFiles, tornLogs] = [0, 0]
  for (let kill = 0; kill < KILLS; kill++) {
    const acknowledged = await appendAndKill(folder, next, random.below(350))
    if (readdirSync(join(folder, 'tmp')).length > 0 || readdirSync(join(folder, 'log')).length > 1) amidFiles += 1
    const reports: StoreReport[] = []
    const reader = await openParquetStore({ folder, readOnly: true })
    await expectWhole(reader, acknowledged)
    await reader.close()
    const store = await openParquetStore({ folder, onReport: (report) => reports.push(report) })
    const last = await expectWhole(store, acknowledged)
    await store.close()
    expect(
      reports.filter(({ kind }) => kind !== 'torn-log'),
      `seed ${seed}, kill ${kill}`,
    ).toEqual([])
    tornLogs += reports.length
    // Of what was never acknowledged, the calls on their way may be there: one, since each was waited for.
    expect(last - acknowledged, `seed ${seed}, kill ${kill}`).toBeLessThanOrEqual(1 + 1)
    next = last + 1
  }
  expect(readdirSync(join(folder, 'tmp'))).toEqual([])
  expect(readdirSync(folder, { recursive: true }).filter((name) => `${name}`.endsWith('.corrupt'))).toEqual([])
  process.stderr.write(
    `crash test: seed ${seed}, ${KILLS} kills, ${next} calls; ${amidFiles} kills while files were written, ${tornLogs} torn logs\n`,
  )
  expect(amidFiles).toBeGreaterThan(0)
})

test('a write that the disk took half of leaves no half: what comes after it can be written and read', async () => {
  const folder = temporaryFolder()
  const limited = `trap '' XFSZ; ulimit -S -f 32; exec "$0" "$@"`
  const run = [process.execPath, '--disable-warning=ExperimentalWarning', WRITER, folder, 'until-full']
  // A file that may grow no further fails as a full disk does: with the part that fits already written.
  const { status, stdout } = spawnSync('sh', ['-c', limited, ...run], { encoding: 'utf8' })
  expect(status).toBe(0)
  expect(stdout).toMatch(/\d\nfailed\n\d/)
  const last = Number(stdout.trim().split('\n').at(-1))
  const reports: StoreReport[] = []
  const store = await openParquetStore({ folder, onReport: (report) => reports.push(report) })
  const bars = barsOf(await store.bars({ ...EVER, interval: '1m' })).toSorted((a, b) => a.time - b.time)
  expect(bars).toEqual(Array.from({ length: last + 1 }, (_, number) => numberedBar(number)))
  expect(reports).toEqual([])
  await store.close()
})
