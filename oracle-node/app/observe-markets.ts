import { assessMarket, type MarketAbstention, type SourceRejection } from '../core/assess-market.ts'
import type { QuoteRates } from '../core/consolidate.ts'
import { type AssetMarket, type MarketTick, type Source, sourceId } from '../core/market.ts'
import { type ParsedTick, parseTick } from '../core/tick.ts'
import type { UnixSeconds } from '../core/units.ts'
import type { MarketFetch, MarketSource } from '../ports/market-source.ts'
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
}

export type MarketWatch = (now: UnixSeconds) => Promise<MarketsSeen>

/**
 * Asks every source of the configuration at once, each once however many assets it serves, and assesses each asset: first the
 * stablecoins that others are quoted in, then the assets. Never throws for what a venue does; ends within `observeTimeoutMs`.
 */
export function marketWatch(config: MarketConfig, makeSource: (source: Source) => MarketSource): MarketWatch {
  const distinct = new Map(sourcesOf(config).map((source) => [sourceId(source), makeSource(source)]))
  return async (now) => {
    const ticks = new Map<string, MarketTick>()
    const rejections = new Map<string, SourceRejection>()
    await Promise.all(
      [...distinct].map(async ([id, source]) => {
        const parsed = await tickOf(source, now, config.observeTimeoutMs)
        if (parsed.ok) ticks.set(id, parsed.tick)
        else rejections.set(id, { source: id, reason: parsed.reason, detail: parsed.detail })
      }),
    )
    return assessAll(config, ticks, rejections, now)
  }
}

async function tickOf(source: MarketSource, now: UnixSeconds, timeoutMs: number): Promise<ParsedTick> {
  const fetched = await within(source.fetch(now), timeoutMs)
  return fetched.ok ? parseTick({ source: source.source, raw: fetched.raw, now }) : fetched
}

async function within(fetching: Promise<MarketFetch>, timeoutMs: number): Promise<MarketFetch> {
  const { promise, resolve } = Promise.withResolvers<MarketFetch>()
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

function assessAll(
  config: MarketConfig,
  ticks: ReadonlyMap<string, MarketTick>,
  rejections: Map<string, SourceRejection>,
  now: UnixSeconds,
): MarketsSeen {
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
    if (market !== undefined) markets.set(asset, market)
  }
  const named = [...rejections.values()].sort((a, b) => (a.source < b.source ? -1 : 1))
  return { markets, abstentions, rejections: named }
}
