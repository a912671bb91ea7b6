import { z } from 'zod'
import { sourceId } from '../core/market.ts'

const venueId = z.enum(['binance', 'binanceus', 'coinbaseexchange', 'kraken'])
const SOURCES_MAX = 32
const ASSETS_MAX = 64

const source = z
  .strictObject({
    venue: venueId,
    symbol: z
      .string()
      .regex(/^[A-Z0-9]{1,12}\/(USD|USDT|USDC)$/, 'needs a symbol such as BTC/USD, quoted in USD, USDT or USDC'),
    quote: z.enum(['USD', 'USDT', 'USDC']),
    priceInterval: z.enum(['1m', '1h']),
    maxAgeSeconds: z.int().min(60).max(86_400),
    book: z.boolean(),
  })
  .refine((each) => each.symbol.endsWith(`/${each.quote}`), {
    path: ['quote'],
    error: 'is not the quote of the symbol',
  })

const market = z
  .strictObject({
    sources: z.array(source).min(1).max(SOURCES_MAX),
    /** Fewer distinct venues than this, and there is no price. */
    venuesMin: z.int().min(1).max(venueId.options.length),
  })
  .refine(({ sources }) => new Set(sources.map(sourceId)).size === sources.length, {
    path: ['sources'],
    error: 'names one market twice',
  })
  .refine(({ sources, venuesMin }) => new Set(sources.map((each) => each.venue)).size >= venuesMin, {
    path: ['venuesMin'],
    error: 'is more than the venues among the sources, so there would never be a price',
  })

/** Which markets a node watches and what it takes for a price. */
export const marketConfigSchema: z.ZodType<MarketConfig> = z
  .strictObject({
    venues: z.partialRecord(venueId, z.strictObject({ baseUrl: z.url({ protocol: /^https?$/ }).optional() })),
    assets: z
      .record(
        z.string().regex(/^[A-Za-z0-9.-]{1,28}$/, 'needs an asset of 1 to 28 letters, digits, dots or dashes'),
        market,
      )
      .refine((assets) => Object.keys(assets).length >= 1 && Object.keys(assets).length <= ASSETS_MAX, {
        error: `needs 1 to ${ASSETS_MAX} assets`,
      }),
    quotes: z.partialRecord(z.enum(['USDT', 'USDC']), market),
    timeoutMs: z.int().min(50).max(120_000),
    observeTimeoutMs: z.int().min(50).max(300_000),
    responseBytesMax: z.int().min(10_000).max(268_435_456),
  })
  .refine((config) => sourcesOf(config).every(({ venue }) => config.venues[venue] !== undefined), {
    path: ['venues'],
    error: 'lacks a venue that a source names',
  })
  .refine((config) => sourcesOf(config).every(({ quote }) => quote === 'USD' || config.quotes[quote] !== undefined), {
    path: ['quotes'],
    error: 'lacks a stablecoin that a source is quoted in',
  })

export type MarketSources = { readonly sources: readonly z.infer<typeof source>[]; readonly venuesMin: number }

export type MarketConfig = {
  /** The venues in use; `baseUrl` points at another server that speaks the venue's format. */
  readonly venues: Readonly<Partial<Record<z.infer<typeof venueId>, { readonly baseUrl?: string | undefined }>>>
  readonly assets: Readonly<Record<string, MarketSources>>
  /** What converts prices in stablecoins; USDC's sources may be quoted in USDT, for USDT is priced first. */
  readonly quotes: Readonly<Partial<Record<'USDT' | 'USDC', MarketSources>>>
  /** Of one request. */
  readonly timeoutMs: number
  /** Of all sources together: what has not come by then counts as silent. */
  readonly observeTimeoutMs: number
  readonly responseBytesMax: number
}

/** All sources of a configuration; one that serves several assets appears as often. */
export function sourcesOf(config: Pick<MarketConfig, 'assets' | 'quotes'>): readonly z.infer<typeof source>[] {
  return [...Object.values(config.assets), ...Object.values(config.quotes)].flatMap(({ sources }) => sources)
}
