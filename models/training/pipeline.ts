import { combinePredictions } from '../../oracle-node/core/combine-predictions.ts'
import { FEATURE_SPEC_JSON } from '../../oracle-node/core/feature-spec.ts'
import type { RiskPrediction } from '../../oracle-node/core/prediction.ts'
import type { DepthCoefficients } from '../baselines/depth.ts'
import { type EwmaCoefficients, ewmaPrediction, ewmaSigma, ewmaWeights } from '../baselines/ewma.ts'
import { type HarCoefficients, harPrediction } from '../baselines/har.ts'
import { historicalPrediction } from '../baselines/historical.ts'
import { DAYS_ROOT } from '../baselines/outputs.ts'
import { bookShare, calibrateDepth, type DepthPoint, depthPoints } from './calibrate-depth.ts'
import { depthCard, volatilityCard } from './card.ts'
import { barsOf, type Sample, samplesOf } from './dataset.ts'
import { type AssetMetrics, evaluateAssets, evaluatePooled, type Forecaster, type PooledMetrics } from './evaluate.ts'
import { depthOnnx, ewmaOnnx, harOnnx } from './export-onnx.ts'
import { fitEwma, fitHar, fitLimits } from './fit-risk.ts'
import { trainingManifest } from './manifest.ts'
import { registryJson } from './registry.ts'
import { EMBARGO_SECONDS, HORIZON_SECONDS, SERIES, TEST_START, VALIDATION_START } from './series.ts'
import { type Part, splitByTime } from './split.ts'

/** Samples of one asset overlap in 18 of 24 hours of label: more would add time and little knowledge. */
const STEP_HOURS = 6
/** A peg that died: no return before it told of it, and its losses would set every mean. Shown in the card, not fitted. */
const NOT_FITTED = new Set(['UST'])

export type Trained = {
  readonly har: HarCoefficients
  readonly ewma: EwmaCoefficients
  readonly depth: DepthCoefficients
  readonly depthPoints: readonly DepthPoint[]
  readonly bookShare: number
  readonly assets: readonly AssetMetrics[]
  readonly pooled: readonly PooledMetrics[]
  readonly counts: Readonly<Record<Part, number>>
}

/** Called as the work goes on, with steps done of all. */
export type Progress = (done: number, total: number, what: string) => void

/**
 * From recordings to every file that training makes, in memory, by path under the models folder (the manifest's is under data/manifests).
 * The same input gives the same bytes on every machine.
 * @throws {Error} when a recording is absent or not a candle file.
 */
export function trainModels(
  dataFolder: string,
  progress: Progress,
): { files: Map<string, Uint8Array>; trained: Trained } {
  const total = SERIES.length + 3
  const manifest = trainingManifest(dataFolder)
  const samples = SERIES.flatMap((series, index) => {
    progress(index, total, `features of ${series.asset}`)
    return samplesOf(series, barsOf(series, dataFolder), STEP_HOURS)
  })
  progress(SERIES.length, total, 'fitting')
  const trained = fitAndEvaluate(dataFolder, samples, (step, what) => progress(SERIES.length + step, total, what))
  const onnx = { ewma: ewmaOnnx(trained.ewma), har: harOnnx(trained.har), depth: depthOnnx(trained.depth) }
  const text = (content: string): Uint8Array => new TextEncoder().encode(content)
  const files = new Map<string, Uint8Array>([
    ['volatility/ewma.onnx', onnx.ewma],
    ['volatility/har-quantile.onnx', onnx.har],
    ['liquidity/depth.onnx', onnx.depth],
    ['feature-spec.json', text(FEATURE_SPEC_JSON)],
    ['training-manifest.json', text(manifest)],
    ['registry.json', text(registryJson({ trained, onnx, manifest }))],
    ['volatility/card.md', text(volatilityCard({ trained, onnx, manifest }))],
    ['liquidity/card.md', text(depthCard({ trained, onnx, manifest }))],
  ])
  progress(total, total, 'done')
  return { files, trained }
}

function fitAndEvaluate(
  dataFolder: string,
  samples: readonly Sample[],
  progress: (step: number, what: string) => void,
): Trained {
  const parts = splitByTime(samples, {
    validationStart: VALIDATION_START,
    testStart: TEST_START,
    horizonSeconds: HORIZON_SECONDS,
    embargoSeconds: EMBARGO_SECONDS,
  })
  const fitted = parts.train.filter((sample) => !NOT_FITTED.has(sample.asset))
  const limits = fitLimits(fitted)
  const har = fitHar(fitted, limits)
  const ewma = fitEwma(fitted, limits)
  const points = depthPoints(dataFolder, samples)
  const share = bookShare(dataFolder)
  const depth = calibrateDepth({ points, train: fitted, bookShare: share })
  progress(1, 'evaluating')
  const forecasters = forecastersOf(har, ewma)
  const evaluated = (['train', 'validation', 'test'] as const).flatMap((part) =>
    forecasters.map((model) => ({ model, part, samples: parts[part] })),
  )
  const assets = evaluated.flatMap(({ model, part, samples: own }) => evaluateAssets(model, part, own))
  const pooled = evaluated.flatMap(({ model, part, samples: own }) =>
    (['volatile', 'stable'] as const).flatMap((kind) => {
      const ofKind = own.filter((sample) => sample.kind === kind && !NOT_FITTED.has(sample.asset))
      return evaluatePooled(model, part, kind, ofKind)
    }),
  )
  progress(2, 'writing')
  const counts = { train: parts.train.length, validation: parts.validation.length, test: parts.test.length }
  return { har, ewma, depth, depthPoints: points, bookShare: share, assets, pooled, counts }
}

/** The models that ship, their mean, and three that need no fit. */
function forecastersOf(har: HarCoefficients, ewma: EwmaCoefficients): Forecaster[] {
  const weights = ewmaWeights(ewma.decayPerDay)
  const riskMetrics = ewmaWeights(0.94)
  const byEwma = (values: readonly number[]): RiskPrediction => ewmaPrediction(ewmaSigma(values, weights), ewma)
  const byHar = (values: readonly number[]): RiskPrediction => harPrediction(values, har)
  return [
    { id: 'mean(ewma, har-quantile)', predict: (values) => combinePredictions([byEwma(values), byHar(values)]) },
    { id: 'ewma', predict: byEwma },
    { id: 'har-quantile', predict: byHar },
    { id: 'EWMA(.94), normal', predict: (values) => normalPrediction(ewmaSigma(values, riskMetrics)) },
    { id: 'historical, 7 days', predict: (values) => aboveZero(historicalPrediction(values)) },
  ]
}

/** Quantile and tail mean of the standard normal at 99 %: 2.326348 and 2.665214. */
function normalPrediction(sigma: number): RiskPrediction {
  const clean = Math.max(sigma, 1e-5)
  return aboveZero({
    volatility: clean * DAYS_ROOT,
    valueAtRisk99: Math.min(1, 2.326348 * clean),
    expectedShortfall99: Math.min(1, 2.665214 * clean),
  })
}

/** The losses that rank models need positive forecasts; a baseline that says zero is read as one thousandth of a basis point. */
function aboveZero(prediction: RiskPrediction): RiskPrediction {
  return {
    volatility: Math.max(prediction.volatility, 1e-4),
    valueAtRisk99: Math.max(prediction.valueAtRisk99, 1e-7),
    expectedShortfall99: Math.max(prediction.expectedShortfall99, 1e-7),
  }
}
