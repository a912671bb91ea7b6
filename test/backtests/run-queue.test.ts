import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import type { BacktestConfigInput } from '../../backtests/config/schema.ts'
import type { RunProgress } from '../../backtests/run/progress.ts'
import { runBacktest } from '../../backtests/run/run-backtest.ts'
import { runCli, startCli } from '../cli/run-cli.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { hasRedis, type RedisServer, startRedis } from './queue-redis.ts'
import { csv, DATA_FROM, folderWith, MARKET, smallConfig, walk } from './run-inputs.ts'

/* Whole backtests over a real Redis server, by processes that share no folder. */

let redis: RedisServer
beforeAll(async () => {
  if (hasRedis()) redis = await startRedis()
})
afterAll(() => redis?.stop())

type Worker = { readonly child: ChildProcess; readonly said: () => string; did(): string[] }

/** Listens to a worker, kills it when the test is over, and waits until it takes tasks. */
async function heard(child: ChildProcess): Promise<Worker> {
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text: Buffer | string) => {
      said += text
    })
  }
  for (let attempt = 0; !said.includes('waits for tasks'); attempt++) {
    if (attempt > 1_000 || child.exitCode !== null) throw new Error(`the worker takes no tasks: ${said}`)
    await wait(20)
  }
  return { child, said: () => said, did: () => [...said.matchAll(/: did '(.*)'/g)].map(([, label = '']) => label) }
}

const cliWorker = (): Promise<Worker> =>
  heard(
    startCli(['backtest', 'worker', '--jobs', '1', '--out', 'work'], temporaryFolder(), {
      PLIMSOLL_REDIS_URL: redis.url,
    }).process,
  )

const hastyWorker = (): Promise<Worker> => {
  const script = fileURLToPath(new URL('./run-worker.ts', import.meta.url))
  const words = ['--disable-warning=ExperimentalWarning', script, redis.url, temporaryFolder()]
  return heard(spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] }))
}

function resultOf(out: string): Buffer {
  const [id = '', ...others] = readdirSync(join(out, 'runs'))
  expect(others).toEqual([])
  return readFileSync(join(out, 'runs', id, 'result.json'))
}

describe.skipIf(!hasRedis())('a backtest over Redis', () => {
  test('by the command and two workers is the same to the byte, and is not done twice', async () => {
    const hours = csv(walk({ from: Date.UTC(2022, 3) / 1_000, days: 310 }))
    const config = {
      ...smallConfig({
        policies: [{ kind: 'static', knobs: [0, 500] }, { kind: 'plimsoll' }, { kind: 'ewma' }],
        forecaster: 'log-har',
      }),
      forecast: {
        assets: ['MINE'],
        models: ['ewma-94', 'log-har'],
        draws: 100,
        split: { kind: 'walk-forward', firstDays: 150 },
      },
    } satisfies BacktestConfigInput
    const folder = folderWith({ 'mine.csv': hours, 'my.yaml': stringify(config) })
    const workers = await Promise.all([cliWorker(), cliWorker()])
    const far = await runCli(['backtest', 'run', 'my.yaml', '--out', 'far', '--redis', redis.url], folder)
    expect(far).toMatchObject({ code: 0, stdout: expect.stringContaining('Plimsoll') })
    const near = await runBacktest(config, { folder, out: join(folder, 'near'), jobs: 2 })
    expect(resultOf(join(folder, 'far'))).toEqual(readFileSync(near.files.result))
    const did = workers.flatMap((worker) => worker.did()).toSorted()
    const forecasts = ['ewma', 'log-har'].map((model) => `forecasts of ${model}, MINE, january`)
    const markets = ['ewma', 'plimsoll', 'static'].map((policy) => `${policy}, MINE, january`)
    // Models are fitted where the run is.
    expect(did).toEqual([...forecasts, ...markets, 'ewma-94', 'log-har'].toSorted())

    const again = await runBacktest(config, { folder, out: join(folder, 'again'), redisUrl: redis.url })
    expect(readFileSync(again.files.result)).toEqual(readFileSync(near.files.result))
    expect(workers.flatMap((worker) => worker.did())).toHaveLength(did.length)
    expect(far.stderr + workers.map((worker) => worker.said()).join('')).not.toContain(redis.password)

    for (const { child } of workers) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      expect(await ended).toBe(0)
    }
  })

  test('loses nothing with a worker that is killed in mid-task', async () => {
    const many = Array.from({ length: 6 }, (_, index) => ({
      kind: 'static' as const,
      id: `s${index}`,
      knobs: [100 * index, 100 * index + 50],
    }))
    const config = smallConfig({ policies: many, borrowers: { count: 4_000 }, seeds: 2 })
    const folder = folderWith({ 'mine.csv': csv(walk({ seed: 11 })) })
    const workers = await Promise.all([hastyWorker(), hastyWorker()])
    let killed: { readonly label: string; readonly victim: Worker | undefined } | undefined
    const onProgress = ({ label }: RunProgress): void => {
      const [, task = '', pid] = /^(s\d, .*) at .*:(\d+)$/.exec(label) ?? []
      if (pid === undefined || killed !== undefined) return
      killed = { label: task, victim: workers.find(({ child }) => child.pid === Number(pid)) }
      killed.victim?.child.kill('SIGKILL')
    }
    const far = await runBacktest(config, { folder, out: join(folder, 'far'), redisUrl: redis.url, onProgress })
    expect(killed?.victim?.child.signalCode).toBe('SIGKILL')
    const left = workers.find((worker) => worker !== killed?.victim)
    expect(killed?.victim?.did()).not.toContain(killed?.label)
    expect(left?.did()).toContain(killed?.label)
    expect(left?.said()).toMatch(/gave back the task [0-9a-f]{64} of a worker that is gone/)
    const near = await runBacktest(config, { folder, out: join(folder, 'near'), jobs: 2 })
    expect(readFileSync(far.files.result)).toEqual(readFileSync(near.files.result))
  })

  test('keeps a policy of one’s own here, and has the others do the rest', async () => {
    const own = { kind: 'function' as const, id: 'mine', file: 'mine.mjs', reads: 'ewma' as const }
    // With all that a market may be given beside its hours.
    const market = { ...MARKET, positions: 'positions.csv', depths: 'depths.csv', debt: 'EURO' }
    const data = { files: { MINE: { path: 'mine.csv' }, EURO: { path: 'euro.csv' } } }
    const config = smallConfig({ policies: [{ kind: 'static' }, own], markets: { MINE: market } }, data)
    const policy = `export const policy = ({ current, record, now }) =>
      ({ ...current, ltvBps: record && now > ${DATA_FROM + 18 * 86_400} ? 7000 : 7500 })`
    const folder = folderWith({
      'mine.csv': csv(walk({ seed: 12 })),
      'euro.csv': csv(walk({ seed: 13, price: 1, fall: 0 })),
      'positions.csv': 'account,collateral,debt\na,10,7000\nb,20,4000\n',
      'depths.csv': `time,depth_usd\n${DATA_FROM + 86_400 * 15},20000\n${DATA_FROM + 86_400 * 20},10000\n`,
      'mine.mjs': policy,
    })
    const worker = await hastyWorker()
    const far = await runBacktest(config, { folder, out: join(folder, 'far'), redisUrl: redis.url, jobs: 1 })
    expect(worker.did().toSorted()).toEqual(['forecasts of ewma, MINE, january', 'static, MINE, january'])
    const near = await runBacktest(config, { folder, out: join(folder, 'near'), jobs: 1 })
    expect(readFileSync(far.files.result)).toEqual(readFileSync(near.files.result))
    expect(far.result.lending?.runs.find((run) => run.policy === 'mine')?.changes).toBe(1)
  })
})
