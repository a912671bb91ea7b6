import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { encodeFrame } from '../../../oracle-node/adapters/store/log-codec.ts'
import { openParquetStore, type StoreReport } from '../../../oracle-node/adapters/store/parquet-store.ts'
import type { MarketStore } from '../../../oracle-node/ports/market-store.ts'
import { bar, barsOf, DAY, DAY_SECONDS, EVER } from '../../support/market-rows.ts'
import { counter, numberedBar, numberedRows } from '../../support/numbered-rows.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

async function opened(folder: string, readOnly = false) {
  const reports: StoreReport[] = []
  const store = await openParquetStore({ folder, readOnly, onReport: (report) => reports.push(report) })
  const bars = async () => barsOf(await store.bars({ ...EVER, interval: '1m' })).toSorted((a, b) => a.time - b.time)
  return { store, reports, bars }
}

function filesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, `${name}`))
    .filter((path) => pattern.test(path))
    .toSorted()
}

/** A folder that a writer left with this log, in these segments, when it was killed. */
function killedWith(...log: readonly Buffer[]): { folder: string; path: string } {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'log'))
  for (const [index, segment] of log.entries())
    writeFileSync(join(folder, 'log', `00000000000${index + 1}.log`), segment)
  return { folder, path: join(folder, 'log', '000000000001.log') }
}

async function rowsHeld(store: MarketStore): Promise<number> {
  return (await store.holdings()).reduce((sum, { rows }) => sum + rows, 0)
}

const frames = [0, 1, 2].map((number) => encodeFrame(numberedRows(number)))
const log = Buffer.concat(frames)
const bars = [0, 1, 2].map(numberedBar)

test('a torn tail of the log is left out and reported, and everything before it is there for good', async () => {
  const second = log.length - (frames[2]?.length ?? 0)
  for (const cut of [second, second + 1, second + 11, second + 12, second + 40, log.length - 1]) {
    const { folder, path } = killedWith(log.subarray(0, cut))
    const { store, reports, bars: found } = await opened(folder)
    expect(await found()).toEqual(bars.slice(0, 2))
    const torn = { kind: 'torn-log', path, detail: `the last ${cut - second} of ${cut} bytes are no whole frame` }
    expect(reports).toEqual(cut === second ? [] : [torn])
    await store.append(numberedRows(2))
    await store.close()
    const again = await opened(folder)
    expect(await again.bars()).toEqual(bars)
    expect(again.reports).toEqual([])
    await again.store.close()
  }
})

test('a damaged call amid the log costs no other, and its bytes are kept', async () => {
  const damaged = Buffer.from(log)
  const at = (frames[0]?.length ?? 0) + 30
  damaged[at] = (damaged[at] ?? 0) ^ 0x10
  const { folder, path } = killedWith(damaged)
  const { store, reports, bars: found } = await opened(folder)
  expect(await found()).toEqual([bars[0], bars[2]])
  expect(reports.map(({ kind }) => kind)).toEqual(['damaged-log'])
  expect(reports[0]?.detail).toContain(`bytes ${frames[0]?.length} to `)
  expect(readFileSync(`${path}.corrupt`)).toEqual(damaged)
  await store.close()
})

/** Three days of one market, each in a file of its own, and another market. */
async function threeDays(): Promise<string> {
  const folder = temporaryFolder()
  const { store } = await opened(folder)
  const days = [0, 1, 2].map((day) => bar(DAY + day * DAY_SECONDS))
  await store.append({ bars: [...days, bar(DAY, 5, { symbol: 'Z' })] })
  await store.close()
  return folder
}

const DAMAGE: ReadonlyArray<readonly [string, (path: string) => void]> = [
  ['is cut short', (path) => truncateSync(path, 100)],
  ['lost its last byte', (path) => truncateSync(path, readFileSync(path).length - 1)],
  ['is empty', (path) => truncateSync(path, 0)],
  ['is something else', (path) => writeFileSync(path, 'time,open\n1,2\n')],
  ['has zeros for its data', (path) => writeFileSync(path, zeroed(readFileSync(path)))],
  ['has other columns', (path) => copyFileSync(filesIn(path.replace(/bars.*/, ''), /depths.*parquet$/)[0] ?? '', path)],
]

function zeroed(file: Buffer): Buffer {
  return Buffer.concat([file.subarray(0, 4), Buffer.alloc(120), file.subarray(124)])
}

test.each(DAMAGE)('a Parquet file that %s is named and set aside, and the rest stays readable', async (_, damage) => {
  const folder = await threeDays()
  const before = await opened(folder)
  await before.store.append({ depths: numberedRows(1).depths })
  await before.store.close()
  const path = filesIn(folder, /bars.day=2024-01-02.*parquet$/)[0] ?? ''
  damage(path)
  const rest = [bar(DAY), bar(DAY, 5, { symbol: 'Z' }), bar(DAY + 2 * DAY_SECONDS)]
  const reader = await opened(folder, true)
  expect(await reader.bars()).toEqual(rest)
  expect(reader.reports).toMatchObject([{ kind: 'corrupt-file', path, detail: expect.stringContaining('left out') }])
  expect(await reader.bars()).toEqual(rest)
  expect(reader.reports).toHaveLength(1)
  await reader.store.close()
  const writer = await opened(folder)
  expect((await writer.store.holdings()).filter(({ kind }) => kind === 'bars').map(({ rows }) => rows)).toEqual([2, 1])
  expect(writer.reports).toMatchObject([{ kind: 'corrupt-file', path, detail: expect.stringContaining('renamed') }])
  expect(filesIn(folder, /corrupt$/)).toEqual([`${path}.corrupt`])
  await writer.store.append({ bars: [bar(DAY + DAY_SECONDS, 9)] })
  await writer.store.close()
  const again = await opened(folder)
  expect((await again.bars()).map(({ close }) => close)).toEqual([100, 5, 9, 100])
  expect(again.reports).toEqual([])
  await again.store.close()
})

test('a file that cannot be read does not keep its neighbours from being merged', async () => {
  const folder = await threeDays()
  for (const close of [7, 8, 9]) {
    const { store } = await opened(folder)
    await store.append({ bars: [bar(DAY + close * 60, close)] })
    await store.close()
  }
  const path = filesIn(folder, /day=2024-01-01.*BTC.*parquet$/)[1] ?? ''
  truncateSync(path, 50)
  const { store, reports, bars: found } = await opened(folder)
  await store.compact()
  expect(reports.map((report) => report.path)).toEqual([path])
  expect(filesIn(folder, /day=2024-01-01.*BTC.*parquet$/)).toHaveLength(1)
  expect((await found()).map(({ close }) => close)).toEqual([100, 5, 8, 9, 100, 100])
  await store.close()
})

test('a log that became files before the crash, and was not yet removed, changes nothing', async () => {
  const folder = temporaryFolder()
  const saved = temporaryFolder()
  const { store } = await opened(folder)
  await store.append(numberedRows(0))
  await store.append(numberedRows(1))
  await store.flush()
  cpSync(join(folder, 'log'), saved, { recursive: true })
  await store.close()
  for (const merge of [false, true]) {
    cpSync(saved, join(folder, 'log'), { recursive: true })
    const after = await opened(folder)
    expect(await after.bars()).toEqual(bars.slice(0, 2))
    if (merge) await after.store.compact()
    expect(await rowsHeld(after.store)).toBe(7)
    expect(after.reports).toEqual([])
    await after.store.close()
  }
})

test('a row that several segments of the log hold is counted once, whichever of them are files by now', async () => {
  const { folder } = killedWith(...frames)
  const whole = temporaryFolder()
  cpSync(folder, whole, { recursive: true })
  await (await opened(whole)).store.close()
  const logs = filesIn(folder, /\.log$/)
  const placed = logs.flatMap((path) => filesIn(whole, new RegExp(`${basename(path, '.log')}.parquet$`)))
  expect(placed).toHaveLength(4 * logs.length)
  for (let files = 0; files <= placed.length; files++) {
    const cut = temporaryFolder()
    for (const path of placed.slice(0, files)) cpSync(path, path.replace(whole, cut))
    // The log that the last file came from is there still, as are those after it.
    for (const path of logs.slice(Math.max(0, Math.ceil(files / 4) - 1))) cpSync(path, path.replace(folder, cut))
    const { store } = await opened(cut, true)
    const depths = await store.depths({ ...EVER, symbol: 'counter' })
    expect({ files, depths, held: await rowsHeld(store) }).toEqual({ files, depths: [counter(2)], held: 3 * 3 + 1 })
    await store.close()
  }
})

test('a merge that was cut between its steps leaves rows twice, and readers see them once', async () => {
  const folder = temporaryFolder()
  const saved = temporaryFolder()
  for (const close of [1, 2, 3]) {
    const { store } = await opened(folder)
    await store.append({ bars: [bar(DAY, close), bar(DAY + close * 60, close)] })
    await store.close()
  }
  cpSync(join(folder, 'bars'), saved, { recursive: true })
  const merging = await opened(folder)
  expect(await merging.store.compact()).toEqual({ partitions: 1, filesBefore: 3, filesAfter: 1 })
  await merging.store.close()
  // The merged file is in its place, and none of the others is gone.
  cpSync(saved, join(folder, 'bars'), { recursive: true })
  writeFileSync(join(folder, 'tmp', 'bars-merging.parquet'), 'half of it')
  const { store, reports, bars: found } = await opened(folder)
  expect((await found()).map(({ close }) => close)).toEqual([3, 1, 2, 3])
  expect(await rowsHeld(store)).toBe(4)
  expect(await store.compact()).toEqual({ partitions: 1, filesBefore: 4, filesAfter: 1 })
  expect((await found()).map(({ close }) => close)).toEqual([3, 1, 2, 3])
  expect(reports).toEqual([])
  expect(readdirSync(join(folder, 'tmp'))).toEqual([])
  await store.close()
})

test('rows that come after somebody removed the log still count above those in files', async () => {
  const folder = temporaryFolder()
  for (const close of [1, 2, 3]) {
    const { store } = await opened(folder)
    await store.append({ bars: [bar(DAY, close)] })
    await store.close()
  }
  rmSync(join(folder, 'log'), { recursive: true })
  const { store, bars: found } = await opened(folder)
  await store.append({ bars: [bar(DAY, 4)] })
  expect((await found()).map(({ close }) => close)).toEqual([4])
  await store.close()
})

test('a disk that takes no files keeps the rows in the log, readable, until it does', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'bars'), 'in the way')
  const { store, reports, bars: found } = await opened(folder)
  await store.append(numberedRows(0))
  await expect(store.compact()).rejects.toThrow()
  expect(await found()).toEqual([numberedBar(0)])
  await expect(store.close()).rejects.toThrow()
  const still = await opened(folder)
  expect(still.reports.map(({ kind }) => kind)).toEqual(['roll-failed'])
  expect(await still.bars()).toEqual([numberedBar(0)])
  rmSync(join(folder, 'bars'))
  await still.store.close()
  const after = await opened(folder, true)
  expect(filesIn(folder, /bars.*parquet$/)).toHaveLength(1)
  expect(await after.bars()).toEqual([numberedBar(0)])
  await after.store.close()
  expect(reports).toEqual([])
})

test('a disk that takes no files for long is said to every call, and the store goes on once it does', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'bars'), 'in the way')
  const store = await openParquetStore({ folder, rollRows: 2 })
  const taken: number[] = []
  const refusals: unknown[] = []
  const append = (number: number): Promise<unknown> =>
    store.append({ bars: [numberedBar(number), numberedBar(number + 1_000)] }).then(
      () => taken.push(number),
      (error: unknown) => refusals.push(error),
    )
  for (let number = 0; number < 40; number++) await append(number)
  expect(taken.length).toBeGreaterThan(4)
  expect(refusals.length).toBeGreaterThan(0)
  expect(`${refusals[0]}`).toContain('no files can be written')
  rmSync(join(folder, 'bars'))
  for (let number = 40; number < 50; number++) await append(number)
  expect(taken.at(-1)).toBe(49)
  const found = async (from: MarketStore) => barsOf(await from.bars({ ...EVER, interval: '1m' })).length
  expect(await found(store)).toBe(2 * taken.length)
  await store.close()
  const again = await openParquetStore({ folder, readOnly: true })
  expect(await found(again)).toBe(2 * taken.length)
  await again.close()
})
