import { type Job, Queue, QueueEvents } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Performer } from '../tasks/do-tasks.ts'
import type { ResultStore } from '../tasks/result-store.ts'
import type { Task } from '../tasks/task.ts'
import type { KeyedTask } from '../tasks/task-graph.ts'
import { atWorkSchema, type JobData, plainText, REDIS_PREFIX, toJobData } from './job-data.ts'
import type { RedisResults } from './redis-results.ts'

export type OnQueue = {
  readonly redis: Redis
  readonly queue: string
  readonly results: RedisResults
  /** Has what earlier runs did. */
  readonly local: ResultStore
  readonly codeHashOf: (task: Task) => string
  readonly pollMs: number
}

type Awaited = {
  readonly keyed: KeyedTask
  readonly result: PromiseWithResolvers<Uint8Array>
  readonly started: (worker?: string) => void
  /** A look at it is under way, or even two are asked for. */
  looks: 'none' | 'one' | 'again'
  timesAdded: number
}

/** How often a job may vanish without a result, as with a server that was started anew, before it is given up. */
const MAX_TIMES_ADDED = 5
const KEPT_FAILURES = { age: 24 * 3_600, count: 1_000 }

/**
 * Tasks as jobs of a queue, whose ids are the tasks' keys, so that each is in it once. Whether a job is done is read from Redis; events only say
 * when to look, and a timer looks in case one was lost.
 */
export async function onQueue(given: OnQueue): Promise<Performer> {
  const { redis, queue: name, results, local, codeHashOf, pollMs } = given
  const queue = new Queue<JobData, null, string>(name, { connection: redis, prefix: REDIS_PREFIX })
  const events = new QueueEvents(name, { connection: redis, prefix: REDIS_PREFIX })
  const awaited = new Map<string, Awaited>()
  const look = (key: string): void => {
    const one = awaited.get(key)
    if (one === undefined) return
    one.looks = one.looks === 'none' ? 'one' : 'again'
    if (one.looks === 'again') return
    lookAt(one, { queue, results, codeHashOf })
      .catch(one.result.reject)
      .finally(() => {
        // What happened meanwhile may have been missed.
        const isMissed = one.looks === 'again'
        one.looks = 'none'
        if (isMissed) look(key)
      })
  }
  // Lost connections are made again, and commands wait for it.
  queue.on('error', () => undefined)
  events.on('error', () => undefined)
  events.on('completed', ({ jobId }) => look(jobId))
  events.on('failed', ({ jobId }) => look(jobId))
  events.on('progress', ({ jobId, data }) => {
    const told = atWorkSchema.safeParse(data)
    if (told.success) awaited.get(jobId)?.started(plainText(told.data.worker))
  })
  redis.on('end', () => {
    for (const { result } of awaited.values()) result.reject(new Error('the connection to Redis is closed'))
  })
  await events.waitUntilReady()
  const timer = setInterval(() => {
    for (const key of awaited.keys()) look(key)
  }, pollMs)
  const close = async (): Promise<void> => {
    clearInterval(timer)
    const keys = [...awaited.keys()]
    for (const { result } of awaited.values()) result.reject(new Error('the run was stopped'))
    // Those at work are locked and stay: their results are found by the next run.
    if (redis.status === 'ready') await Promise.allSettled(keys.map((key) => queue.remove(key)))
    await Promise.all([events.close(), queue.close()])
  }
  let closed: Promise<void> | undefined
  return {
    perform: async (keyed, started) => {
      const result = Promise.withResolvers<Uint8Array>()
      // It may be rejected before it is waited for.
      result.promise.catch(() => undefined)
      const one: Awaited = { keyed, started, result, looks: 'one', timesAdded: 1 }
      awaited.set(keyed.key, one)
      try {
        await offerNeeds(keyed.task, results, local)
        if (closed === undefined) await add(one, { queue, codeHashOf })
        one.looks = 'none'
        look(keyed.key)
        return await result.promise
      } finally {
        awaited.delete(keyed.key)
      }
    },
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

type Jobs = { readonly queue: Queue<JobData, null, string>; readonly codeHashOf: (task: Task) => string }

/** Results that only this machine has are put where workers find them. */
async function offerNeeds({ needs }: Task, results: RedisResults, local: ResultStore): Promise<void> {
  for (const need of needs) {
    if (await results.renew(need)) continue
    const bytes = await local.read(need)
    if (bytes === undefined)
      throw new Error(`the result ${need} that it needs is gone or damaged: run again to have it redone`)
    await results.write(need, bytes)
  }
}

async function add({ keyed: { key, task } }: Awaited, { queue, codeHashOf }: Jobs): Promise<void> {
  const data = toJobData(task, codeHashOf(task))
  // What failed in an earlier run keeps its id: tried again, it is a new job.
  const earlier: Job | undefined = await queue.getJob(key)
  if (earlier?.finishedOn !== undefined) await queue.remove(key)
  await queue.add('task', data, { jobId: key, removeOnComplete: true, removeOnFail: KEPT_FAILURES })
}

/** Settles what is settled, and adds a job again that is gone without a result. */
async function lookAt(one: Awaited, jobs: Jobs & { readonly results: RedisResults }): Promise<void> {
  const { key } = one.keyed
  const { queue, results } = jobs
  const job: Job | undefined = await queue.getJob(key)
  if (job?.finishedOn !== undefined && job.failedReason !== undefined) {
    one.result.reject(new Error(plainText(job.failedReason)))
    return
  }
  if (job !== undefined) return
  // Jobs that are completed are gone, after their result was written.
  const bytes = await results.read(key)
  if (bytes !== undefined) {
    one.result.resolve(bytes)
    return
  }
  if (one.timesAdded >= MAX_TIMES_ADDED) {
    throw new Error(
      `its job vanished ${one.timesAdded} times without a result: Redis must not evict keys (maxmemory-policy noeviction), nor be emptied`,
    )
  }
  one.timesAdded += 1
  await add(one, jobs)
}
