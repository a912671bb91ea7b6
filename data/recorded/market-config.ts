import type { QuoteCurrency, VenueId, VenueSource } from '../../oracle-node/core/market.ts'
import type { BaseUrls, History, MarketName } from './history.ts'

const QUOTES: readonly QuoteCurrency[] = ['USD', 'USDT', 'USDC']
/** A market without a trade for this long is left out of the price. */
const MAX_AGE_SECONDS = 900

/** The configuration with which nodes read every market of a history that is quoted in dollars or in a stablecoin. */
export function configOfMarkets(options: {
  readonly baseUrls: BaseUrls
  readonly markets: (venue: VenueId) => readonly MarketName[]
  readonly hasBook: (venue: VenueId, symbol: string) => boolean
}): ReturnType<History['marketConfig']> {
  const { baseUrls, markets, hasBook } = options
  const venues = Object.keys(baseUrls) as VenueId[]
  const byBase = new Map<string, VenueSource[]>()
  for (const venue of venues) {
    for (const { symbol, base, quote: named } of markets(venue)) {
      const quote = QUOTES.find((each) => each === named)
      if (quote === undefined) continue
      const book = hasBook(venue, symbol)
      const source: VenueSource = { venue, symbol, quote, priceInterval: '1m', maxAgeSeconds: MAX_AGE_SECONDS, book }
      byBase.set(base, [...(byBase.get(base) ?? []), source])
    }
  }
  const priced = (sources: readonly VenueSource[]) => ({ sources, venuesMin: 1 })
  const inDollars = (base: string) => (byBase.get(base) ?? []).filter(({ quote }) => quote === 'USD')
  const coins = (['USDT', 'USDC'] as const).filter((coin) => inDollars(coin).length > 0)
  return {
    venues: Object.fromEntries(venues.map((venue) => [venue, { baseUrl: baseUrls[venue] }])),
    assets: Object.fromEntries([...byBase].map(([base, sources]) => [base, priced(sources)])),
    quotes: Object.fromEntries(coins.map((coin) => [coin, priced(inDollars(coin))])),
    timeoutMs: 2_000,
    observeTimeoutMs: 2_500,
    responseBytesMax: 4_194_304,
  }
}
