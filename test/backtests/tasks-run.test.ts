import { spawn } from 'node:child_process'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { folderResults } from '../../backtests/tasks/folder-results.ts'
import type { TaskProgress } from '../../backtests/tasks/progress.ts'
import { type RunTasks, runTasks } from '../../backtests/tasks/run-tasks.ts'
import type { Task } from '../../backtests/tasks/task.ts'
import { taskKey } from '../../backtests/tasks/task-key.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { churn } from './queue-perform.ts'

const keyOf = (task: Task): string => taskKey(task, 'code')
const perform = new URL('./queue-perform.ts', import.meta.url)

/** Twelve that need nothing, four that need three of them each, and one that needs those. */
function pyramid(): Task[] {
  const first = Array.from({ length: 12 }, (_, seed) => churn(`first ${seed}`, { seed, bytes: 10 + seed * 3_000 }))
  const second = Array.from({ length: 4 }, (_, group) =>
    churn(`second ${group}`, { seed: group }, first.slice(group * 3, group * 3 + 3).map(keyOf)),
  )
  // Given in the wrong order on purpose.
  return [churn('last', { seed: 7 }, second.map(keyOf)), ...second, ...first]
}

function run(more: Partial<RunTasks> & Pick<RunTasks, 'tasks' | 'store'>) {
  const events: TaskProgress[] = []
  const done = runTasks({ keyOf, perform, jobs: 1, onProgress: (event) => events.push(event), ...more })
  return { done, events }
}

async function resultsIn(folder: string, tasks: readonly Task[]): Promise<(string | undefined)[]> {
  const read = async (task: Task) => {
    const bytes = await folderResults(folder).read(keyOf(task))
    return bytes && Buffer.from(bytes).toString('hex')
  }
  return Promise.all(tasks.map(read))
}

const finished = (events: readonly TaskProgress[]): string[] =>
  events.filter(({ state }) => state === 'finished').map(({ label }) => label)

describe('tasks', () => {
  test('give the same bytes in this thread and in several, each after what it needs', async () => {
    const tasks = pyramid()
    const folders = [1, 2, 3].map((jobs) => ({ jobs, folder: temporaryFolder() }))
    const results: (string | undefined)[][] = []
    for (const { jobs, folder } of folders) {
      const { done, events } = run({ tasks, store: folderResults(folder), jobs })
      const outcomes = await done
      expect([...outcomes.keys()]).toEqual(tasks.map(keyOf))
      expect([...outcomes.values()].every(({ cached }) => !cached)).toBe(true)
      const order = finished(events)
      expect(order.length).toBe(17)
      expect(order.at(-1)).toBe('last')
      for (let group = 0; group < 4; group += 1) {
        const before = order.slice(0, order.indexOf(`second ${group}`))
        for (const seed of [0, 1, 2]) expect(before).toContain(`first ${group * 3 + seed}`)
      }
      results.push(await resultsIn(folder, tasks))
    }
    expect(results[0]?.every((hex) => hex !== undefined && hex.length > 0)).toBe(true)
    expect(new Set(results[0]).size).toBe(17)
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  })

  test('that are done are not done again, but what was damaged or is new', async () => {
    const tasks = pyramid()
    const store = folderResults(temporaryFolder())
    await run({ tasks, store }).done
    const again = run({ tasks, store, jobs: 2 })
    expect([...(await again.done).values()].every(({ cached }) => cached)).toBe(true)
    expect(again.events.map(({ state, done, cached, total }) => [state, done, cached, total])).toEqual([
      ['kept', 17, 17, 17],
    ])
    const [key = ''] = tasks.filter(({ label }) => label === 'first 3').map(keyOf)
    truncateSync(join(store.folder, key.slice(0, 2), `${key}.result`), 40)
    const mended = run({ tasks: [...tasks, churn('new', { seed: 99 })], store, jobs: 2 })
    await mended.done
    expect(finished(mended.events).toSorted()).toEqual(['first 3', 'new'])
  })

  test('given twice are done once', async () => {
    const task = churn('once', { seed: 1 })
    const { done, events } = run({
      tasks: [task, { ...task, label: 'twice' }],
      store: folderResults(temporaryFolder()),
    })
    expect((await done).size).toBe(1)
    expect(finished(events)).toEqual(['once'])
  })

  test('tell how far they are and what time is left', async () => {
    const tasks = Array.from({ length: 5 }, (_, seed) => churn(`t${seed}`, { seed, waitMs: 20 }))
    const { done, events } = run({ tasks, store: folderResults(temporaryFolder()) })
    await done
    expect(events.map(({ state, label, done: count }) => `${state} ${label} ${count}`)).toEqual(
      tasks.flatMap(({ label }, index) => [`started ${label} ${index}`, `finished ${label} ${index + 1}`]),
    )
    expect(events[0]?.secondsLeft).toBeUndefined()
    expect(events[1]?.secondsLeft).toBeGreaterThan(0.05)
    expect(events.at(-1)?.secondsLeft).toBe(0)
  })
})

describe('what cannot be done', () => {
  test('a need that no task gives is named', async () => {
    const tasks = [churn('alone', { seed: 1 }, ['f'.repeat(64)])]
    await expect(run({ tasks, store: folderResults(temporaryFolder()) }).done).rejects.toThrow(
      /task 'alone' needs the result f{64}, which no task gives/,
    )
  })

  test('a circle is named', async () => {
    const byLabel = (label: string): string => Buffer.from(label.padEnd(32)).toString('hex')
    const tasks = [
      churn('free', { seed: 1 }),
      churn('behind', { seed: 1 }, [byLabel('a')]),
      churn('a', { seed: 1 }, [byLabel('free'), byLabel('b')]),
      churn('b', { seed: 1 }, [byLabel('c')]),
      churn('c', { seed: 1 }, [byLabel('a')]),
    ]
    const store = folderResults(temporaryFolder())
    await expect(run({ tasks, store, keyOf: ({ label }) => byLabel(label) }).done).rejects.toThrow(
      /circle: 'a' needs 'b' needs 'c' needs 'a'/,
    )
  })

  test.each([1, 2])('the first failure names its task and stops the others, %i at once', async (jobs) => {
    const slow = Array.from({ length: 30 }, (_, seed) => churn(`slow ${seed}`, { seed, waitMs: 100 }))
    const good = churn('good', { seed: 1 })
    const failing: Task = { kind: 'fail', label: 'ETH · 2020-03', input: {}, needs: [keyOf(good)] }
    const tasks = [good, failing, ...slow]
    const folder = temporaryFolder()
    const { done, events } = run({ tasks, store: folderResults(folder), jobs })
    const error = await done.catch((caught: unknown) => caught)
    expect(String(error)).toMatch(/task 'ETH · 2020-03' failed: the price of ETH · 2020-03 is 0/)
    expect((error as Error).cause).toBeInstanceOf(RangeError)
    expect(events.at(-1)).toMatchObject({ state: 'failed', label: 'ETH · 2020-03', failed: 1 })
    expect((await resultsIn(folder, tasks)).filter((hex) => hex !== undefined).length).toBe(1)
  })

  test('a thread that dies fails its task alone', async () => {
    const tasks: Task[] = [{ kind: 'exit', label: 'dies', input: {}, needs: [] }]
    await expect(run({ tasks, store: folderResults(temporaryFolder()), jobs: 2 }).done).rejects.toThrow(
      /task 'dies' failed: .*7/,
    )
  })

  test.each([1, 2])('a module without perform is named, with jobs %i', async (jobs) => {
    const tasks = [churn('a', { seed: 1 })]
    const module = new URL('../../backtests/tasks/sealed.ts', import.meta.url)
    const { done } = run({ tasks, store: folderResults(temporaryFolder()), jobs, perform: module })
    await expect(done).rejects.toThrow(/sealed\.ts exports no function 'perform'/)
  })

  test.each([0, 1.5, Number.NaN])('%d jobs are refused', async (jobs) => {
    await expect(run({ tasks: [], store: folderResults(temporaryFolder()), jobs }).done).rejects.toThrow(/jobs is/)
  })
})

describe('a run that is stopped', () => {
  test.each([1, 2])('by a signal keeps what was finished, with jobs %i', async (jobs) => {
    const tasks = Array.from({ length: 40 }, (_, seed) => churn(`t${seed}`, { seed, waitMs: 30 }))
    const folder = temporaryFolder()
    const controller = new AbortController()
    const events: TaskProgress[] = []
    const onProgress = (event: TaskProgress): void => {
      events.push(event)
      if (event.done === 3) controller.abort(new Error('that will do'))
    }
    const { done } = run({ tasks, store: folderResults(folder), jobs, onProgress, signal: controller.signal })
    await expect(done).rejects.toThrow('that will do')
    expect(events.every(({ failed }) => failed === 0)).toBe(true)
    const kept = (await resultsIn(folder, tasks)).filter((hex) => hex !== undefined).length
    expect(kept).toBeGreaterThanOrEqual(3)
    expect(kept).toBeLessThan(8)
    const rest = run({ tasks, store: folderResults(folder), jobs })
    await rest.done
    expect(finished(rest.events).length).toBe(40 - kept)
  })

  test('by kill -9 loses only what was at work', async () => {
    const folder = temporaryFolder()
    const child = spawn(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL('./queue-tasks-child.ts', import.meta.url)),
      folder,
    ])
    const told: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('finished')) continue
      told.push(line.slice('finished '.length))
      if (told.length === 5) child.kill('SIGKILL')
    }
    expect(told.length).toBeLessThan(12)
    const tasks = Array.from({ length: 12 }, (_, seed) => churn(`slow ${seed}`, { seed, waitMs: 150 }))
    const { done, events } = run({ tasks, store: folderResults(folder), jobs: 2 })
    const outcomes = [...(await done).values()]
    for (const label of told) expect(outcomes.find((each) => each.label === label)?.cached, label).toBe(true)
    expect(finished(events).length).toBe(outcomes.filter(({ cached }) => !cached).length)
    expect(finished(events).length).toBeGreaterThan(0)
    const clean = temporaryFolder()
    await run({ tasks, store: folderResults(clean), jobs: 2 }).done
    expect(await resultsIn(folder, tasks)).toEqual(await resultsIn(clean, tasks))
  })
})
