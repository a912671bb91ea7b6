import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq'
import { folderResults } from '../tasks/folder-results.ts'
import { type LocalStore, layered } from '../tasks/result-store.ts'
import type { Task } from '../tasks/task.ts'
import { openThreads, type Threads } from '../tasks/threads.ts'
import { DEFAULT_QUEUE, fromJobData, plainText, REDIS_PREFIX, REDIS_RESULTS } from './job-data.ts'
import { connectRedis, shownUrl } from './redis-connection.ts'
import { type RedisResults, redisResults } from './redis-results.ts'

/** How long Redis may take to hear that a worker ends. */
const LEAVE_MS = 3_000

export type StartWorker = {
  readonly redisUrl: string
  readonly queue?: string
  /** Keeps results on this machine; without one, in a temporary folder. */
  readonly folder?: string
  /** The module that exports `perform`. */
  readonly perform: URL
  /** The hash of the code that does such a task here. */
  readonly codeHashOf: (task: Task) => string
  /** Why a task is not done here, such as one that names a file of this machine; undefined where it is. */
  readonly refuse?: (task: Task) => string | undefined
  /** Tasks at once, each in a thread. */
  readonly jobs: number
  readonly onLog?: (line: string) => void
  /** Ends the worker: it takes no more tasks, and gives back those that do not end within `graceMs`. */
  readonly signal?: AbortSignal
  readonly graceMs?: number
  /** A worker that was not heard of for so long has lost its task. */
  readonly lockMs?: number
  /** How often is looked for such tasks. */
  readonly stalledMs?: number
}

export type QueueWorker = {
  readonly name: string
  /** Once it has ended; the process is to exit then, since BullMQ goes on looking for a server that is lost. */
  readonly ended: Promise<void>
  /** As the signal does. */
  close(): Promise<void>
}

/** A task that takes down one worker after another is not given to all. */
const MAX_LOST_WORKERS = 3

/**
 * Takes tasks from a queue and does them in threads of its own, so that it goes on saying that it is alive. When it is killed, another worker
 * takes its tasks after at most `lockMs` and `stalledMs`.
 * @throws {Error} when Redis cannot be used, naming it without its password.
 */
export async function startWorker(given: StartWorker): Promise<QueueWorker> {
  const { redisUrl, perform, codeHashOf, jobs, folder, queue = DEFAULT_QUEUE } = given
  const { signal, onLog = () => {}, graceMs = 10_000, lockMs = 15_000, stalledMs = 10_000 } = given
  if (!Number.isSafeInteger(jobs) || jobs < 1) throw new RangeError(`jobs is ${jobs}: a whole number from 1 was needed`)
  const redis = await connectRedis(redisUrl, Number.POSITIVE_INFINITY)
  const kept = folder ?? mkdtempSync(join(tmpdir(), 'plimsoll-worker-'))
  const name = `${hostname()}:${process.pid}`
  const threads = openThreads({ module: perform, folder: kept, threads: jobs })
  const results = redisResults(redis, REDIS_RESULTS)
  const stopping = new AbortController()
  const work: Work = {
    name,
    codeHashOf,
    threads,
    store: layered(folderResults(kept), results),
    results,
    stopping: stopping.signal,
    onLog,
    refuse: given.refuse ?? (() => undefined),
  }
  const worker = new Worker<unknown, null, string>(queue, (job, token) => doJob(job, token, work), {
    connection: redis,
    prefix: REDIS_PREFIX,
    name,
    concurrency: jobs,
    lockDuration: lockMs,
    stalledInterval: stalledMs,
    maxStalledCount: MAX_LOST_WORKERS,
    // What comes while it waits comes at once; this is how often it asks again all the same.
    drainDelay: 2,
  })
  worker.on('error', (error) => onLog(`${name}: ${plainText(error.message)}`))
  worker.on('stalled', (id) => onLog(`${name}: gave back the task ${plainText(id)} of a worker that is gone`))
  onLog(`${name}: waits for tasks from ${shownUrl(redisUrl)}, ${jobs} at once`)
  const end = async (): Promise<void> => {
    onLog(`${name}: ends, after at most ${graceMs / 1_000} s`)
    const timer = setTimeout(() => {
      stopping.abort()
      void threads.close()
    }, graceMs)
    // Without Redis nothing can be given back: the lock on it runs out, and another worker takes it.
    const left = Promise.withResolvers<void>()
    const last = setTimeout(left.resolve, graceMs + LEAVE_MS)
    await Promise.race([worker.close(), left.promise])
    clearTimeout(timer)
    clearTimeout(last)
    await threads.close()
    redis.disconnect()
    if (folder === undefined) rmSync(kept, { recursive: true, force: true })
  }
  const ended = Promise.withResolvers<void>()
  let isEnding = false
  const close = (): Promise<void> => {
    if (!isEnding) end().then(ended.resolve, ended.reject)
    isEnding = true
    return ended.promise
  }
  if (signal?.aborted) await close()
  else signal?.addEventListener('abort', () => void close(), { once: true })
  return { name, ended: ended.promise, close }
}

type Work = {
  readonly name: string
  readonly codeHashOf: (task: Task) => string
  readonly threads: Threads
  readonly store: LocalStore
  readonly results: RedisResults
  /** Aborted when tasks at work are to be given back. */
  readonly stopping: AbortSignal
  readonly onLog: (line: string) => void
  readonly refuse: (task: Task) => string | undefined
}

async function doJob(job: Job<unknown, null>, token: string | undefined, work: Work): Promise<null> {
  const { name, stopping, onLog } = work
  const id = job.id ?? ''
  try {
    const { codeHash, task } = fromJobData(job.data, id)
    refuseOtherCode(task, codeHash, work)
    const why = work.refuse(task)
    if (why !== undefined) throw new Error(`job ${plainText(id)} is refused: ${why}`)
    await job.updateProgress({ worker: name })
    const label = plainText(task.label)
    const how = await doTask(task, id, work)
    onLog(`${name}: ${how} '${label}'`)
    return null
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (stopping.aborted) {
      onLog(`${name}: gives back ${plainText(id)}`)
      await job.moveToWait(token)
      throw new WaitingError()
    }
    onLog(`${name}: failed at ${plainText(id)}: ${plainText(message)}`)
    // The same input fails the same way: it is not tried again by itself.
    throw new UnrecoverableError(message)
  }
}

function refuseOtherCode(task: Task, codeHash: string, { name, codeHashOf }: Work): void {
  const own = codeHashOf(task)
  if (own === codeHash) return
  throw new Error(
    `worker ${name} runs another version of the code (${own.slice(0, 12)}, the run has ${codeHash.slice(0, 12)}): bring both to the same commit and start the worker again`,
  )
}

async function doTask(task: Task, key: string, { store, results, threads }: Work): Promise<string> {
  const kept = await store.read(key)
  if (kept !== undefined) {
    // Its job was queued again just when another had finished it, or Redis has forgotten what this machine has not.
    if (!(await results.renew(key))) await results.write(key, kept)
    return 'had'
  }
  // One after another, so that few are in memory: the thread reads them from the folder.
  for (const need of task.needs) {
    if ((await store.read(need)) === undefined) {
      throw new Error(`the result ${need} that it needs is not in Redis any more: run again to have it put there`)
    }
  }
  await store.write(key, await threads.perform(task))
  return 'did'
}
