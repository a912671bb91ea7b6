import { describe, expect, test } from 'vitest'
import { LIVE_MARKETS } from '../../oracle-node/app/live-markets.ts'
import { type MarketConfig, marketConfigSchema, sourcesOf } from '../../oracle-node/app/market-config.ts'

describe('the live configuration', () => {
  test('is valid, names no server of its own, and reads every source with its book by the minute', () => {
    expect(marketConfigSchema.parse(LIVE_MARKETS)).toEqual(LIVE_MARKETS)
    expect(Object.values(LIVE_MARKETS.venues)).toEqual([{}, {}, {}])
    expect(sourcesOf(LIVE_MARKETS).every(({ book, priceInterval }) => book && priceInterval === '1m')).toBe(true)
  })

  test('asks two venues of every asset', () => {
    expect(Object.keys(LIVE_MARKETS.assets)).toEqual(['WETH', 'WBTC', 'USDC'])
    expect(Object.values(LIVE_MARKETS.assets).every(({ venuesMin }) => venuesMin === 2)).toBe(true)
  })

  test('leaves Kraken time for a request a second', () => {
    const requests = sourcesOf(LIVE_MARKETS).filter(({ venue }) => venue === 'kraken').length * 3
    expect(LIVE_MARKETS.observeTimeoutMs).toBeGreaterThan(requests * 1_000 * 1.5)
  })
})

describe('a configuration is refused', () => {
  const { WETH, WBTC } = LIVE_MARKETS.assets
  if (WETH === undefined || WBTC === undefined) throw new Error('the live configuration lacks an asset')
  const first = WETH.sources[0]
  const cases: [string, Partial<Record<keyof MarketConfig, unknown>>, RegExp][] = [
    ['without assets', { assets: {} }, /needs 1 to 64 assets/],
    ['with a venue that is not among venues', { venues: { binance: {}, kraken: {} } }, /lacks a venue/],
    ['with a stablecoin that has no price', { quotes: {} }, /lacks a stablecoin/],
    ['with more venues needed than named', { assets: { WETH: { ...WETH, venuesMin: 4 } } }, /more than the venues/],
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
    ['with an unknown key', { retries: 3 } as object, /retries/],
  ]
  test.each(cases)('%s', (_, change, message) => {
    const parsed = marketConfigSchema.safeParse({ ...LIVE_MARKETS, ...change })
    expect(parsed.success).toBe(false)
    expect(JSON.stringify(parsed.error?.issues)).toMatch(message)
  })
})
