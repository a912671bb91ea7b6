import { type Conformal, calibrated } from '../core/conformal.ts'
import { recordDepth } from '../core/depth.ts'
import type { FeatureExtraction } from '../core/features.ts'
import { type FeedId, feedOf } from '../core/feed.ts'
import type { AssetMarket } from '../core/market.ts'
import { guardFault, type ModelGuard } from '../core/model-guard.ts'
import type { FeatureVector, RiskPrediction } from '../core/prediction.ts'
import type { RiskRecord } from '../core/record.ts'
import { scoreRisk } from '../core/score.ts'
import type { UnixSeconds } from '../core/units.ts'
import type { DepthModel, RiskModel } from '../ports/model.ts'

/** Why an asset was not judged, or not by the models. */
export type Fault = { readonly reason: string; readonly detail: string }

export type Models = { readonly risk: Pick<RiskModel, 'predict'>; readonly depth: Pick<DepthModel, 'predict'> }

export type JudgeModels = Models & {
  /** What the models were trained on; without it no vector is held against that. */
  readonly guard?: ModelGuard | undefined
  /** Formulas that need few features; without them an asset that the models don't judge is left out. */
  readonly fallback?: Models | undefined
}

export type Judged = {
  readonly feed: FeedId
  readonly features: FeatureVector
  readonly record: RiskRecord
  /** What the models said, before the asset's own calibration; absent where the baseline judged. */
  readonly prediction: RiskPrediction | undefined
  /** Why the baseline judged the asset, where it did. */
  readonly fallback: Fault | undefined
}

export type AssetInput = {
  readonly asset: string
  readonly market: AssetMarket
  readonly extracted: FeatureExtraction
  /** How far the asset's tail forecasts are stretched. The baseline's never less than it says: it has no record of its own. */
  readonly calibration: Conformal
  /** The asset that stands for the market is not known now, and this is not it. */
  readonly noMarket: boolean
  readonly now: UnixSeconds
  readonly validForSeconds: number
}

const NO_MARKET: Fault = { reason: 'no-market', detail: 'the asset that stands for the market was not seen for hours' }

/** One asset's record: by the models, or by the baseline where the models must not or cannot judge it. */
export async function judgeAsset(
  input: AssetInput,
  { risk, depth, guard, fallback }: JudgeModels,
): Promise<Judged | Fault> {
  const { asset, extracted, calibration } = input
  if (!extracted.ok) return extracted
  const { features } = extracted
  const feed = feedOf(asset)
  const fault = input.noMarket ? NO_MARKET : guard && guardFault(features, guard)
  const first = fault ?? (await recordBy({ risk, depth }, input, features, calibration))
  if ('record' in first) return { feed, features, ...first, fallback: undefined }
  if (fallback === undefined) return first
  const cautious = { lnMultiplier: Math.max(0, calibration.lnMultiplier) }
  const second = await recordBy(fallback, input, features, cautious)
  if ('record' in second) return { feed, features, record: second.record, prediction: undefined, fallback: first }
  return { reason: second.reason, detail: `${second.detail}; before the baseline, ${first.reason}: ${first.detail}` }
}

/** What a pair of models makes of an asset. One that a model fails on must not take the others with it. */
async function recordBy(
  { risk, depth }: Models,
  { market, now, validForSeconds }: AssetInput,
  features: FeatureVector,
  calibration: Conformal,
): Promise<{ readonly record: RiskRecord; readonly prediction: RiskPrediction } | Fault> {
  try {
    const modelled = await depth.predict(features)
    const prediction = await risk.predict(features)
    const scored = scoreRisk({
      prediction: calibrated(prediction, calibration),
      // What the books show now bounds what a model may promise for the day.
      depthUsd: market.depth === undefined ? modelled : Math.min(modelled, recordDepth(market.depth)),
      priceUsd: market.priceUsd,
      dispersion: market.dispersion,
      observedAt: now,
      validForSeconds,
    })
    return scored.ok ? { record: scored.record, prediction } : scored
  } catch (error) {
    return { reason: 'model-failed', detail: String(error) }
  }
}
