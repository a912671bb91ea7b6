import { hasWorker } from '../queue/has-worker.ts'
import { REDIS_RESULTS } from '../queue/job-data.ts'
import { connectRedis } from '../queue/redis-connection.ts'
import { redisResults } from '../queue/redis-results.ts'
import { runOnQueue } from '../queue/run-on-queue.ts'
import { folderResults } from '../tasks/folder-results.ts'
import type { TaskProgress } from '../tasks/progress.ts'
import { type LocalStore, layered } from '../tasks/result-store.ts'
import { runTasks } from '../tasks/run-tasks.ts'
import type { Json, Task } from '../tasks/task.ts'
import { taskKey } from '../tasks/task-key.ts'
import { codeHash, PERFORM, queueOf } from './code-hash.ts'
import { sha256 } from './load-data.ts'
import type { OnRunProgress, RunProgress } from './progress.ts'
import { tasksFolder } from './run-folder.ts'
import { withoutLocal } from './task-inputs.ts'

/** How long Redis may be away before a run gives up. */
const PATIENCE_MS = 60_000

/** Does tasks wherever this run has them done, and keeps what they gave. */
export type Engine = {
  readonly code: string
  keyOf(task: Task): string
  /** Keeps data for tasks, wherever they run: those that read them need their key. @returns it. */
  put(bytes: Uint8Array): Promise<string>
  /** @throws {Error} when there is no such result, which is a bug: ask after it was done. */
  result(key: string): Promise<Uint8Array>
  /** Does tasks that can be done anywhere. */
  do(stage: string, tasks: readonly Task[]): Promise<void>
  /** Does tasks that need what lies on this machine: their results go to where all others find them. */
  doHere(stage: string, tasks: readonly Task[]): Promise<void>
  close(): Promise<void>
}

export async function openEngine(options: {
  readonly out: string
  readonly jobs: number
  readonly redisUrl?: string | undefined
  readonly onProgress: OnRunProgress
  readonly signal?: AbortSignal | undefined
}): Promise<Engine> {
  const { out, jobs, redisUrl, onProgress, signal } = options
  const code = codeHash()
  const keyOf = (task: Task): string => taskKey({ ...task, input: withoutLocal(task.input) }, code)
  // What later tasks may need and nobody has to make again: data, and what was done here alone.
  const kept = new Map<string, Task>()
  const keep = (task: Task): string => {
    kept.set(keyOf(task), { ...task, input: withoutLocal(task.input) })
    return keyOf(task)
  }
  const redis = redisUrl === undefined ? undefined : await connectRedis(redisUrl, PATIENCE_MS)
  const far = redis && redisResults(redis, REDIS_RESULTS)
  const near = folderResults(tasksFolder(out))
  const store: LocalStore = far === undefined ? near : layered(near, far)
  const result = async (key: string): Promise<Uint8Array> => {
    const bytes = await store.read(key)
    if (bytes === undefined) throw new Error(`the result ${key} is gone from ${near.folder}; run the backtest again`)
    return bytes
  }
  const progress = (stage: string) => {
    const { size } = kept
    return ({ state, done, total, label, worker, secondsLeft }: TaskProgress): void => {
      // Nothing but what was put there just now.
      if (state === 'kept' && done === size) return
      const what = worker === undefined ? label : `${label} at ${worker}`
      onProgress({ stage, done: done - size, total: total - size, label: what, secondsLeft })
    }
  }
  const here = (stage: string, tasks: readonly Task[]): Promise<unknown> =>
    runTasks({
      tasks: [...kept.values(), ...tasks],
      keyOf,
      store: near,
      perform: PERFORM,
      jobs,
      onProgress: progress(stage),
      ...(signal && { signal }),
    })
  return {
    code,
    keyOf,
    result,
    put: async (bytes) => {
      const key = keep({ kind: 'data', label: 'data', input: sha256(bytes), needs: [] })
      if ((await near.read(key)) === undefined || far !== undefined) await store.write(key, bytes)
      return key
    },
    do: async (stage, tasks) => {
      if (tasks.length === 0) return
      if (redisUrl === undefined) await here(stage, tasks)
      else {
        if (redis !== undefined && !(await hasWorker(redis, queueOf(code)))) onProgress(nobodyYet(stage, tasks.length))
        await runOnQueue({
          tasks: [...kept.values(), ...tasks],
          codeHashOf: () => code,
          redisUrl,
          queue: queueOf(code),
          store: near,
          onProgress: progress(stage),
          ...(signal && { signal }),
        })
      }
    },
    doHere: async (stage, tasks) => {
      if (tasks.length === 0) return
      await here(stage, tasks)
      for (const task of tasks) await far?.write(keyOf(task), await result(keyOf(task)))
      for (const task of tasks) keep(task)
    },
    close: async () => redis?.disconnect(),
  }
}

/** Whether a task's input says where something lies on this machine, so that no other can do it. */
export function isLocal(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(isLocal)
  return Object.entries(value).some(([name, each]) => name === 'local' || isLocal(each))
}

function nobodyYet(stage: string, total: number): RunProgress {
  const label = 'waiting: no worker of this commit is at the queue; start one with plimsoll backtest worker'
  return { stage, done: 0, total, label }
}
