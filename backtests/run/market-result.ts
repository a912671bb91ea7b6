import { invariant } from '../../oracle-node/core/errors.ts'
import { mean } from '../../oracle-node/core/stats.ts'
import type { MarketOutcome, ParameterChange } from '../lending/market.ts'
import type { LendingTotals } from '../result.ts'

const DAY_HOURS = 24

/** What one run of one market leaves behind: totals, and what quantiles over markets and seeds are made of. */
export type SeedResult = {
  readonly totals: Omit<LendingTotals, 'liquidationsAtRisk99Usd' | 'badDebtAtRisk99Usd'>
  readonly dailyLiquidatedUsd: readonly number[]
  readonly dailyBadDebtUsd: readonly number[]
}

/** Means over the seeds, by hour. */
export type Course = Readonly<Record<CourseColumn, readonly number[]>>
const COURSE_COLUMNS = [
  'badDebtUsd',
  'equityUsd',
  'capacityUsd',
  'debtUsd',
  'liquidatedUsd',
  'ltvBps',
  'liquidationThresholdBps',
] as const
type CourseColumn = (typeof COURSE_COLUMNS)[number]

/** Sums of the hour. All others stand at its end. */
const FLOWS: ReadonlySet<CourseColumn> = new Set(['liquidatedUsd'])

export function seedResult({ hours, changes, ...rest }: MarketOutcome): SeedResult {
  const last = (column: Float64Array): number => column.at(-1) ?? 0
  const capacityUsd = meanOf(hours.capacityUsd)
  const demandUsd = meanOf(hours.demandUsd)
  return {
    totals: {
      badDebtUsd: last(hours.badDebtUsd),
      liquidatedUsd: hours.liquidatedUsd.reduce((sum, usd) => sum + usd, 0),
      liquidatedByPolicyUsd: rest.liquidatedByPolicyUsd,
      liquidations: rest.liquidations,
      capacityUsd,
      debtUsd: meanOf(hours.debtUsd),
      demandUsd,
      efficiency: capacityUsd / demandUsd,
      changes: changes.length,
      equityUsd: last(hours.equityUsd),
    },
    dailyLiquidatedUsd: daily(hours.liquidatedUsd, (from, to) =>
      hours.liquidatedUsd.subarray(from, to).reduce((sum, usd) => sum + usd, 0),
    ),
    dailyBadDebtUsd: daily(
      hours.badDebtUsd,
      (from, to) => (hours.badDebtUsd[to - 1] ?? 0) - (hours.badDebtUsd[from - 1] ?? 0),
    ),
  }
}

/** The hours of all seeds in at most `points` steps, means over the seeds. */
export function courseOf(outcomes: readonly MarketOutcome[], points: number): Course {
  const count = outcomes[0]?.hours.ltvBps.length ?? 0
  const bounds = stepsOf(count, points)
  const column = (name: CourseColumn): number[] =>
    bounds.map(([from, to]) =>
      rounded(
        mean(
          outcomes.map(({ hours }) =>
            FLOWS.has(name)
              ? hours[name].subarray(from, to).reduce((sum, each) => sum + each, 0)
              : (hours[name][to - 1] ?? 0),
          ),
        ),
      ),
    )
  return Object.fromEntries(COURSE_COLUMNS.map((name) => [name, column(name)])) as Record<CourseColumn, number[]>
}

/** Where each of at most `points` steps over so many hours begins and ends. */
export function stepsOf(hours: number, points: number): Array<readonly [from: number, to: number]> {
  const steps = Math.min(hours, points)
  return Array.from({ length: steps }, (_, step) => [
    Math.floor((step * hours) / steps),
    Math.floor(((step + 1) * hours) / steps),
  ])
}

/** To a cent: more digits of a mean over seeds would only make files large. */
export function rounded(usd: number): number {
  return Math.round(usd * 100) / 100
}

function daily(column: Float64Array, over: (from: number, to: number) => number): number[] {
  return Array.from({ length: Math.floor(column.length / DAY_HOURS) }, (_, day) =>
    over(day * DAY_HOURS, (day + 1) * DAY_HOURS),
  )
}

function meanOf(column: Float64Array): number {
  return column.reduce((sum, each) => sum + each, 0) / column.length
}

export type Demand = { readonly overLiquidity: number } | { readonly usd: number }

/** Tokens that all borrowers would bring: by what could be sold within the liquidation bonus, the book linear, when the period begins. */
export function demandTokens(
  demand: Demand,
  market: { readonly priceUsd: number; readonly depthUsd: number; readonly bonusBps: number },
): number {
  const { priceUsd, depthUsd, bonusBps } = market
  if ('usd' in demand) return demand.usd / priceUsd
  invariant(depthUsd > 0, 'a demand by liquidity needs depth')
  // Depth is what can be sold before the price falls 200 bps.
  return (demand.overLiquidity * depthUsd * bonusBps) / 200 / priceUsd
}

/** What a market task gives, as JSON. */
export type MarketResult = {
  /** The steps that courses have: unix seconds, and what the market did in each. */
  readonly time: readonly number[]
  readonly priceUsd: readonly number[]
  /** 1 − the lowest price of the next 24 h over the price at the time, the worst of the step. */
  readonly loss24h: readonly number[]
  readonly knobs: ReadonlyArray<{
    readonly knob: number
    readonly seeds: readonly SeedResult[]
    readonly course: Course
    readonly changes: readonly ParameterChange[]
  }>
}
