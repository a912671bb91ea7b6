import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, onTestFinished, test } from 'vitest'
import { openDuckEngine } from '../../../oracle-node/adapters/store/duck-engine.ts'
import { openParquetStore } from '../../../oracle-node/adapters/store/parquet-store.ts'
import { bar, barsOf, DAY, EVER, trade } from '../../support/market-rows.ts'
import { numberedBar, numberedRows } from '../../support/numbered-rows.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MINUTES = { ...EVER, interval: '1m' } as const
const WRITER = fileURLToPath(new URL('../../support/append-market-rows.ts', import.meta.url))

function parquetFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => `${name}`)
    .filter((name) => name.endsWith('.parquet'))
    .toSorted()
}

async function processWriting(folder: string) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', WRITER, folder, 'forever'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await expect.poll(() => output.length, { timeout: 20_000 }).toBeGreaterThan(0)
  return { child, acknowledged: () => Number(output.split('\n').at(-2)) }
}

test('a store at rest is Parquet files by day, source and symbol, which DuckDB reads by itself', async () => {
  const folder = temporaryFolder()
  const store = await openParquetStore({ folder })
  await store.append({ bars: [bar(DAY), bar(DAY - 60)], trades: [trade(DAY * 1_000, 'x', { symbol: '..' })] })
  await store.close()
  expect(parquetFiles(folder)).toEqual([
    'bars/day=2023-12-31/source=binance/symbol=BTC%2FUSDT/000000000001.parquet',
    'bars/day=2024-01-01/source=binance/symbol=BTC%2FUSDT/000000000001.parquet',
    'trades/day=2024-01-01/source=kraken/symbol=%2E%2E/000000000001.parquet',
  ])
  const duck = await DuckDBInstance.create()
  const connection = await duck.connect()
  const read = await connection.runAndReadAll(
    `SELECT source, symbol, "interval", "time", close FROM read_parquet('${folder}/bars/*/*/*/*.parquet', hive_partitioning = true) ORDER BY "time"`,
  )
  expect(read.getRowsJS()).toEqual([
    ['binance', 'BTC/USDT', '1m', BigInt(DAY - 60), 100],
    ['binance', 'BTC/USDT', '1m', BigInt(DAY), 100],
  ])
  duck.closeSync()
})

test.each([
  ['long', { rollRows: 10, rollSeconds: 3_600 }, 4],
  ['old', { rollRows: 1_000, rollSeconds: 1 }, 1],
])('the log becomes files when it is %s enough, and not before', async (_, limits, calls) => {
  const folder = temporaryFolder()
  const store = await openParquetStore({ folder, ...limits })
  for (let number = 0; number < 2; number++) await store.append(numberedRows(number))
  await sleep(300)
  expect(parquetFiles(folder)).toEqual([])
  for (let number = 2; number < 2 + calls; number++) await store.append(numberedRows(number))
  await expect.poll(() => parquetFiles(folder).length, { timeout: 20_000 }).toBeGreaterThan(0)
  expect(await store.trades(EVER)).toHaveLength(2 + calls)
  await store.close()
})

test('one process writes a folder: a second writer is refused, in this process and in another, until the first is gone', async () => {
  const folder = temporaryFolder()
  const first = await openParquetStore({ folder })
  await expect(openParquetStore({ folder })).rejects.toThrow('this process has it open already')
  await first.close()
  const { child } = await processWriting(folder)
  await expect(openParquetStore({ folder })).rejects.toThrow(`PID ${child.pid}`)
  const reader = await openParquetStore({ folder, readOnly: true })
  expect((await reader.trades(EVER)).length).toBeGreaterThan(0)
  await reader.close()
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('close', resolve))
  const next = await openParquetStore({ folder })
  await next.close()
})

test('a lock that a crash left half made is no lock', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'writer.lock'), 'DUCK')
  const store = await openParquetStore({ folder })
  await store.append(numberedRows(0))
  await store.close()
})

test('a reader sees what a writer in another process appends, rolls and merges, at every moment all of it', async () => {
  const folder = temporaryFolder()
  const { child, acknowledged } = await processWriting(folder)
  const reader = await openParquetStore({ folder, readOnly: true })
  const end = Date.now() + 4_000
  let reads = 0
  while (Date.now() < end) {
    const least = acknowledged()
    const bars = barsOf(await reader.bars(MINUTES)).toSorted((a, b) => a.time - b.time)
    expect(bars.length).toBeGreaterThan(least)
    expect(bars).toEqual(bars.map((_, number) => numberedBar(number)))
    reads += 1
  }
  expect(reads).toBeGreaterThan(3)
  child.kill('SIGKILL')
  await reader.close()
})

test('reads and writes of one store go on beside its rolls and merges', async () => {
  const folder = temporaryFolder()
  const store = await openParquetStore({ folder, rollRows: 40 })
  const merge = async (): Promise<void> => {
    for (let each = 0; each < 12; each++) await store.compact()
  }
  const write = async (): Promise<void> => {
    for (let number = 0; number < 300; number++) await store.append(numberedRows(number))
  }
  const look = async (): Promise<void> => {
    for (let each = 0; each < 12; each++) {
      const found = await store.trades(EVER)
      expect(found.map(({ id }) => id)).toEqual(found.map((_, number) => `id-${number}`))
    }
  }
  await Promise.all([merge(), write(), look(), store.holdings()])
  expect(await store.trades(EVER)).toHaveLength(300)
  await store.close()
})

test('what only reads changes nothing', async () => {
  const folder = temporaryFolder()
  await expect(openParquetStore({ folder: join(folder, 'none'), readOnly: true })).rejects.toThrow('is not there')
  mkdirSync(join(folder, 'empty'))
  const reader = await openParquetStore({ folder: join(folder, 'empty'), readOnly: true })
  expect(await reader.holdings()).toEqual([])
  for (const refused of [
    () => reader.append({ bars: [bar(DAY)] }),
    () => reader.flush(),
    () => reader.compact(),
    () => reader.retain('bars', DAY),
  ]) {
    await expect(refused()).rejects.toThrow('opened for reading only')
  }
  await reader.close()
  expect(readdirSync(join(folder, 'empty'))).toEqual([])
})

test('files and folders of others are left alone', async () => {
  const folder = temporaryFolder()
  const strange = ['bars/day=2024-13-45/source=a/symbol=b', 'bars/day=2024-01-01/source=%zz/symbol=b', 'bars/notes']
  for (const path of strange) mkdirSync(join(folder, path), { recursive: true })
  for (const path of strange) writeFileSync(join(folder, path, '000000000001.parquet'), 'not ours')
  const store = await openParquetStore({ folder })
  await store.append({ bars: [bar(DAY)] })
  await store.compact()
  expect(barsOf(await store.bars(MINUTES))).toEqual([bar(DAY)])
  await store.close()
  expect(parquetFiles(folder)).toHaveLength(4)
})

test('a folder whose path DuckDB would read as a pattern is refused', async () => {
  await expect(openParquetStore({ folder: join(temporaryFolder(), 'a[1]') })).rejects.toThrow('reads as a pattern')
})

test('the engine sees its folder and nothing else: no other file, no network, no way to change that', async () => {
  const [folder, other] = [temporaryFolder(), temporaryFolder()]
  writeFileSync(join(other, 'secret.csv'), 'a,b\n1,2\n')
  const engine = await openDuckEngine(folder, { threads: 1, memoryMebibytes: 64 })
  for (const sql of [
    `SELECT * FROM read_csv('${other}/secret.csv')`,
    `SELECT * FROM read_csv('${folder}/../${other.split('/').at(-1)}/secret.csv')`,
    `COPY (SELECT 1) TO '${other}/out.parquet'`,
    `ATTACH '${other}/x.duckdb'`,
    "SELECT * FROM read_parquet('https://127.0.0.1:1/x.parquet')",
    'INSTALL httpfs',
    'SET enable_external_access = true',
    "SET memory_limit = '100GB'",
  ]) {
    await expect(engine.run(sql), sql).rejects.toThrow()
  }
  await expect(engine.run('CREATE TABLE t AS SELECT random() FROM range(100000000)')).rejects.toThrow(/memory/i)
  engine.close()
  expect(readdirSync(other)).toEqual(['secret.csv'])
})
