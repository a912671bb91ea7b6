import { isoDay } from '../../data/history/time-format.ts'
import type { LogHarCoefficients } from '../../models/baselines/log-har.ts'
import { logHarOutputs } from '../../models/baselines/log-har.ts'
import { logHarTrees } from '../../models/training/challengers/log-har-trees.ts'
import { growTreesModel, type TreesModel } from '../../models/training/challengers/trees.ts'
import type { Sample } from '../../models/training/dataset.ts'
import { fitGuard } from '../../models/training/fit-guard.ts'
import { fitLogHar } from '../../models/training/fit-log-har.ts'
import { fitLimits } from '../../models/training/fit-multipliers.ts'
import { fitEwma } from '../../models/training/fit-risk.ts'
import type { EwmaBaseline } from '../../oracle-node/core/baseline.ts'
import type { ModelGuard } from '../../oracle-node/core/model-guard.ts'
import { predictionOf } from '../../oracle-node/core/prediction.ts'
import { ewmaRule, type Predict, rangeRule } from './gaussian-rules.ts'
import { samplesUntil, type TimeRange } from './training-samples.ts'

/**
 * `plimsoll` is what ships, log-HAR with trees, its guard, baseline and calibration; `log-har` the same without the trees, for quick runs. `ewma`
 * and `range` are the rules that others use, with a normal tail, and are fitted to nothing.
 */
export const FORECASTERS = ['plimsoll', 'log-har', 'ewma', 'range'] as const
export type ForecasterId = (typeof FORECASTERS)[number]

/** What stands beside a model in a node: when it must not be asked, and who judges then. */
type Guarded = { readonly logHar: LogHarCoefficients; readonly guard: ModelGuard; readonly baseline: EwmaBaseline }

/** What a fit leaves: plain numbers, which can be kept or sent as JSON and say the same when they are read again. */
export type Fitted =
  | (Guarded & { readonly id: 'plimsoll'; readonly trees: TreesModel })
  | (Guarded & { readonly id: 'log-har' })
  | { readonly id: 'ewma' }
  | { readonly id: 'range' }

/** What judges from a time (unix seconds) on, until the next does. */
export type FittedFrom = { readonly from: number; readonly fitted: Fitted }

/** Whether a forecaster learns from samples; where it does not, one fit serves for all times. */
export function isFitted(id: ForecasterId): boolean {
  return id === 'plimsoll' || id === 'log-har'
}

/**
 * A forecaster fitted on samples, in which everything that a node has of it is learned of these alone: limits, model, guard and baseline.
 * @throws {Error} when there are too few samples of volatile assets.
 */
function fitForecaster(id: ForecasterId, train: readonly Sample[]): Fitted {
  if (id === 'ewma' || id === 'range') return { id }
  const limits = fitLimits(train)
  const logHar = fitLogHar(train, limits)
  const guarded = { logHar, guard: fitGuard(train), baseline: fitEwma(train, limits) }
  return id === 'log-har' ? { id, ...guarded } : { id, ...guarded, trees: growTreesModel(train, limits, logHar) }
}

/**
 * A forecaster that judges from a time on, fitted on what was known by then.
 * @param leftOut what no fit may see even when it is past: the crisis that is tested.
 * @throws {Error} that names the day whose samples were too few.
 */
export function fittedAt(
  id: ForecasterId,
  from: number,
  samples: readonly Sample[],
  leftOut: readonly TimeRange[] = [],
): FittedFrom {
  const train = samplesUntil(samples, from, leftOut)
  try {
    return { from, fitted: fitForecaster(id, train) }
  } catch (error) {
    throw new Error(`${id} cannot be fitted on ${isoDay(from)} on ${train.length} samples; begin later`, {
      cause: error,
    })
  }
}

/** How a fitted forecaster predicts, before guard and calibration; the rules remember what they were asked before. */
export function predictorOf(fitted: Fitted): Predict {
  switch (fitted.id) {
    case 'plimsoll': {
      const { outputs } = logHarTrees(fitted.logHar, fitted.trees)
      return ({ features }) => predictionOf(outputs(features.values))
    }
    case 'log-har':
      return ({ features }) => predictionOf(logHarOutputs(features.values, fitted.logHar))
    case 'ewma':
      return ewmaRule()
    case 'range':
      return rangeRule()
  }
}
