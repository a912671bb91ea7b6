import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MarketStore } from '../../oracle-node/ports/market-store.ts'
import { bar, barsOf, DAY, DAY_SECONDS, depth, EVER, trade } from '../support/market-rows.ts'
import { modelStore } from '../support/model-store.ts'
import { anyStep, countsOf, expectSame, KINDS, READ_ALL } from '../support/store-steps.ts'

export type StoreUnderTest = {
  /** Opens the same store again; the one before must be closed. */
  open(): Promise<MarketStore>
  remove(): Promise<void>
}

/** What every MarketStore owes its callers. */
export function testMarketStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`market store: ${name}`, () => {
    let under: StoreUnderTest
    let store: MarketStore
    beforeEach(async () => {
      under = await make()
      store = await under.open()
    })
    afterEach(async () => {
      await store.close()
      await under.remove()
    })
    const reopen = async (): Promise<void> => {
      await store.close()
      store = await under.open()
    }
    const allBars = async () => barsOf(await store.bars({ ...EVER, interval: '1m' }))

    test('is empty at first', async () => {
      expect(await store.holdings()).toEqual([])
      expect(await store.bars({ ...EVER, interval: '1m' })).toEqual([])
      expect(await store.trades(EVER)).toEqual([])
      expect(await store.depths(EVER)).toEqual([])
      await store.append({})
      await store.flush()
      expect(await store.compact()).toEqual({ partitions: 0, filesBefore: 0, filesAfter: 0 })
      expect(await store.retain('bars', DAY)).toEqual({ days: 0 })
    })

    test('gives back every field of what was appended, at once and after it was opened again', async () => {
      const rows = { bars: [bar(DAY), bar(DAY + 60)], trades: [trade(DAY * 1_000 + 1, 'a')], depths: [depth(DAY + 5)] }
      await store.append(rows)
      for (const again of [async () => undefined, reopen]) {
        await again()
        expect(await allBars()).toEqual(rows.bars)
        expect(await store.trades(EVER)).toEqual(rows.trades)
        expect(await store.depths(EVER)).toEqual(rows.depths)
      }
      const [series] = await store.bars({ ...EVER, interval: '1m' })
      expect(series?.time).toBeInstanceOf(Float64Array)
    })

    test('orders markets by code units and rows by time, however they came', async () => {
      const bars = ['b', 'B', 'a/b', 'ä', 'a'].flatMap((symbol) => [
        bar(DAY + 60, 1, { symbol }),
        bar(DAY, 2, { symbol }),
        bar(DAY + DAY_SECONDS, 3, { symbol, source: 'aa' }),
      ])
      await store.append({ bars: bars.slice(7) })
      await store.append({ bars: bars.slice(0, 7) })
      const series = await store.bars({ ...EVER, interval: '1m' })
      expect(series.map(({ source, symbol }) => `${source} ${symbol}`)).toEqual(
        ['aa', 'binance'].flatMap((source) => ['B', 'a', 'a/b', 'b', 'ä'].map((symbol) => `${source} ${symbol}`)),
      )
      for (const { time } of series) expect([...time]).toEqual([...time].toSorted())
    })

    test('keeps one row a key, the newest, in one call and over calls and restarts', async () => {
      await store.append({
        bars: [bar(DAY, 1), bar(DAY, 2)],
        trades: [trade(1_000, 'x'), trade(1_000, 'x', { price: 7 })],
      })
      expect((await allBars()).map(({ close }) => close)).toEqual([2])
      await reopen()
      await store.append({ bars: [bar(DAY, 3)], depths: [depth(9), depth(9, { mid: 4 })] })
      expect((await allBars()).map(({ close }) => close)).toEqual([3])
      await store.compact()
      expect((await allBars()).map(({ close }) => close)).toEqual([3])
      await store.append({ bars: [bar(DAY, 4)] })
      await reopen()
      expect((await allBars()).map(({ close }) => close)).toEqual([4])
      expect((await store.trades(EVER)).map(({ price }) => price)).toEqual([7])
      expect((await store.depths(EVER)).map(({ mid }) => mid)).toEqual([4])
      expect((await store.holdings()).map(({ rows }) => rows)).toEqual([1, 1, 1])
    })

    test('reads ranges that hold their beginning and not their end, of the market that was asked for', async () => {
      const times = [DAY - 60, DAY, DAY + 60, DAY + DAY_SECONDS]
      await store.append({ bars: times.flatMap((time) => [bar(time), bar(time, 5, { source: 'kraken' })]) })
      await store.append({ trades: times.map((time) => trade(time * 1_000 + 500, `${time}`)) })
      const found = async (from: number, to: number) =>
        barsOf(await store.bars({ from, to, interval: '1m', source: 'kraken' })).map(({ time }) => time)
      const ids = async (from: number, to: number) => (await store.trades({ from, to })).map(({ id }) => id)
      for (const again of [async () => undefined, reopen, () => store.compact()]) {
        await again()
        expect(await found(DAY, DAY + 60)).toEqual([DAY])
        expect(await found(DAY - 60, DAY + 61)).toEqual([DAY - 60, DAY, DAY + 60])
        expect(await found(DAY, DAY)).toEqual([])
        expect(await found(DAY - 59.5, DAY + 0.5)).toEqual([DAY])
        expect(await store.bars({ ...EVER, interval: '5m' })).toEqual([])
        expect(await store.bars({ ...EVER, interval: '1m', symbol: 'BTC' })).toEqual([])
        expect(await ids(DAY + 0.5, DAY + 60.5)).toEqual([`${DAY}`])
        expect(await ids(DAY + 0.501, DAY + 60.501)).toEqual([`${DAY + 60}`])
      }
    })

    test.each([
      { from: Number.NaN, to: 1 },
      { from: 0, to: Number.NaN },
      { from: 2, to: 1 },
    ])('refuses the range from $from to $to', async (range) => {
      await expect(store.trades(range)).rejects.toThrow('from ≤ to')
      await expect(store.bars({ ...range, interval: '1m' })).rejects.toThrow('from ≤ to')
      await expect(store.retain('bars', Number.NaN)).rejects.toThrow('NaN')
    })

    test('refuses all of a call for one unsound row, and names the row and its field', async () => {
      await store.append({ bars: [bar(DAY)] })
      const call = { bars: [bar(DAY, 7), bar(DAY + 60), bar(DAY + 120, 5, { volume: -1 })], trades: [trade(5, 'a')] }
      await expect(store.append(call)).rejects.toThrow('bars[2].volume -1')
      await expect(store.append({ ...call, bars: [], depths: [depth(5, { mid: Number.NaN })] })).rejects.toThrow(
        'depths[0].mid NaN',
      )
      expect(await allBars()).toEqual([bar(DAY)])
      expect(await store.trades(EVER)).toEqual([])
      await reopen()
      expect(await allBars()).toEqual([bar(DAY)])
    })

    test('says what it holds', async () => {
      await store.append({
        bars: [bar(DAY), bar(DAY + 60), bar(DAY, 1, { interval: '1h' }), bar(DAY, 1, { symbol: 'A' })],
      })
      await reopen()
      await store.append({ bars: [bar(DAY), bar(DAY + 2 * DAY_SECONDS)], trades: [trade(DAY * 1_000 + 250, 'a')] })
      await store.append({ depths: [depth(DAY + 7)] })
      const btc = { kind: 'bars', source: 'binance', symbol: 'BTC/USDT' }
      expect(await store.holdings()).toEqual([
        { kind: 'bars', source: 'binance', symbol: 'A', interval: '1m', rows: 1, first: DAY, last: DAY },
        { ...btc, interval: '1m', rows: 3, first: DAY, last: DAY + 2 * DAY_SECONDS },
        { ...btc, interval: '1h', rows: 1, first: DAY, last: DAY },
        { kind: 'trades', source: 'kraken', symbol: 'ETH/USD', rows: 1, first: DAY + 0.25, last: DAY + 0.25 },
        { kind: 'depths', source: 'okx', symbol: 'ETH/USDT', rows: 1, first: DAY + 7, last: DAY + 7 },
      ])
    })

    test('drops whole days that ended, of one kind', async () => {
      const times = [DAY - 60, DAY, DAY + DAY_SECONDS - 60, DAY + DAY_SECONDS]
      await store.append({
        bars: times.map((time) => bar(time)),
        trades: times.map((time) => trade(time * 1_000, 'a')),
      })
      expect(await store.retain('bars', DAY + DAY_SECONDS - 1)).toEqual({ days: 1 })
      expect((await allBars()).map(({ time }) => time)).toEqual(times.slice(1))
      expect(await store.retain('bars', DAY + DAY_SECONDS)).toEqual({ days: 1 })
      expect(await store.retain('bars', DAY + DAY_SECONDS)).toEqual({ days: 0 })
      expect((await allBars()).map(({ time }) => time)).toEqual(times.slice(3))
      expect(await store.trades(EVER)).toHaveLength(4)
      await store.append({ bars: [bar(DAY, 9)] })
      await reopen()
      expect((await allBars()).map(({ close }) => close)).toEqual([9, 100])
      expect(await store.retain('trades', Number.POSITIVE_INFINITY)).toEqual({ days: 3 })
    })

    test.each([
      '../../../etc/x',
      '..',
      "a'b",
      'a"; DROP TABLE bars; --',
      'a%2Fb',
      'a\\b',
      'CON',
      '币安人生/USDT',
      '*[?]{$1}',
    ])('takes the symbol %s for what it is, a name', async (symbol) => {
      await store.append({ bars: [bar(DAY, 1, { symbol, source: symbol }), bar(DAY, 2)] })
      await reopen()
      await store.append({ trades: [trade(1, symbol, { symbol })] })
      const found = await store.bars({ ...EVER, interval: '1m', symbol, source: symbol })
      expect(barsOf(found)).toEqual([bar(DAY, 1, { symbol, source: symbol })])
      await store.compact()
      expect(await allBars()).toHaveLength(2)
      expect(await store.trades({ ...EVER, symbol })).toEqual([trade(1, symbol, { symbol })])
    })

    test('takes calls that nobody waited for, in their order', async () => {
      const calls = Array.from({ length: 60 }, (_, index) => ({
        bars: [bar(DAY + 60 * index, 5), bar(DAY, index + 1)],
      }))
      await Promise.all([...calls.map((call) => store.append(call)), store.flush(), store.holdings()])
      const bars = await allBars()
      expect(bars).toHaveLength(60)
      expect(bars.slice(1).every(({ close }) => close === 5)).toBe(true)
    })

    test('takes 100 000 rows in one call', async () => {
      const bars = Array.from({ length: 100_000 }, (_, index) =>
        bar(DAY + 60 * Math.floor(index / 100), index + 1, { symbol: `S${index % 100}/USDT` }),
      )
      await store.append({ bars })
      await store.flush()
      const series = await store.bars({ ...EVER, interval: '1m' })
      expect(series).toHaveLength(100)
      expect(series.reduce((sum, { close }) => sum + close.reduce((a, b) => a + b, 0), 0)).toBe(100_000 * 50_000.5)
      const [one] = await store.bars({ from: DAY, to: DAY + 120, interval: '1m', symbol: 'S7/USDT' })
      expect([...(one?.close ?? [])]).toEqual([8, 108])
    })

    test('takes nothing once it is closed, and says so', async () => {
      await store.append({ bars: [bar(DAY)] })
      await store.close()
      await expect(store.append({ bars: [bar(DAY, 2)] })).rejects.toThrow('closed')
      await expect(store.bars({ ...EVER, interval: '1m' })).rejects.toThrow('closed')
      await store.close()
      store = await under.open()
      expect(await allBars()).toEqual([bar(DAY)])
    })

    test('holds what a plain model holds, whatever is done in whatever order', { timeout: 180_000 }, async () => {
      const property = fc.asyncProperty(fc.array(anyStep, { minLength: 3, maxLength: 14 }), async (steps) => {
        for (const kind of KINDS) await store.retain(kind, Number.POSITIVE_INFINITY)
        const model = modelStore()
        for (const step of [...steps, READ_ALL]) {
          if (step.do === 'reopen') await reopen()
          else await expectSame(step, store, model)
        }
        expect(await countsOf(store)).toEqual(model.counts())
      })
      await fc.assert(property, { numRuns: 40 })
    })
  })
}
