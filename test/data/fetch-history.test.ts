import { join } from 'node:path'
import { expect, test } from 'vitest'
import { archivePieces } from '../../data/history/binance-archive.ts'
import { candlePages } from '../../data/history/candle-pages.ts'
import { type FetchSummary, fetchHistory } from '../../data/history/fetch-history.ts'
import { openFetchJournal, parseLine } from '../../data/history/fetch-journal.ts'
import type { Piece } from '../../data/history/fetch-pieces.ts'
import { type Candle, readCandles } from '../../data/recorded/read-candles.ts'
import { openParquetStore } from '../../oracle-node/adapters/store/parquet-store.ts'
import type { MarketStore } from '../../oracle-node/ports/market-store.ts'
import { type ArchiveFault, type ArchiveServer, archiveServer } from '../support/archive-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { SHARED_DATA } from './shared-data.ts'

const MARKET = { source: 'binance', symbol: 'ETH/USDT', interval: '1h' } as const
/** Recorded hours of Binance's ETH/USDT; a test without them must not pass. */
const hours = readCandles(join(SHARED_DATA, 'ohlcv/binance_spot_1h/binance_ETHUSDT_1h_20210404_20231230.csv.gz'))
const at = (text: string): number => Date.parse(`${text}Z`) / 1_000
const [FROM, TO] = [at('2021-05-01'), at('2021-09-01')]
const recorded = (from: number, to: number): readonly Candle[] => hours.filter(({ ts }) => ts >= from && ts < to)

type Setup = { readonly folder: string; readonly server: ArchiveServer }

async function setUp(options: Partial<Parameters<typeof archiveServer>[0]> = {}): Promise<Setup> {
  return {
    folder: temporaryFolder(),
    server: await archiveServer({ candles: hours, symbol: 'ETHUSDT', interval: '1h', ...options }),
  }
}

type Run = { readonly from?: number; readonly to?: number; readonly now?: number; readonly signal?: AbortSignal }

async function run(
  { folder, server }: Setup,
  { from = FROM, to = TO, now = at('2024-06-01'), signal }: Run = {},
): Promise<FetchSummary> {
  const asked = { market: MARKET, from, to, now, baseUrl: server.baseUrl, timeoutMs: 1_000 }
  return fetchPieces(folder, archivePieces(asked), signal)
}

async function fetchPieces(
  folder: string,
  pieces: readonly Piece[],
  signal = new AbortController().signal,
): Promise<FetchSummary> {
  const store = await openParquetStore({ folder })
  const journal = await openFetchJournal(join(folder, 'fetched.jsonl'))
  const retry = { attempts: 3, waitMs: 5, waitMsMax: 20 }
  try {
    return await fetchHistory({ market: MARKET, pieces, store, journal, concurrency: 3, retry, signal })
  } finally {
    await journal.close()
    await store.close()
  }
}

async function stored(folder: string): Promise<Candle[]> {
  const store: MarketStore = await openParquetStore({ folder, readOnly: true })
  const [series] = await store.bars({ ...MARKET, from: 0, to: 2 ** 32 - 1 })
  await store.close()
  if (series === undefined) return []
  const { time, open, high, low, close, volume } = series
  return Array.from(time, (ts, row) => ({
    ts,
    open: open[row] ?? 0,
    high: high[row] ?? 0,
    low: low[row] ?? 0,
    close: close[row] ?? 0,
    volume: volume[row] ?? 0,
  }))
}

test('what comes out of the archive is what was recorded, and a second run fetches nothing', async () => {
  const setup = await setUp()
  const first = await run(setup)
  expect(first).toMatchObject({ pieces: 4, fetched: 4, verified: 4, held: 0, failed: [], notThere: [], left: 0 })
  expect(first.bytes).toBeGreaterThan(50_000)
  const rows = recorded(FROM, TO)
  expect(first.rows).toBe(rows.length)
  expect(await stored(setup.folder)).toEqual(rows.map((each) => ({ ...each, volume: Number(each.volume.toFixed(8)) })))
  const second = await run(setup)
  expect(second).toMatchObject({ fetched: 0, held: 4, rows: 0 })
  expect(setup.server.asked()).toHaveLength(4)
})

test('a longer period fetches only what is new, and what the store has lost again', async () => {
  const setup = await setUp()
  await run(setup, { to: at('2021-07-01') })
  expect((await run(setup, { from: at('2021-04-20') })).fetched).toBe(3)
  expect(setup.server.asked().toSorted()).toEqual(['2021-04', '2021-05', '2021-06', '2021-07', '2021-08'])
  const store = await openParquetStore({ folder: setup.folder })
  await store.retain('bars', at('2021-06-15'))
  await store.close()
  expect(await run(setup)).toMatchObject({ fetched: 2, held: 2 })
  expect(await stored(setup.folder)).toHaveLength(recorded(FROM, TO).length)
})

test('microseconds and a header, as since 2025, read like milliseconds without', async () => {
  const later = at('2025-03-01') - at('2021-05-01')
  const candles = recorded(at('2021-05-01'), at('2021-05-20')).map((each) => ({ ...each, ts: each.ts + later }))
  const setup = await setUp({ candles, header: true })
  expect(await run(setup, { from: at('2025-03-01'), to: at('2025-03-20'), now: at('2026-01-01') })).toMatchObject({
    fetched: 1,
    rows: candles.length,
    bad: { count: 0 },
  })
  expect((await stored(setup.folder)).map(({ ts, open }) => [ts, open])).toEqual(
    candles.map(({ ts, open }) => [ts, open]),
  )
})

test('a month that is running, and one whose file is late, come by their days', async () => {
  const late = await setUp({ without: ['2021-05'] })
  const summary = await run(late, { to: at('2021-06-10'), now: at('2021-06-08T13:00:00') })
  expect(summary).toMatchObject({ fetched: 31 + 7, notThere: [], rows: recorded(FROM, at('2021-06-08')).length })
  expect(late.server.asked()).not.toContain('2021-06')
  expect(late.server.asked()).not.toContain('2021-06-08')
})

test('a month that the venue has not is named, and is no failure', async () => {
  const setup = await setUp()
  const summary = await run(setup, { from: at('2021-02-01'), to: at('2021-06-01') })
  expect(summary).toMatchObject({ notThere: ['2021-02', '2021-03'], fetched: 2, failed: [] })
})

const PASSING: readonly ArchiveFault[] = [
  'server-error',
  'cut-off',
  'html',
  'wrong-checksum',
  'html-checksum',
  'silent',
]
test.each(PASSING)('%s, when it passes, costs nothing but time', async (fault) => {
  const setup = await setUp()
  setup.server.fail('2021-06', fault, 1)
  expect(await run(setup)).toMatchObject({ fetched: 4, failed: [], rows: recorded(FROM, TO).length })
})

const LASTING: ReadonlyArray<readonly [ArchiveFault, RegExp]> = [
  ['server-error', /HTTP 500/],
  ['gone', /HTTP 403.*refuses/],
  ['silent', /within 1000 ms/],
  ['cut-off', /could not be read/],
  ['html', /sha256 [0-9a-f]{64}, and [0-9a-f]{64} was promised/],
  ['wrong-checksum', /was promised/],
  ['no-checksum', /no checksum beside it/],
  ['html-checksum', /holds no sha256: "<!doctype html>/],
  ['truncated-zip', /cannot be unpacked.*(?:truncated|not a zip)/i],
  ['bomb', /cannot be unpacked.*83886080 bytes; 67108864 are the most/],
  ['not-candles', /no sound candle; line 2/],
]
test.each(LASTING)(
  '%s, when it lasts, is named and fails that month alone; nothing of it is stored',
  async (fault, named) => {
    const setup = await setUp()
    setup.server.fail('2021-06', fault)
    const summary = await run(setup)
    expect(summary).toMatchObject({
      fetched: 3,
      left: 0,
      failed: [{ piece: '2021-06', reason: expect.stringMatching(named) }],
    })
    const june = (await stored(setup.folder)).filter(({ ts }) => ts >= at('2021-06-01') && ts < at('2021-07-01'))
    expect(june).toEqual([])
    setup.server.fail('2021-06', fault, 0)
    expect(await run(setup)).toMatchObject({ fetched: 1, held: 3, failed: [] })
  },
)

test.each([
  ['wrong-checksum', 3],
  ['no-checksum', 1],
  ['bomb', 1],
] as const)('%s is asked for %i times: again only where that may help', async (fault, times) => {
  const setup = await setUp()
  setup.server.fail('2021-06', fault)
  await run(setup, { from: at('2021-06-01'), to: at('2021-07-01') })
  expect(setup.server.asked()).toHaveLength(times)
})

test('a bad row is left out and named; the others of its file are stored', async () => {
  const setup = await setUp()
  setup.server.fail('2021-06', 'one-bad-row')
  const summary = await run(setup)
  expect(summary).toMatchObject({
    fetched: 4,
    rows: recorded(FROM, TO).length - 1,
    bad: {
      count: 1,
      first: [{ piece: '2021-06', line: 3, reason: expect.stringContaining('low 0 is not a number in') }],
    },
  })
})

test('a venue that is down is not asked for every month', async () => {
  const setup = await setUp()
  for (const month of ['2021-05', '2021-06', '2021-07', '2021-08', '2021-09', '2021-10', '2021-12', '2022-01']) {
    setup.server.fail(month, 'server-error')
  }
  const summary = await run(setup, { to: at('2022-02-01') })
  expect(summary.failed.length).toBeLessThanOrEqual(5)
  expect(summary.left).toBeGreaterThan(3)
})

test('a run that is stopped leaves what it has, and says what is left', async () => {
  const setup = await setUp()
  setup.server.slow(50)
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('stopped')), 250)
  const first = await run(setup, { to: at('2022-11-01'), signal: stop.signal })
  expect(first.failed).toEqual([])
  expect(first.left).toBeGreaterThan(0)
  expect(first.fetched + first.left).toBe(first.pieces)
  setup.server.slow(0)
  const asked = setup.server.asked().length
  expect(await run(setup, { to: at('2022-11-01') })).toMatchObject({ held: first.fetched, failed: [] })
  expect(setup.server.asked().length - asked).toBe(first.left)
})

test('pages begin at the same times whatever the period, and what answers them is judged row by row', async () => {
  const folder = temporaryFolder()
  const asked: number[] = []
  let isBroken = true
  const page = async ({ since, limit }: { since: number; limit: number }): Promise<unknown[]> => {
    asked.push(since)
    const rows: unknown[][] = hours
      .filter(({ ts }) => ts * 1_000 >= since)
      .slice(0, limit)
      .map(({ ts, open, high, low, close, volume }) => [ts * 1_000, open, high, low, close, volume])
    if (isBroken) rows[5] = [rows[5]?.[0], 1, 'x', null, 1, 1]
    return [...rows, 'nonsense', [Number.NaN], [(since / 1_000) * 1_000 - 1, 1, 1, 1, 1, 1]]
  }
  const pages = (from: string, to: string): Piece[] =>
    candlePages({ market: MARKET, from: at(from), to: at(to), now: at('2021-06-08T13:30:00'), pageBars: 100, page })
  const first = await fetchPieces(folder, pages('2021-05-10', '2021-06-01'))
  expect(first).toMatchObject({ failed: [], notThere: [], bad: { count: first.pieces } })
  // A page with a row missing is asked for again: it can't be told from one that was cut.
  isBroken = false
  const second = await fetchPieces(folder, pages('2021-05-03', '2021-06-20'))
  expect(second).toMatchObject({ held: 0, fetched: second.pieces })
  const third = await fetchPieces(folder, pages('2021-05-03', '2021-06-20'))
  expect(third.held).toBeGreaterThan(3)
  expect(third.fetched + third.held).toBe(third.pieces)
  expect(asked.every((since) => since % (100 * 3_600_000) === 0)).toBe(true)
  const last = (await stored(folder)).at(-1)
  expect(last?.ts).toBe(at('2021-06-08T12:00:00'))
})

test('a venue that gives only its newest candles is not asked for each older page', async () => {
  let asked = 0
  const newest = recorded(at('2021-05-20'), at('2021-05-25'))
  const page = async (): Promise<unknown[]> => {
    asked += 1
    return newest.map(({ ts, open, high, low, close, volume }) => [ts * 1_000, open, high, low, close, volume])
  }
  const request = {
    market: MARKET,
    from: at('2021-04-01'),
    to: at('2021-05-25'),
    now: at('2021-05-25'),
    pageBars: 24,
    page,
  }
  const summary = await fetchPieces(temporaryFolder(), candlePages(request))
  expect(summary).toMatchObject({ rows: newest.length, failed: [], fetched: 5 })
  expect(summary.notThere).toHaveLength(49)
  // Three at a time were on their way before the first answer.
  expect(asked).toBeLessThanOrEqual(5 + 3)
})

test('the journal forgives what a crash cut off and nothing else is lost', async () => {
  const path = join(temporaryFolder(), 'fetched.jsonl')
  const journal = await openFetchJournal(path)
  await journal.add({ piece: '2021-05', rows: 744, sha256: 'aa' })
  await journal.add({ piece: '2021-06', rows: 720 })
  await journal.close()
  const { truncateSync, statSync } = await import('node:fs')
  truncateSync(path, statSync(path).size - 9)
  const again = await openFetchJournal(path)
  expect([again.done('2021-05')?.rows, again.done('2021-06')]).toEqual([744, undefined])
  await again.add({ piece: '2021-07', rows: 744 })
  await again.close()
  const third = await openFetchJournal(path)
  expect([third.done('2021-05')?.rows, third.done('2021-07')?.rows]).toEqual([744, 744])
  await third.close()
  expect(['', '{', 'null', '{"piece":1,"rows":2}', '{"piece":"a","rows":-1}'].flatMap(parseLine)).toEqual([])
})
