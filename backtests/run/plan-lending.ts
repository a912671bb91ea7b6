import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { isoDay } from '../../data/history/time-format.ts'
import { SECONDS_PER_DAY } from '../../oracle-node/core/market-rows.ts'
import type { LendingConfig } from '../config/lending-schema.ts'
import { readDepths } from '../data/read-depths.ts'
import { readPositions } from '../lending/read-positions.ts'
import { type ForecasterId, isFitted } from '../oracle/forecasters.ts'
import { refitTimes } from '../oracle/training-samples.ts'
import { packArrays } from '../pack-arrays.ts'
import type { Forecaster, PolicyFacts } from '../policies/policy-choice.ts'
import type { Period } from '../result.ts'
import { stressSeries } from '../scenarios/stress.ts'
import type { Series } from '../series.ts'
import { encodeSeries } from '../series-bytes.ts'
import type { Json, Task } from '../tasks/task.ts'
import type { Data } from './load-data.ts'
import { setupOf } from './market-setup.ts'
import { type LendingPeriod, lendingPeriods } from './periods.ts'
import { type Choice, choicesOf, policyInput } from './policy-choices.ts'
import type { TaskInput, Training } from './task-inputs.ts'

/** What a vector looks back, and a day for the hours that may be missing. */
const LOOK_BACK_SECONDS = 9 * SECONDS_PER_DAY
/** Losses of the day after the last hour are shown. */
const LOOK_AHEAD_SECONDS = SECONDS_PER_DAY

/** One market of one period under one policy, and the task that runs it. */
export type PlannedMarket = {
  readonly period: string
  readonly asset: string
  readonly policy: string
  readonly task: Task
}

export type LendingPlan = {
  readonly periods: readonly Period[]
  readonly policies: ReadonlyArray<PolicyFacts & { readonly knobs: readonly number[] }>
  /** Fits come first: they need the data, all others what was put into the store. */
  readonly fits: readonly { readonly task: Task; readonly until: number }[]
  readonly columns: readonly Task[]
  readonly markets: readonly PlannedMarket[]
}

export type PlanParts = {
  readonly config: LendingConfig
  readonly seed: number
  readonly data: Data
  readonly marketAsset: string
  readonly folder: string
  /** What models learn from, asked for where one is fitted. */
  readonly training: () => Promise<Training>
  /** Puts bytes into the store and gives their key. */
  readonly put: (bytes: Uint8Array) => Promise<string>
  readonly keyOf: (task: Task) => string
}

/**
 * Everything that a lending backtest has to do, as tasks.
 * @throws {Error} that names the field of the config, when something that it names is not there.
 */
export async function planLending(parts: PlanParts): Promise<LendingPlan> {
  const { config, data } = parts
  const choices = choicesOf(config, parts.folder)
  const periods = lendingPeriods(config, data)
  const fits = new Map<string, { readonly task: Task; readonly until: number }>()
  const columns = new Map<string, Task>()
  const markets: PlannedMarket[] = []
  for (const period of periods) {
    const planned = await planPeriod(period, choices, parts)
    for (const fit of planned.fits) fits.set(parts.keyOf(fit.task), fit)
    for (const task of planned.columns) columns.set(parts.keyOf(task), task)
    markets.push(...planned.markets)
  }
  return {
    periods: periods.map(({ id, title, from, to, crisis, assets }) => ({
      id,
      title,
      from,
      to,
      ...(crisis && { crisis }),
      assets,
    })),
    policies: choices.map(({ facts, knobs }) => ({ ...facts, knobs })),
    fits: [...fits.values()],
    columns: [...columns.values()],
    markets,
  }
}

type PlannedPeriod = Pick<LendingPlan, 'fits' | 'columns' | 'markets'>

async function planPeriod(period: LendingPeriod, choices: readonly Choice[], parts: PlanParts): Promise<PlannedPeriod> {
  const { config, data, keyOf, put } = parts
  const from = period.from - config.warmUpDays * SECONDS_PER_DAY
  const range = { from: from - LOOK_BACK_SECONDS, to: period.to + LOOK_AHEAD_SECONDS }
  const used = forecastersOf(choices)
  const fits = await fitsOf(period, from, used, parts)
  const fitKeys = fits.map(({ task }) => keyOf(task))
  const market = data.has(parts.marketAsset) ? await data.series(parts.marketAsset, range) : undefined
  const marketKey = market && (await put(encodeSeries(market)))
  const columns: Task[] = []
  const markets: PlannedMarket[] = []
  for (const asset of period.assets) {
    const series = stressSeries(await data.series(asset, range), period.stress)
    checkVolume(series, config)
    const seriesKey = await put(encodeSeries(series))
    const columnsOf = (forecaster: Forecaster): Task => {
      const id = forecasterId(forecaster, config)
      const needed = isFitted(id) ? fitKeys : []
      const input = {
        series: seriesKey,
        ...(asset !== parts.marketAsset && marketKey !== undefined && { market: marketKey }),
        forecaster: id,
        fits: needed,
      } satisfies TaskInput<'columns'>
      return {
        kind: 'columns',
        label: `forecasts of ${id}, ${asset}, ${period.id}`,
        input: plain(input),
        needs: keysOf(seriesKey, input.market, ...needed),
      }
    }
    const byForecaster = new Map([...used, 'ewma' as const].map((id) => [id, columnsOf(id)]))
    columns.push(...byForecaster.values())
    for (const choice of choices) {
      const task = await marketTask({ period, asset, from, choice, seriesKey, byForecaster }, parts)
      markets.push({ period: period.id, asset, policy: choice.facts.id, task })
    }
  }
  return { fits, columns, markets }
}

/** Without any volume a market would be as deep as a few dollars, and a backtest of it mean nothing. */
function checkVolume({ asset, volumeUsd }: Series, config: LendingConfig): void {
  if (marketOf(config, asset).depthUsd !== undefined || volumeUsd.some((usd) => usd > 0)) return
  throw new Error(`the data of ${asset} have no volume to tell its depth by; give lending.markets.${asset}.depthUsd`)
}

function forecastersOf(choices: readonly Choice[]): Forecaster[] {
  const read = choices.map(({ facts }) => facts.reads).filter((id) => id !== 'none')
  return [...new Set(read)].toSorted()
}

/** Policies that read plimsoll's records are given those of the quicker model where the config says so. */
function forecasterId(forecaster: Forecaster, config: LendingConfig): ForecasterId {
  return forecaster === 'plimsoll' ? config.forecaster : forecaster
}

async function fitsOf(
  period: LendingPeriod,
  from: number,
  used: readonly Forecaster[],
  { config, training }: PlanParts,
): Promise<LendingPlan['fits']> {
  const fitted = used.map((each) => forecasterId(each, config)).filter(isFitted)
  if (fitted.length === 0) return []
  const learned = await training()
  const refits = refitTimes({ from, to: period.to, everyDays: config.refitEveryDays })
  return fitted.flatMap((forecaster) =>
    refits.map((refit) => {
      const leftOut = period.crisis === undefined ? [] : [period.crisis]
      const input = { forecaster, refit, leftOut, training: learned } satisfies TaskInput<'fit'>
      return {
        until: refit,
        task: {
          kind: 'fit',
          label: `${forecaster} fitted on ${isoDay(refit)}`,
          input: plain(input),
          needs: learned.from === 'series' ? keysOf(learned.market, ...learned.series) : [],
        },
      }
    }),
  )
}

async function marketTask(
  from: {
    readonly period: LendingPeriod
    readonly asset: string
    readonly from: number
    readonly choice: Choice
    readonly seriesKey: string
    readonly byForecaster: ReadonlyMap<Forecaster, Task>
  },
  parts: PlanParts,
): Promise<Task> {
  const { period, asset, choice, byForecaster } = from
  const { config, keyOf } = parts
  const market = marketOf(config, asset)
  const key = (forecaster: Forecaster): string => {
    const task = byForecaster.get(forecaster)
    return task === undefined ? '' : keyOf(task)
  }
  const { reads } = choice.facts
  const debt = market.debt === undefined ? undefined : await debtKey(market.debt, period, from.from, parts)
  const depths = market.depths === undefined ? undefined : await depthsKey(market.depths, parts)
  const positions = market.positions === undefined ? undefined : await positionsKey(market.positions, parts)
  const input = {
    asset,
    from: from.from,
    counted: period.from,
    to: period.to,
    series: from.seriesKey,
    ...(debt !== undefined && { debt }),
    ...(positions !== undefined && { positions }),
    ...(depths !== undefined && { depths }),
    depth: key('ewma'),
    ...(reads !== 'none' && { records: key(reads) }),
    setup: setupOf(asset, market),
    ...(market.depthUsd !== undefined && { depthUsd: market.depthUsd }),
    demand:
      market.demandUsd === undefined ? { overLiquidity: market.demandOverLiquidity ?? 10 } : { usd: market.demandUsd },
    stress: period.stress.map((each) => ({ ...each })),
    policy: {
      ...policyInput(choice),
      knobs: [...choice.knobs],
    },
    seeds: Array.from({ length: config.seeds }, (_, index) => parts.seed + index),
    borrowers: config.borrowers,
    liquidators: config.liquidators,
    rates: config.rates,
    oracle: config.oracle,
    liquidityOverDebt: config.liquidityOverDebt,
  } satisfies TaskInput<'market'>
  return {
    kind: 'market',
    label: `${choice.facts.id}, ${asset}, ${period.id}`,
    input: plain(input),
    needs: keysOf(input.series, input.depth, input.records, debt, positions, depths),
  }
}

/** What the config says of an asset, the rest by its defaults; of demand, which can be said in two ways, all or nothing. */
function marketOf({ defaults, markets }: LendingConfig, asset: string): LendingConfig['defaults'] {
  const own = markets[asset] ?? {}
  const { demandUsd, demandOverLiquidity, ...others } = defaults
  const saysDemand = own.demandUsd !== undefined || own.demandOverLiquidity !== undefined
  return { ...others, ...(saysDemand ? {} : { demandUsd, demandOverLiquidity }), ...own }
}

function keysOf(...keys: ReadonlyArray<string | undefined>): string[] {
  return [...new Set(keys.filter((key) => key !== undefined))]
}

/** As JSON has it: without what is undefined. */
function plain(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}

async function debtKey(asset: string, period: LendingPeriod, from: number, { data, put }: PlanParts): Promise<string> {
  return put(encodeSeries(await data.series(asset, { from, to: period.to })))
}

/** @throws {Error} that names the field, when the file is not there. */
function ownPath(field: string, file: string, folder: string): string {
  const path = resolve(folder, file)
  if (existsSync(path)) return path
  throw new Error(`lending.markets, ${field}: there is no file ${path}`)
}

async function depthsKey(file: string, { folder, put }: PlanParts): Promise<string> {
  return put(packArrays(null, await readDepths(ownPath('depths', file, folder))))
}

async function positionsKey(file: string, { folder, put }: PlanParts): Promise<string> {
  const { collateral, debt, use } = await readPositions(ownPath('positions', file, folder))
  return put(packArrays(null, { collateral, debt, use }))
}
