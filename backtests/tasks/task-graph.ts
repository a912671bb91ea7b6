import type { Task } from './task.ts'
import { plainTask } from './task-key.ts'

/** A task with its key. */
export type KeyedTask = { readonly key: string; readonly task: Task }

/**
 * Tasks in the given order under their keys, each once.
 * @throws {Error} that names the tasks, when one needs what is not among them, or they need one another in a circle.
 */
export function keyedTasks(tasks: readonly Task[], keyOf: (task: Task) => string): KeyedTask[] {
  const byKey = new Map<string, KeyedTask>()
  for (const given of tasks) {
    const task = plainTask(given)
    const key = keyOf(task)
    if (!byKey.has(key)) byKey.set(key, { key, task })
  }
  const keyed = [...byKey.values()]
  for (const { task } of keyed) {
    const unknown = task.needs.find((need) => !byKey.has(need))
    if (unknown !== undefined) {
      throw new Error(`task '${task.label}' needs the result ${unknown}, which no task gives: add the task that does`)
    }
  }
  refuseCircles(keyed)
  return keyed
}

/** By taking away, time and again, what needs nothing that is left: what never goes is in a circle, or behind one. */
function refuseCircles(keyed: readonly KeyedTask[]): void {
  const schedule = createSchedule(keyed)
  const left = new Map(keyed.map((each) => [each.key, each]))
  for (let next = schedule.take(); next !== undefined; next = schedule.take()) {
    schedule.finish(next.key)
    left.delete(next.key)
  }
  if (left.size === 0) return
  // From any that is left, needs that are left lead around a circle in the end.
  const way: KeyedTask[] = []
  let at = left.values().next().value
  while (at !== undefined && !way.includes(at)) {
    way.push(at)
    at = left.get(at.task.needs.find((need) => left.has(need)) ?? '')
  }
  const circle = at === undefined ? way : way.slice(way.indexOf(at))
  const labels = [...circle, ...circle.slice(0, 1)].map(({ task }) => `'${task.label}'`)
  throw new Error(`tasks need one another in a circle: ${labels.join(' needs ')}`)
}

export type Schedule = {
  /** The first, in the given order, of those whose needs are all finished; undefined when there is none now. */
  take(): KeyedTask | undefined
  finish(key: string): void
  /** Whether all are. */
  isFinished(): boolean
}

/** Who may start: a task once all that it needs and that is among these is finished. */
export function createSchedule(keyed: readonly KeyedTask[]): Schedule {
  const places = new Map(keyed.map(({ key }, place) => [key, place]))
  const needs = keyed.map(({ task }) => [...new Set(task.needs)].filter((need) => places.has(need)))
  const missing = needs.map(({ length }) => length)
  const dependants = new Map<string, number[]>()
  for (const [place, those] of needs.entries()) {
    for (const need of those) {
      const known = dependants.get(need)
      if (known === undefined) dependants.set(need, [place])
      else known.push(place)
    }
  }
  // From last to first, since an array gives its last at once.
  const ready = [...keyed.keys()].filter((place) => missing[place] === 0).reverse()
  const unfinished = new Set(places.keys())
  return {
    take: () => {
      const place = ready.pop()
      return place === undefined ? undefined : keyed[place]
    },
    finish: (key) => {
      if (!unfinished.delete(key)) return
      for (const place of dependants.get(key) ?? []) {
        const left = (missing[place] ?? 0) - 1
        missing[place] = left
        if (left === 0) insert(ready, place)
      }
    },
    isFinished: () => unfinished.size === 0,
  }
}

/** Keeps `sorted` so, from the greatest to the least. */
function insert(sorted: number[], value: number): void {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) > value) low = middle + 1
    else high = middle
  }
  sorted.splice(low, 0, value)
}
