import { assessMarket, type MarketAbstention, type SourceRejection } from '../core/assess-market.ts'
import { checkReference } from '../core/check-reference.ts'
import type { QuoteRates } from '../core/consolidate.ts'
import { type AssetMarket, isPool, type MarketTick, type Rejection, type Source, sourceId } from '../core/market.ts'
import { parsePool } from '../core/pools/read-pool.ts'
import { parseReference, type Reference } from '../core/reference.ts'
import { type ParsedTick, parseTick } from '../core/tick.ts'
import type { UnixSeconds } from '../core/units.ts'
import type { MarketSource } from '../ports/market-source.ts'
import type { ReferenceFeed } from '../ports/reference-feed.ts'
import { type MarketConfig, type MarketSources, sourcesOf } from './market-config.ts'

/** All assets at one time. Every source that was not used is named once, with its reason. */
export type MarketsSeen = {
  readonly markets: ReadonlyMap<string, AssetMarket>
  readonly abstentions: ReadonlyArray<{
    /** An asset, or `quote:` and a stablecoin that prices cannot be converted from now. */
    readonly asset: string
    readonly reason: MarketAbstention
    readonly detail: string
  }>
  readonly rejections: readonly SourceRejection[]
  /** The clean data of each source, one each however many assets it serves. */
  readonly ticks: readonly MarketTick[]
  /** USD of one unit of each stablecoin that prices were converted from. */
  readonly quoteRates: readonly number[]
}

export type MarketWatch = (now: UnixSeconds) => Promise<MarketsSeen>

/** What a watch asks. References are needed only where the configuration names one. */
export type MarketMakers = {
  source(source: Source): MarketSource
  reference?(address: string): ReferenceFeed
}

type Seen = {
  readonly ticks: ReadonlyMap<string, MarketTick>
  readonly references: ReadonlyMap<string, Reference>
  readonly rejections: Map<string, SourceRejection>
}

/**
 * Asks every source and reference of the configuration at once, each once however many assets it serves, and assesses each asset:
 * first the stablecoins that others are quoted in, then the assets. Never throws for what a venue does; ends within `observeTimeoutMs`.
 */
export function marketWatch(config: MarketConfig, make: MarketMakers): MarketWatch {
  const distinct = new Map(sourcesOf(config).map((source) => [sourceId(source), make.source(source)]))
  const references = new Map(referencesOf(config).map(({ id, address }) => [id, make.reference?.(address)]))
  const timeoutMs = config.observeTimeoutMs
  return async (now) => {
    const seen = { ticks: new Map(), references: new Map(), rejections: new Map() }
    const reject = (source: string, { reason, detail }: Failure): void => {
      seen.rejections.set(source, { source, reason, detail })
    }
    const asked = [...distinct].map(async ([id, source]) => {
      const parsed = await tickOf(source, now, timeoutMs)
      if (parsed.ok) seen.ticks.set(id, parsed.tick)
      else reject(id, parsed)
    })
    const compared = referencesOf(config).map(async ({ id, asset, maxAgeSeconds }) => {
      const feed = references.get(id)
      const fetched = feed === undefined ? NO_READER : await within(feed.fetch(), timeoutMs)
      const parsed = fetched.ok ? parseReference(fetched.raw, now, maxAgeSeconds) : fetched
      if (parsed.ok) seen.references.set(asset, parsed.reference)
      else reject(id, parsed)
    })
    await Promise.all([...asked, ...compared])
    return assessAll(config, seen, now)
  }
}

type Failure = { readonly ok: false; readonly reason: Rejection; readonly detail: string }
const NO_READER: Failure = { ok: false, reason: 'unreachable', detail: 'nothing here reads references' }

type NamedReference = {
  readonly id: string
  readonly asset: string
  readonly address: string
  readonly maxAgeSeconds: number
}

function referencesOf({ assets }: MarketConfig): readonly NamedReference[] {
  return Object.entries(assets).flatMap(([asset, { reference }]) =>
    reference === undefined ? [] : [{ id: `reference:${asset}`, asset, ...reference }],
  )
}

async function tickOf(source: MarketSource, now: UnixSeconds, timeoutMs: number): Promise<ParsedTick> {
  const fetched = await within(source.fetch(now), timeoutMs)
  if (!fetched.ok) return fetched
  const { raw } = fetched
  return isPool(source.source)
    ? parsePool({ source: source.source, raw, now })
    : parseTick({ source: source.source, raw, now })
}

async function within<T>(fetching: Promise<T>, timeoutMs: number): Promise<T | Failure> {
  const { promise, resolve } = Promise.withResolvers<Failure>()
  const timer = setTimeout(
    () => resolve({ ok: false, reason: 'timeout', detail: `no answer within ${timeoutMs} ms` }),
    timeoutMs,
  )
  try {
    return await Promise.race([fetching, promise])
  } finally {
    clearTimeout(timer)
  }
}

function assessAll(config: MarketConfig, { ticks, references, rejections }: Seen, now: UnixSeconds): MarketsSeen {
  const markets = new Map<string, AssetMarket>()
  const abstentions: MarketsSeen['abstentions'][number][] = []
  const assess = (asset: string, { sources, venuesMin }: MarketSources, rates: QuoteRates): AssetMarket | undefined => {
    const own = sources.map((source) => ticks.get(sourceId(source))).filter((tick) => tick !== undefined)
    const assessment = assessMarket({ asset, ticks: own, rates, venuesMin, now })
    for (const rejection of assessment.rejections) rejections.set(rejection.source, rejection)
    if (assessment.ok) return assessment.market
    abstentions.push({ asset, reason: assessment.reason, detail: assessment.detail })
    return undefined
  }
  let rates: QuoteRates = {}
  for (const quote of ['USDT', 'USDC'] as const) {
    const sources = config.quotes[quote]
    const market = sources && assess(`quote:${quote}`, sources, rates)
    if (market !== undefined) rates = { ...rates, [quote]: { now: market.priceUsd, bars: market.bars } }
  }
  for (const [asset, sources] of Object.entries(config.assets)) {
    const market = assess(asset, sources, rates)
    if (market === undefined) continue
    const reference = references.get(asset)
    const checked =
      reference === undefined
        ? { ok: true as const, market }
        : checkReference(asset, market, reference, sources.reference?.deviationMaxBps)
    if (checked.ok) markets.set(asset, checked.market)
    else abstentions.push({ asset, reason: checked.reason, detail: checked.detail })
  }
  const named = [...rejections.values()].sort((a, b) => (a.source < b.source ? -1 : 1))
  const quoteRates = Object.values(rates).map(({ now: rate }) => rate)
  return { markets, abstentions, rejections: named, ticks: [...ticks.values()], quoteRates }
}
