import { workerData } from 'node:worker_threads'
import { move } from 'piscina'
import { folderResults } from './folder-results.ts'
import { importPerform, performWith } from './perform.ts'
import type { Task } from './task.ts'

/** What a thread of {@link openThreads} is told. */
export type ThreadData = {
  /** The address of the module that exports `perform`. */
  readonly module: string
  /** Where results that tasks need are. */
  readonly folder: string
}

const { module, folder }: ThreadData = workerData
// Begun before there is a task; what fails in it fails each task, with its message, rather than the thread, which would be started anew.
const loading = importPerform(new URL(module))
loading.catch(() => undefined)

/** Does a task; its result is given to the thread that asked, not copied. */
export async function performTask(task: Task): Promise<unknown> {
  const bytes = await performWith(await loading, folderResults(folder))(task)
  // Only memory that is the result's alone can be given away: a small Buffer shares its with others.
  const isAlone = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
  return move(isAlone ? bytes : Uint8Array.from(bytes))
}
