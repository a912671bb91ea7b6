import { afterAll, beforeAll } from 'vitest'
import { type CcxtVenues, ccxtVenues } from '../../oracle-node/adapters/venues/venue-ccxt.ts'
import type { VenueSource } from '../../oracle-node/core/market.ts'
import type { MarketSource } from '../../oracle-node/ports/market-source.ts'
import { type RunningVenues, runVenues, simulated } from '../data/running-venues.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { testMarketSource } from './market-source.ts'

let running: RunningVenues
beforeAll(async () => {
  running = await runVenues(simulated())
})
const opened: CcxtVenues[] = []
afterAll(async () => {
  await Promise.all(opened.map((each) => each.close()))
  await running.venues.close()
})

const MARKETS = [
  ['binance', 'ETH', 'USDT'],
  ['coinbaseexchange', 'BTC', 'USD'],
  ['kraken', 'BTC', 'USD'],
] as const

for (const [venue, base, quote] of MARKETS)
  for (const stream of [false, true]) {
    const made = (symbol: string, timeoutMs = 4_000): MarketSource => {
      const source: VenueSource = { venue, symbol, quote, priceInterval: '1m', maxAgeSeconds: 600, book: true }
      const at = { baseUrl: running.venues.baseUrls[venue], streamUrl: running.venues.streamUrls[venue], stream }
      const venues = ccxtVenues({ venues: { [venue]: at }, timeoutMs, responseBytesMax: 1_000_000 }, memoryTelemetry())
      opened.push(venues)
      return venues.market(source)
    }
    testMarketSource(`ccxt ${venue} by ${stream ? 'WebSocket' : 'REST'}`, {
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
