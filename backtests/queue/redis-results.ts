import type { Redis } from 'ioredis'
import type { ResultStore } from '../tasks/result-store.ts'
import { SEAL_BYTES, seal, unseal } from '../tasks/sealed.ts'
import { KEY } from '../tasks/task-key.ts'

/** Redis itself holds at most 512 MiB under a name, and a result is held in memory whole. */
const MAX_RESULT_BYTES = 256 * 1024 * 1024

export type RedisResults = ResultStore & {
  /** Whether there is one; if so, it stays as long as if it were written now. */
  renew(key: string): Promise<boolean>
}

export type RedisResultsOptions = {
  readonly prefix: string
  /** How long a result stays that nobody asks for. */
  readonly ttlSeconds: number
}

/** Results in Redis behind their sha256: what is cut off, changed or too large is as if it were not there. */
export function redisResults(redis: Redis, { prefix, ttlSeconds }: RedisResultsOptions): RedisResults {
  const nameOf = (key: string): string => {
    if (!KEY.test(key)) throw new RangeError(`a result's key is 64 hex digits, got '${key.slice(0, 80)}'`)
    return `${prefix}:${key}`
  }
  return {
    read: async (key) => {
      // A range, so that whatever somebody put there, no more than this comes.
      const sealed = await redis.getrangeBuffer(nameOf(key), 0, SEAL_BYTES + MAX_RESULT_BYTES)
      return sealed.length > SEAL_BYTES + MAX_RESULT_BYTES ? undefined : unseal(sealed)
    },
    write: async (key, bytes) => {
      if (bytes.length > MAX_RESULT_BYTES) {
        throw new RangeError(
          `a result of ${bytes.length} bytes is too large for Redis (${MAX_RESULT_BYTES}): split its task`,
        )
      }
      await redis.set(nameOf(key), Buffer.from(seal(bytes).buffer), 'EX', ttlSeconds)
    },
    renew: async (key) => (await redis.expire(nameOf(key), ttlSeconds)) === 1,
  }
}
