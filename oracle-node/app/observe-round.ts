import type { Hex } from '../core/bytes.ts'
import { recordDepth } from '../core/depth.ts'
import { extractFeatures } from '../core/features.ts'
import { featuresHash } from '../core/features-hash.ts'
import { type FeedId, feedOf } from '../core/feed.ts'
import type { AssetMarket } from '../core/market.ts'
import type { Observation } from '../core/observation.ts'
import type { FeatureVector } from '../core/prediction.ts'
import type { RiskRecord } from '../core/record.ts'
import { scoreRisk } from '../core/score.ts'
import type { NodeIndex, UnixSeconds } from '../core/units.ts'
import type { DepthModel, RiskModel } from '../ports/model.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import { reportMarket } from './market-metrics.ts'
import type { MarketWatch } from './observe-markets.ts'

export type Observer = (round: number, now: UnixSeconds) => Promise<Observation | undefined>

type Judged = { readonly feed: FeedId; readonly features: FeatureVector; readonly record: RiskRecord }
type Abstained = { readonly reason: string; readonly detail: string }

/**
 * The way from the venues to one node's observation: ticks → features → models → score. An asset that can't be judged is left
 * out with its reason in the log and the metrics; without any asset there is no observation.
 */
export function roundObserver(options: {
  readonly node: NodeIndex
  readonly epoch: number
  readonly watch: MarketWatch
  /** Whose slippage goes into the metrics. */
  readonly slippageSizesUsd?: readonly number[] | undefined
  readonly risk: RiskModel
  readonly depth: DepthModel
  readonly modelSet: Hex
  readonly validForSeconds: number
  readonly telemetry: Telemetry
}): Observer {
  const { node, epoch, watch, modelSet, telemetry } = options
  return async (round, now) => {
    const seen = await watch(now)
    for (const { source, reason, detail } of seen.rejections) {
      telemetry.count('plimsoll_source_rejections_total', { source, reason })
      telemetry.log('warn', 'source-rejected', { round, source, reason, detail })
    }
    const abstain = (asset: string, { reason, detail }: Abstained): void => {
      telemetry.count('plimsoll_abstentions_total', { asset, reason })
      telemetry.log('warn', 'asset-abstained', { round, asset, reason, detail })
    }
    for (const { asset, reason, detail } of seen.abstentions) abstain(asset, { reason, detail })
    const judged: Judged[] = []
    for (const [asset, market] of seen.markets) {
      reportMarket(telemetry, asset, market, options.slippageSizesUsd)
      // One asset that a model fails on must not take the others with it.
      const outcome = await judge(asset, market, now, options).catch((error: unknown) => ({
        reason: 'model-failed',
        detail: String(error),
      }))
      if ('record' in outcome) judged.push(outcome)
      else abstain(asset, outcome)
    }
    if (judged.length === 0) return undefined
    judged.sort((a, b) => (a.feed < b.feed ? -1 : 1))
    const values = judged.map(({ feed, record }) => ({ feed, record }))
    return { epoch, round, node, observedAt: now, modelSet, featuresHash: featuresHash(judged), values }
  }
}

async function judge(
  asset: string,
  market: AssetMarket,
  now: UnixSeconds,
  { risk, depth, validForSeconds }: Parameters<typeof roundObserver>[0],
): Promise<Judged | Abstained> {
  const extracted = extractFeatures(market.bars, now)
  if (!extracted.ok) return extracted
  const { features } = extracted
  const modelled = await depth.predict(features)
  const scored = scoreRisk({
    prediction: await risk.predict(features),
    // What the books show now bounds what a model may promise for the day.
    depthUsd: market.depth === undefined ? modelled : Math.min(modelled, recordDepth(market.depth)),
    priceUsd: market.priceUsd,
    dispersion: market.dispersion,
    observedAt: now,
    validForSeconds,
  })
  return scored.ok ? { feed: feedOf(asset), features, record: scored.record } : scored
}
