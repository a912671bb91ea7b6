import { median } from '../../oracle-node/core/stats.ts'
import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import { type Depths, depthsByHour } from '../data/read-depths.ts'
import { makeBorrowers } from '../lending/borrowers.ts'
import {
  type Borrowers,
  type MarketInput,
  type MarketPath,
  type MarketSetup,
  POINTS_PER_HOUR,
} from '../lending/market.ts'
import { pathOf, pointPrices } from '../lending/path.ts'
import { withUse } from '../lending/read-positions.ts'
import { simulateMarket } from '../lending/simulate.ts'
import { committedDepth } from '../oracle/committed-depth.ts'
import { type RecordTimeline, recordsOf } from '../oracle/committee.ts'
import type { ForecastColumns } from '../oracle/forecast-columns.ts'
import { decodeColumns } from '../oracle/forecast-file.ts'
import { forwardMinimum } from '../oracle/rolling.ts'
import { unpackArrays } from '../pack-arrays.ts'
import { policyMaker } from '../policies/make-policy.ts'
import type { Policy } from '../policies/policy.ts'
import type { PolicyChoice } from '../policies/policy-choice.ts'
import { stressPath } from '../scenarios/stress.ts'
import type { Series } from '../series.ts'
import { decodeSeries } from '../series-bytes.ts'
import type { TaskContext } from '../tasks/task.ts'
import { courseOf, demandTokens, type MarketResult, seedResult, stepsOf } from './market-result.ts'
import type { TaskInput } from './task-inputs.ts'

/** Steps of a course: enough for a plot, few enough for a page with dozens of markets. */
const COURSE_STEPS = 240
const DAY_HOURS = 24
/** Hours before the market begins whose depth says how large it is. */
const SIZING_HOURS = 168

/** One market under one policy: every knob with every seed. */
export async function runMarkets(input: TaskInput<'market'>, context: TaskContext): Promise<MarketResult> {
  const whole = decodeSeries(await context.read(input.series))
  const debt = input.debt === undefined ? undefined : decodeSeries(await context.read(input.debt))
  const measured = input.depths === undefined ? undefined : depthsOf(await context.read(input.depths))
  const columns = async (key: string): Promise<ForecastColumns> =>
    withMeasured(withDepth(decodeColumns(await context.read(key)), input.depthUsd), measured)
  const depth = await columns(input.depth)
  const records = input.records === undefined ? undefined : await columns(input.records)
  const series = hoursOf(whole, input.from, input.to)
  const world = worldOf(input, { series, debt, depth })
  const timeline =
    records && recordsOf(records, { ...input.oracle, seed: input.seeds[0] ?? 0, outage: outageOf(records, world) })
  const setup = setupOf(input, whole, depth)
  const positions =
    input.positions === undefined ? undefined : unpackArrays(await context.read(input.positions), 'positions')
  const make = await policyMaker(choiceOf(input.policy))
  const base = marketOf(input, world.path, setup)
  const populations = input.seeds.map((seed) => ({
    seed,
    borrowers: positions === undefined ? drawn(input, setup, seed) : given(positions.arrays, setup, world.path),
  }))
  const knobs = input.policy.knobs.map((knob) => {
    const outcomes = populations.map(({ seed, borrowers }) =>
      simulateMarket({ ...base, borrowers, seed, policy: readsFrom(make(setup, knob), timeline) }),
    )
    return {
      knob,
      seeds: outcomes.map(seedResult),
      course: courseOf(outcomes, COURSE_STEPS),
      changes: outcomes[0]?.changes ?? [],
    }
  })
  return { ...pricesOf(whole, input), knobs }
}

function choiceOf({ choice, local }: TaskInput<'market'>['policy']): PolicyChoice {
  return choice.kind === 'function' ? { ...choice, path: local?.path ?? '' } : choice
}

/** What a config says of the depth, in place of what volumes that are not known would say. */
function withDepth(columns: ForecastColumns, depthUsd: number | undefined): ForecastColumns {
  if (depthUsd === undefined) return columns
  const { lowQuantileShare } = committedDepth()
  const filled = (usd: number): Float64Array => columns.depthUsd.map((each) => (Number.isNaN(each) ? each : usd))
  return { ...columns, depthUsd: filled(depthUsd * lowQuantileShare), depthNowUsd: filled(depthUsd) }
}

/** What the books showed is what the market has, and bounds what a record may promise, as it does in a node. */
function withMeasured(columns: ForecastColumns, depths: Depths | undefined): ForecastColumns {
  if (depths === undefined) return columns
  const measured = depthsByHour(depths, columns.from, columns.known.length)
  const over = (column: Float64Array, how: (own: number, seen: number) => number): Float64Array =>
    column.map((own, row) => (Number.isNaN(own) || Number.isNaN(measured[row]) ? own : how(own, measured[row] ?? own)))
  return {
    ...columns,
    depthUsd: over(columns.depthUsd, Math.min),
    depthNowUsd: over(columns.depthNowUsd, (_, seen) => seen),
  }
}

function depthsOf(bytes: Uint8Array): Depths {
  const { time, depthUsd } = unpackArrays(bytes, 'depths').arrays
  if (time instanceof Float64Array && depthUsd instanceof Float64Array) return { time, depthUsd }
  throw new Error('depths need the columns time and depthUsd')
}

/** A policy that is shown what the committee has delivered by then. */
function readsFrom(policy: Policy, timeline: RecordTimeline | undefined): Policy {
  if (timeline === undefined) return policy
  return { id: policy.id, next: (view) => policy.next({ ...view, record: timeline.at(view.now) }) }
}

type World = { readonly path: MarketPath; readonly outage: Uint8Array }

/** The market's path with its stress, and by point whether venues were down. */
function worldOf(
  input: TaskInput<'market'>,
  {
    series,
    debt,
    depth,
  }: { readonly series: Series; readonly debt: Series | undefined; readonly depth: ForecastColumns },
): World {
  const depthUsd = depthByHour(depth, series)
  const path = pathOf(series, {
    depthUsd,
    feed: input.oracle.priceFeed,
    ...(debt === undefined ? {} : { debtPriceUsd: pointPrices(hoursOf(debt, input.from, input.to)) }),
  })
  // A gap is in the hours themselves, where the nodes see it too.
  const { path: stressed, silent } = stressPath(
    path,
    input.stress.filter(({ kind }) => kind !== 'gap'),
  )
  return { path: stressed, outage: silent }
}

/** By hour the depth known when it opens: of the hour before, or the last that was known. */
function depthByHour(depth: ForecastColumns, series: Series): Float64Array {
  const by = new Float64Array(series.close.length)
  let last = depth.depthNowUsd.find((usd) => !Number.isNaN(usd)) ?? Number.NaN
  const first = Math.round((series.from - depth.from) / SECONDS_PER_HOUR)
  for (let row = 0; row < first; row++) last = knownOr(depth.depthNowUsd[row], last)
  for (let hour = 0; hour < by.length; hour++) {
    last = knownOr(depth.depthNowUsd[first + hour], last)
    by[hour] = last
  }
  if (by.some(Number.isNaN)) throw new Error(`${series.asset} has no depth: none of its hours could be judged`)
  return by
}

function knownOr(value: number | undefined, otherwise: number): number {
  return value === undefined || Number.isNaN(value) ? otherwise : value
}

/** By row of the columns: whether the venues were down in the hour that had just ended. */
function outageOf(columns: ForecastColumns, { path, outage }: World): Uint8Array {
  const rows = new Uint8Array(columns.known.length)
  for (let row = 0; row < rows.length; row++) {
    const point = Math.round((columns.from + row * SECONDS_PER_HOUR - path.from) / SECONDS_PER_HOUR) * POINTS_PER_HOUR
    rows[row] = outage[Math.max(0, point - 1)] === 1 && point > 0 ? 1 : 0
  }
  return rows
}

/** Aave's parameters, and a cap that just lets everyone in. */
function setupOf(input: TaskInput<'market'>, whole: Series, depth: ForecastColumns): MarketSetup {
  const first = Math.round((input.from - depth.from) / SECONDS_PER_HOUR)
  const before = depth.depthNowUsd
    .subarray(Math.max(0, first - SIZING_HOURS + 1), first + 1)
    .filter((usd) => !Number.isNaN(usd))
  if (before.length === 0)
    throw new Error(`${input.asset} has no depth in the week before ${new Date(input.from * 1_000).toISOString()}`)
  const opening = whole.open[Math.round((input.from - whole.from) / SECONDS_PER_HOUR)] ?? Number.NaN
  const tokens = demandTokens(input.demand, {
    priceUsd: opening,
    depthUsd: median([...before]),
    bonusBps: input.setup.liquidationBonusBps,
  })
  return { asset: input.asset, ...input.setup, supplyCap: Math.max(1, Math.ceil(tokens)), borrowCap: 0 }
}

function marketOf(
  input: TaskInput<'market'>,
  path: MarketPath,
  setup: MarketSetup,
): Omit<MarketInput, 'borrowers' | 'seed' | 'policy'> {
  const { borrowers, liquidators, rates, liquidityOverDebt } = input
  const { actEveryDays, defendChance, defendBelowHealth } = borrowers
  return {
    path,
    setup,
    habits: { actEveryDays, defendChance, defendBelowHealth },
    liquidators,
    rates,
    liquidityOverDebt,
    warmUpHours: (input.counted - input.from) / SECONDS_PER_HOUR,
  }
}

function drawn({ borrowers }: TaskInput<'market'>, setup: MarketSetup, seed: number): Borrowers {
  const { count, sizeTail, sizeRange, use, loopers } = borrowers
  // A hair below the cap, which the last borrower would else miss by a rounding.
  return makeBorrowers({
    count,
    sizeTail,
    sizeRange,
    use,
    loopers,
    seed,
    totalCollateral: setup.supplyCap * (1 - 1e-9),
  })
}

function given(
  arrays: Readonly<Record<string, Float64Array | Uint8Array>>,
  setup: MarketSetup,
  path: MarketPath,
): Borrowers {
  const { collateral, debt, use } = arrays
  if (!(collateral instanceof Float64Array && debt instanceof Float64Array && use instanceof Float64Array)) {
    throw new Error('positions need the columns collateral, debt and use')
  }
  const power = ((path.oraclePriceUsd[0] ?? Number.NaN) * setup.ltvBps) / 10_000 / (path.debtPriceUsd?.[0] ?? 1)
  return withUse({ collateral, debt, use }, power)
}

/** The steps of courses, with the price then and the worst that came within a day. */
function pricesOf(
  whole: Series,
  { counted, to }: TaskInput<'market'>,
): Pick<MarketResult, 'time' | 'priceUsd' | 'loss24h'> {
  const lows = forwardMinimum(whole.low, DAY_HOURS)
  const first = Math.round((counted - whole.from) / SECONDS_PER_HOUR)
  const steps = stepsOf(Math.round((to - counted) / SECONDS_PER_HOUR), COURSE_STEPS)
  const lossAt = (hour: number): number =>
    1 - Math.min(1, (lows[hour] ?? Number.NaN) / (whole.close[hour] ?? Number.NaN))
  return {
    time: steps.map(([, end]) => counted + end * SECONDS_PER_HOUR),
    priceUsd: steps.map(([, end]) => Number((whole.close[first + end - 1] ?? 0).toPrecision(6))),
    loss24h: steps.map(([from, end]) =>
      Number(Math.max(...Array.from({ length: end - from }, (_, step) => lossAt(first + from + step))).toFixed(4)),
    ),
  }
}

/** A part of a series, as a view. @throws {Error} when the series does not reach. */
export function hoursOf(series: Series, from: number, to: number): Series {
  const first = (from - series.from) / SECONDS_PER_HOUR
  const end = (to - series.from) / SECONDS_PER_HOUR
  if (first < 0 || end > series.close.length) {
    throw new Error(
      `${series.asset} does not reach from ${new Date(from * 1_000).toISOString()} to ${new Date(to * 1_000).toISOString()}`,
    )
  }
  return {
    asset: series.asset,
    kind: series.kind,
    from,
    open: series.open.subarray(first, end),
    high: series.high.subarray(first, end),
    low: series.low.subarray(first, end),
    close: series.close.subarray(first, end),
    volumeUsd: series.volumeUsd.subarray(first, end),
    missing: series.missing.subarray(first, end),
  }
}
