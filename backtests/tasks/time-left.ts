import type { KeyedTask } from './task-graph.ts'

export type TimeLeft = {
  finished(kind: string, seconds: number): void
  /** Undefined while nothing has finished. */
  secondsLeft(elapsedSeconds: number): number | undefined
}

type Kind = { left: number; done: number; seconds: number }

/**
 * How long the rest takes, were each task as long as those of its kind have been (of all, where none of its kind is finished), and as many at
 * work at once as so far.
 */
export function estimateTimeLeft(tasks: readonly KeyedTask[]): TimeLeft {
  const kinds = new Map<string, Kind>()
  const all: Kind = { left: tasks.length, done: 0, seconds: 0 }
  for (const { task } of tasks) {
    const kind = kinds.get(task.kind) ?? { left: 0, done: 0, seconds: 0 }
    kind.left += 1
    kinds.set(task.kind, kind)
  }
  return {
    finished: (name, seconds) => {
      for (const kind of [all, kinds.get(name)]) {
        if (kind === undefined) continue
        kind.left -= 1
        kind.done += 1
        kind.seconds += seconds
      }
    },
    secondsLeft: (elapsedSeconds) => {
      if (all.done === 0 || all.seconds === 0) return all.left === 0 ? 0 : undefined
      let work = 0
      for (const { left, done, seconds } of kinds.values()) {
        work += left * (done === 0 ? all.seconds / all.done : seconds / done)
      }
      return (work * elapsedSeconds) / all.seconds
    },
  }
}
