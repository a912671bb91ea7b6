import { describe, expect, test } from 'vitest'
import type { Calibrations } from '../../oracle-node/app/calibrations.ts'
import type { MarketsSeen } from '../../oracle-node/app/observe-markets.ts'
import { type ObserverOptions, roundObserver } from '../../oracle-node/app/observe-round.ts'
import type { DepthProfile } from '../../oracle-node/core/depth.ts'
import { featureIndex } from '../../oracle-node/core/feature-spec.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import { featuresHash } from '../../oracle-node/core/features-hash.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import type { AssetMarket } from '../../oracle-node/core/market.ts'
import { nodeIndex, type UnixSeconds } from '../../oracle-node/core/units.ts'
import { MODEL_SET } from '../contracts/samples.ts'
import { endOf, walkBars } from '../models/sample-bars.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'

const profileOf = (usd: number): DepthProfile => ({ sell: [usd, usd, usd, usd * 2], buy: [usd, usd, usd, usd] })
const bars = walkBars({ count: 800, stepRatio: 0.01, seed: 3 })
const now = endOf(bars)
const market: AssetMarket = {
  priceUsd: 2_000,
  dispersion: 0.0002,
  bars,
  depth: profileOf(4_000_000),
  ladders: [],
  sources: ['kraken:ETH/USD'],
}

const risk = {
  predict: async () => ({ volatility: 0.6, valueAtRisk99: 0.08, expectedShortfall99: 0.11 }),
}
const depth = { predict: async () => 5_000_000 }

function observer(seen: Partial<MarketsSeen>, models: Partial<ObserverOptions> = {}) {
  const telemetry = memoryTelemetry()
  const watch = async () => ({
    markets: new Map(),
    abstentions: [],
    rejections: [],
    ticks: [],
    quoteRates: [],
    ...seen,
  })
  const node = nodeIndex(2)
  const validForSeconds = 1_800
  const options = { node, epoch: 4, watch, risk, depth, modelSet: MODEL_SET, validForSeconds, telemetry, ...models }
  return { observe: roundObserver(options), telemetry }
}

test('an observation holds each asset’s record, feeds ascending, and commits to what the models were given', async () => {
  const { observe } = observer({
    markets: new Map([
      ['WETH', market],
      ['USDC', { ...market, priceUsd: 1 }],
      ['WBTC', market],
    ]),
  })
  const observation = await observe(9, now)
  const feeds = ['USDC', 'WBTC', 'WETH'].map(feedOf).toSorted()
  expect(observation).toMatchObject({ epoch: 4, round: 9, node: 2, observedAt: now, modelSet: MODEL_SET })
  expect(observation?.values.map(({ feed }) => feed)).toEqual(feeds)
  const weth = observation?.values.find(({ feed }) => feed === feedOf('WETH'))?.record
  expect(weth).toMatchObject({
    priceE8: 200_000_000_000n,
    volatilityBps: 6_000,
    valueAtRisk99Bps: 800,
    expectedShortfall99Bps: 1_100,
    observedAt: now,
    validForSeconds: 1_800,
  })
  const extracted = extractFeatures(bars, now, { depth: market.depth, dispersion: market.dispersion })
  if (!extracted.ok) throw new Error(extracted.detail)
  expect(observation?.featuresHash).toBe(featuresHash(feeds.map((feed) => ({ feed, features: extracted.features }))))
})

describe('the depth', () => {
  const depthOf = async (depthUsd: number | undefined): Promise<number | undefined> => {
    const { depth: _books, ...rest } = market
    const given = depthUsd === undefined ? rest : { ...rest, depth: profileOf(depthUsd) }
    return (await observer({ markets: new Map([['WETH', given]]) }).observe(1, now))?.values[0]?.record.depthUsd
  }

  test('is the model’s, bounded by what the books show now, where there are any', async () => {
    expect(await depthOf(4_000_000)).toBe(4_000_000)
    expect(await depthOf(9_000_000)).toBe(5_000_000)
    expect(await depthOf(undefined)).toBe(5_000_000)
    expect(await depthOf(0)).toBe(0)
  })
})

describe('an asset is left out and named, with the reason, when', () => {
  const abstained = async (asset: AssetMarket, models = {}) => {
    const { observe, telemetry } = observer(
      {
        markets: new Map([
          ['GOOD', market],
          ['BAD', asset],
        ]),
      },
      models,
    )
    const feeds = (await observe(1, now))?.values.map(({ feed }) => feed)
    return { feeds, line: telemetry.lines.find(({ event }) => event === 'asset-abstained')?.fields, telemetry }
  }

  test('its hours are too few for the features', async () => {
    const { feeds, line, telemetry } = await abstained({ ...market, bars: bars.slice(-20) })
    expect(feeds).toEqual([feedOf('GOOD')])
    expect(line).toMatchObject({ asset: 'BAD', round: 1 })
    expect(telemetry.counted('plimsoll_abstentions_total', { asset: 'BAD', reason: String(line?.['reason']) })).toBe(1)
  })

  test('its price cannot be scored', async () => {
    const { feeds, line } = await abstained({ ...market, priceUsd: Number.NaN })
    expect(feeds).toEqual([feedOf('GOOD')])
    expect(line).toMatchObject({ asset: 'BAD', reason: 'price-out-of-range' })
  })

  test('the watch could not judge it, and a source that was not used is named too', async () => {
    const { observe, telemetry } = observer({
      markets: new Map([['WETH', market]]),
      abstentions: [{ asset: 'WBTC', reason: 'too-few-venues' as never, detail: 'one of two' }],
      rejections: [{ source: 'kraken:BTC/USD', reason: 'timeout', detail: 'after 10 s' }],
    })
    expect((await observe(1, now))?.values).toHaveLength(1)
    expect(telemetry.counted('plimsoll_abstentions_total', { asset: 'WBTC' })).toBe(1)
    expect(telemetry.counted('plimsoll_source_rejections_total', { source: 'kraken:BTC/USD', reason: 'timeout' })).toBe(
      1,
    )
  })
})

test('with no asset to judge there is no observation', async () => {
  expect(await observer({}).observe(1, now)).toBeUndefined()
  const broken = {
    ...risk,
    predict: async () => ({ volatility: Number.NaN, valueAtRisk99: 0, expectedShortfall99: 0 }),
  }
  const { observe, telemetry } = observer({ markets: new Map([['WETH', market]]) }, { risk: broken })
  expect(await observe(1, now)).toBeUndefined()
  expect(telemetry.counted('plimsoll_abstentions_total', { reason: 'volatility-out-of-range' })).toBe(1)
})

describe('the features that the models are given', () => {
  const wild = { ...market, bars: walkBars({ count: 800, stepRatio: 0.04, seed: 8 }) }
  const given = async (changes: Partial<ObserverOptions>) => {
    const seen = new Map<string, readonly number[]>()
    const { observe } = observer(
      {
        markets: new Map([
          ['WETH', market],
          ['WBTC', wild],
        ]),
        quoteRates: [0.98],
      },
      {
        onJudged: (_, judged) => {
          for (const { asset, features } of judged) seen.set(asset, features.values)
        },
        ...changes,
      },
    )
    await observe(1, now)
    return (asset: string, name: string): number => seen.get(asset)?.[featureIndex(name)] ?? Number.NaN
  }

  test('hold the market’s asset, which is its own market, and what books, venues and reserves say', async () => {
    const feature = await given({ marketAsset: 'WBTC', utilisation: (asset) => (asset === 'WETH' ? 0.8 : undefined) })
    expect(feature('WETH', 'market_realized_24h')).toBe(feature('WBTC', 'realized_24h'))
    expect(feature('WBTC', 'market_realized_24h')).toBe(feature('WBTC', 'realized_24h'))
    expect(feature('WETH', 'realized_24h')).not.toBe(feature('WBTC', 'realized_24h'))
    expect(feature('WETH', 'venue_dispersion')).toBe(market.dispersion)
    expect(feature('WETH', 'ln_book_depth')).toBeCloseTo(Math.log(4_000_000), 12)
    expect(feature('WETH', 'stablecoin_basis')).toBeCloseTo(0.02, 12)
    expect(feature('WETH', 'reserve_utilisation')).toBe(0.8)
    expect(feature('WBTC', 'reserve_utilisation')).toBe(0)
  })

  test('hold an asset’s own hours where no asset stands for the market', async () => {
    const feature = await given({})
    expect(feature('WETH', 'market_realized_24h')).toBe(feature('WETH', 'realized_24h'))
  })
})

describe('while the market’s asset is not seen', () => {
  const both = new Map([
    ['WETH', market],
    ['WBTC', { ...market, bars: walkBars({ count: 800, stepRatio: 0.04, seed: 8 }) }],
  ])
  const alone = new Map([['WETH', market]])
  const onJudged =
    (seen: string[]): ObserverOptions['onJudged'] =>
    (_, judged) => {
      for (const { asset, features } of judged)
        seen.push(`${asset} ${features.values[featureIndex('market_realized_24h')]}`)
    }

  test('its last vector serves the others for six hours, so that one asset’s outage moves no other', async () => {
    const [given, seen] = [{ markets: both }, [] as string[]]
    const { observe } = observer(given, { marketAsset: 'WBTC', onJudged: onJudged(seen) })
    await observe(1, now)
    const [before] = seen.filter((line) => line.startsWith('WETH'))
    given.markets = alone
    seen.length = 0
    await observe(2, (now + 600) as UnixSeconds)
    expect(seen).toEqual([before])
  })

  test('and was never, the baseline judges the others, flagged, with the reason', async () => {
    const fallback = {
      risk: { predict: async () => ({ volatility: 0.5, valueAtRisk99: 0.08, expectedShortfall99: 0.11 }) },
      depth,
    }
    const calibrations: Calibrations = {
      of: () => ({ lnMultiplier: -0.4 }),
      follow: () => undefined,
      settled: async () => undefined,
    }
    const { observe, telemetry } = observer({ markets: alone }, { marketAsset: 'WBTC', fallback, calibrations })
    const observation = await observe(1, now)
    expect(observation?.fallbacks).toBe(1n)
    // Never below what the baseline says, whatever the asset's record with the models.
    expect(observation?.values[0]?.record).toMatchObject({ valueAtRisk99Bps: 800, expectedShortfall99Bps: 1_100 })
    expect(telemetry.counted('plimsoll_fallbacks_total', { asset: 'WETH', reason: 'no-market' })).toBe(1)
  })
})

test('an asset’s tail is stretched by its own calibration, which follows what the models said', async () => {
  const followed: string[] = []
  const calibrations: Calibrations = {
    of: (asset) => ({ lnMultiplier: asset === 'WETH' ? Math.log(1.5) : 0 }),
    follow: (asset, { end }, { valueAtRisk99 }) => followed.push(`${asset} ${end} ${valueAtRisk99}`),
    settled: async () => undefined,
  }
  const markets = new Map([
    ['WETH', market],
    ['WBTC', market],
  ])
  const { observe } = observer({ markets }, { calibrations })
  const observation = await observe(1, now)
  const record = (asset: string) => observation?.values.find(({ feed }) => feed === feedOf(asset))?.record
  expect(record('WETH')).toMatchObject({ volatilityBps: 6_000, valueAtRisk99Bps: 1_200, expectedShortfall99Bps: 1_650 })
  expect(record('WBTC')).toMatchObject({ volatilityBps: 6_000, valueAtRisk99Bps: 800, expectedShortfall99Bps: 1_100 })
  expect(followed.toSorted()).toEqual([`WBTC ${now} 0.08`, `WETH ${now} 0.08`])
})
