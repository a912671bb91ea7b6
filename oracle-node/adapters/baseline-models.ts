import { z } from 'zod'
import { type BaselineAnswer, baselineDepth, baselineRisk } from '../core/baseline.ts'
import type { FeatureVector } from '../core/prediction.ts'
import type { DepthModel, RiskModel } from '../ports/model.ts'

const positive = z.number().positive()
/** The three numbers of a record, and what the models say beside them. */
const outputs = z.array(z.number()).min(3).max(64)

/** The registry's coefficients of the two formulas; keys that are for readers are passed over. */
export const baselineSchema = z.object({
  risk: z.object({ decayPerDay: z.number().gt(0).lt(1), multipliers: outputs, floor: outputs, cap: outputs }),
  depth: z.object({
    scale: positive,
    sigmaFloor: positive,
    lowQuantileShare: positive.max(1),
    capUsd: positive,
  }),
})

/** Two formulas in the shape of models: what judges an asset where the models must not or cannot. */
export type BaselineModels = { readonly risk: RiskModel; readonly depth: DepthModel }

/**
 * The baselines of these coefficients. Each asks of a vector only what it reads; `predict` rejects when that is not there, with an error that
 * says what.
 */
export function baselineModels({ risk, depth }: z.infer<typeof baselineSchema>): BaselineModels {
  return {
    risk: modelOf('baseline-ewma', (features) => baselineRisk(features, risk)),
    depth: modelOf('baseline-depth', (features) => baselineDepth(features, depth)),
  }
}

function modelOf<T>(id: string, answerTo: (features: FeatureVector) => BaselineAnswer<T>) {
  const predict = async (features: FeatureVector): Promise<T> => {
    const answer = answerTo(features)
    if (!answer.ok) throw new Error(`model ${id}: ${answer.detail}`)
    return answer.value
  }
  return { id, predict, predictBatch: (vectors: readonly FeatureVector[]) => Promise.all(vectors.map(predict)) }
}
