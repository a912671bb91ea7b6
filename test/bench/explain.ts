/*
 * What an explanation of the default models costs and how exact it is: `node test/bench/explain.ts` prints a line for each of some
 * seeded walks, against one that is calm. docs/EXPLAIN.md quotes it.
 */
import { fileURLToPath } from 'node:url'
import { loadDefaultModels } from '../../oracle-node/adapters/model-registry.ts'
import { type AskedModel, explainer } from '../../oracle-node/app/explain.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import type { FeatureVector, RiskPrediction } from '../../oracle-node/core/prediction.ts'
import { endOf, walkBars } from '../models/sample-bars.ts'

const { risk, depth } = await loadDefaultModels(fileURLToPath(new URL('../../models/', import.meta.url)))

function vectorOf(seed: number, stepRatio: number): FeatureVector {
  const bars = walkBars({ count: 800, stepRatio, seed })
  const extracted = extractFeatures(bars, endOf(bars))
  if (!extracted.ok) throw new Error(extracted.detail)
  return extracted.features
}

let asked = 0
const model: AskedModel<RiskPrediction> = risk
const counted: AskedModel<RiskPrediction> = {
  ...model,
  predictBatch: async (vectors) => {
    asked += vectors.length
    return await (model.predictBatch?.(vectors) ?? Promise.all(vectors.map((vector) => model.predict(vector))))
  },
}
const explain = explainer({ risk: counted, depth, reference: vectorOf(1, 0.004) })
// The first call warms the runtime up and is not printed.
for (const [index, stepRatio] of [0.02, 0.001, 0.005, 0.01, 0.02, 0.03, 0.05].entries()) {
  const asset = `walk ${index}`
  explain.record(1, [{ asset, time: endOf([]), features: vectorOf(index + 2, stepRatio) }])
  asked = 0
  const started = performance.now()
  const answer = await explain.explain(asset)
  const milliseconds = Math.round(performance.now() - started)
  if (!answer.ok) throw new Error(answer.detail)
  const { prediction, reference, contributions } = answer.explanation
  const errors = contributions.map(({ standardError }) => standardError.expectedShortfall99Bps)
  const difference = prediction.expectedShortfall99Bps - reference.prediction.expectedShortfall99Bps
  const line = { stepRatio, vectors: asked, milliseconds, differenceBps: Math.round(difference) }
  const largestStandardErrorBps = Math.round(100 * Math.max(...errors)) / 100
  if (index > 0) process.stdout.write(`${JSON.stringify({ ...line, largestStandardErrorBps })}\n`)
}
