import { InferenceSession, Tensor } from 'onnxruntime-node'
import { FEATURE_COUNT } from '../core/feature-spec.ts'
import { featureVectorFault } from '../core/feature-vector.ts'
import type { FeatureVector } from '../core/prediction.ts'
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

/**
 * A risk model from the bytes of an ONNX file (features → volatility, value at risk, expected shortfall).
 * @throws {Error} when the bytes are no graph with those names; `predict` rejects a vector that does not follow the feature spec, and an
 * output that is not three finite numbers.
 */
export async function onnxRiskModel(id: string, bytes: Uint8Array): Promise<RiskModel> {
  const run = await runner(id, bytes, 3)
  return {
    id,
    async predict(features) {
      const [volatility = Number.NaN, valueAtRisk99 = Number.NaN, expectedShortfall99 = Number.NaN] =
        await run(features)
      return { volatility, valueAtRisk99, expectedShortfall99 }
    },
  }
}

/** A depth model from the bytes of an ONNX file (features → USD). @throws {Error} as {@link onnxRiskModel} does. */
export async function onnxDepthModel(id: string, bytes: Uint8Array): Promise<DepthModel> {
  const run = await runner(id, bytes, 1)
  return {
    id,
    async predict(features) {
      const [depth = Number.NaN] = await run(features)
      return depth
    },
  }
}

async function runner(
  id: string,
  bytes: Uint8Array,
  width: number,
): Promise<(features: FeatureVector) => Promise<number[]>> {
  const session = await open(id, bytes)
  return async (features) => {
    const fault = featureVectorFault(features)
    if (fault !== undefined) throw new Error(`model ${id}: ${fault}`)
    const input = new Tensor('float64', Float64Array.from(features.values), [1, FEATURE_COUNT])
    const output = (await session.run({ [INPUT]: input }))[OUTPUT]
    const values = output?.data instanceof Float64Array ? [...output.data] : []
    if (values.length !== width || !values.every(Number.isFinite)) {
      throw new Error(`model ${id} gave [${values.join(', ')}], ${width} finite numbers were needed`)
    }
    return values
  }
}

async function open(id: string, bytes: Uint8Array): Promise<InferenceSession> {
  let session: InferenceSession
  try {
    session = await InferenceSession.create(bytes, SESSION)
  } catch (cause) {
    throw new Error(`model ${id} cannot be run by onnxruntime: the file is not an ONNX graph that it knows`, { cause })
  }
  if (session.inputNames.join() !== INPUT || session.outputNames.join() !== OUTPUT) {
    throw new Error(
      `model ${id} maps ${session.inputNames.join()} to ${session.outputNames.join()}, this node needs ${INPUT} to ${OUTPUT}`,
    )
  }
  return session
}
