import { z } from 'zod'
import type { VenueConfig } from '../adapters/venues/venue-ccxt.ts'
import { isPool, POOL_KINDS, type Source, sourceId, VENUES, type VenueId } from '../core/market.ts'

const SOURCES_MAX = 32
const ASSETS_MAX = 64

const quote = z.enum(['USD', 'USDT', 'USDC'])
const symbol = z
  .string()
  .regex(/^[A-Za-z0-9]{1,12}\/(USD|USDT|USDC)$/, 'needs a symbol such as BTC/USD, quoted in USD, USDT or USDC')
const maxAgeSeconds = z.int().min(60).max(86_400)
const contract = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'needs a contract address: 0x and 40 hex digits')
const httpUrl = z.url({ protocol: /^https?$/ })

const venueSource = z.strictObject({
  venue: z.enum(VENUES),
  symbol,
  quote,
  priceInterval: z.enum(['1m', '1h']),
  maxAgeSeconds,
  book: z.boolean(),
})

const poolSource = z.strictObject({
  venue: z.enum(POOL_KINDS),
  symbol,
  quote,
  baseToken: contract,
  quoteToken: contract,
  address: contract,
  poolId: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/, 'needs a Uniswap v4 pool id: 0x and 64 hex digits')
    .optional(),
  maxAgeSeconds,
})

const source = z
  .discriminatedUnion('venue', [venueSource, poolSource])
  .refine((each) => each.symbol.endsWith(`/${each.quote}`), {
    path: ['quote'],
    error: 'is not the quote of the symbol',
  })
  .refine((each) => !isPool(each) || (each.venue === 'uniswap-v4') === (each.poolId !== undefined), {
    path: ['poolId'],
    error: 'is needed for uniswap-v4, and for nothing else',
  })

const market = z
  .strictObject({
    sources: z.array(source).min(1).max(SOURCES_MAX),
    /** Fewer distinct venues than this, and there is no price. */
    venuesMin: z
      .int()
      .min(1)
      .max(VENUES.length + POOL_KINDS.length),
    /** A Chainlink feed to measure the price against; it never sets it. */
    reference: z
      .strictObject({
        address: contract,
        /** Two days: a feed with a heartbeat of one is older than that just before it beats. */
        maxAgeSeconds: z.int().min(60).max(172_800),
        /** Further than this from a fresh reference, the asset abstains; without it, the distance is only reported. */
        deviationMaxBps: z.int().min(10).max(5_000).optional(),
      })
      .optional(),
  })
  .refine(({ sources }) => new Set(sources.map(placeOf)).size === sources.length, {
    path: ['sources'],
    error: 'names one market twice',
  })
  .refine(({ sources }) => !sources.every(isPool), {
    path: ['sources'],
    error: 'are pools alone: a pool has no history of hours, so at least one venue is needed',
  })
  .refine(({ sources, venuesMin }) => new Set(sources.map((each) => each.venue)).size >= venuesMin, {
    path: ['venuesMin'],
    error: 'is more than the venues among the sources, so there would never be a price',
  })

/** Where a source's data come from: one pool under two symbols is one place. */
function placeOf(source: Source): string {
  return isPool(source)
    ? `${source.venue}@${(source.poolId ?? source.address).toLowerCase()}`
    : sourceId(source).toUpperCase()
}

const venueConfig = z.strictObject({
  baseUrl: httpUrl.optional(),
  streamUrl: z.url({ protocol: /^wss?$/ }).optional(),
  stream: z.boolean().optional(),
})

/** Which markets a node watches and what it takes for a price. */
export const marketConfigSchema: z.ZodType<MarketConfig> = z
  .strictObject({
    venues: z.partialRecord(z.enum(VENUES), venueConfig),
    onChain: z.strictObject({ rpcUrl: httpUrl }).optional(),
    assets: z
      .record(
        z.string().regex(/^[A-Za-z0-9.-]{1,28}$/, 'needs an asset of 1 to 28 letters, digits, dots or dashes'),
        market,
      )
      .refine((assets) => Object.keys(assets).length >= 1 && Object.keys(assets).length <= ASSETS_MAX, {
        error: `needs 1 to ${ASSETS_MAX} assets`,
      }),
    marketAsset: z.string().optional(),
    quotes: z.partialRecord(z.enum(['USDT', 'USDC']), market),
    slippageSizesUsd: z.array(z.int().min(1).max(1_000_000_000)).max(8).optional(),
    timeoutMs: z.int().min(50).max(120_000),
    observeTimeoutMs: z.int().min(50).max(300_000),
    responseBytesMax: z.int().min(10_000).max(268_435_456),
  })
  .refine((config) => sourcesOf(config).every((each) => isPool(each) || config.venues[each.venue] !== undefined), {
    path: ['venues'],
    error: 'lacks a venue that a source names',
  })
  .refine(
    (config) => new Set(sourcesOf(config).map(settingsOf)).size === new Set(sourcesOf(config).map(sourceId)).size,
    {
      path: ['assets'],
      error: 'names one market with two different settings',
    },
  )
  .refine(({ marketAsset, assets }) => marketAsset === undefined || assets[marketAsset] !== undefined, {
    path: ['marketAsset'],
    error: 'is not one of the assets',
  })
  .refine((config) => config.timeoutMs <= config.observeTimeoutMs, {
    path: ['timeoutMs'],
    error: 'is longer than observeTimeoutMs, so no request could ever end by it',
  })
  .refine((config) => config.onChain !== undefined || !readsChain(config), {
    path: ['onChain'],
    error: 'is needed: a pool or a reference is read through its rpcUrl',
  })
  .refine((config) => sourcesOf(config).every(({ quote }) => quote === 'USD' || config.quotes[quote] !== undefined), {
    path: ['quotes'],
    error: 'lacks a stablecoin that a source is quoted in',
  })

/** How one asset is priced. */
export type MarketSources = {
  readonly sources: readonly Source[]
  readonly venuesMin: number
  readonly reference?:
    | { readonly address: string; readonly maxAgeSeconds: number; readonly deviationMaxBps?: number | undefined }
    | undefined
}

export type MarketConfig = {
  /** The venues in use. */
  readonly venues: Readonly<Partial<Record<VenueId, VenueConfig>>>
  /** Where pools and references are read; not necessarily the chain that the oracle reports to. */
  readonly onChain?: { readonly rpcUrl: string } | undefined
  readonly assets: Readonly<Record<string, MarketSources>>
  /** The asset whose volatility stands for the market's in every feature vector; see {@link marketAssetOf}. */
  readonly marketAsset?: string | undefined
  /** What converts prices in stablecoins; USDC's sources may be quoted in USDT, for USDT is priced first. */
  readonly quotes: Readonly<Partial<Record<'USDT' | 'USDC', MarketSources>>>
  /** Sizes in USD whose slippage is put into the metrics; 10 thousand, 100 thousand and a million when absent. */
  readonly slippageSizesUsd?: readonly number[] | undefined
  /** Of one request. */
  readonly timeoutMs: number
  /** Of all sources together: what has not come by then counts as silent. */
  readonly observeTimeoutMs: number
  readonly responseBytesMax: number
}

/** The asset that is named, or one that is Bitcoin, which the models were trained with; else none. All members should watch the same. */
export function marketAssetOf({
  marketAsset,
  assets,
}: Pick<MarketConfig, 'marketAsset' | 'assets'>): string | undefined {
  return marketAsset ?? ['BTC', 'WBTC', 'cbBTC', 'tBTC'].find((asset) => assets[asset] !== undefined)
}

/** All sources of a configuration; one that serves several assets appears as often. */
export function sourcesOf(config: Pick<MarketConfig, 'assets' | 'quotes'>): readonly Source[] {
  return marketsOf(config).flatMap(({ sources }) => sources)
}

/** A source with all that is configured of it, whatever the order it was written in. */
function settingsOf(source: Source): string {
  return JSON.stringify(Object.entries(source).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function readsChain(config: Pick<MarketConfig, 'assets' | 'quotes'>): boolean {
  return marketsOf(config).some(({ sources, reference }) => reference !== undefined || sources.some(isPool))
}

function marketsOf({ assets, quotes }: Pick<MarketConfig, 'assets' | 'quotes'>): readonly MarketSources[] {
  return [...Object.values(assets), ...Object.values(quotes)]
}
