import type { Hex } from '../core/bytes.ts'
import { NEUTRAL } from '../core/conformal.ts'
import { extractFeatures, type FeatureExtraction } from '../core/features.ts'
import { featuresHash } from '../core/features-hash.ts'
import { assetOf } from '../core/feed.ts'
import type { AssetMarket } from '../core/market.ts'
import { fallbackBits, type Observation } from '../core/observation.ts'
import type { FeatureVector } from '../core/prediction.ts'
import { type NodeIndex, SECONDS_PER_HOUR, type UnixSeconds } from '../core/units.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import type { Calibrations } from './calibrations.ts'
import type { JudgedAsset } from './explain.ts'
import { type Fault, type Judged, type JudgeModels, judgeAsset } from './judge-asset.ts'
import { reportMarket } from './market-metrics.ts'
import type { MarketsSeen, MarketWatch } from './observe-markets.ts'

export type Observer = (round: number, now: UnixSeconds) => Promise<Observation | undefined>

export type ObserverOptions = JudgeModels & {
  readonly node: NodeIndex
  readonly epoch: number
  readonly watch: MarketWatch
  /** The asset that stands for the market in the others' features; without one each is its own market. */
  readonly marketAsset?: string | undefined
  /** Whose slippage goes into the metrics. */
  readonly slippageSizesUsd?: readonly number[] | undefined
  /** Each asset's own stretch of its tail forecasts; without it nothing is stretched. */
  readonly calibrations?: Calibrations | undefined
  /** What is known of the use of an asset's reserve, 0 to 1. */
  readonly utilisation?: ((asset: string) => number | undefined) | undefined
  /** Told of what the models judged, once a round; the baseline's assets are left out, since the models did not judge them. */
  readonly onJudged?: ((round: number, judged: readonly JudgedAsset[]) => void) | undefined
  readonly modelSet: Hex
  readonly validForSeconds: number
  readonly telemetry: Telemetry
}

/**
 * The way from the venues to one node's observation: ticks → features → models → score. An asset that the models must not or cannot judge
 * goes to the baseline, and the observation says so; one that can't be judged at all is left out. Each with its reason in the log and
 * the metrics; without any asset there is no observation.
 */
export function roundObserver(options: ObserverOptions): Observer {
  const { node, epoch, watch, modelSet, telemetry } = options
  const marketMemory: MarketMemory = { last: undefined }
  return async (round, now) => {
    const seen = await watch(now)
    for (const { source, reason, detail } of seen.rejections) {
      telemetry.count('plimsoll_source_rejections_total', { source, reason })
      telemetry.log('warn', 'source-rejected', { round, source, reason, detail })
    }
    for (const abstention of seen.abstentions) reportAbstention(telemetry, { round, ...abstention })
    const judged = await judgeAll(seen, { round, now, marketMemory }, options)
    if (judged.length === 0) return undefined
    judged.sort((a, b) => (a.feed < b.feed ? -1 : 1))
    const byModels = judged.filter(({ fallback }) => fallback === undefined)
    options.onJudged?.(
      round,
      byModels.map(({ feed, features }) => ({ asset: assetOf(feed), features, time: now })),
    )
    const values = judged.map(({ feed, record }) => ({ feed, record }))
    const fallbacks = fallbackBits(judged.map(({ fallback }) => fallback !== undefined))
    return { epoch, round, node, observedAt: now, modelSet, featuresHash: featuresHash(judged), fallbacks, values }
  }
}

/** Every asset that can be judged, one after another; the others are named. */
async function judgeAll(
  seen: MarketsSeen,
  {
    round,
    now,
    marketMemory,
  }: { readonly round: number; readonly now: UnixSeconds; readonly marketMemory: MarketMemory },
  options: ObserverOptions,
): Promise<Judged[]> {
  const { telemetry, validForSeconds, calibrations } = options
  const judged: Judged[] = []
  for (const [asset, { market, extracted, noMarket }] of featuresOf(seen, now, marketMemory, options)) {
    reportMarket(telemetry, asset, market, options.slippageSizesUsd)
    const calibration = calibrations?.of(asset) ?? NEUTRAL
    const outcome = await judgeAsset({ asset, market, extracted, calibration, noMarket, now, validForSeconds }, options)
    if (!('record' in outcome)) {
      reportAbstention(telemetry, { round, asset, ...outcome })
      continue
    }
    judged.push(outcome)
    if (outcome.fallback !== undefined) reportFallback(telemetry, { round, asset, ...outcome.fallback })
    else if (extracted.ok && outcome.prediction) calibrations?.follow(asset, extracted, outcome.prediction)
  }
  return judged
}

type NamedFault = Fault & { readonly asset: string; readonly round: number }

function reportAbstention(telemetry: Telemetry, { round, asset, reason, detail }: NamedFault): void {
  telemetry.count('plimsoll_abstentions_total', { asset, reason })
  telemetry.log('warn', 'asset-abstained', { round, asset, reason, detail })
}

function reportFallback(telemetry: Telemetry, { round, asset, reason, detail }: NamedFault): void {
  telemetry.count('plimsoll_fallbacks_total', { asset, reason })
  telemetry.log('warn', 'asset-fallback', { round, asset, reason, detail })
}

/** A market vector this old still tells more than none: volatilities of a day and a week move slowly. */
const MARKET_AGE_MAX_SECONDS = 6 * SECONDS_PER_HOUR
/** The market's newest vector: kept so that an hour in which its venues fail does not move every other asset's forecast. */
type MarketMemory = { last: { readonly features: FeatureVector; readonly end: UnixSeconds } | undefined }

type Prepared = { readonly market: AssetMarket; readonly extracted: FeatureExtraction; readonly noMarket: boolean }

/** Every asset's features: the market's own first, for they are part of all the others'. */
function featuresOf(
  { markets, quoteRates }: MarketsSeen,
  now: UnixSeconds,
  memory: MarketMemory,
  { marketAsset, utilisation }: ObserverOptions,
): ReadonlyMap<string, Prepared> {
  const contextOf = (asset: string, { depth, dispersion }: AssetMarket) => ({
    depth,
    dispersion,
    quoteRates,
    utilisation: utilisation?.(asset),
  })
  const own = marketAsset === undefined ? undefined : markets.get(marketAsset)
  const first =
    own === undefined || marketAsset === undefined
      ? undefined
      : extractFeatures(own.bars, now, contextOf(marketAsset, own))
  if (first?.ok) memory.last = first
  const market =
    memory.last !== undefined && now - memory.last.end <= MARKET_AGE_MAX_SECONDS ? memory.last.features : undefined
  const prepared = [...markets].map(([asset, seen]): [string, Prepared] => {
    const extracted =
      asset === marketAsset && first !== undefined
        ? first
        : extractFeatures(seen.bars, now, { ...contextOf(asset, seen), market })
    const noMarket = marketAsset !== undefined && asset !== marketAsset && market === undefined
    return [asset, { market: seen, extracted, noMarket }]
  })
  return new Map(prepared)
}
