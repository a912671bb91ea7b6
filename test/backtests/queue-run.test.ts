import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunOnQueue, runOnQueue } from '../../backtests/queue/run-on-queue.ts'
import { folderResults } from '../../backtests/tasks/folder-results.ts'
import type { TaskProgress } from '../../backtests/tasks/progress.ts'
import { runTasks } from '../../backtests/tasks/run-tasks.ts'
import type { Task } from '../../backtests/tasks/task.ts'
import { taskKey } from '../../backtests/tasks/task-key.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { churn } from './queue-perform.ts'
import { workerProcess } from './queue-processes.ts'
import { hasRedis, type RedisServer, startRedis } from './queue-redis.ts'

/* Whole worker processes on a real Redis server. Each test has a queue and a code of its own, so results of others are not its. */

let redis: RedisServer
beforeAll(async () => {
  if (hasRedis()) redis = await startRedis()
})
afterAll(() => redis?.stop())

function run(name: string, tasks: readonly Task[], more: Partial<RunOnQueue> = {}) {
  const events: TaskProgress[] = []
  const store = folderResults(temporaryFolder())
  const onProgress = (event: TaskProgress): void => {
    events.push(event)
    more.onProgress?.(event)
  }
  const given = {
    tasks,
    codeHashOf: () => name,
    redisUrl: redis.url,
    queue: name,
    store,
    pollMs: 500,
    ...more,
    onProgress,
  }
  return { done: runOnQueue(given), events, store: given.store }
}

async function resultsOf(name: string, store: RunOnQueue['store'], tasks: readonly Task[]): Promise<string[]> {
  const read = async (task: Task): Promise<string> =>
    Buffer.from((await store.read(taskKey(task, name))) ?? []).toString('hex')
  return Promise.all(tasks.map(read))
}

async function localResults(name: string, tasks: readonly Task[]): Promise<string[]> {
  const store = folderResults(temporaryFolder())
  const perform = new URL('./queue-perform.ts', import.meta.url)
  await runTasks({ tasks, keyOf: (task) => taskKey(task, name), store, perform, jobs: 1 })
  return resultsOf(name, store, tasks)
}

const started = (events: readonly TaskProgress[]): TaskProgress[] => events.filter(({ state }) => state === 'started')

describe.skipIf(!hasRedis())('workers on a queue', () => {
  test('share tasks, do each once, and give the same bytes as one thread', async () => {
    const name = 'shared'
    const first = Array.from({ length: 15 }, (_, seed) =>
      churn(`first ${seed}`, { seed, waitMs: 40, bytes: 1 + seed * 5_000 }),
    )
    const second = Array.from({ length: 4 }, (_, group) =>
      churn(
        `second ${group}`,
        { seed: group },
        first.slice(group * 3, group * 3 + 3).map((task) => taskKey(task, name)),
      ),
    )
    const tasks = [
      churn(
        'last',
        { seed: 1 },
        second.map((task) => taskKey(task, name)),
      ),
      ...first,
      ...second,
    ]
    const workers = [1, 2, 3].map(() => workerProcess({ redisUrl: redis.url, queue: name, code: name }))
    await Promise.all(workers.map(({ ready }) => ready))
    const { done, events, store } = run(name, tasks)
    expect([...(await done).values()].every(({ cached }) => !cached)).toBe(true)
    expect(await resultsOf(name, store, tasks)).toEqual(await localResults(name, tasks))
    expect(workers.flatMap((worker) => worker.did()).toSorted()).toEqual(tasks.map(({ label }) => label).toSorted())
    expect(new Set(started(events).map(({ worker }) => worker)).size).toBe(3)
    expect(events.at(-1)).toMatchObject({ state: 'finished', label: 'last', done: 20, total: 20, failed: 0 })

    // Once more: here, and on a machine that has nothing yet.
    const lines = workers.map((worker) => worker.lines.length)
    const again = run(name, tasks, { store })
    const elsewhere = run(name, tasks)
    for (const each of [again, elsewhere]) {
      expect([...(await each.done).values()].every(({ cached }) => cached)).toBe(true)
      expect(each.events.map(({ state }) => state)).toEqual(['kept'])
    }
    expect(await resultsOf(name, elsewhere.store, tasks)).toEqual(await resultsOf(name, store, tasks))
    expect(workers.map((worker) => worker.lines.length)).toEqual(lines)
  })

  test('one that is killed in mid-task loses nothing', async () => {
    const name = 'killed'
    const tasks = Array.from({ length: 6 }, (_, seed) => churn(`t${seed}`, { seed, waitMs: 250 }))
    const workers = [1, 2].map(() => workerProcess({ redisUrl: redis.url, queue: name, code: name }))
    await Promise.all(workers.map(({ ready }) => ready))
    let killed: string | undefined
    const { done, store } = run(name, tasks, {
      onProgress: ({ state, worker, label }) => {
        if (state !== 'started' || killed !== undefined) return
        killed = label
        const victim = workers.find(({ child }) => worker?.endsWith(`:${child.pid}`))
        victim?.child.kill('SIGKILL')
      },
    })
    await done
    expect(workers.filter(({ child }) => child.signalCode === 'SIGKILL').length).toBe(1)
    expect(workers.flatMap((worker) => worker.did())).toContain(killed)
    expect(workers.flatMap((worker) => worker.did()).toSorted()).toEqual(tasks.map(({ label }) => label))
    expect(await resultsOf(name, store, tasks)).toEqual(await localResults(name, tasks))
  })

  test('one whose task takes its thread for longer than it may be silent keeps it', async () => {
    const name = 'busy'
    const tasks = [churn('long', { seed: 1, blockMs: 2_600 })]
    const workers = [1, 2].map(() =>
      workerProcess({ redisUrl: redis.url, queue: name, code: name, lockMs: 1_000, stalledMs: 300 }),
    )
    await Promise.all(workers.map(({ ready }) => ready))
    const outcomes = [...(await run(name, tasks).done).values()]
    expect(outcomes[0]?.seconds).toBeGreaterThan(2.5)
    expect(workers.flatMap((worker) => worker.did())).toEqual(['long'])
    expect(workers.flatMap(({ lines }) => lines).filter((line) => line.includes('gave back'))).toEqual([])
  })

  test('one that is told to end finishes what it is at, or gives it back', async () => {
    const name = 'ended'
    const tasks = [churn('patient', { seed: 1, waitMs: 500 }), churn('endless', { seed: 2, waitMs: 1_800 })]
    const leaving = workerProcess({ redisUrl: redis.url, queue: name, code: name, jobs: 2, graceMs: 1_000 })
    await leaving.ready
    const { done, store, events } = run(name, tasks, {
      onProgress: ({ state }) => {
        if (state === 'started' && started(events).length === 2) leaving.child.kill('SIGTERM')
      },
    })
    expect(await leaving.exited).toBe(0)
    expect(leaving.did()).toEqual(['patient'])
    expect(leaving.lines.filter((line) => line.includes('gives back')).length).toBe(1)
    const next = workerProcess({ redisUrl: redis.url, queue: name, code: name })
    await done
    expect(next.did()).toEqual(['endless'])
    expect(await resultsOf(name, store, tasks)).toEqual(await localResults(name, tasks))
  })

  test('a server that is started anew, with nothing in it, has its tasks again', async () => {
    const name = 'restarted'
    const first = Array.from({ length: 4 }, (_, seed) => churn(`first ${seed}`, { seed, waitMs: 200 }))
    const tasks = [
      ...first,
      churn(
        'last',
        { seed: 9 },
        first.map((task) => taskKey(task, name)),
      ),
    ]
    const worker = workerProcess({ redisUrl: redis.url, queue: name, code: name })
    await worker.ready
    let restarted: Promise<void> | undefined
    const { done, store } = run(name, tasks, {
      onProgress: ({ state }) => {
        if (state === 'finished') restarted ??= redis.restart()
      },
    })
    await done
    await restarted
    expect(await resultsOf(name, store, tasks)).toEqual(await localResults(name, tasks))
  })
})
