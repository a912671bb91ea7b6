import ccxt, { type Exchange } from 'ccxt'
import type { VenueId } from '../../oracle-node/core/market.ts'

/** ccxt's own client of a venue, without a key, which reads from another origin. */
export async function ccxtClient(venue: VenueId, origins: { rest: string; stream: string }): Promise<Exchange> {
  const exchange = new ccxt.pro[venue]({
    enableRateLimit: false,
    timeout: 5_000,
    newUpdates: true,
    options: { fetchMarkets: { types: ['spot'] }, maxRetriesOnFailure: 0, defaultType: 'spot' },
    has: { fetchCurrencies: false },
    // Coinbase's level2 is for members, and ccxt has no other: the server only looks whether a request is signed.
    ...(venue === 'coinbaseexchange' ? { apiKey: 'none', secret: 'bm9uZQ==', password: 'none' } : {}),
  })
  const { ws, ...api } = exchange.urls['api'] as Record<string, unknown>
  exchange.urls = {
    ...exchange.urls,
    api: {
      ...(redirected(api, origins.rest, 'http') as object),
      ...(venue === 'gate' ? { spot: `${origins.stream}/ws/v4/` } : {}),
      ws: redirected(ws, origins.stream, 'ws'),
    },
  }
  await exchange.loadHttpProxyAgent()
  await exchange.loadMarkets()
  return exchange
}

/** The same addresses on another origin. */
function redirected(urls: unknown, origin: string, scheme: 'http' | 'ws'): unknown {
  if (typeof urls === 'string') return `${origin}${urls.replace(/^[a-z]+:\/\/[^/]+/, '')}`
  if (typeof urls !== 'object' || urls === null) return urls
  return Object.fromEntries(Object.entries(urls).map(([key, value]) => [key, redirected(value, origin, scheme)]))
}
