import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { TreeEnsemble } from './ensemble.ts'
import type { FitTrees, RoundReport, TreeRows } from './fit.ts'

export type ToWorker = { readonly job: number; readonly fit: FitTrees }
export type FromWorker =
  | { readonly kind: 'round'; readonly job: number; readonly report: RoundReport }
  | { readonly kind: 'fitted'; readonly job: number; readonly ensemble: TreeEnsemble }
  | { readonly kind: 'failed'; readonly job: number; readonly error: unknown }

export type JobReport = RoundReport & {
  /** The job's place among those given. */
  readonly job: number
}

export type InWorkers = {
  readonly onProgress?: (report: JobReport) => void
  /** Threads at once; by default one a core. */
  readonly threads?: number
}

/**
 * {@link fitTrees} of every job, each in a thread, with the same bits as without: a job runs whole in one thread. Features are put in
 * shared memory, so jobs over the same array (by identity) hold it once; an array that is shared already is not copied.
 * @returns the ensembles in the order of the jobs.
 * @throws {Error} the first job's that failed, the others stopped.
 */
export async function fitTreesInWorkers(
  jobs: readonly FitTrees[],
  { onProgress = () => {}, threads = availableParallelism() }: InWorkers = {},
): Promise<TreeEnsemble[]> {
  const queue = shareFeatures(jobs).entries()
  const workers: Worker[] = []
  const results = new Array<TreeEnsemble>(jobs.length)
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url))
    workers.push(worker)
    // One iterator for all threads: whoever is free takes the next job.
    for (const [job, fit] of queue) results[job] = await fitIn(worker, { job, fit }, onProgress)
  }
  try {
    await Promise.all(Array.from({ length: Math.min(Math.max(1, threads), jobs.length) }, work))
    return results
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function fitIn(worker: Worker, order: ToWorker, onProgress: (report: JobReport) => void): Promise<TreeEnsemble> {
  const { promise, resolve, reject } = Promise.withResolvers<TreeEnsemble>()
  const onExit = (code: number): void => reject(new Error(`the thread of tree job ${order.job} ended with ${code}`))
  const onMessage = (message: FromWorker): void => {
    if (message.kind === 'round') onProgress({ job: message.job, ...message.report })
    else if (message.kind === 'fitted') resolve(message.ensemble)
    else reject(message.error)
  }
  worker.on('error', reject).on('exit', onExit).on('message', onMessage)
  worker.postMessage(order)
  // One by one: a worker has listeners of its own, without which it falls silent.
  return promise.finally(() => worker.off('error', reject).off('exit', onExit).off('message', onMessage))
}

function shareFeatures(jobs: readonly FitTrees[]): FitTrees[] {
  const shared = new Map<Float64Array, Float64Array>()
  const share = <Rows extends TreeRows>(rows: Rows): Rows => {
    const x = shared.get(rows.x) ?? inSharedMemory(rows.x)
    shared.set(rows.x, x)
    return { ...rows, x }
  }
  return jobs.map((job) => {
    const { validation } = job
    return { ...share(job), ...(validation === undefined ? {} : { validation: share(validation) }) }
  })
}

function inSharedMemory(values: Float64Array): Float64Array {
  if (values.buffer instanceof SharedArrayBuffer) return values
  const copy = new Float64Array(new SharedArrayBuffer(values.byteLength))
  copy.set(values)
  return copy
}
