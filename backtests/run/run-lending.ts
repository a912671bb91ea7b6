import type { LendingConfig } from '../config/lending-schema.ts'
import type { BacktestConfig } from '../config/schema.ts'
import type { LendingResult, Provenance } from '../result.ts'
import { collectLending, type MarketPart } from './collect-lending.ts'
import { type Engine, isLocal } from './engine.ts'
import { type Data, sha256 } from './load-data.ts'
import type { MarketResult } from './market-result.ts'
import { parsed } from './perform.ts'
import { type LendingPlan, planLending } from './plan-lending.ts'
import type { Training } from './task-inputs.ts'

export type LendingParts = {
  readonly config: BacktestConfig
  readonly lending: LendingConfig
  readonly folder: string
  readonly data: Data
  readonly engine: Engine
  readonly training: () => Promise<Training>
}

/** Fits, forecasts, markets; then everything together. */
export async function runLending({ config, lending, folder, data, engine, training }: LendingParts): Promise<{
  readonly result: LendingResult
  readonly models: Provenance['models']
  /** Of all markets' tasks: by the hash of whatever they depend on. */
  readonly keys: readonly string[]
}> {
  const plan = await planLending({
    config: lending,
    seed: config.seed,
    data,
    marketAsset: config.data.marketAsset,
    folder,
    training,
    put: engine.put,
    keyOf: engine.keyOf,
  })
  await engine.doHere(
    'models',
    plan.fits.map(({ task }) => task),
  )
  const tasks = plan.markets.map(({ task }) => task)
  const bound = tasks.filter(({ input }) => isLocal(input))
  await engine.do('markets', [...plan.columns, ...tasks.filter((task) => !bound.includes(task))])
  // A user's file is on this machine alone.
  if (bound.length > 0) await engine.doHere('markets with your own policy', [...plan.columns, ...bound])
  const markets: MarketPart[] = []
  for (const { period, asset, policy, task } of plan.markets) {
    markets.push({ period, asset, policy, result: parsed<MarketResult>(await engine.result(engine.keyOf(task))) })
  }
  const { periods, policies } = plan
  return {
    result: collectLending({ periods, policies, markets, verdict: lending.verdict }),
    models: await modelsOf(plan, engine),
    keys: tasks.map(engine.keyOf),
  }
}

async function modelsOf({ fits }: LendingPlan, engine: Engine): Promise<Provenance['models']> {
  const models: Array<Provenance['models'][number]> = []
  for (const { task, until } of fits) {
    models.push({ id: task.label, fittedUntil: until, sha256: sha256(await engine.result(engine.keyOf(task))) })
  }
  return models
}
