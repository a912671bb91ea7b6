import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { LIVE_MARKETS } from '../../oracle-node/app/live-markets.ts'
import { type MarketConfig, marketConfigSchema, sourcesOf } from '../../oracle-node/app/market-config.ts'
import { isPool, type PoolSource } from '../../oracle-node/core/market.ts'

describe('the live configuration', () => {
  test('is valid, names no server of its own, and reads every source with its book by the minute', () => {
    expect(marketConfigSchema.parse(LIVE_MARKETS)).toEqual(LIVE_MARKETS)
    expect(Object.values(LIVE_MARKETS.venues)).toEqual(Array.from({ length: 8 }, () => ({ stream: true })))
    expect(sourcesOf(LIVE_MARKETS).every((each) => !isPool(each) && each.book && each.priceInterval === '1m')).toBe(
      true,
    )
  })

  test('asks three of eight venues of every asset, and two of six of the stablecoin', () => {
    expect(Object.keys(LIVE_MARKETS.assets)).toEqual(['WETH', 'WBTC', 'USDC'])
    const { WETH, WBTC, USDC } = LIVE_MARKETS.assets
    expect([WETH, WBTC, USDC].map((each) => [each?.venuesMin, each?.sources.length])).toEqual([
      [3, 8],
      [3, 8],
      [2, 6],
    ])
  })
})

const ON_CHAIN = { rpcUrl: 'http://127.0.0.1:8545' }
const token = (digit: string): string => `0x${digit.repeat(40)}`
const POOL: PoolSource = {
  venue: 'uniswap-v3',
  symbol: 'WETH/USDC',
  quote: 'USDC',
  baseToken: token('a'),
  quoteToken: token('b'),
  address: token('c'),
  maxAgeSeconds: 120,
}

test('a configuration may have streams, pools and references', () => {
  const { WETH } = LIVE_MARKETS.assets
  const USDC = LIVE_MARKETS.assets['USDC']
  if (WETH === undefined || USDC === undefined) throw new Error('the live configuration lacks an asset')
  const config: MarketConfig = {
    ...LIVE_MARKETS,
    venues: { ...LIVE_MARKETS.venues, kraken: { stream: true, streamUrl: 'wss://venue.example' } },
    onChain: ON_CHAIN,
    assets: {
      WETH: {
        ...WETH,
        sources: [...WETH.sources, POOL],
        reference: { address: token('d'), maxAgeSeconds: 7_200, deviationMaxBps: 300 },
      },
    },
    quotes: { ...LIVE_MARKETS.quotes, USDC },
  }
  expect(marketConfigSchema.parse(config)).toEqual(config)
})

test('the example of the documentation is one', () => {
  const text = readFileSync(new URL('../../oracle-node/docs/MARKETS.md', import.meta.url), 'utf8')
  const { markets } = parse(/```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '')
  expect(marketConfigSchema.safeParse(markets).error).toBeUndefined()
  expect(Object.keys(markets.assets)).toEqual(['WETH'])
})

describe('a configuration is refused', () => {
  const { WETH, WBTC } = LIVE_MARKETS.assets
  if (WETH === undefined || WBTC === undefined) throw new Error('the live configuration lacks an asset')
  const first = WETH.sources[0]
  const cases: [string, Partial<Record<keyof MarketConfig, unknown>>, RegExp][] = [
    ['without assets', { assets: {} }, /needs 1 to 64 assets/],
    ['with a venue that is not among venues', { venues: { binance: {}, kraken: {} } }, /lacks a venue/],
    ['with a stablecoin that has no price', { quotes: {} }, /lacks a stablecoin/],
    ['with more venues needed than named', { assets: { WETH: { ...WETH, venuesMin: 9 } } }, /more than the venues/],
    [
      'with one market twice',
      { assets: { WETH: { venuesMin: 1, sources: [first, first] } } },
      /names one market twice/,
    ],
    [
      'with a quote that is not the symbol’s',
      { assets: { WETH: { venuesMin: 1, sources: [{ ...first, quote: 'USD' }] } } },
      /not the quote/,
    ],
    [
      'with a venue that nobody speaks',
      { assets: { WETH: { venuesMin: 1, sources: [{ ...first, venue: 'ftx' }] } } },
      /venue/,
    ],
    [
      'with a server that is no URL',
      { venues: { ...LIVE_MARKETS.venues, kraken: { baseUrl: 'file:///etc' } } },
      /baseUrl/,
    ],
    [
      'with one pool under two symbols',
      {
        onChain: ON_CHAIN,
        assets: { WETH: { venuesMin: 1, sources: [first, POOL, { ...POOL, symbol: 'ETH/USDC' }] } },
      },
      /names one market twice/,
    ],
    [
      'with one market in two settings',
      { assets: { WETH, ETH: { venuesMin: 1, sources: [{ ...first, book: false }] } } },
      /two different settings/,
    ],
    ['with a request that may take longer than all of them', { timeoutMs: 60_000 }, /longer than observeTimeoutMs/],
    ['with an unknown key', { retries: 3 } as object, /retries/],
    [
      'with a stream over another protocol',
      { venues: { ...LIVE_MARKETS.venues, kraken: { streamUrl: 'http://127.0.0.1:1' } } },
      /streamUrl/,
    ],
    ['with a pool, but no chain to read it on', { assets: { WETH: { ...WETH, sources: [first, POOL] } } }, /rpcUrl/],
    [
      'with pools alone',
      { onChain: ON_CHAIN, assets: { WETH: { venuesMin: 1, sources: [POOL] } } },
      /no history of hours/,
    ],
    [
      'with a v4 pool without its id',
      { onChain: ON_CHAIN, assets: { WETH: { venuesMin: 1, sources: [first, { ...POOL, venue: 'uniswap-v4' }] } } },
      /is needed for uniswap-v4/,
    ],
    [
      'with a token that is no address',
      { onChain: ON_CHAIN, assets: { WETH: { venuesMin: 1, sources: [first, { ...POOL, baseToken: 'WETH' }] } } },
      /contract address/,
    ],
    [
      'with a reference, but no chain to read it on',
      { assets: { WETH: { ...WETH, reference: { address: POOL.address, maxAgeSeconds: 3_600 } } } },
      /rpcUrl/,
    ],
  ]
  test.each(cases)('%s', (_, change, message) => {
    const parsed = marketConfigSchema.safeParse({ ...LIVE_MARKETS, ...change })
    expect(parsed.success).toBe(false)
    expect(JSON.stringify(parsed.error?.issues)).toMatch(message)
  })
})
