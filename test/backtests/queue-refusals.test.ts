import { Queue } from 'bullmq'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { REDIS_PREFIX, REDIS_RESULTS } from '../../backtests/queue/job-data.ts'
import { type StartWorker, startWorker } from '../../backtests/queue/queue-worker.ts'
import { connectRedis, shownUrl } from '../../backtests/queue/redis-connection.ts'
import { redisResults } from '../../backtests/queue/redis-results.ts'
import { type RunOnQueue, runOnQueue } from '../../backtests/queue/run-on-queue.ts'
import { isLocal } from '../../backtests/run/engine.ts'
import { folderResults } from '../../backtests/tasks/folder-results.ts'
import type { Task } from '../../backtests/tasks/task.ts'
import { taskKey } from '../../backtests/tasks/task-key.ts'
import { freePort } from '../support/postgres-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { churn } from './queue-perform.ts'
import { workerProcess } from './queue-processes.ts'
import { hasRedis, type RedisServer, startRedis } from './queue-redis.ts'

/* What goes wrong between a run, Redis and a worker, with workers in this process. */

let redis: RedisServer
beforeAll(async () => {
  if (hasRedis()) redis = await startRedis()
})
afterAll(() => redis?.stop())

async function worker(name: string, more: Partial<StartWorker> = {}) {
  const log: string[] = []
  const { close } = await startWorker({
    redisUrl: redis.url,
    queue: name,
    codeHashOf: () => name,
    perform: new URL('./queue-perform.ts', import.meta.url),
    jobs: 1,
    graceMs: 0,
    lockMs: 1_000,
    stalledMs: 200,
    onLog: (line) => log.push(line),
    ...more,
  })
  onTestFinished(close)
  return { log, close }
}

function run(name: string, tasks: readonly Task[], more: Partial<RunOnQueue> = {}) {
  const store = more.store ?? folderResults(temporaryFolder())
  return runOnQueue({ tasks, codeHashOf: () => name, redisUrl: redis.url, queue: name, store, pollMs: 200, ...more })
}

async function open() {
  const client = await connectRedis(redis.url, 0)
  onTestFinished(() => client.disconnect())
  return client
}

async function openQueue(name: string): Promise<Queue> {
  const queue = new Queue(name, { connection: await open(), prefix: REDIS_PREFIX })
  onTestFinished(() => queue.close())
  return queue
}

const results = async () => redisResults(await open(), REDIS_RESULTS)

describe.skipIf(!hasRedis())('a task on a queue', () => {
  const failing: Task = { kind: 'fail', label: 'CRV · 2023-07', input: {}, needs: [] }

  test('that fails tells why, and what waited is taken out of the queue', async () => {
    const name = 'failing'
    const { log } = await worker(name)
    const tasks = [failing, ...Array.from({ length: 5 }, (_, seed) => churn(`t${seed}`, { seed, waitMs: 500 }))]
    await expect(run(name, tasks)).rejects.toThrow("task 'CRV · 2023-07' failed: the price of CRV · 2023-07 is 0")
    expect(log.join('\n')).toContain('the price of CRV · 2023-07 is 0')
    const queue = await openQueue(name)
    expect(await queue.getWaitingCount()).toBe(0)
    expect(await queue.getFailedCount()).toBe(1)
    // It is tried again by the next run, not remembered as failed.
    await expect(run(name, [failing])).rejects.toThrow('the price of CRV')
    expect(log.filter((line) => line.includes('failed at')).length).toBe(2)
  })

  test('is refused by a worker that runs another version of the code', async () => {
    const name = 'versions'
    await worker(name, { codeHashOf: () => 'older' })
    await expect(run(name, [churn('a', { seed: 1 })])).rejects.toThrow(
      /task 'a' failed: worker .*runs another version of the code \(older, the run has versions\)/,
    )
  })

  test('whose input is data rather than their name is refused before it is queued', async () => {
    const tasks = [churn('large', { seed: 1, prices: 'x'.repeat(1024 * 1024) })]
    await expect(run('large', tasks)).rejects.toThrow(/the input of task 'large' is too large for the queue/)
  })

  test('gets results that it needs from the run, when only that has them', async () => {
    const name = 'offered'
    const [first, store] = [churn('first', { seed: 1 }), folderResults(temporaryFolder())]
    const second = churn('second', { seed: 2 }, [taskKey(first, name)])
    await store.write(taskKey(first, name), Uint8Array.of(1, 2, 3))
    await worker(name)
    const outcomes = await run(name, [first, second], { store })
    expect([...outcomes.values()].map(({ cached }) => cached)).toEqual([true, false])
    expect([...((await (await results()).read(taskKey(first, name))) ?? [])]).toEqual([1, 2, 3])
  })

  test('that a worker has done before is sent again where Redis has forgotten it', async () => {
    const name = 'forgotten'
    const task = churn('a', { seed: 1 })
    const folder = temporaryFolder()
    await folderResults(folder).write(taskKey(task, name), Uint8Array.of(4, 5))
    const { log } = await worker(name, { folder })
    const store = folderResults(temporaryFolder())
    await run(name, [task], { store })
    expect([...((await store.read(taskKey(task, name))) ?? [])]).toEqual([4, 5])
    expect(log.some((line) => line.endsWith(": had 'a'"))).toBe(true)
  })

  test('whose run is stopped leaves the queue', async () => {
    const name = 'stopped'
    const tasks = Array.from({ length: 5 }, (_, seed) => churn(`t${seed}`, { seed }))
    await expect(run(name, tasks, { signal: AbortSignal.timeout(300) })).rejects.toThrow(/timeout/)
    expect(await (await openQueue(name)).getWaitingCount()).toBe(0)
  })

  test('that two runs ask for is done once', async () => {
    const name = 'twice'
    const tasks = Array.from({ length: 4 }, (_, seed) => churn(`t${seed}`, { seed, waitMs: 100 }))
    const { log } = await worker(name, { jobs: 2 })
    await Promise.all([run(name, tasks), run(name, tasks)])
    expect(log.filter((line) => line.includes(': did ')).length).toBe(4)
  })
})

describe.skipIf(!hasRedis())('what anybody puts into Redis', () => {
  test('as a job is refused, and the worker goes on', async () => {
    const name = 'hostile'
    const queue = await openQueue(name)
    const task = { kind: 'churn', label: 'evil', input: { seed: 1 }, needs: [] }
    const another = taskKey({ ...task, input: { seed: 2 } }, name)
    const bad: readonly (readonly [string, unknown])[] = [
      ['none', null],
      ['text', 'rm -rf'],
      ['more', { codeHash: name, task, module: 'file:///etc/passwd' }],
      ['needs', { codeHash: name, task: { ...task, needs: ['../../etc/passwd'] } }],
      ['escape', { codeHash: name, task: { ...task, label: '\u001b[2J', kind: '' } }],
      [another, { codeHash: name, task }],
      ['\u001b[2J', { codeHash: name, task }],
      ['large', { codeHash: name, task: { ...task, input: 'x'.repeat(2 * 1024 * 1024) } }],
    ]
    for (const [jobId, data] of bad) await queue.add('task', data, { jobId })
    // What BullMQ itself would not put there: too deep to be written again, and no JSON at all.
    const texts = { deep: `{"codeHash":"x","task":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, broken: '{"codeHash":' }
    for (const [jobId, text] of Object.entries(texts)) {
      await queue.add('task', {}, { jobId })
      await (await open()).hset(`${REDIS_PREFIX}:${name}:${jobId}`, 'data', text)
    }
    const { log } = await worker(name)
    const good = churn('good', { seed: 1 })
    const store = folderResults(temporaryFolder())
    await run(name, [good], { store })
    expect((await store.read(taskKey(good, name)))?.length).toBe(64)
    expect(log.filter((line) => line.includes('is refused')).length).toBe(bad.length + 1)
    expect(log.filter((line) => /: did /.test(line)).length).toBe(1)
    expect(log.join('')).not.toContain('\u001b')
  })

  test('as a task that the worker is told not to do is refused', async () => {
    const name = 'told'
    const local = churn('mine', { seed: 1, local: { path: '/etc/passwd' } })
    const { log } = await worker(name, {
      refuse: ({ input }) => (isLocal(input) ? 'it names what lies on this machine' : undefined),
    })
    await expect(run(name, [local])).rejects.toThrow('it names what lies on this machine')
    await run(name, [churn('good', { seed: 2 })])
    expect(log.filter((line) => /: did /.test(line)).length).toBe(1)
  })

  test('as a result is as if it were not there, unless it is whole', async () => {
    const client = await open()
    const store = redisResults(client, { prefix: 'mine', ttlSeconds: 60 })
    const key = 'ab'.repeat(32)
    expect(await store.read(key)).toBeUndefined()
    expect(await store.renew(key)).toBe(false)
    await store.write(key, Uint8Array.of(1, 2, 3))
    expect([...((await store.read(key)) ?? [])]).toEqual([1, 2, 3])
    expect(await client.ttl(`mine:${key}`)).toBeGreaterThan(50)
    await client.expire(`mine:${key}`, 5)
    expect(await store.renew(key)).toBe(true)
    expect(await client.ttl(`mine:${key}`)).toBeGreaterThan(50)
    await client.setrange(`mine:${key}`, 33, 'x')
    expect(await store.read(key)).toBeUndefined()
    await client.set(`mine:${key}`, 'short')
    expect(await store.read(key)).toBeUndefined()
    await store.write(key, new Uint8Array(0))
    expect((await store.read(key))?.length).toBe(0)
    await expect(store.read('../x')).rejects.toThrow('64 hex digits')
  })
})

describe.skipIf(!hasRedis())('a Redis server that cannot be used', () => {
  const task = churn('a', { seed: 1 })

  test('is named without its password: when nothing listens', async () => {
    const redisUrl = `redis://me:secret@127.0.0.1:${await freePort()}/3?password=secret`
    const error = await run('x', [task], { redisUrl }).catch(String)
    expect(error).toMatch(/Redis at redis:\/\/me@127\.0\.0\.1:\d+\/3 cannot be used: nothing listens there/)
    expect(error).not.toContain('secret')
    await expect(worker('x', { redisUrl })).rejects.toThrow('nothing listens there')
  })

  test.each([
    ['with a wrong password', ':secret@', /the user or the password is wrong/],
    ['without one', '', /a password is needed/],
  ])('%s', async (_, secret, message) => {
    const redisUrl = `redis://${secret}127.0.0.1:${redis.port}`
    const error: unknown = await run('x', [task], { redisUrl }).catch((caught: unknown) => caught)
    expect(String(error)).toMatch(message)
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret')
  })

  test('when it has no such database', async () => {
    await expect(run('x', [task], { redisUrl: `${redis.url}/99` })).rejects.toThrow(/DB index is out of range/)
  })

  test.each(['localhost:6379', 'http://:secret@host', 'redis://', '/run/redis.sock', ''])(
    '%s is no URL of one',
    (url) => {
      expect(() => shownUrl(url)).toThrow(/^a Redis server is named like redis:/)
    },
  )

  test('with TLS: it is used where its certificate is trusted, and only there', async () => {
    const server = await startRedis('tls')
    onTestFinished(server.stop)
    await expect(run('tls', [task], { redisUrl: server.url })).rejects.toThrow(/its certificate is not trusted/)
    const plain = server.url.replace('rediss:', 'redis:')
    await expect(run('tls', [task], { redisUrl: plain })).rejects.toThrow(/it hung up: does it want TLS/)
    const trusting = workerProcess({ redisUrl: server.url, queue: 'tls', code: 'tls', caFile: server.caFile })
    await trusting.ready
    trusting.child.kill('SIGTERM')
    expect(await trusting.exited).toBe(0)
  })

  test('keeps no worker from ending, idle or at work', async () => {
    const server = await startRedis()
    const [idle, busy] = ['idle', 'busy'].map((queue) =>
      workerProcess({ redisUrl: server.url, queue, code: queue, graceMs: 0 }),
    )
    await Promise.all([idle?.ready, busy?.ready])
    const begun = Promise.withResolvers<void>()
    const onProgress: RunOnQueue['onProgress'] = () => begun.resolve()
    const running = run('busy', [churn('long', { seed: 1, waitMs: 60_000 })], {
      redisUrl: server.url,
      patienceMs: 0,
      onProgress,
    })
    running.catch(() => undefined)
    await begun.promise
    await server.stop()
    for (const worker of [idle, busy]) worker?.child.kill('SIGTERM')
    expect(await Promise.all([idle?.exited, busy?.exited])).toEqual([0, 0])
    await expect(running).rejects.toThrow('was lost')
  })

  test('when it goes away for good', async () => {
    const other = await startRedis()
    const running = run('lost', [task], { redisUrl: other.url, patienceMs: 500 })
    setTimeout(() => void other.stop(), 400)
    await expect(running).rejects.toThrow(/Redis at redis:\/\/127\.0\.0\.1:\d+ was lost/)
  })
})
