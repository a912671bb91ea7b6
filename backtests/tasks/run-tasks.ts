import { doTasks, type Outcome, type Performer } from './do-tasks.ts'
import { importPerform, performWith } from './perform.ts'
import type { TaskProgress } from './progress.ts'
import type { LocalStore } from './result-store.ts'
import type { Task } from './task.ts'
import { keyedTasks } from './task-graph.ts'
import { openThreads, type Threads } from './threads.ts'

export type RunTasks = {
  readonly tasks: readonly Task[]
  /** What names a task's result, as `taskKey` with the hash of the code that does it. */
  readonly keyOf: (task: Task) => string
  readonly store: LocalStore
  /** The module that exports `perform`. */
  readonly perform: URL
  /** Tasks at once: with 1 they are done in this thread. */
  readonly jobs: number
  readonly onProgress?: (progress: TaskProgress) => void
  /** Stops the run; in this thread, once the task at work is done. */
  readonly signal?: AbortSignal
}

/**
 * Does all tasks that the store has no result of, each once all that it needs is done, with the same bytes on any number of threads. Results
 * are stored as they come: after a kill -9, the next run does what is missing.
 * @returns what became of each, by key; the results are in the store.
 * @throws {Error} the first that failed, naming its task, with the cause; or the signal's reason. What was finished is kept.
 */
export async function runTasks(given: RunTasks): Promise<Map<string, Outcome>> {
  const { tasks, keyOf, store, perform, jobs, onProgress, signal } = given
  if (!Number.isSafeInteger(jobs) || jobs < 1) throw new RangeError(`jobs is ${jobs}: a whole number from 1 was needed`)
  const keyed = keyedTasks(tasks, keyOf)
  const performer = jobs === 1 ? await inThisThread(perform, store) : inThreads(perform, store, jobs)
  return doTasks({ keyed, store, lanes: jobs, performer, onProgress, signal })
}

async function inThisThread(module: URL, store: LocalStore): Promise<Performer> {
  const perform = performWith(await importPerform(module), store)
  return {
    perform: ({ task }, started) => {
      started()
      return perform(task)
    },
    close: async () => undefined,
  }
}

function inThreads(module: URL, store: LocalStore, jobs: number): Performer {
  // Only once there is something to do.
  let threads: Threads | undefined
  return {
    perform: ({ task }, started) => {
      threads ??= openThreads({ module, folder: store.folder, threads: jobs })
      started()
      return threads.perform(task)
    },
    close: async () => threads?.close(),
  }
}
