import type { Sample } from '../../models/training/dataset.ts'
import { STEP_HOURS } from '../../models/training/samples.ts'
import { marketOfSeries, samplesOfSeries } from '../forecast/samples.ts'
import { recordedSamples } from '../oracle/training-samples.ts'
import type { Series } from '../series.ts'
import { decodeSeries } from '../series-bytes.ts'
import type { TaskContext } from '../tasks/task.ts'
import type { Training } from './task-inputs.ts'

const kept = new Map<string, readonly Sample[]>()

/** What models learn from: the recorded market data, or the user's own series. Made once a thread. */
export async function trainingSamples(training: Training, context: TaskContext): Promise<readonly Sample[]> {
  if (training.from === 'recorded') return recordedSamples(training.local.folder)
  const name = JSON.stringify(training)
  const known = kept.get(name)
  if (known !== undefined) return known
  const read = async (key: string): Promise<Series> => decodeSeries(await context.read(key))
  const marketAt = training.market === undefined ? undefined : marketOfSeries(await read(training.market))
  const samples: Sample[] = []
  for (const key of training.series) {
    const own = samplesOfSeries(await read(key), STEP_HOURS, key === training.market ? undefined : marketAt)
    for (const sample of own) samples.push(sample)
  }
  kept.set(name, samples)
  return samples
}
