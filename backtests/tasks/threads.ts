import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import type { Task } from './task.ts'
import type { ThreadData } from './thread.ts'

export type Threads = {
  perform(task: Task): Promise<Uint8Array>
  /** Stops what is at work. */
  close(): Promise<void>
}

export type OpenThreads = {
  /** Exports `perform`. */
  readonly module: URL
  /** Where results that tasks need are. */
  readonly folder: string
  readonly threads: number
}

/** Threads that do tasks, one each at a time. */
export function openThreads({ module, folder, threads }: OpenThreads): Threads {
  const data: ThreadData = { module: module.href, folder }
  const pool: Piscina<Task, Uint8Array> = new Piscina({
    filename: fileURLToPath(new URL('./thread.ts', import.meta.url)),
    name: 'performTask',
    minThreads: threads,
    maxThreads: threads,
    workerData: data,
    // A thread that waits goes on hearing what else comes in: `perform` may hold connections.
    atomics: 'disabled',
    recordTiming: false,
  })
  let closed: Promise<void> | undefined
  return {
    perform: (task) => pool.run(task),
    close: () => {
      closed ??= pool.destroy()
      return closed
    },
  }
}
