import type { Sample } from '../../models/training/dataset.ts'
import { candidateOf, walkCell } from '../forecast/grid.ts'
import { marketOfSeries, samplesOfSeries } from '../forecast/samples.ts'
import { type SplitPlan, type Splits, splitsOf, splitsOfAssets } from '../forecast/splits.ts'
import type { Series } from '../series.ts'
import { decodeSeries } from '../series-bytes.ts'
import type { TaskContext } from '../tasks/task.ts'
import type { TaskInput } from './task-inputs.ts'

export type Walk = Pick<TaskInput<'walk'>, 'series' | 'market' | 'stepHours' | 'split'>

/** The folds of the last walk: all models of a backtest have the same, and a thread does one after the other. */
let last: { readonly name: string; readonly splits: Splits } | undefined

/** The samples of all series parted as planned, the same in every thread. */
export async function walkSplits(walk: Walk, context: TaskContext): Promise<Splits> {
  const { series, market, stepHours, split } = walk
  const name = JSON.stringify({ series, market, stepHours, split })
  if (last?.name === name) return last.splits
  const read = async (key: string): Promise<Series> => decodeSeries(await context.read(key))
  const marketAt = market === undefined ? undefined : marketOfSeries(await read(market))
  const samples: Sample[] = []
  for (const key of series) {
    const own = samplesOfSeries(await read(key), stepHours, key === market ? undefined : marketAt)
    for (const sample of own) samples.push(sample)
  }
  last = { name, splits: splitsAsAsked(samples, split) }
  return last.splits
}

/** @throws {Error} that names the setting as a config does. */
function splitsAsAsked(samples: readonly Sample[], split: Walk['split']): Splits {
  try {
    return splitsOf(samples, planOf(split))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const message = error.message.replace(/^splits\.(?:trainDays|firstRefit)\b/, 'splits.firstDays')
    throw new Error(message.replace(/^splits\b/, 'forecast.split'), { cause: error })
  }
}

/** Of some assets alone, each fitted on its own, or of all together. */
export function splitsFor(splits: Splits, asset: string | undefined): Splits {
  return asset === undefined ? splits : splitsOfAssets(splits, new Set([asset]), TRAIN_DAYS_MIN)
}

/** An asset that is fitted alone is first tested when it has so many days to be fitted on. */
const TRAIN_DAYS_MIN = 90

/** One model's outputs of every tested sample, fold after fold. */
export async function walkTask(input: TaskInput<'walk'>, context: TaskContext): Promise<Float64Array> {
  const splits = splitsFor(await walkSplits(input, context), input.asset)
  return walkCell({ candidate: candidateOf(input.model), folds: splits.folds })
}

function planOf(split: Walk['split']): SplitPlan {
  switch (split.kind) {
    case 'walk-forward': {
      const { window, windowDays, refitEveryDays, firstDays } = split
      return window === 'rolling'
        ? { kind: 'rolling', windowDays, refitEveryDays }
        : { kind: 'expanding', trainDays: firstDays, refitEveryDays }
    }
    case 'purged-k-fold':
      return { kind: 'k-fold', folds: split.folds, embargoDays: split.embargoDays }
    case 'combinatorial':
      return split
  }
}
