import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { REDIS_PREFIX } from './job-data.ts'

/** Whether a worker waits for tasks of a queue now. */
export async function hasWorker(redis: Redis, queue: string): Promise<boolean> {
  const asked = new Queue(queue, { connection: redis, prefix: REDIS_PREFIX })
  try {
    return (await asked.getWorkersCount()) > 0
  } finally {
    await asked.close()
  }
}
