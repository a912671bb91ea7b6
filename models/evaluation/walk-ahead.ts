import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { candidates } from '../training/candidates.ts'
import { folderCache } from './forecast-cache.ts'
import { walkForward } from './walk.ts'
import { recordedFolds } from './walk-data.ts'

const orderSchema = z.object({ dataFolder: z.string(), cacheFolder: z.string(), ids: z.array(z.string()) })
type Order = z.infer<typeof orderSchema>

/**
 * A second thread that walks the same candidates from the last to the first into the same cache, so that they meet in the middle: whoever comes
 * to a fold second reads it. What it forecasts has the same bits, so which of both did is not seen.
 */
export function walkAhead(order: Order): { stop(): Promise<void> } {
  const worker = new Worker(new URL(import.meta.url), { workerData: order })
  // What fails there fails in the first thread as well, with its own message.
  worker.on('error', () => undefined)
  return {
    stop: async () => {
      await worker.terminate()
    },
  }
}

async function main(): Promise<void> {
  const { dataFolder, cacheFolder, ids } = orderSchema.parse(workerData)
  const chosen = candidates().filter(({ id }) => ids.includes(id))
  await walkForward({
    candidates: chosen.toReversed(),
    folds: recordedFolds(dataFolder),
    cache: folderCache(cacheFolder),
  })
}

if (!isMainThread && parentPort !== null && orderSchema.safeParse(workerData).success) await main()
