import type { Redis } from 'ioredis'
import { doTasks, type Outcome } from '../tasks/do-tasks.ts'
import type { TaskProgress } from '../tasks/progress.ts'
import { type LocalStore, layered } from '../tasks/result-store.ts'
import type { Task } from '../tasks/task.ts'
import { keyedTasks } from '../tasks/task-graph.ts'
import { taskKey } from '../tasks/task-key.ts'
import { DEFAULT_QUEUE, REDIS_RESULTS } from './job-data.ts'
import { onQueue } from './queue-performer.ts'
import { connectRedis, shownUrl } from './redis-connection.ts'
import { redisResults } from './redis-results.ts'

export type RunOnQueue = {
  readonly tasks: readonly Task[]
  /** The hash of the code that does a task, which must be that of the workers. */
  readonly codeHashOf: (task: Task) => string
  readonly redisUrl: string
  readonly queue?: string
  /** Gets all results. */
  readonly store: LocalStore
  readonly onProgress?: (progress: TaskProgress) => void
  readonly signal?: AbortSignal
  /** Tasks in the queue at once. */
  readonly ahead?: number
  /** How often is looked for what no event told. */
  readonly pollMs?: number
  /** How long Redis may be away. */
  readonly patienceMs?: number
}

/**
 * Has workers do all tasks of which neither the store nor Redis has the result, each queued once all that it needs is done, and copies the
 * results into the store. What another run has queued already is waited for, not done twice.
 * @returns what became of each, by key; the results are in the store, under `taskKey` of the task and its code's hash.
 * @throws {Error} the first that failed, naming its task; what waits in the queue is taken out of it and what was finished is kept. Or when
 * Redis cannot be used, naming it without its password.
 */
export async function runOnQueue(given: RunOnQueue): Promise<Map<string, Outcome>> {
  const { tasks, codeHashOf, redisUrl, store, queue = DEFAULT_QUEUE, ahead = 500, pollMs = 2_000 } = given
  const { patienceMs = 60_000, onProgress, signal } = given
  const keyed = keyedTasks(tasks, (task) => taskKey(task, codeHashOf(task)))
  const redis = await connectRedis(redisUrl, patienceMs)
  try {
    const results = redisResults(redis, REDIS_RESULTS)
    const performer = await onQueue({ redis, queue, results, local: store, codeHashOf, pollMs })
    // A worker has written to Redis what comes from there.
    const both = { read: layered(store, results).read, write: store.write }
    return await doTasks({ keyed, store: both, lanes: ahead, performer, onProgress, signal })
  } catch (error) {
    throw isLost(redis) ? new Error(`Redis at ${shownUrl(redisUrl)} was lost`, { cause: error }) : error
  } finally {
    redis.disconnect()
  }
}

function isLost(redis: Redis): boolean {
  return redis.status === 'end'
}
