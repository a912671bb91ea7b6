import { performance } from 'node:perf_hooks'
import type { TaskProgress } from './progress.ts'
import type { ResultStore } from './result-store.ts'
import { createSchedule, type KeyedTask, type Schedule } from './task-graph.ts'
import { estimateTimeLeft } from './time-left.ts'

/** Where tasks are done: in this thread, in others, or on other machines. */
export type Performer = {
  /** @param started - to be called once the task is at work, with the name of who does it. */
  perform(keyed: KeyedTask, started: (worker?: string) => void): Promise<Uint8Array>
  /** Stops what is at work, where that can be: its promises are rejected. */
  close(): Promise<void>
}

export type DoTasks = {
  readonly keyed: readonly KeyedTask[]
  readonly store: ResultStore
  /** How many are given to the performer at once. */
  readonly lanes: number
  readonly performer: Performer
  readonly onProgress: ((progress: TaskProgress) => void) | undefined
  readonly signal: AbortSignal | undefined
}

/** What became of a task. Its result is in the store. */
export type Outcome = {
  readonly label: string
  /** From an earlier run. */
  readonly cached: boolean
  /** 0 where it was cached. */
  readonly seconds: number
}

/**
 * Does all tasks that the store has no result of, each once all that it needs is done, in the given order otherwise. Results are stored as
 * they come, so that whatever stops this, the next run does the rest alone.
 * @returns what became of each, by key, in the order given.
 * @throws {Error} the first that failed, naming its task, the others stopped; or the signal's reason.
 */
export async function doTasks(given: DoTasks): Promise<Map<string, Outcome>> {
  const { keyed, store, lanes, performer, onProgress, signal } = given
  try {
    signal?.throwIfAborted()
    const kept = await keptKeys(keyed, store, signal)
    const rest = keyed.filter(({ key }) => !kept.has(key))
    const step = { performer, store, report: createReport({ total: keyed.length, rest, onProgress }) }
    const seconds = new Map<string, number>()
    const ways = { schedule: createSchedule(rest), lanes: Math.min(lanes, rest.length), performer, signal }
    await inLanes(ways, async (next, stopping) => {
      seconds.set(next.key, await doOne(next, step, stopping))
    })
    return new Map(
      keyed.map(({ key, task }) => [key, { label: task.label, cached: kept.has(key), seconds: seconds.get(key) ?? 0 }]),
    )
  } finally {
    await performer.close()
  }
}

/** How many results are looked for at once: the wait for a disk or a server is shared, and few are held in memory. */
const LOOKING_AT_ONCE = 8

async function keptKeys(
  keyed: readonly KeyedTask[],
  store: ResultStore,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const kept = new Set<string>()
  const waiting = keyed.values()
  const look = async (): Promise<void> => {
    for (const { key } of waiting) {
      signal?.throwIfAborted()
      if ((await store.read(key)) !== undefined) kept.add(key)
    }
  }
  await Promise.all(Array.from({ length: LOOKING_AT_ONCE }, look))
  return kept
}

type Lanes = {
  readonly schedule: Schedule
  readonly lanes: number
  readonly performer: Performer
  readonly signal: AbortSignal | undefined
}

/** Runs `each` on what is ready, as many at once as there are lanes, until all is done or something failed. */
async function inLanes(
  { schedule, lanes, performer, signal }: Lanes,
  each: (next: KeyedTask, stopping: AbortSignal) => Promise<void>,
): Promise<void> {
  const stopping = new AbortController()
  let change = Promise.withResolvers<void>()
  const changed = (): void => {
    change.resolve()
    change = Promise.withResolvers()
  }
  // Of several reasons to stop, the first stays.
  const stop = async (reason: unknown): Promise<void> => {
    stopping.abort(reason)
    changed()
    await performer.close()
  }
  const lane = async (): Promise<void> => {
    while (!stopping.signal.aborted && !schedule.isFinished()) {
      const next = schedule.take()
      // What is ready next depends on what other lanes are at.
      if (next === undefined) await change.promise
      else {
        await each(next, stopping.signal)
        schedule.finish(next.key)
        changed()
      }
    }
  }
  const onAbort = (): void => void stop(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    // All, also after one has failed: nothing goes on behind the back of whoever catches the error.
    await Promise.all(Array.from({ length: lanes }, () => lane().catch(stop)))
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
  stopping.signal.throwIfAborted()
}

type Step = { readonly performer: Performer; readonly store: ResultStore; readonly report: Report }

/** @returns the seconds that it took from when it was at work. */
async function doOne(next: KeyedTask, { performer, store, report }: Step, stopping: AbortSignal): Promise<number> {
  const { label, kind } = next.task
  let since = performance.now()
  try {
    const bytes = await performer.perform(next, (worker) => {
      since = performance.now()
      report('started', label, { worker })
    })
    await store.write(next.key, bytes)
  } catch (cause) {
    // Those that are stopped because another failed did not fail.
    if (!stopping.aborted) report('failed', label)
    throw new Error(`task '${label}' failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  const seconds = (performance.now() - since) / 1_000
  report('finished', label, { kind, seconds })
  return seconds
}

type Report = (
  state: TaskProgress['state'],
  label: string,
  more?: { readonly kind?: string; readonly seconds?: number; readonly worker?: string | undefined },
) => void

type Reported = {
  readonly total: number
  readonly rest: readonly KeyedTask[]
  readonly onProgress: ((progress: TaskProgress) => void) | undefined
}

function createReport({ total, rest, onProgress }: Reported): Report {
  const begun = performance.now()
  const timeLeft = estimateTimeLeft(rest)
  const cached = total - rest.length
  const count = { done: cached, failed: 0 }
  const report: Report = (state, label, { kind, seconds, worker } = {}) => {
    if (state === 'failed') count.failed += 1
    if (state === 'finished' && kind !== undefined && seconds !== undefined) {
      count.done += 1
      timeLeft.finished(kind, seconds)
    }
    const secondsLeft = timeLeft.secondsLeft((performance.now() - begun) / 1_000)
    onProgress?.({ state, label, worker, ...count, cached, total, secondsLeft })
  }
  if (cached > 0) report('kept', '')
  return report
}
