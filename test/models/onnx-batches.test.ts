import { describe, expect, test } from 'vitest'
import { depthOnnx } from '../../models/training/onnx/depth.ts'
import { onnxDepthModel, onnxRiskModel } from '../../oracle-node/adapters/onnx-model.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import { RISK_MODELS, walkVectors } from './onnx-samples.ts'

type Model = {
  predict(features: FeatureVector): Promise<unknown>
  predictBatch(vectors: readonly FeatureVector[]): Promise<readonly unknown[]>
}

const MODELS: Readonly<Record<string, () => Promise<Model>>> = {
  ...Object.fromEntries(
    Object.entries(RISK_MODELS).map(([id, { bytes }]) => [id, (): Promise<Model> => onnxRiskModel(id, bytes)]),
  ),
  depth: () => onnxDepthModel('depth', depthOnnx({ scale: 30, sigmaFloor: 1e-3, lowQuantileShare: 0.6, capUsd: 1e12 })),
}
const vectors = walkVectors(1_000)

async function singly(model: Model, each: readonly FeatureVector[]): Promise<unknown[]> {
  const answers: unknown[] = []
  for (const vector of each) answers.push(await model.predict(vector))
  return answers
}

describe('a batch in one run', () => {
  test.each(Object.entries(MODELS))(
    'of a thousand vectors through %s is what each alone gives, to the bit',
    async (_, open) => {
      const model = await open()
      const alone = await singly(model, vectors)
      expect(new Set(alone.map((answer) => JSON.stringify(answer))).size).toBeGreaterThan(900)
      expect(await model.predictBatch(vectors)).toEqual(alone)
    },
  )

  test.each(Object.entries(MODELS))('of any length and order through %s is that too', async (_, open) => {
    const model = await open()
    const alone = await singly(model, vectors)
    for (const [from, until] of [
      [0, 0],
      [5, 6],
      [1, 4],
      [100, 111],
      [1, 1_000],
    ] as const) {
      expect(await model.predictBatch(vectors.slice(from, until))).toEqual(alone.slice(from, until))
    }
    expect(await model.predictBatch(vectors.toReversed())).toEqual(alone.toReversed())
  })

  test.each(Object.entries(MODELS))('longer than a run of %s goes on in the next', async (_, open) => {
    const model = await open()
    const answers = await model.predictBatch([...vectors, ...vectors, ...vectors.slice(0, 101)])
    const once = await model.predictBatch(vectors)
    expect(answers).toEqual([...once, ...once, ...once.slice(0, 101)])
  })
})

describe('single vectors', () => {
  test.each(Object.entries(MODELS))('asked for at once of %s do not share an answer', async (_, open) => {
    const model = await open()
    const some = vectors.slice(0, 50)
    const alone = await singly(model, some)
    expect(await Promise.all(some.map((vector) => model.predict(vector)))).toEqual(alone)
    expect(await singly(model, some)).toEqual(alone)
  })
})
