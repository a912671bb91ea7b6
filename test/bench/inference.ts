import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import {
  loadDefaultModels,
  loadDepthModel,
  loadRiskModel,
  readRegistry,
} from '../../oracle-node/adapters/model-registry.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import { quantile } from '../../oracle-node/core/stats.ts'
import { RISK_MODELS, walkVectors } from '../models/onnx-samples.ts'

/*
 * `npm run bench -- inference [--json]`: what a prediction costs, from a checked feature vector to numbers in the port's shape, one vector at
 * a time and a thousand in a batch, on one core. The peer is the same formula in TypeScript, with coefficients of a sample: the cost is
 * that of the graph's size.
 */

const PEERS: ReadonlyMap<string, Predicts> = new Map(
  Object.entries(RISK_MODELS).map(([id, { formula }]) => [id, formula]),
)
const MODELS = fileURLToPath(new URL('../../models/', import.meta.url))

const VECTORS = 1_000
const CALLS = 20_000
const BATCHES = 200
/** Of both: until the compiler and the runtime's memory have settled. */
const WARM_SHARE = 0.25

type Predicts = {
  predict(features: FeatureVector): Promise<unknown>
  predictBatch(vectors: readonly FeatureVector[]): Promise<readonly unknown[]>
}

type Timing = {
  readonly perAssetMicroseconds: { readonly p50: number; readonly p99: number }
  readonly batch1000Milliseconds: { readonly p50: number }
}

type InferenceFigures = Readonly<Record<string, Timing & { readonly peer?: Timing }>>

/** Every model of the registry, and what a node forecasts with. */
async function benchInference(): Promise<InferenceFigures> {
  const vectors = walkVectors(VECTORS)
  const figures: Record<string, InferenceFigures[string]> = {}
  for (const [id, { kind }] of Object.entries(readRegistry(MODELS).models)) {
    const load = kind === 'risk' ? loadRiskModel : loadDepthModel
    const timing = await timed(await load({ modelsFolder: MODELS, id }), vectors)
    const peer = PEERS.get(id)
    figures[id] = peer === undefined ? timing : { ...timing, peer: await timed(peer, vectors) }
  }
  const { risk } = await loadDefaultModels(MODELS)
  return { ...figures, [`default: ${risk.id}`]: await timed(risk, vectors) }
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

const machine = { cores: cpus().length, cpu: cpus()[0]?.model, node: process.version }
const bars = { perAssetMicroseconds: { p99: 100 }, batch1000Milliseconds: { p50: 5 } }
const figures = { bench: 'inference', machine, bars, models: await benchInference() }
process.stdout.write(`${JSON.stringify(figures, null, process.argv.includes('--json') ? 0 : 2)}\n`)
