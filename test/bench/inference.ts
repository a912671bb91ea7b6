import { cpus } from 'node:os'
import { depthModel } from '../../models/baselines/depth.ts'
import { depthOnnx } from '../../models/training/onnx/depth.ts'
import { onnxDepthModel, onnxRiskModel } from '../../oracle-node/adapters/onnx-model.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import { quantile } from '../../oracle-node/core/stats.ts'
import { RISK_MODELS, walkVectors } from '../models/onnx-samples.ts'

/*
 * `npm run bench -- inference [--json]`: what a prediction costs, from a checked feature vector to numbers in the port's shape, one vector at
 * a time and a thousand in a batch, on one core. The peer is the same formula in TypeScript. The sizes of a model's graph decide, not its
 * coefficients, so the figures hold for any fit.
 */

const VECTORS = 1_000
const CALLS = 20_000
const BATCHES = 200
/** Of both: until the compiler and the runtime's memory have settled. */
const WARM_SHARE = 0.25

type Predicts = {
  predict(features: FeatureVector): Promise<unknown>
  predictBatch(vectors: readonly FeatureVector[]): Promise<readonly unknown[]>
}

/** A model to be timed: the graph's bytes, opened as the node opens them, and what it is compared with, where there is such a thing. */
export type TimedModel = {
  readonly id: string
  readonly kind: 'risk' | 'liquidity'
  readonly bytes: Uint8Array
  readonly peer?: Predicts
}

export type Timing = {
  readonly perAssetMicroseconds: { readonly p50: number; readonly p99: number }
  readonly batch1000Milliseconds: { readonly p50: number }
}

export type InferenceFigures = Readonly<Record<string, Timing & { readonly bytes: number; readonly peer?: Timing }>>

/** By model id. */
export async function benchInference(models: readonly TimedModel[] = sampleModels()): Promise<InferenceFigures> {
  const vectors = walkVectors(VECTORS)
  const figures: Record<string, InferenceFigures[string]> = {}
  for (const { id, kind, bytes, peer } of models) {
    const model = await (kind === 'risk' ? onnxRiskModel(id, bytes) : onnxDepthModel(id, bytes))
    const timing = { bytes: bytes.length, ...(await timed(model, vectors)) }
    figures[id] = peer === undefined ? timing : { ...timing, peer: await timed(peer, vectors) }
  }
  return figures
}

async function timed(model: Predicts, vectors: readonly FeatureVector[]): Promise<Timing> {
  const calls = await milliseconds(CALLS, (call) => {
    const features = vectors[call % vectors.length]
    if (features === undefined) throw new Error('there are vectors')
    return model.predict(features)
  })
  const batches = await milliseconds(BATCHES, () => model.predictBatch(vectors))
  const at = (values: readonly number[], level: number, scale: number): number =>
    Number((scale * quantile(values, level)).toPrecision(3))
  return {
    perAssetMicroseconds: { p50: at(calls, 0.5, 1_000), p99: at(calls, 0.99, 1_000) },
    batch1000Milliseconds: { p50: at(batches, 0.5, 1) },
  }
}

async function milliseconds(count: number, work: (index: number) => Promise<unknown>): Promise<readonly number[]> {
  const taken: number[] = []
  for (let index = 0; index < count; index++) {
    const started = performance.now()
    await work(index)
    taken.push(performance.now() - started)
  }
  return taken.slice(Math.floor(count * WARM_SHARE))
}

function sampleModels(): TimedModel[] {
  const depth = { scale: 30, sigmaFloor: 1e-3, lowQuantileShare: 0.6, capUsd: 1e12 }
  return [
    ...Object.entries(RISK_MODELS).map(
      ([id, { bytes, formula }]) => ({ id, kind: 'risk', bytes, peer: formula }) as const,
    ),
    { id: 'depth', kind: 'liquidity', bytes: depthOnnx(depth), peer: depthModel('depth', depth) },
  ]
}

if (import.meta.main) {
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model, node: process.version }
  const bars = { perAssetMicroseconds: { p99: 100 }, batch1000Milliseconds: { p50: 5 } }
  const figures = { bench: 'inference', machine, bars, models: await benchInference() }
  process.stdout.write(`${JSON.stringify(figures, null, process.argv.includes('--json') ? 0 : 2)}\n`)
}
