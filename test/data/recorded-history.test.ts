import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hoursOf } from '../../data/recorded/candle-store.ts'
import { filesHash, type History, startWithin } from '../../data/recorded/history.ts'
import { RECORDED_START, recordedHistory } from '../../data/recorded/recorded-history.ts'
import { marketConfigSchema } from '../../oracle-node/app/market-config.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'
import { type RunningVenues, runVenues } from './running-venues.ts'
import { hasSharedData, SHARED_DATA } from './shared-data.ts'

test('hours are made of minutes as a venue makes them', () => {
  const minute = (ts: number, open: number, high: number, low: number, close: number) => ({
    ts,
    open,
    high,
    low,
    close,
    volume: 1,
  })
  const minutes = [minute(60, 5, 9, 4, 6), minute(3_540, 6, 7, 2, 3), minute(3_600, 3, 3, 3, 3)]
  expect(hoursOf(minutes)).toEqual([
    { ts: 0, open: 5, high: 9, low: 2, close: 3, volume: 2 },
    { ts: 3_600, open: 3, high: 3, low: 3, close: 3, volume: 1 },
  ])
})

test('a folder without recordings is refused with what it lacks and what to do', () => {
  const empty = mkdtempSync(join(tmpdir(), 'plimsoll-'))
  expect(() => recordedHistory(empty)).toThrow(/lacks 14 of the 14 recordings .*multivenue_1m_2023-03.*give a folder/s)
  rmSync(empty, { recursive: true })
})

test('a start without enough history before it is refused, naming the possible period', () => {
  const period = { from: 1_678_366_800 as UnixSeconds, to: 1_679_443_200 as UnixSeconds }
  expect(startWithin({ period }, RECORDED_START)).toBe(RECORDED_START)
  expect(() => startWithin({ period }, period.from - 1)).toThrow('from 2023-03-09T13:00:00Z until 2023-03-22T00:00:00Z')
  expect(() => startWithin({ period }, period.to)).toThrow(/cannot start at 2023-03-22/)
  expect(() => startWithin({ period }, Number.NaN)).toThrow(/cannot start at NaN/)
})

test('the hash of files does not depend on the order they were read in', () => {
  const a = { name: 'a', sha256: '01' }
  const b = { name: 'b', sha256: '02' }
  expect(filesHash([a, b])).toBe(filesHash([b, a]))
  expect(filesHash([a, b])).not.toBe(
    filesHash([
      { ...a, sha256: '02' },
      { ...b, sha256: '01' },
    ]),
  )
})

describe.skipIf(!hasSharedData())('recorded March 2023', () => {
  let history: History
  let running: RunningVenues
  beforeAll(async () => {
    history = recordedHistory(SHARED_DATA)
    running = await runVenues(history, RECORDED_START)
  })
  afterAll(async () => {
    await running.venues.close()
  })

  test('names its files by their hashes', () => {
    const { source, files, sha256 } = history.describe()
    expect(source).toBe('recorded')
    expect(files).toHaveLength(14)
    expect(sha256).toBe(filesHash(files))
    expect(files.every((file) => /^[0-9a-f]{64}$/.test(file.sha256))).toBe(true)
  })

  test('allows a start from the first 200 hours of every market to the end', () => {
    expect(new Date(history.period.from * 1_000).toISOString()).toBe('2023-03-09T13:00:00.000Z')
    expect(new Date(history.period.to * 1_000).toISOString()).toBe('2023-03-22T00:00:00.000Z')
  })

  test('has a valid configuration, and the same bytes twice', async () => {
    expect(marketConfigSchema.safeParse(running.config).success).toBe(true)
    const path = `${running.venues.baseUrls.kraken}/0/public/OHLC?pair=XBTUSD&interval=60`
    const bytes = async (): Promise<string> => (await fetch(path)).text()
    expect(await bytes()).toBe(await bytes())
  })

  test('Kraken leaves minutes without trades out, Binance.US fills them flat', () => {
    const at = { interval: '1m', from: RECORDED_START - 36_000, to: RECORDED_START } as const
    expect(history.bars({ ...at, venue: 'kraken', symbol: 'USDC/USDT' }).length).toBeLessThan(600)
    const filled = history.bars({ ...at, venue: 'binanceus', symbol: 'USDC/USDT' })
    expect(filled).toHaveLength(600)
    expect(filled.some(({ volume }) => volume === 0)).toBe(true)
  })

  test('gives every asset at the first and the last possible moment, with features', async () => {
    for (const now of [history.period.from, RECORDED_START, (history.period.to - 300) as UnixSeconds]) {
      running.clock.now = now
      const seen = await running.freshWatch()(now)
      expect([...seen.markets.keys()].sort()).toEqual(['USDC', 'WBTC', 'WETH'])
      for (const market of seen.markets.values()) expect(extractFeatures(market.bars, now).ok).toBe(true)
    }
  })

  test('sees USDC lose its peg: at par on the eve, near 0.90 in the morning', async () => {
    const usdcAt = async (iso: string): Promise<number> => {
      running.clock.now = (Date.parse(iso) / 1_000) as UnixSeconds
      return (await running.freshWatch()(running.clock.now)).markets.get('USDC')?.priceUsd ?? 0
    }
    expect(await usdcAt('2023-03-10T12:00:00Z')).toBeCloseTo(1, 2)
    const low = await usdcAt('2023-03-11T09:00:00Z')
    expect(low).toBeGreaterThan(0.87)
    expect(low).toBeLessThan(0.93)
  })

  test('a second faulty venue leaves WBTC without a price, one does not', async () => {
    running.clock.now = RECORDED_START
    running.venues.faults.set('coinbaseexchange', 'off-by-10')
    const one = await running.freshWatch()(RECORDED_START)
    expect(one.markets.get('WBTC')?.priceUsd).toBeCloseTo(20_228, -2)
    running.venues.faults.set('kraken', 'http-500')
    const two = await running.freshWatch()(RECORDED_START)
    expect(two.markets.has('WBTC')).toBe(false)
    running.venues.faults.set('coinbaseexchange', null)
    running.venues.faults.set('kraken', null)
  })

  test('a lone hourly market that jumps tenfold is not believed', async () => {
    running.clock.now = RECORDED_START
    running.venues.faults.set('binance', 'off-by-10')
    const seen = await running.freshWatch()(RECORDED_START)
    running.venues.faults.set('binance', null)
    expect(seen.markets.has('WETH')).toBe(false)
    expect(seen.rejections).toMatchObject([{ source: 'binance:ETH/USDT', reason: 'jump' }])
  })
})
