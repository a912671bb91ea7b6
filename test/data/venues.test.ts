import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SYNTHETIC_START } from '../../data/synthetic/simulator.ts'
import { venueView } from '../../data/venues/view.ts'
import { type RunningVenues, runVenues, simulated } from './running-venues.ts'

let running: RunningVenues
beforeAll(async () => {
  running = await runVenues(simulated())
})
afterAll(async () => {
  await running.venues.close()
})

type Answer = { status: number; body: unknown }
async function get(venue: 'binance' | 'coinbaseexchange' | 'kraken', path: string): Promise<Answer> {
  const response = await fetch(`${running.venues.baseUrls[venue]}${path}`)
  return { status: response.status, body: await response.json() }
}
const rowsOf = ({ body }: Answer): unknown[][] => body as unknown[][]
const krakenRows = ({ body }: Answer, pair: string): unknown[][] =>
  (body as { result: Record<string, unknown[][]> }).result[pair] ?? []

describe('Binance', () => {
  test('sends klines oldest first, prices as text, with the one that is open', async () => {
    const rows = rowsOf(await get('binance', '/api/v3/klines?symbol=ETHUSDT&interval=1h&limit=3'))
    const hour = running.clock.now - (running.clock.now % 3_600)
    expect(rows.map(([time]) => time)).toEqual([hour - 7_200, hour - 3_600, hour].map((ts) => ts * 1_000))
    expect(rows[0]).toHaveLength(12)
    expect(rows[0]?.[4]).toMatch(/^\d+\.\d{8}$/)
    expect(rows[0]?.[6]).toBe((hour - 3_600) * 1_000 - 1)
  })

  test('counts forward from a start and back from an end', async () => {
    const hour = (running.clock.now - (running.clock.now % 3_600)) * 1_000
    const times = async (query: string): Promise<unknown[]> =>
      rowsOf(await get('binance', `/api/v3/klines?symbol=ETHUSDT&interval=1h&limit=2&${query}`)).map(([time]) => time)
    expect(await times(`startTime=${hour - 36_000_000}`)).toEqual([hour - 36_000_000, hour - 32_400_000])
    expect(await times(`endTime=${hour - 36_000_000}`)).toEqual([hour - 39_600_000, hour - 36_000_000])
  })

  test('gives 1 000 klines at most, 500 unasked, and 100 levels unasked', async () => {
    const count = async (query: string): Promise<number> =>
      rowsOf(await get('binance', `/api/v3/klines?symbol=ETHUSDT&interval=1m${query}`)).length
    expect([await count(''), await count('&limit=5000'), await count('&limit=7')]).toEqual([500, 1_000, 7])
    const book = (await get('binance', '/api/v3/depth?symbol=ETHUSDT&limit=5')).body as {
      bids: string[][]
      lastUpdateId: number
    }
    expect(book.bids).toHaveLength(5)
    expect(book.bids[0]?.[0]).toMatch(/^\d+\.\d{8}$/)
    expect(book.lastUpdateId).toBeGreaterThan(0)
  })

  test('refuses with its codes', async () => {
    expect(await get('binance', '/api/v3/klines?symbol=DOGEUSDT&interval=1h')).toEqual({
      status: 400,
      body: { code: -1121, msg: 'Invalid symbol.' },
    })
    expect(await get('binance', '/api/v3/klines?interval=1h')).toMatchObject({ status: 400, body: { code: -1102 } })
    expect(await get('binance', '/api/v3/klines?symbol=ETHUSDT&interval=9h')).toMatchObject({
      status: 400,
      body: { code: -1120 },
    })
    expect(await get('binance', '/api/v3/klines?symbol=ETHUSDT&interval=1h&limit=x')).toMatchObject({
      status: 400,
      body: { code: -1100 },
    })
    expect(await get('binance', '/api/v3/time')).toEqual({
      status: 200,
      body: { serverTime: running.clock.now * 1_000 },
    })
  })
})

describe('Coinbase Exchange', () => {
  test('sends candles newest first: time, low, high, open, close, volume; 300 at most', async () => {
    const rows = rowsOf(await get('coinbaseexchange', '/products/BTC-USD/candles?granularity=3600')) as number[][]
    expect(rows.length).toBeLessThanOrEqual(300)
    const hour = running.clock.now - (running.clock.now % 3_600)
    expect(rows.slice(0, 2).map(([time]) => time)).toEqual([hour, hour - 3_600])
    for (const [, low = 0, high = 0, open = 0, close = 0] of rows) {
      expect(low <= Math.min(open, close) && high >= Math.max(open, close)).toBe(true)
    }
  })

  test('refuses ranges past 300 candles, other intervals and unknown products', async () => {
    const end = running.clock.now
    const range = `start=${end - 301 * 60}&end=${end}`
    expect(await get('coinbaseexchange', `/products/BTC-USD/candles?granularity=60&${range}`)).toMatchObject({
      status: 400,
    })
    expect(await get('coinbaseexchange', '/products/BTC-USD/candles?granularity=61')).toEqual({
      status: 400,
      body: { message: 'Unsupported granularity' },
    })
    expect(await get('coinbaseexchange', '/products/DOGE-USD/candles')).toEqual({
      status: 404,
      body: { message: 'NotFound' },
    })
  })

  test('sends the best price at level 1, the whole book at level 2, orders counted', async () => {
    const book = async (query: string): Promise<{ bids: unknown[][] }> =>
      (await get('coinbaseexchange', `/products/BTC-USD/book${query}`)).body as { bids: unknown[][] }
    expect((await book('')).bids).toHaveLength(1)
    expect((await book('?level=2')).bids.length).toBeGreaterThan(10)
    expect((await book('?level=2')).bids[0]).toHaveLength(3)
  })
})

describe('Kraken', () => {
  test('knows pairs by its own names and by short ones', async () => {
    for (const name of ['XXBTZUSD', 'XBTUSD']) {
      const rows = krakenRows(await get('kraken', `/0/public/OHLC?pair=${name}&interval=60`), 'XXBTZUSD')
      expect(rows.at(-1)?.[0]).toBe(running.clock.now - (running.clock.now % 3_600))
      expect(rows.at(-1)).toHaveLength(8)
    }
    const { body } = await get('kraken', '/0/public/AssetPairs')
    expect(Object.keys((body as { result: object }).result)).toEqual(['XXBTZUSD', 'XETHZUSD', 'USDCUSD', 'USDTZUSD'])
  })

  test('gives 720 candles at most, and those after `since`', async () => {
    const minutes = krakenRows(await get('kraken', '/0/public/OHLC?pair=XBTUSD&interval=1'), 'XXBTZUSD')
    expect(minutes.length).toBeLessThanOrEqual(720)
    expect(minutes.length).toBeGreaterThan(700)
    const since = running.clock.now - 600
    const newer = krakenRows(await get('kraken', `/0/public/OHLC?pair=XBTUSD&interval=1&since=${since}`), 'XXBTZUSD')
    expect(newer.every(([time]) => Number(time) > since)).toBe(true)
    expect(newer.length).toBeGreaterThan(0)
  })

  test('says errors in the body, with status 200', async () => {
    expect(await get('kraken', '/0/public/OHLC?pair=DOGEUSD')).toEqual({
      status: 200,
      body: { error: ['EQuery:Unknown asset pair'] },
    })
    expect(await get('kraken', '/0/public/OHLC?pair=XBTUSD&interval=7')).toEqual({
      status: 200,
      body: { error: ['EGeneral:Invalid arguments'] },
    })
  })
})

test('requests are counted by venue, and only GET is served', async () => {
  const before = running.venues.requests().kraken ?? 0
  await get('kraken', '/0/public/Time')
  expect(running.venues.requests().kraken).toBe(before + 1)
  const posted = await fetch(`${running.venues.baseUrls.kraken}/0/public/Time`, { method: 'POST' })
  expect(posted.status).toBe(405)
})

test('nothing later than now is ever visible: what a venue shows does not depend on the future', () => {
  const { history } = running
  const later = fc.integer({ min: 0, max: 20 * 3_600 })
  fc.assert(
    fc.property(later, fc.constantFrom('1m' as const, '1h' as const), fc.boolean(), (offset, interval, fillsEmpty) => {
      const now = SYNTHETIC_START + offset
      const minutes = { venue: 'kraken', symbol: 'BTC/USD', interval: '1m' } as const
      const known = history.bars({ ...minutes, from: 0, to: now })
      const view = venueView({ history, venue: 'kraken', now, fillsEmpty })
      const [last] = view.candles({ symbol: 'BTC/USD', interval, count: 1 })
      if (last === undefined) throw new Error('no candle')
      const inIt = known.filter(({ ts }) => ts >= last.ts)
      expect(last.ts).toBeLessThanOrEqual(now)
      // The newest candle is made of minutes that have closed, or, with none of them, of the last price before.
      const made =
        inIt.length > 0
          ? inIt
          : known.slice(-1).map((minute) => ({ ...minute, high: minute.close, low: minute.close, volume: 0 }))
      expect(last.close).toBe(made.at(-1)?.close)
      expect(last.high).toBe(Math.max(...made.map(({ high }) => high)))
      expect(last.low).toBe(Math.min(...made.map(({ low }) => low)))
      expect(last.volume).toBeCloseTo(
        made.reduce((sum, { volume }) => sum + volume, 0),
        6,
      )
      const book = view.book('BTC/USD')
      const mid = ((book.bids[0]?.[0] ?? 0) + (book.asks[0]?.[0] ?? 0)) / 2
      expect(Math.abs(mid / (known.at(-1)?.close ?? 0) - 1)).toBeLessThan(1e-4)
    }),
    { numRuns: 60 },
  )
})
