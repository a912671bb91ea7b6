import { createHash } from 'node:crypto'
import type { Json, Task } from './task.ts'

/** What names a task and its result: 64 lower-case hex digits. */
export const KEY = /^[0-9a-f]{64}$/

const MAX_DEPTH = 100

/**
 * The one name of a task's result: sha256 (hex) over what it depends on, so not its label. `codeHash` says which code, as `sourceHash` of the
 * module that performs it does.
 * @throws {TypeError} that names the place, when the input is not plain data.
 */
export function taskKey({ kind, label, input, needs }: Task, codeHash: string): string {
  const text = canonicalJson({ kind, input, needs, codeHash }, `task '${label}'`)
  return createHash('sha256').update(text).digest('hex')
}

/**
 * The same task as every other thread and machine sees it: members in the order of their names, and no −0, which JSON has not.
 * @throws {TypeError} that names the place, when the input is not plain data.
 */
export function plainTask(task: Task): Task {
  const input: Json = JSON.parse(canonicalJson(task.input, `the input of task '${task.label}'`))
  return { kind: task.kind, label: task.label, input, needs: [...task.needs] }
}

/**
 * JSON with members in the order of their names, without spaces, so that equal data are equal text.
 * @param where - what `value` is, for errors.
 * @throws {TypeError} that names the place, when something in it is no JSON.
 */
export function canonicalJson(value: unknown, where: string, depth = 0): string {
  if (depth > MAX_DEPTH) throw new TypeError(`${where} is nested deeper than ${MAX_DEPTH}: give flatter data`)
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value)
  if (Array.isArray(value)) {
    // By index, since a hole is `undefined` there and absent elsewhere.
    const items = Array.from(value, (item, index) => canonicalJson(item, `${where}[${index}]`, depth + 1))
    return `[${items.join(',')}]`
  }
  if (typeof value === 'object' && isPlain(value)) {
    const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
    const texts = members.map(
      ([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member, `${where}.${name}`, depth + 1)}`,
    )
    return `{${texts.join(',')}}`
  }
  throw new TypeError(`${where} is ${nameOf(value)}: a task is given plain JSON (finite numbers, text, lists, objects)`)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function nameOf(value: unknown): string {
  if (typeof value === 'object' && value !== null) return `a ${value.constructor.name}`
  return typeof value === 'function' || typeof value === 'symbol' ? `a ${typeof value}` : String(value)
}
