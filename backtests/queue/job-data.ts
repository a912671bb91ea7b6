import { z } from 'zod'
import type { Task } from '../tasks/task.ts'
import { KEY, plainTask, taskKey } from '../tasks/task-key.ts'

/** More is no description of a task but data, which belongs in files that it names. */
const MAX_JOB_CHARACTERS = 1024 * 1024
const MAX_TEXT = 2_000

/** Jobs and results under these names in Redis. */
export const REDIS_PREFIX = 'plimsoll'
export const DEFAULT_QUEUE = 'backtests'
/** Results stay in Redis for long enough that a run can be taken up again. */
export const REDIS_RESULTS = { prefix: `${REDIS_PREFIX}:result`, ttlSeconds: 7 * 24 * 3_600 }

const CODE_HASH = /^[\w.-]{1,128}$/

const jobSchema = z.strictObject({
  codeHash: z.string().regex(CODE_HASH),
  task: z.strictObject({
    kind: z.string().min(1).max(200),
    label: z.string().max(500),
    input: z.json(),
    needs: z.array(z.string().regex(KEY)).max(10_000),
  }),
})

/** What a run asks of a worker. */
export type JobData = { readonly codeHash: string; readonly task: Task }

/**
 * A task as it goes into the queue.
 * @throws {RangeError} when a worker would refuse it.
 */
export function toJobData(task: Task, codeHash: string): JobData {
  const data = { codeHash, task: plainTask(task) }
  const { length } = JSON.stringify(data)
  if (length > MAX_JOB_CHARACTERS) {
    throw new RangeError(
      `the input of task '${task.label}' is too large for the queue (${length} of ${MAX_JOB_CHARACTERS} characters): put data in a file, or in the result of a task that it needs`,
    )
  }
  const checked = jobSchema.safeParse(data)
  if (!checked.success) throw new RangeError(`task '${task.label}' cannot be queued: ${z.prettifyError(checked.error)}`)
  return data
}

/**
 * What came from the queue, where anybody may have put it.
 * @param id - the job's, which must be the key of its task: else a result would be kept under another's name.
 * @throws {Error} that says what is wrong with it.
 */
export function fromJobData(data: unknown, id: string): JobData {
  const length = charactersOf(data)
  if (length > MAX_JOB_CHARACTERS)
    throw new Error(`job ${plainText(id)} is refused: its data are too large (${length} characters) or too deep`)
  const checked = jobSchema.safeParse(data)
  if (!checked.success) throw new Error(`job ${plainText(id)} is refused: ${z.prettifyError(checked.error)}`)
  const { codeHash, task } = checked.data
  if (taskKey(task, codeHash) !== id)
    throw new Error(`job ${plainText(id)} is refused: its id is not the key of its task`)
  return { codeHash, task: plainTask(task) }
}

function charactersOf(data: unknown): number {
  try {
    return JSON.stringify(data).length
  } catch {
    // Nested too deep to be written.
    return Number.POSITIVE_INFINITY
  }
}

/** What a worker tells once it is at a job. */
export const atWorkSchema = z.object({ worker: z.string().max(200) })

/** Text from elsewhere for a terminal: short, and without what would move its cursor. */
export function plainText(text: string): string {
  return text.slice(0, MAX_TEXT).replace(/\p{Cc}+/gu, ' ')
}
