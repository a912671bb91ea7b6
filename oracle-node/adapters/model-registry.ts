import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { z } from 'zod'
import { combinePredictions } from '../core/combine-predictions.ts'
import { FEATURE_COUNT, FEATURE_SPEC_HASH } from '../core/feature-spec.ts'
import type { ModelGuard } from '../core/model-guard.ts'
import type { FeatureVector, RiskPrediction } from '../core/prediction.ts'
import type { DepthModel, RiskModel } from '../ports/model.ts'
import { type BaselineModels, baselineModels, baselineSchema } from './baseline-models.ts'
import { guardSchema } from './guard-schema.ts'
import { onnxDepthModel, onnxRiskModel } from './onnx-model.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const modelId = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/)

/** What a node relies on in `models/registry.json`; metrics and coefficients are for readers. */
const registrySchema = z.object({
  version: z.literal(2),
  defaults: z.object({ risk: z.array(modelId).min(1).max(16), liquidity: modelId }),
  /** What the models were trained on: a vector beyond it is judged by the baseline. */
  guard: guardSchema,
  baseline: baselineSchema,
  /** A typical vector of the training data, against which predictions are explained. */
  reference: z.array(z.number()).length(FEATURE_COUNT),
  models: z.record(
    modelId,
    z.object({
      kind: z.enum(['risk', 'liquidity']),
      file: z.string().regex(/^[a-z0-9][a-z0-9./-]{0,127}\.onnx$/),
      sha256: hash,
      featureSpec: hash,
      trainingDataManifest: hash,
      opset: z.number().int(),
      status: z.enum(['default', 'challenger', 'retired']),
    }),
  ),
})

export type ModelRegistry = z.infer<typeof registrySchema>
export type ModelEntry = ModelRegistry['models'][string]

/** The opset that our graphs are written in; a registry with another is of another release. */
export const OPSET_NEEDED = 13
/** A registry is a few kilobytes and a model a few more: past these a file is not ours. */
const REGISTRY_BYTES_MAX = 4 * 1024 * 1024
const MODEL_BYTES_MAX = 256 * 1024 * 1024

export type DefaultModels = {
  readonly risk: RiskModel
  readonly depth: DepthModel
  readonly guard: ModelGuard
  /** What judges where the models must not or cannot. */
  readonly fallback: BaselineModels
  readonly reference: FeatureVector
  /** 0x and 64 hex digits: see {@link modelSetHash}. */
  readonly modelSet: `0x${string}`
}

/**
 * The models that `registry.json` in `modelsFolder` names as defaults: risk models joined by their equal-weight mean, and depth.
 * @throws {Error} when the registry or a model file is absent, malformed, or not what the registry says.
 */
export async function loadDefaultModels(modelsFolder: string): Promise<DefaultModels> {
  const registry = readRegistry(modelsFolder)
  const { risk, liquidity } = registry.defaults
  const riskModels = await Promise.all(risk.map((id) => loadRiskModel({ modelsFolder, id })))
  const depth = await loadDepthModel({ modelsFolder, id: liquidity })
  const entries = [...risk, liquidity].map((id) => entryOf(registry, id))
  const { guard, baseline, reference } = registry
  return {
    risk: combineModels(riskModels),
    depth,
    guard,
    fallback: baselineModels(baseline),
    reference: { specHash: FEATURE_SPEC_HASH, values: reference },
    modelSet: modelSetHash([...entries, { sha256: sha256Of(JSON.stringify({ guard, baseline })) }]),
  }
}

/** One risk model by its id. @throws {Error} as {@link loadDefaultModels} does, or when the id is of another kind. */
export async function loadRiskModel(parts: { readonly modelsFolder: string; readonly id: string }): Promise<RiskModel> {
  return onnxRiskModel(parts.id, checkedBytes(parts.modelsFolder, parts.id, 'risk'))
}

/** One depth model by its id. @throws {Error} as {@link loadDefaultModels} does, or when the id is of another kind. */
export async function loadDepthModel(parts: {
  readonly modelsFolder: string
  readonly id: string
}): Promise<DepthModel> {
  return onnxDepthModel(parts.id, checkedBytes(parts.modelsFolder, parts.id, 'liquidity'))
}

/** A risk model whose forecast is the equal-weight mean of others' (one alone is itself). @throws {Error} on no models. */
export function combineModels(models: readonly RiskModel[]): RiskModel {
  const [first, ...others] = models
  if (first === undefined) throw new Error('a combination needs at least one model')
  if (others.length === 0) return first
  return {
    id: `mean(${models.map((model) => model.id).join(', ')})`,
    predict: async (features) => combinePredictions(await Promise.all(models.map((model) => model.predict(features)))),
    predictBatch: async (vectors) => {
      const batches = await Promise.all(models.map((model) => model.predictBatch(vectors)))
      return vectors.map((_, place) => {
        const ofVector: RiskPrediction[] = []
        for (const batch of batches) ofVector.push(predictionAt(batch, place))
        return combinePredictions(ofVector)
      })
    },
  }
}

function predictionAt(batch: readonly RiskPrediction[], place: number): RiskPrediction {
  const prediction = batch[place]
  if (prediction === undefined) throw new Error(`a batch of predictions ended at ${place}`)
  return prediction
}

/**
 * One hash of the models in use: sha256 over the 32-byte hashes of their files, and of the guard and the baseline, sorted, so that order and
 * names do not matter. It is bound into every signed report, so nodes with other models cannot sign together.
 */
export function modelSetHash(entries: readonly Pick<ModelEntry, 'sha256'>[]): `0x${string}` {
  const digest = createHash('sha256')
  for (const { sha256 } of entries.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : a.sha256 > b.sha256 ? 1 : 0))) {
    digest.update(Buffer.from(sha256, 'hex'))
  }
  return `0x${digest.digest('hex')}`
}

/** The registry of a models folder, checked. @throws {Error} that names the file and what is wrong with it. */
export function readRegistry(modelsFolder: string): ModelRegistry {
  const path = join(modelsFolder, 'registry.json')
  const text = readLimited(
    path,
    REGISTRY_BYTES_MAX,
    'run npm run models:train, or give the folder of the models',
  ).toString()
  const parsed = registrySchema.safeParse(parseJson(text, path))
  if (!parsed.success) throw new Error(`${path} is not a model registry: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

function checkedBytes(modelsFolder: string, id: string, kind: ModelEntry['kind']): Uint8Array {
  const entry = entryOf(readRegistry(modelsFolder), id)
  if (entry.kind !== kind) throw new Error(`model ${id} is a ${entry.kind} model, a ${kind} model was needed`)
  if (entry.status === 'retired') throw new Error(`model ${id} is retired in the registry; choose another`)
  if (entry.featureSpec !== FEATURE_SPEC_HASH) {
    throw new Error(
      `model ${id} was trained on feature spec ${entry.featureSpec}, this node computes ${FEATURE_SPEC_HASH}; retrain it`,
    )
  }
  if (entry.opset !== OPSET_NEEDED)
    throw new Error(`model ${id} has opset ${entry.opset}, this node runs opset ${OPSET_NEEDED}`)
  const folder = resolve(modelsFolder)
  const path = resolve(folder, entry.file)
  if (!path.startsWith(folder + sep)) throw new Error(`model ${id}: ${entry.file} is outside the models folder`)
  const bytes = readLimited(path, MODEL_BYTES_MAX, `the registry names it for model ${id}`)
  const sha256 = sha256Of(bytes)
  if (sha256 !== entry.sha256) {
    throw new Error(
      `model ${id}: ${path} has sha256 ${sha256}, the registry says ${entry.sha256}; restore the file or retrain`,
    )
  }
  return bytes
}

function sha256Of(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

function entryOf(registry: ModelRegistry, id: string): ModelEntry {
  const entry = registry.models[id]
  if (entry === undefined)
    throw new Error(`no model ${id} in the registry; it has ${Object.keys(registry.models).join(', ')}`)
  return entry
}

function readLimited(path: string, bytesMax: number, advice: string): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    throw new Error(`cannot read ${path}: ${advice}`, { cause })
  }
  if (bytes.length > bytesMax) throw new Error(`${path} has ${bytes.length} bytes, ${bytesMax} is the most`)
  return bytes
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`${path} is not JSON`, { cause })
  }
}
