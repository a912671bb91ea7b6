import type { Sample } from '../dataset.ts'
import { fitLogHar } from '../fit-log-har.ts'
import { fitLimits } from '../fit-multipliers.ts'
import type { FittedRisk } from '../risk-models.ts'
import type { Candidate } from '../walk-forward.ts'
import { fitMlpModel } from './fit-mlp.ts'
import { growTreesModel, treesRisk } from './trees.ts'

/** The learned challengers of the walk-forward, each upon a log-HAR of the same fold. */
export function challengerCandidates(): readonly Candidate[] {
  return [
    challenger('trees', 'trees.ts', (train) => {
      const limits = fitLimits(train)
      return treesRisk(growTreesModel(train, limits, fitLogHar(train, limits)))
    }),
    challenger('mlp', 'fit-mlp.ts', (train) => {
      const limits = fitLimits(train)
      return fitMlpModel(train, limits, fitLogHar(train, limits))
    }),
  ]
}

function challenger(
  id: string,
  module: string,
  fitOn: (train: readonly Sample[]) => FittedRisk | Promise<FittedRisk>,
): Candidate {
  return {
    id,
    module: new URL(module, import.meta.url),
    recipe: String(fitOn),
    slow: true,
    forecast: async ({ train, test }) => {
      const { outputs } = await fitOn(train)
      return test.map(({ features }) => outputs(features))
    },
  }
}
