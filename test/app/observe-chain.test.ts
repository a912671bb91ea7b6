import type { Contract } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deploy, plimsollArtifact } from '../../contracts/script/artifacts.ts'
import { deployUniswapV3 } from '../../contracts/script/deploy-uniswap.ts'
import type { MarketConfig } from '../../oracle-node/app/market-config.ts'
import { reportMarket } from '../../oracle-node/app/market-metrics.ts'
import { type MarketsSeen, marketWatch } from '../../oracle-node/app/observe-markets.ts'
import { type OpenMarkets, openMarkets } from '../../oracle-node/app/open-markets.ts'
import { isPool, type PoolSource, sourceId, type VenueSource } from '../../oracle-node/core/market.ts'
import { tickAtSqrtPrice } from '../../oracle-node/core/pools/tick-math.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'
import type { MarketSource } from '../../oracle-node/ports/market-source.ts'
import { v3Pool } from '../support/concentrated-pools.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { randomRanges } from '../support/random-swaps.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { type UniswapChain, uniswapChain } from '../support/uniswap-chain.ts'

/* A node's whole look at one asset: two venues, a real Uniswap v3 pool and a real Chainlink aggregator on the local chain. */

const PRICE = 2_000
const BOOK_USD = 20_000

const venueSource = (venue: VenueSource['venue']): VenueSource => ({
  venue,
  symbol: 'BASE/USD',
  quote: 'USD',
  priceInterval: '1m',
  maxAgeSeconds: 600,
  book: true,
})

/** A venue's answer at a price; what the venues' adapters do is tested elsewhere. */
function venueAt(source: VenueSource, price: number): MarketSource {
  const candles = (seconds: number, count: number, now: number): number[][] =>
    Array.from({ length: count }, (_, index) => {
      const open = now - (now % seconds) - (count - 1 - index) * seconds
      return [open * 1_000, price, price, price, price, 50]
    })
  const amount = BOOK_USD / price
  const book = { bids: [[price * 0.9995, amount]], asks: [[price * 1.0005, amount]] }
  return {
    source,
    fetch: async (now) => ({
      ok: true,
      raw: { hours: candles(3_600, 201, now), minutes: candles(60, 60, now), book },
    }),
  }
}

describe('a node that reads venues, a pool and a reference', () => {
  let chain: UniswapChain
  let feed: Contract
  let pool: PoolSource
  let open: OpenMarkets
  let config: MarketConfig
  beforeAll(async () => {
    chain = await uniswapChain()
    const uniswap = await deployUniswapV3(chain.signer)
    const tick = tickAtSqrtPrice(chain.sqrtPrice)
    const ranges = randomRanges(seededRandom('observe'), { tick, tickSpacing: 60, count: 8 })
    const live = await v3Pool(chain, uniswap, { fee: 3_000, sqrtPrice: chain.sqrtPrice, ranges, amounts: chain.totals })
    pool = live.source
    const aggregator = plimsollArtifact('harness/ChainlinkAggregator.sol', 'ChainlinkAggregator')
    const deployed = await deploy(chain.signer, aggregator, [8, 2_010n * 10n ** 8n])
    feed = deployed.contract.connect(chain.signer) as Contract
    config = {
      venues: { kraken: {}, bitstamp: {} },
      onChain: { rpcUrl: chain.rpcUrl },
      assets: {
        BASE: {
          sources: [venueSource('kraken'), venueSource('bitstamp'), pool],
          venuesMin: 2,
          reference: { address: deployed.address, maxAgeSeconds: 3_600, deviationMaxBps: 200 },
        },
      },
      quotes: { USDC: { sources: [{ ...venueSource('kraken'), symbol: 'USDC/USD' }], venuesMin: 1 } },
      timeoutMs: 5_000,
      observeTimeoutMs: 10_000,
      responseBytesMax: 1_000_000,
    }
    open = openMarkets(config, memoryTelemetry())
  })
  afterAll(async () => {
    await open.close()
    await chain.close()
  })

  const look = async (price = PRICE, at?: UnixSeconds): Promise<MarketsSeen> => {
    const watch = marketWatch(config, {
      source: (source) =>
        isPool(source) ? open.source(source) : venueAt(source, source.symbol === 'USDC/USD' ? 1 : price),
      reference: open.reference,
    })
    return watch(at ?? (await chain.now()))
  }
  const answer = async (usd: bigint): Promise<void> => {
    await (await feed.getFunction('updateAnswer').send(usd * 10n ** 8n)).wait()
  }

  test('takes the pool for a third voice, adds its depth, and measures the distance to the reference', async () => {
    const seen = await look()
    expect(seen.rejections).toEqual([])
    const market = seen.markets.get('BASE')
    expect(market?.sources).toEqual(['bitstamp:BASE/USD', 'kraken:BASE/USD', sourceId(pool)].toSorted())
    expect(market?.priceUsd).toBeCloseTo(PRICE, 0)
    expect(market?.referenceDeviationBps).toBeCloseTo((PRICE / 2_010 - 1) * 10_000, 0)
    const venuesAlone = 2 * BOOK_USD
    expect(market?.depth?.sell[3]).toBeGreaterThan(venuesAlone * 1.5)
    expect(seen.ticks).toHaveLength(4)
  })

  test('shows depth, slippage and the distance to the reference in the metrics', async () => {
    const market = (await look()).markets.get('BASE')
    if (market === undefined) throw new Error('no market')
    const telemetry = memoryTelemetry()
    reportMarket(telemetry, 'BASE', market, [1_000])
    expect(telemetry.gauges.get('plimsoll_sources_used')).toBe(3)
    expect(telemetry.gauges.get('plimsoll_market_depth_usd')).toBe(market.depth?.buy[3])
    expect(telemetry.gauges.get('plimsoll_slippage_bps')).toBeCloseTo(5, 6)
    reportMarket(telemetry, 'BASE', market, [1e12])
    expect(telemetry.gauges.get('plimsoll_slippage_bps')).toBeNaN()
  })

  test('leaves out a pool that left the venues', async () => {
    const seen = await look(PRICE * 1.04)
    expect(seen.rejections).toMatchObject([{ source: sourceId(pool), reason: 'outlier' }])
    expect(seen.abstentions).toMatchObject([{ reason: 'reference-disagrees' }])
  })

  test('abstains where the reference is further than the operator allows, and goes on when it is not fresh', async () => {
    await answer(2_100n)
    expect((await look()).abstentions).toMatchObject([{ asset: 'BASE', reason: 'reference-disagrees' }])
    const later = ((await chain.now()) + 3_700) as UnixSeconds
    const seen = await look(PRICE, later)
    expect(seen.rejections.map(({ source, reason }) => `${source} ${reason}`)).toEqual([
      'reference:BASE stale',
      `${sourceId(pool)} stale`,
    ])
    expect(seen.markets.get('BASE')?.referenceDeviationBps).toBeUndefined()
    await answer(2_010n)
  })
})

test('a chain that does not answer costs the pool and the reference, and nothing else', async () => {
  const source: PoolSource = {
    venue: 'uniswap-v2',
    symbol: 'BASE/USD',
    quote: 'USD',
    baseToken: `0x${'a'.repeat(40)}`,
    quoteToken: `0x${'b'.repeat(40)}`,
    address: `0x${'c'.repeat(40)}`,
    maxAgeSeconds: 60,
  }
  const config: MarketConfig = {
    venues: { kraken: {} },
    onChain: { rpcUrl: 'http://127.0.0.1:9' },
    assets: {
      BASE: {
        sources: [venueSource('kraken'), source],
        venuesMin: 1,
        reference: { address: source.address, maxAgeSeconds: 60 },
      },
    },
    quotes: {},
    timeoutMs: 500,
    observeTimeoutMs: 2_000,
    responseBytesMax: 1_000_000,
  }
  const open = openMarkets(config, memoryTelemetry())
  const watch = marketWatch(config, {
    source: (each) => (isPool(each) ? open.source(each) : venueAt(each, PRICE)),
    reference: open.reference,
  })
  const seen = await watch(1_700_000_000 as UnixSeconds)
  expect(seen.rejections.map(({ source: id, reason }) => `${id} ${reason}`)).toEqual([
    'reference:BASE unreachable',
    `${sourceId(source)} unreachable`,
  ])
  expect(seen.markets.get('BASE')?.priceUsd).toBeCloseTo(PRICE, 6)
  await open.close()
})
