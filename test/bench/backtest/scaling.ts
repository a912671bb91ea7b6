import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { median } from '../../../oracle-node/core/stats.ts'
import { startRedis } from '../../backtests/queue-redis.ts'
import { NODE_FLAGS } from './child.ts'
import { type LendingTime, prepared } from './lending.ts'

/*
 * What a second worker brings: the same lending backtest by one and by two, with threads of one process and with processes that take tasks
 * from a Redis. Every run begins with an empty store; the fitted model alone is there. One worker on two cores has the second for collecting
 * its garbage and compiling its code, which two do not have; so workers are also held to a core each, as if each had a machine of its own.
 */

const MARKETS = 10
const BORROWERS = 10_000
const RUNS = 3
const CLI = fileURLToPath(new URL('../../../oracle-node/cli/main.ts', import.meta.url))

type Scaled = {
  /** Medians, of the tasks alone and of the whole run. */
  readonly seconds: { readonly one: number; readonly two: number }
  readonly ratio: number
  readonly wholeRatio: number
  readonly all: { readonly one: readonly Times[]; readonly two: readonly Times[] }
}
type Times = Pick<LendingTime, 'seconds' | 'taskSeconds'>

export type ScalingBench = {
  readonly markets: number
  readonly borrowersPerMarket: number
  readonly tasks: number
  readonly runs: number
  readonly threads: Scaled
  /** Absent where no redis-server is installed. */
  readonly redis: Scaled | undefined
  /** Each worker process on a core of its own; absent where there is no taskset either, as on all but Linux. */
  readonly redisByCore: Scaled | undefined
}

export async function benchScaling(onStage: (stage: string) => void): Promise<ScalingBench> {
  return prepared(MARKETS, async ({ run }) => {
    const size = { markets: MARKETS, borrowers: BORROWERS }
    const threads = await scaled('threads', onStage, (jobs) => run({ ...size, jobs }))
    const far = (what: string, hold: Hold): Promise<Scaled> =>
      scaled(what, onStage, (count) => withWorkers({ count, hold }, (url) => run({ ...size, jobs: 1 }, url)))
    const hasRedis = isThere('redis-server')
    return {
      markets: MARKETS,
      borrowersPerMarket: BORROWERS,
      // Forecasts of plimsoll and EWMA, and two policies, of each market.
      tasks: 4 * MARKETS,
      runs: RUNS,
      threads,
      redis: hasRedis ? await far('worker processes by Redis', anywhere) : undefined,
      redisByCore: hasRedis && isThere('taskset') ? await far('worker processes, a core each', onCore) : undefined,
    }
  })
}

function isThere(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}

/** How the n-th worker is started: a command and its words before Node's own. */
type Hold = (worker: number) => readonly string[]
const anywhere: Hold = () => [process.execPath]
const onCore: Hold = (worker) => ['taskset', '-c', `${worker}`, process.execPath]

async function scaled(
  what: string,
  onStage: (stage: string) => void,
  run: (workers: 1 | 2) => Promise<LendingTime>,
): Promise<Scaled> {
  const all: { one: Times[]; two: Times[] } = { one: [], two: [] }
  for (let each = 0; each < RUNS; each++) {
    // By turns, so that what else the machine does falls on both.
    for (const [name, workers] of [
      ['one', 1],
      ['two', 2],
    ] as const) {
      onStage(`scaling of ${what}: ${workers}, run ${each + 1} of ${RUNS}`)
      const { seconds, taskSeconds } = await run(workers)
      all[name].push({ seconds, taskSeconds })
    }
  }
  const medianOf = (name: 'one' | 'two', of: keyof Times): number => median(all[name].map((each) => each[of]))
  return {
    seconds: { one: medianOf('one', 'taskSeconds'), two: medianOf('two', 'taskSeconds') },
    ratio: medianOf('one', 'taskSeconds') / medianOf('two', 'taskSeconds'),
    wholeRatio: medianOf('one', 'seconds') / medianOf('two', 'seconds'),
    all,
  }
}

/** A Redis of its own, and workers of one thread that wait for tasks before the run begins. */
async function withWorkers<T>(
  { count, hold }: { readonly count: number; readonly hold: Hold },
  use: (redisUrl: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'))
  const redis = await startRedis()
  const workers: ChildProcess[] = []
  try {
    for (let each = 0; each < count; each++) {
      const [command = '', ...words] = hold(each)
      const asked = ['backtest', 'worker', '--jobs', '1', '--out', join(folder, `${each}`)]
      const worker = spawn(command, [...words, ...NODE_FLAGS, CLI, ...asked], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, PLIMSOLL_REDIS_URL: redis.url },
      })
      workers.push(worker)
      await waiting(worker)
    }
    return await use(redis.url)
  } finally {
    for (const worker of workers) worker.kill('SIGKILL')
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Once it waits for tasks. */
function waiting(worker: ChildProcess): Promise<void> {
  const said: string[] = []
  return new Promise((resolve, reject) => {
    for (const stream of [worker.stdout, worker.stderr]) {
      if (stream === null) continue
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line)
        if (line.includes('waits for tasks')) resolve()
      })
    }
    worker.once('exit', () => reject(new Error(`a worker ended before it took tasks: ${said.join('\n')}`)))
  })
}
