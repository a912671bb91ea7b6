import fc from 'fast-check'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { type EwmaCoefficients, ewmaModel } from '../../models/baselines/ewma.ts'
import { type GarchModelCoefficients, garchModel } from '../../models/baselines/garch-window.ts'
import { type HarCoefficients, harModel } from '../../models/baselines/har.ts'
import { historicalModel } from '../../models/baselines/historical.ts'
import { type LogHarCoefficients, logHarModel } from '../../models/baselines/log-har.ts'
import { LOG_INPUTS } from '../../models/baselines/log-inputs.ts'
import { harOnnx } from '../../models/training/onnx/har.ts'
import { historicalOnnx } from '../../models/training/onnx/historical.ts'
import { logHarOnnx } from '../../models/training/onnx/log-har.ts'
import { ewmaOnnx, garchOnnx } from '../../models/training/onnx/variance.ts'
import { uniforms } from '../../models/training/trees/random.ts'
import { FEATURE_COUNT, FEATURE_SPEC_HASH } from '../../oracle-node/core/feature-spec.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import { endOf, walkBars } from './sample-bars.ts'

/** Floors and caps that some of the vectors below meet and most do not. */
export const LIMITS = {
  floor: [2e-3, 1e-4, 2e-4, -1, -1, -1, 1e-2, 1e-4, 2e-4, -1, -1, -1],
  cap: [1_000, 1, 1, 1, 1, 1, 1_000, 1, 1, 1, 1, 1],
} as const
/** Near what is fitted: annualised volatility, quantiles and shortfall of a day, then of an hour. */
export const MULTIPLIERS: readonly number[] = [19, 2.8, 3.7, 0.01, 1.2, 1.7, 93, 2.9, 4.1, -0.01, 1.1, 1.6]

const scaled = { multipliers: MULTIPLIERS, ...LIMITS }
const ewma: EwmaCoefficients = { decayPerDay: 0.55, ...scaled }
const garch: GarchModelCoefficients = { shape: { alpha: 0.06, gamma: 0, beta: 0.92 }, ...scaled }
const gjr: GarchModelCoefficients = { shape: { alpha: 0.04, gamma: 0.05, beta: 0.91 }, ...scaled }
const har: HarCoefficients = { weights: harWeights(), ...LIMITS }
export const LOG_HAR: LogHarCoefficients = { day: logHarEquation(1), hour: logHarEquation(2), ...scaled }

/** Every risk model both ways: its formula, and the bytes of its graph. */
export const RISK_MODELS = {
  ewma: { formula: ewmaModel('ewma', ewma), bytes: ewmaOnnx(ewma) },
  garch: { formula: garchModel('garch', garch), bytes: garchOnnx(garch) },
  gjr: { formula: garchModel('gjr', gjr), bytes: garchOnnx(gjr) },
  'har-quantile': { formula: harModel('har-quantile', har), bytes: harOnnx(har) },
  historical: { formula: historicalModel('historical', LIMITS), bytes: historicalOnnx(LIMITS) },
  'log-har': { formula: logHarModel('log-har', LOG_HAR), bytes: logHarOnnx(LOG_HAR) },
} as const

function harWeights(): Record<string, readonly number[]> {
  const uniform = uniforms(3)
  const names = ['realized_1h', 'realized_24h', 'realized_7d', 'parkinson_24h', 'downside_24h', 'market_fall_24h']
  return Object.fromEntries(names.map((name) => [name, MULTIPLIERS.map((each) => each * (uniform() - 0.2))]))
}

function logHarEquation(seed: number): LogHarCoefficients['day'] {
  const uniform = uniforms(seed)
  const weights = Object.fromEntries(LOG_INPUTS.map(({ name }) => [name, 0.4 * (uniform() - 0.2)]))
  return { intercept: -0.4, weights }
}

export function walkVector(parts: { stepRatio: number; seed: number; volume: number }): FeatureVector {
  const bars = walkBars({ count: 170, ...parts })
  const extraction = extractFeatures(bars, endOf(bars))
  if (!extraction.ok) throw new Error(extraction.detail)
  return extraction.features
}

/** Of every wildness, the first of them flat: what a node may see. */
export function walkVectors(count: number): FeatureVector[] {
  return Array.from({ length: count }, (_, seed) =>
    walkVector({ stepRatio: 0.0005 * (seed % 60), seed, volume: 1e4 * (seed + 1) }),
  )
}

/** Markets that stand still, walk or run, and numbers that no market has: nothing at all, and all of one size from 1e-30 to 1e30. */
export const anyVector: fc.Arbitrary<FeatureVector> = fc.oneof(
  fc
    .record({
      stepRatio: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.3, noNaN: true })),
      seed: fc.integer(),
      volume: fc.double({ min: 0, max: 1e10, noNaN: true }),
    })
    .map(walkVector),
  fc.record({ exponent: fc.integer({ min: -30, max: 30 }), seed: fc.integer({ min: 1 }) }).map(({ exponent, seed }) => {
    const uniform = uniforms(seed)
    const values = Array.from({ length: FEATURE_COUNT }, () => (2 * uniform() - 1) * 10 ** exponent)
    return { specHash: FEATURE_SPEC_HASH, values }
  }),
  fc.constant({ specHash: FEATURE_SPEC_HASH, values: new Array<number>(FEATURE_COUNT).fill(0) }),
)

/** A graph of this repository as a function of vectors, for outputs of any width; as the node runs it. */
export async function runner(bytes: Uint8Array): Promise<(vectors: readonly FeatureVector[]) => Promise<Float64Array>> {
  const session = await InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'basic',
  })
  return async (vectors) => {
    const input = Float64Array.from(vectors.flatMap(({ values }) => values))
    const { prediction } = await session.run({
      features: new Tensor('float64', input, [vectors.length, FEATURE_COUNT]),
    })
    if (!(prediction?.data instanceof Float64Array)) throw new Error('the graph gave no doubles')
    return prediction.data
  }
}
