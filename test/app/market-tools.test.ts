import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore, reserveWatch } from '../../oracle-node/app/market-tools.ts'
import { marketRecorder, storeKeeper } from '../../oracle-node/app/record-markets.ts'
import type { Bar } from '../../oracle-node/core/bar.ts'
import type { MarketTick, PoolSource, VenueSource } from '../../oracle-node/core/market.ts'
import { type UnixSeconds, unixSeconds } from '../../oracle-node/core/units.ts'
import { type JsonRpcChain, jsonRpcChain } from '../support/json-rpc-chain.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { type PricedMarket, pricedMarket } from '../support/priced-market.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const START = 1_700_000_000
const HOUR = 3_600
const LAST_HOUR = START - (START % HOUR)

const bar = (openTime: number): Bar => ({
  openTime: openTime as UnixSeconds,
  open: 100,
  high: 110,
  low: 90,
  close: 105,
  volume: 2_100,
})
const KRAKEN: VenueSource = {
  venue: 'kraken',
  symbol: 'ETH/USD',
  quote: 'USD',
  priceInterval: '1m',
  maxAgeSeconds: 600,
  book: true,
}
const POOL: PoolSource = {
  venue: 'uniswap-v2',
  symbol: 'WETH/USDC',
  quote: 'USDC',
  baseToken: `0x${'A'.repeat(40)}`,
  quoteToken: `0x${'b'.repeat(40)}`,
  address: `0x${'C'.repeat(40)}`,
  maxAgeSeconds: 60,
}
const ladder = { bids: [[99.9, 10] as const], asks: [[100.1, 10] as const] }

function ticksAt(hours: number): MarketTick[] {
  const bars = Array.from({ length: hours }, (_, index) => bar(LAST_HOUR - (hours - index) * HOUR))
  return [
    { source: KRAKEN, price: 100, time: START as UnixSeconds, bars, ladder },
    { source: POOL, price: 100, time: START as UnixSeconds, bars: [], ladder },
  ]
}

describe('what a node keeps of the markets', () => {
  const RANGE = { from: 0, to: START + 10 * HOUR }

  test('is each closed hour once, in base volume, and each look’s depth, in real Parquet files', async () => {
    const folder = temporaryFolder()
    const telemetry = memoryTelemetry()
    const store = await openStore({ folder }, telemetry)
    const record = marketRecorder(store, telemetry)
    await record(ticksAt(30), unixSeconds(START))
    await record(ticksAt(30), unixSeconds(START + 60))
    await store.close()

    const again = await openStore({ folder }, telemetry)
    const [series] = await again.bars({ ...RANGE, interval: '1h' })
    expect(series).toMatchObject({ source: 'kraken', symbol: 'ETH/USD' })
    expect(series?.time.length).toBe(30)
    expect(series?.volume[0]).toBe(20)
    const depths = await again.depths(RANGE)
    expect(depths.map(({ source, symbol, time }) => `${source} ${symbol} ${time - START}`)).toEqual([
      'kraken ETH/USD 0',
      'kraken ETH/USD 60',
      `uniswap-v2 WETH/USDC@0x${'c'.repeat(40)} 0`,
      `uniswap-v2 WETH/USDC@0x${'c'.repeat(40)} 60`,
    ])
    expect(depths[0]).toMatchObject({ mid: 100, sell: [999, 999, 999, 999], buy: [1_001, 1_001, 1_001, 1_001] })
    await again.close()
  })

  test('is merged once an hour, and dropped when it is older than asked for', async () => {
    const folder = temporaryFolder()
    const telemetry = memoryTelemetry()
    const store = await openStore({ folder }, telemetry)
    const keep = storeKeeper(store, { depths: 2 }, telemetry)
    await marketRecorder(store, telemetry)(ticksAt(30), unixSeconds(START))
    await keep(unixSeconds(START))
    await keep(unixSeconds(START + HOUR - 1))
    expect(telemetry.lines).toEqual([])
    await keep(unixSeconds(START + 4 * 24 * HOUR))
    expect(telemetry.lines).toMatchObject([{ event: 'store-maintained', fields: { daysDropped: 1 } }])
    expect(await store.depths(RANGE)).toEqual([])
    expect((await store.bars({ ...RANGE, interval: '1h' }))[0]?.time.length).toBe(30)
    await store.close()
  })

  test('costs no round when the store fails, and the hours come again', async () => {
    const telemetry = memoryTelemetry()
    const store = await openStore({ folder: temporaryFolder() }, telemetry)
    let full = true
    const record = marketRecorder(
      { ...store, append: async (rows) => (full ? Promise.reject(new Error('disk full')) : store.append(rows)) },
      telemetry,
    )
    await record(ticksAt(5), unixSeconds(START))
    expect(telemetry.counted('plimsoll_store_failures_total')).toBe(1)
    expect(telemetry.lines).toMatchObject([{ event: 'store-failed', fields: { error: 'disk full' } }])
    full = false
    await record(ticksAt(5), unixSeconds(START + 60))
    expect((await store.bars({ ...RANGE, interval: '1h' }))[0]?.time.length).toBe(5)
    await store.close()
  })
})

describe('the reserves of the market that is steered', () => {
  let chain: JsonRpcChain
  let priced: PricedMarket
  beforeAll(async () => {
    chain = await jsonRpcChain(START)
    priced = await pricedMarket(chain)
    await priced.report(START + 1_000)
  })
  afterAll(() => chain.close())

  test('are shown in the metrics, and one that cannot be read is named', async () => {
    const telemetry = memoryTelemetry()
    const { dataProvider, tokens } = priced.market
    const hex = (text = ''): `0x${string}` => `0x${text.replace(/^0x/, '')}`
    const options = { rpcUrl: chain.rpcUrl, timeoutMs: 5_000, telemetry }
    const watch = reserveWatch(
      { dataProvider: hex(dataProvider), reserves: { USDC: hex(tokens['USDC']), GONE: hex(`${'1'.repeat(40)}`) } },
      options,
    )
    await watch.look(unixSeconds(await chain.now()))
    watch.close()
    expect(telemetry.gauges.has('plimsoll_reserve_utilisation_bps')).toBe(true)
    expect(telemetry.gauges.get('plimsoll_reserve_available_usd')).toBeGreaterThanOrEqual(0)
    expect(telemetry.counted('plimsoll_source_rejections_total', { source: 'reserve:GONE' })).toBe(1)
    expect(telemetry.counted('plimsoll_source_rejections_total', { source: 'reserve:USDC' })).toBe(0)
  })
})
