import type { ResultStore } from './result-store.ts'
import type { Json, Perform, Task } from './task.ts'

/**
 * What a module exports as `perform`.
 * @throws {Error} when there is none.
 */
export async function importPerform(module: URL): Promise<Perform> {
  const { perform }: { perform?: Perform } = await import(module.href)
  if (typeof perform !== 'function')
    throw new Error(`${module.href} exports no function 'perform': tasks are done by one`)
  return perform
}

/** `perform` on results in a store; the bytes that it returns are the caller's from then on. */
export function performWith(perform: Perform, store: ResultStore): (task: Task) => Promise<Uint8Array> {
  return async (task) => {
    const bytes: unknown = await perform(task, { read: (key) => readNeed(task, key, store) })
    if (bytes instanceof Uint8Array) return bytes
    throw new TypeError(`a task of kind '${task.kind}' gave ${typeof bytes}: bytes (Uint8Array) were needed`)
  }
}

async function readNeed({ needs, input }: Task, key: string, store: ResultStore): Promise<Uint8Array> {
  // Data that the input names by their hash are as good as part of it. Anything else would depend on whether another task was done before.
  if (!(needs.includes(key) || names(input, key))) {
    throw new Error(`it read the result ${key}, which neither its needs nor its input name: name it there`)
  }
  const bytes = await store.read(key)
  if (bytes === undefined)
    throw new Error(`the result ${key} that it needs is gone or damaged: run again to have it redone`)
  return bytes
}

function names(value: Json, key: string): boolean {
  if (typeof value !== 'object' || value === null) return value === key
  return Object.values(value).some((each: Json) => names(each, key))
}
