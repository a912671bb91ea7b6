import { FEATURE_SPEC_JSON } from '../../oracle-node/core/feature-spec.ts'
import type { ModelGuard } from '../../oracle-node/core/model-guard.ts'
import { predictionOf } from '../../oracle-node/core/prediction.ts'
import type { DepthCoefficients } from '../baselines/depth.ts'
import { LOG_INPUTS, logInputs } from '../baselines/log-inputs.ts'
import { bookShare, calibrateDepth, type DepthPoint, depthPoints, type PoolYear, poolYears } from './calibrate-depth.ts'
import { depthCard, volatilityCard } from './card.ts'
import { fitMlpModel } from './challengers/fit-mlp.ts'
import { logHarTrees } from './challengers/log-har-trees.ts'
import { growTreesModel, treesRisk } from './challengers/trees.ts'
import { barsOf, marketFeatures, type Sample, samplesOf } from './dataset.ts'
import { type AssetMetrics, evaluateAssets, evaluatePooled, type Forecaster, type PooledMetrics } from './evaluate.ts'
import { fitGuard } from './fit-guard.ts'
import { trainingManifest } from './manifest.ts'
import { depthOnnx } from './onnx/depth.ts'
import { registryJson } from './registry.ts'
import { type FittedRisk, fitRiskModels, type RiskModels } from './risk-models.ts'
import { NOT_FITTED, STEP_HOURS } from './samples.ts'
import { EMBARGO_SECONDS, HORIZON_SECONDS, MARKET_SERIES, SERIES, TEST_START, VALIDATION_START } from './series.ts'
import { type Part, splitByTime } from './split.ts'

export type Trained = {
  readonly risk: RiskModels
  /** Every risk model of the registry: {@link risk}'s, and the challengers that were fitted upon log-HAR. */
  readonly models: readonly FittedRisk[]
  readonly depth: DepthCoefficients
  readonly depthPoints: readonly DepthPoint[]
  readonly bookShare: number
  readonly poolYears: readonly PoolYear[]
  readonly guard: ModelGuard
  /** A volatile asset's vector in the midst of the training data: predictions are explained by how they differ from it. */
  readonly reference: readonly number[]
  readonly assets: readonly AssetMetrics[]
  readonly pooled: readonly PooledMetrics[]
  readonly counts: Readonly<Record<Part, number>>
}

/** Called as the work goes on, with steps done of all. */
export type Progress = (done: number, total: number, what: string) => void

/** Of every series, with the market's features, through the live node's own code. @throws {Error} when a recording is absent. */
function trainingSamples(dataFolder: string, progress: Progress, total: number): Sample[] {
  const marketAt = marketFeatures(MARKET_SERIES.flatMap((series) => barsOf(series, dataFolder)))
  return SERIES.flatMap((series, index) => {
    progress(index, total, `features of ${series.asset}`)
    return samplesOf(series, barsOf(series, dataFolder), STEP_HOURS, marketAt)
  })
}

/**
 * From recordings to every file that training makes, in memory, by path under the models folder (the manifest's is under data/manifests).
 * The same input gives the same bytes: on every machine but for the network, whose library calls the machine's own exponential (the same bits on
 * every kind of processor that was tried).
 * @param codeCommit the commit of the code that trains, for the registry.
 * @throws {Error} when a recording is absent or not a candle file.
 */
export async function trainModels(
  dataFolder: string,
  progress: Progress,
  codeCommit: string,
): Promise<{ files: Map<string, Uint8Array>; trained: Trained }> {
  const total = SERIES.length + 4
  const manifest = trainingManifest(dataFolder)
  const samples = trainingSamples(dataFolder, progress, total)
  progress(SERIES.length, total, 'fitting')
  const trained = await fitAndEvaluate(dataFolder, samples, (step, what) => progress(SERIES.length + step, total, what))
  const depth = depthOnnx(trained.depth)
  const parts = { trained, depthOnnx: depth, manifest, codeCommit }
  const text = (content: string): Uint8Array => new TextEncoder().encode(content)
  const files = new Map<string, Uint8Array>([
    ...trained.models.map(({ id, onnx }) => [`volatility/${id}.onnx`, onnx] as const),
    ['liquidity/depth.onnx', depth],
    ['feature-spec.json', text(FEATURE_SPEC_JSON)],
    ['training-manifest.json', text(manifest)],
    ['registry.json', text(registryJson(parts))],
    ['volatility/card.md', text(volatilityCard(parts))],
    ['liquidity/card.md', text(depthCard(parts))],
  ])
  progress(total, total, 'done')
  return { files, trained }
}

async function fitAndEvaluate(
  dataFolder: string,
  samples: readonly Sample[],
  progress: (step: number, what: string) => void,
): Promise<Trained> {
  const parts = splitByTime(samples, {
    validationStart: VALIDATION_START,
    testStart: TEST_START,
    horizonSeconds: HORIZON_SECONDS,
    embargoSeconds: EMBARGO_SECONDS,
  })
  const fitted = parts.train.filter((sample) => !NOT_FITTED.has(sample.asset))
  const risk = fitRiskModels(fitted)
  progress(1, 'fitting challengers')
  const trees = growTreesModel(fitted, risk.limits, risk.logHar)
  const models: readonly FittedRisk[] = [
    logHarTrees(risk.logHar, trees),
    ...risk.models,
    treesRisk(trees),
    await fitMlpModel(fitted, risk.limits, risk.logHar),
  ]
  const points = depthPoints(dataFolder, samples)
  const share = bookShare(dataFolder)
  const depth = calibrateDepth({ points, train: fitted, bookShare: share })
  progress(2, 'evaluating')
  const forecasters = models.map(
    ({ id, outputs }): Forecaster => ({ id, predict: (values) => predictionOf(outputs(values)) }),
  )
  const evaluated = (['validation', 'test'] as const).flatMap((part) =>
    forecasters.map((model) => ({ model, part, samples: parts[part] })),
  )
  const assets = evaluated.flatMap(({ model, part, samples: own }) => evaluateAssets(model, part, own))
  const pooled = evaluated.flatMap(({ model, part, samples: own }) =>
    (['volatile', 'stable'] as const).flatMap((kind) => {
      const ofKind = own.filter((sample) => sample.kind === kind && !NOT_FITTED.has(sample.asset))
      return evaluatePooled(model, part, kind, ofKind)
    }),
  )
  const ust = parts.train.filter((sample) => NOT_FITTED.has(sample.asset))
  const unfitted = forecasters.flatMap((model) => evaluateAssets(model, 'not fitted', ust))
  progress(3, 'writing')
  const counts = { train: parts.train.length, validation: parts.validation.length, test: parts.test.length }
  return {
    risk,
    models,
    depth,
    depthPoints: points,
    bookShare: share,
    poolYears: poolYears(dataFolder, depth.lowQuantileShare),
    guard: fitGuard(fitted),
    reference: referenceOf(fitted),
    assets: [...assets, ...unfitted],
    pooled,
    counts,
  }
}

/**
 * The volatile sample that lies nearest to the middle of all in the inputs of log-HAR, each in units of its own spread; the earlier of equals. A
 * mean of vectors would be no vector: its returns would be a market that stands still.
 */
function referenceOf(train: readonly Sample[]): readonly number[] {
  const volatile = train.filter(({ kind }) => kind === 'volatile')
  const inputs = volatile.map(({ features }) => logInputs(features))
  const middles = LOG_INPUTS.map((_, place) => {
    const sorted = Float64Array.from(inputs, (each) => each[place] ?? Number.NaN).sort()
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
    return { middle: at(0.5), spread: Math.max(at(0.75) - at(0.25), Number.EPSILON) }
  })
  let nearest = { distance: Number.POSITIVE_INFINITY, index: 0 }
  for (const [index, each] of inputs.entries()) {
    const distance = middles.reduce((sum, { middle, spread }, place) => {
      const away = ((each[place] ?? Number.NaN) - middle) / spread
      return sum + away * away
    }, 0)
    if (distance < nearest.distance) nearest = { distance, index }
  }
  return volatile[nearest.index]?.features ?? []
}
