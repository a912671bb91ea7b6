import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lendingSchema } from '../../../backtests/config/lending-schema.ts'
import type { BacktestConfig } from '../../../backtests/config/schema.ts'
import { type Engine, openEngine } from '../../../backtests/run/engine.ts'
import { type Data, openData } from '../../../backtests/run/load-data.ts'
import { planLending } from '../../../backtests/run/plan-lending.ts'
import { runLending } from '../../../backtests/run/run-lending.ts'
import type { Training } from '../../../backtests/run/task-inputs.ts'
import { encodeSeries } from '../../../backtests/series-bytes.ts'
import { median } from '../../../oracle-node/core/stats.ts'
import { inChild, peakMegabytes, print, type Spent, spentOn } from './child.ts'
import { seededMarkets } from './seeded-markets.ts'

/*
 * Lending backtests by the engine that users' run on, each in a process of its own and from an empty store but for the fitted model:
 * `lending.ts prepare FOLDER MARKETS` fits it, `lending.ts run FOLDER MARKETS BORROWERS JOBS [REDIS]` does the rest.
 */

const DAY = 86_400
const START = at('2021-01-01')
const END = at('2024-01-01')
/** A year before, which the model learns from. */
const DATA_FROM = at('2020-01-01')
const MARKETS = 40
const BORROWERS = 10_000
const RUNS = 3

export type LendingSize = { readonly markets: number; readonly borrowers: number; readonly jobs: number }

export type LendingTime = Spent & {
  /** The hash of the code, which the fit is kept under. */
  readonly code: string
  /** Of the tasks alone: without planning before and adding up after, which one thread does. */
  readonly taskSeconds: number
  readonly peakMegabytes: number
  readonly liquidations: number
  readonly parameterChanges: number
}

export type LendingBench = {
  readonly markets: number
  /** Counted; the warm-up of 14 days comes before. */
  readonly hours: number
  readonly policies: readonly string[]
  readonly jobs: number
  /** One fit of the default model for all markets; not part of what follows. */
  readonly fitSeconds: number
  readonly runs: number
  /** As many borrowers as the issue names in every market. */
  readonly inEachMarket: Borrowed
  /** As many in all markets together, once. */
  readonly inAllMarkets: Borrowed
}

type Borrowed = {
  readonly borrowersPerMarket: number
  readonly borrowers: number
  /** Medians of the runs. */
  readonly seconds: number
  readonly processorSeconds: number
  readonly all: readonly LendingTime[]
}

export async function benchLending(onStage: (stage: string) => void): Promise<LendingBench> {
  return prepared(MARKETS, async ({ fitSeconds, run }) => {
    const of = async (borrowersPerMarket: number, runs: number): Promise<Borrowed> => {
      const all: LendingTime[] = []
      for (let each = 0; each < runs; each++) {
        onStage(`${MARKETS} markets, ${borrowersPerMarket} borrowers in each, run ${each + 1} of ${runs}`)
        all.push(await run({ markets: MARKETS, borrowers: borrowersPerMarket, jobs: 2 }))
      }
      return {
        borrowersPerMarket,
        borrowers: MARKETS * borrowersPerMarket,
        seconds: median(all.map(({ seconds }) => seconds)),
        processorSeconds: median(all.map(({ processorSeconds }) => processorSeconds)),
        all,
      }
    }
    return {
      markets: MARKETS,
      hours: (END - START) / 3_600,
      policies: configOf(BORROWERS).policies.map(({ kind }) => kind),
      jobs: 2,
      fitSeconds,
      runs: RUNS,
      inEachMarket: await of(BORROWERS, RUNS),
      inAllMarkets: await of(BORROWERS / MARKETS, 1),
    }
  })
}

type Prepared = {
  readonly fitSeconds: number
  /** Does everything but the fit anew. */
  readonly run: (size: LendingSize, redisUrl?: string) => Promise<LendingTime>
}

/** Runs of so many markets, from a folder with the fitted model in it. */
export async function prepared<T>(markets: number, use: (prepared: Prepared) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'))
  try {
    const fitted = join(folder, 'fitted')
    const { seconds, code } = await inChild<Spent & { code: string }>(import.meta.url, ['prepare', fitted, markets])
    const run: Prepared['run'] = async (size, redisUrl) => {
      const own = join(folder, 'run')
      cpSync(fitted, own, { recursive: true })
      try {
        const words = ['run', own, size.markets, size.borrowers, size.jobs]
        const time = await inChild<LendingTime>(import.meta.url, redisUrl === undefined ? words : [...words, redisUrl])
        if (time.code === code) return time
        throw new Error('the code was changed during the bench, so that the model was fitted again; run it again')
      } finally {
        rmSync(own, { recursive: true, force: true })
      }
    }
    return await use({ fitSeconds: seconds, run })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function at(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 1_000
}

function dataOf(markets: number): Data {
  const hours = (END + DAY - DATA_FROM) / 3_600
  return openData(DATA, process.cwd(), seededMarkets({ markets, from: DATA_FROM, hours }))
}

const DATA: BacktestConfig['data'] = { files: {}, marketAsset: 'M00', gapHoursMax: 0 }

/** The defaults, with one market's parameters for all and one fit for three years. */
function configOf(borrowers: number, assets: readonly string[] = ['M00']): NonNullable<BacktestConfig['lending']> {
  return lendingSchema.parse({
    periods: [{ id: 'three-years', title: 'Three years', from: dayOf(START), to: dayOf(END), assets: [...assets] }],
    defaults: {
      ltvBps: 7_000,
      liquidationThresholdBps: 7_500,
      liquidationBonusBps: 750,
      demandOverLiquidity: 10,
    },
    borrowers: { count: borrowers },
    policies: [{ kind: 'static' }, { kind: 'plimsoll' }],
    refitEveryDays: 3_650,
    seeds: 1,
  })
}

function dayOf(time: number): string {
  return new Date(time * 1_000).toISOString().slice(0, 10)
}

async function trainingOf(data: Data, engine: Engine): Promise<Training> {
  const series: string[] = []
  for (const asset of data.assets) series.push(await engine.put(encodeSeries(await data.series(asset))))
  const [market] = series
  return { from: 'series', series, ...(market !== undefined && { market }) }
}

async function prepare(out: string, markets: number): Promise<Spent & { readonly code: string }> {
  const data = dataOf(markets)
  const engine = await openEngine({ out, jobs: 1, onProgress: () => undefined })
  const { fits } = await planLending({
    config: configOf(BORROWERS, data.assets),
    seed: 1,
    data,
    marketAsset: DATA.marketAsset,
    folder: process.cwd(),
    training: () => trainingOf(data, engine),
    put: engine.put,
    keyOf: engine.keyOf,
  })
  const tasks = fits.map(({ task }) => task)
  return { ...(await spentOn(() => engine.doHere('models', tasks))), code: engine.code }
}

async function run({ markets, borrowers, jobs }: LendingSize, out: string, redisUrl?: string): Promise<LendingTime> {
  const data = dataOf(markets)
  const engine = await openEngine({ out, jobs, redisUrl, onProgress: () => undefined })
  const training = (): ReturnType<typeof trainingOf> => trainingOf(data, engine)
  const lending = configOf(borrowers, data.assets)
  const config: BacktestConfig = { name: 'bench', seed: 1, data: DATA, lending }
  let taskSeconds = 0
  const watched: Engine = {
    ...engine,
    do: async (stage, tasks) => {
      taskSeconds += (await spentOn(() => engine.do(stage, tasks))).seconds
    },
  }
  let runs: Awaited<ReturnType<typeof runLending>>['result']['runs'] = []
  const spent = await spentOn(async () => {
    const { result } = await runLending({ config, lending, folder: process.cwd(), data, engine: watched, training })
    runs = result.runs
  })
  await engine.close()
  return {
    ...spent,
    code: engine.code,
    taskSeconds,
    peakMegabytes: peakMegabytes(),
    liquidations: runs.reduce((sum, { liquidations }) => sum + liquidations, 0),
    parameterChanges: runs.reduce((sum, { changes }) => sum + changes, 0),
  }
}

if (import.meta.main) {
  const [, , what, out = '', markets, borrowers, jobs, redisUrl] = process.argv
  if (what === 'prepare') print(await prepare(out, Number(markets)))
  else print(await run({ markets: Number(markets), borrowers: Number(borrowers), jobs: Number(jobs) }, out, redisUrl))
}
