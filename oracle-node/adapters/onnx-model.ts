import { InferenceSession, Tensor } from 'onnxruntime-node'
import { FEATURE_COUNT } from '../core/feature-spec.ts'
import { featureVectorFault } from '../core/feature-vector.ts'
import { type FeatureVector, predictionOf, RISK_OUTPUT_COUNT } from '../core/prediction.ts'
import type { DepthModel, RiskModel } from '../ports/model.ts'

/**
 * One thread and one operator after another, so that sums are taken in one order on a machine; basic optimisation folds constants and does
 * not choose layouts or fusions by the CPU, as the higher levels do.
 */
const SESSION: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'basic',
  logSeverityLevel: 3,
}

const INPUT = 'features'
const OUTPUT = 'prediction'

/** Vectors of one run; larger batches are run in parts. A run holds the thread, and between two of them the node can answer others. */
const RUN_VECTORS_MAX = 1_024

/**
 * A risk model from the bytes of an ONNX file: features → the twelve outputs of `RISK_OUTPUTS`.
 * @throws {Error} when the bytes are no graph with those names and widths. `predict` and `predictBatch` reject a vector that does not follow
 * the feature spec, before any is run, and outputs that are not twelve finite numbers a vector; of a batch the error names the vector's index.
 */
export async function onnxRiskModel(id: string, bytes: Uint8Array): Promise<RiskModel> {
  return batched(id, await open({ id, bytes, width: RISK_OUTPUT_COUNT }), predictionOf)
}

/** A depth model from the bytes of an ONNX file (features → USD). @throws {Error} as {@link onnxRiskModel} does. */
export async function onnxDepthModel(id: string, bytes: Uint8Array): Promise<DepthModel> {
  return batched(id, await open({ id, bytes, width: 1 }), ([depth = Number.NaN]) => depth)
}

type Model = { readonly id: string; readonly session: InferenceSession; readonly width: number }

function batched<T>(
  id: string,
  model: Model,
  read: (outputs: Float64Array) => T,
): {
  readonly id: string
  predict(features: FeatureVector): Promise<T>
  predictBatch(vectors: readonly FeatureVector[]): Promise<readonly T[]>
} {
  const one = singleRun(model)
  return {
    id,
    async predict(features) {
      const fault = featureVectorFault(features)
      if (fault !== undefined) throw new Error(`model ${id}: ${fault}`)
      const outputs = await one(features)
      check(model, outputs, 1, () => '')
      return read(outputs)
    },
    async predictBatch(vectors) {
      for (const [index, features] of vectors.entries()) {
        const fault = featureVectorFault(features)
        if (fault !== undefined) throw new Error(`model ${id}: ${placeIn(vectors, index)}: ${fault}`)
      }
      const answers: T[] = []
      for (let start = 0; start < vectors.length; start += RUN_VECTORS_MAX) {
        const part = vectors.slice(start, start + RUN_VECTORS_MAX)
        const outputs = await run(model, inputOf(part), part.length)
        check(model, outputs, part.length, (row) => ` for the ${placeIn(vectors, start + row)}`)
        for (let row = 0; row < part.length; row++) {
          answers.push(read(outputs.subarray(row * model.width, (row + 1) * model.width)))
        }
      }
      return answers
    },
  }
}

const placeIn = (vectors: readonly unknown[], index: number): string =>
  `vector at index ${index} of a batch of ${vectors.length}`

/**
 * Runs one vector. The runtime reads the input only after this returned, so its memory belongs to a run until that has ended; where no
 * other run lasts, it is the memory of the last one, which spares a tenth of the time and more of its worst.
 */
function singleRun(model: Model): (features: FeatureVector) => Promise<Float64Array> {
  let spare: Float64Array | undefined
  return async ({ values }) => {
    const input = spare ?? new Float64Array(FEATURE_COUNT)
    spare = undefined
    input.set(values)
    const outputs = await run(model, input, 1)
    spare = input
    return outputs
  }
}

function inputOf(vectors: readonly FeatureVector[]): Float64Array {
  const input = new Float64Array(vectors.length * FEATURE_COUNT)
  for (const [row, { values }] of vectors.entries()) input.set(values, row * FEATURE_COUNT)
  return input
}

async function run({ session }: Model, input: Float64Array, rows: number): Promise<Float64Array> {
  const output = (await session.run({ [INPUT]: new Tensor('float64', input, [rows, FEATURE_COUNT]) }))[OUTPUT]
  return output?.data instanceof Float64Array ? output.data : new Float64Array()
}

function check({ id, width }: Model, outputs: Float64Array, rows: number, place: (row: number) => string): void {
  const bad = outputs.length === rows * width ? outputs.findIndex((value) => !Number.isFinite(value)) : 0
  if (bad < 0) return
  const row = Math.floor(bad / width)
  const given = rows === 1 ? outputs : outputs.subarray(row * width, (row + 1) * width)
  throw new Error(`model ${id} gave [${given.join(', ')}]${place(row)}, ${width} finite numbers were needed`)
}

async function open(parts: {
  readonly id: string
  readonly bytes: Uint8Array
  readonly width: number
}): Promise<Model> {
  const { id, bytes, width } = parts
  let session: InferenceSession
  try {
    session = await InferenceSession.create(bytes, SESSION)
  } catch (cause) {
    throw new Error(`model ${id} cannot be run by onnxruntime: the file is not an ONNX graph that it knows`, { cause })
  }
  const maps = `${described(session.inputMetadata)} to ${described(session.outputMetadata)}`
  const needed = `${INPUT} [batch, ${FEATURE_COUNT}] to ${OUTPUT} [batch, ${width}]`
  const fits = isMatrix(session.inputMetadata, INPUT, FEATURE_COUNT) && isMatrix(session.outputMetadata, OUTPUT, width)
  if (!fits) throw new Error(`model ${id} maps ${maps}, ${needed} in float64 is needed`)
  return { id, session, width }
}

/** Whether the values are the one that is needed. A width that the graph does not tell is known only when it has run. */
function isMatrix(values: readonly InferenceSession.ValueMetadata[], name: string, width: number): boolean {
  const [value, ...others] = values
  if (value === undefined || others.length > 0 || !value.isTensor || value.name !== name) return false
  const [rows, columns] = value.shape
  return value.type === 'float64' && typeof rows !== 'number' && (typeof columns !== 'number' || columns === width)
}

function described(values: readonly InferenceSession.ValueMetadata[]): string {
  return values
    .map((value) => (value.isTensor ? `${value.name} [${value.shape.join(', ')}] in ${value.type}` : value.name))
    .join(' and ')
}
