import { afterAll, beforeAll } from 'vitest'
import { ccxtVenue } from '../../oracle-node/adapters/venue-ccxt.ts'
import type { Source } from '../../oracle-node/core/market.ts'
import type { MarketSource } from '../../oracle-node/ports/market-source.ts'
import { type RunningVenues, runVenues, simulated } from '../data/running-venues.ts'
import { testMarketSource } from './market-source.ts'

let running: RunningVenues
beforeAll(async () => {
  running = await runVenues(simulated())
})
afterAll(async () => {
  await running.venues.close()
})

const MARKETS = [
  ['binance', 'ETH', 'USDT'],
  ['coinbaseexchange', 'BTC', 'USD'],
  ['kraken', 'BTC', 'USD'],
] as const

for (const [venue, base, quote] of MARKETS) {
  const made = (symbol: string, timeoutMs = 2_000): MarketSource => {
    const source: Source = { venue, symbol, quote, priceInterval: '1m', maxAgeSeconds: 600, book: true }
    const baseUrl = running.venues.baseUrls[venue] ?? ''
    return ccxtVenue({ venue, baseUrl, timeoutMs, responseBytesMax: 1_000_000 }).market(source)
  }
  testMarketSource(`ccxt ${venue}`, {
    healthy: async () => {
      running.venues.faults.set(venue, null)
      return { source: made(`${base}/${quote}`), now: running.clock.now }
    },
    unlisted: async () => {
      running.venues.faults.set(venue, null)
      return { source: made(`DOGE/${quote}`), now: running.clock.now }
    },
    silent: async () => {
      running.venues.faults.set(venue, 'silent')
      return { source: made(`${base}/${quote}`, 300), now: running.clock.now, withinMs: 1_500 }
    },
  })
}
