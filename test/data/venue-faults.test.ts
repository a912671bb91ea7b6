import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { VENUE_FAULTS, type VenueFaultKind } from '../../data/venues/faults.ts'
import { type RunningVenues, runVenues, simulated } from './running-venues.ts'

let running: RunningVenues
beforeAll(async () => {
  running = await runVenues(simulated())
})
afterEach(() => {
  for (const venue of VENUES) running.venues.faults.set(venue, null)
})
afterAll(async () => {
  await running.venues.close()
})

const VENUES = ['binance', 'coinbaseexchange', 'kraken'] as const

/** The name under which each fault must appear. */
const REASONS: Readonly<Record<VenueFaultKind, string>> = {
  garbage: 'malformed',
  'wrong-shape': 'malformed',
  silent: 'timeout',
  'http-429': 'rate-limited',
  'http-500': 'server-error',
  huge: 'malformed',
  empty: 'empty',
  old: 'stale',
  'crossed-book': 'crossed-book',
  'off-by-10': 'outlier',
  nan: 'malformed',
  'from-the-future': 'from-the-future',
}

test('without a fault nothing is rejected and every asset has three venues, USDC two', async () => {
  const seen = await running.freshWatch()(running.clock.now)
  expect(seen.rejections).toEqual([])
  expect(seen.abstentions).toEqual([])
  expect([...seen.markets].map(([asset, market]) => [asset, market.sources.length])).toEqual([
    ['WETH', 3],
    ['WBTC', 3],
    ['USDC', 2],
  ])
})

describe.each(VENUE_FAULTS)('a venue with the fault %s', (fault) => {
  test.each(VENUES)('%s is dropped by its name, and it alone; the others go on', async (venue) => {
    const watch = running.freshWatch()
    const before = await watch(running.clock.now)
    running.venues.faults.set(venue, fault)
    const seen = await watch(running.clock.now)
    const ofAssets = seen.rejections.filter(({ source }) => /:(BTC|ETH)\//.test(source))
    expect(ofAssets.map(({ source, reason }) => [source.split(':')[0], reason])).toEqual([
      [venue, REASONS[fault]],
      [venue, REASONS[fault]],
    ])
    for (const asset of ['WETH', 'WBTC']) {
      const market = seen.markets.get(asset)
      expect(market?.sources).toHaveLength(2)
      expect(market?.sources.some((source) => source.startsWith(venue))).toBe(false)
      expect(market?.priceUsd).toBeCloseTo(before.markets.get(asset)?.priceUsd ?? 0, -2)
    }
  })

  test('a second one makes the asset abstain; healed, it is back', async () => {
    const watch = running.freshWatch()
    const set = (first: VenueFaultKind | null, second: VenueFaultKind | null): void => {
      running.venues.faults.set('binance', first)
      running.venues.faults.set('kraken', second)
    }
    // Two venues that are wrong alike are a majority of three, which no median survives: let the second fail in another way.
    set(fault, fault === 'off-by-10' ? 'http-500' : fault)
    const seen = await watch(running.clock.now)
    expect(seen.markets.size).toBe(0)
    expect(seen.abstentions.map(({ asset }) => asset)).toEqual(expect.arrayContaining(['WETH', 'WBTC', 'USDC']))
    set(null, null)
    expect((await watch(running.clock.now)).markets.size).toBe(3)
  })
})

test('all venues silent: the watch ends within its limit, and says so of each source', async () => {
  for (const venue of VENUES) running.venues.faults.set(venue, 'silent')
  const start = performance.now()
  const seen = await running.freshWatch()(running.clock.now)
  expect(performance.now() - start).toBeLessThan(5_500)
  expect(seen.markets.size).toBe(0)
  expect(seen.rejections).toHaveLength(10)
  expect(seen.rejections.every(({ reason }) => reason === 'timeout')).toBe(true)
})
