import { mean, quantile } from '../../oracle-node/core/stats.ts'
import type { LendingConfig } from '../config/lending-schema.ts'
import type { PolicyFacts } from '../policies/policy-choice.ts'
import type { LendingChange, LendingCourse, LendingResult, LendingRun, LendingTotals, Period } from '../result.ts'
import type { MarketResult } from './market-result.ts'
import { rounded, type SeedResult } from './market-result.ts'
import { verdictsOf } from './verdicts.ts'

/** What one market task gave, and where it belongs. */
export type MarketPart = {
  readonly period: string
  readonly asset: string
  readonly policy: string
  readonly result: MarketResult
}

/** Changes that a result lists; the rest are counted. */
const CHANGES_MAX = 3_000
const AT_RISK = 0.99

/** All markets' results as one. Order: periods, policies and assets as the config has them. */
export function collectLending(parts: {
  readonly periods: readonly Period[]
  readonly policies: ReadonlyArray<PolicyFacts & { readonly knobs: readonly number[] }>
  readonly markets: readonly MarketPart[]
  readonly verdict: LendingConfig['verdict']
}): LendingResult {
  const { periods, policies, markets } = parts
  const byAsset = markets.flatMap(runsOf)
  const runs = periods.flatMap(({ id }) =>
    policies.flatMap((policy) =>
      policy.knobs.map((knob) =>
        summed(
          markets.filter((each) => each.period === id && each.policy === policy.id),
          knob,
        ),
      ),
    ),
  )
  const verdicts = verdictsOf(runs, periods, parts.verdict)
  const shown = new Map(policies.map((policy) => [policy.id, shownKnob(policy, verdicts)]))
  const courses = markets.map((market) => courseOf(market, shown.get(market.policy) ?? Number.NaN))
  const changes = markets.flatMap((market) => changesOf(market, shown.get(market.policy) ?? Number.NaN))
  return {
    policies: policies.map(({ id, title, knob, knobs }) => ({
      id,
      title,
      knob,
      shown: shown.get(id) ?? knobs[0] ?? 0,
    })),
    periods,
    runs,
    byAsset,
    frontier: policies.flatMap((policy) => policy.knobs.map((knob) => frontierPoint(runs, policy.id, knob))),
    courses: [...totalCourses(courses), ...courses],
    changes: changes.slice(0, CHANGES_MAX),
    changesLeftOut: Math.max(0, changes.length - CHANGES_MAX),
    verdicts,
  }
}

function runsOf({ period, asset, policy, result }: MarketPart): LendingRun[] {
  return result.knobs.map(({ knob, seeds }) => ({ period, policy, knob, asset, ...totalsOf([seeds]) }))
}

function summed(markets: readonly MarketPart[], knob: number): LendingRun {
  const [first] = markets
  const seeds = markets.map(({ result }) => result.knobs.find((each) => each.knob === knob)?.seeds ?? [])
  return { period: first?.period ?? '', policy: first?.policy ?? '', knob, ...totalsOf(seeds) }
}

/** Of several markets, each with one result a seed: sums over markets, means over seeds, quantiles over the days of all seeds. */
function totalsOf(markets: ReadonlyArray<readonly SeedResult[]>): LendingTotals {
  const seeds = markets[0]?.length ?? 0
  const sum = (name: keyof SeedResult['totals']): number =>
    rounded(markets.reduce((total, results) => total + mean(results.map(({ totals }) => totals[name])), 0))
  const days = (name: 'dailyLiquidatedUsd' | 'dailyBadDebtUsd'): number[] =>
    Array.from({ length: seeds }, (_, seed) => summedDays(markets.map((results) => results[seed]?.[name] ?? []))).flat()
  const [capacityUsd, demandUsd] = [sum('capacityUsd'), sum('demandUsd')]
  return {
    badDebtUsd: sum('badDebtUsd'),
    liquidationsAtRisk99Usd: atRisk(days('dailyLiquidatedUsd')),
    badDebtAtRisk99Usd: atRisk(days('dailyBadDebtUsd')),
    liquidatedUsd: sum('liquidatedUsd'),
    liquidatedByPolicyUsd: sum('liquidatedByPolicyUsd'),
    liquidations: sum('liquidations'),
    capacityUsd,
    debtUsd: sum('debtUsd'),
    demandUsd,
    efficiency: demandUsd > 0 ? capacityUsd / demandUsd : 0,
    changes: sum('changes'),
    equityUsd: sum('equityUsd'),
  }
}

function summedDays(markets: ReadonlyArray<readonly number[]>): number[] {
  const days = Math.max(0, ...markets.map(({ length }) => length))
  return Array.from({ length: days }, (_, day) => markets.reduce((total, each) => total + (each[day] ?? 0), 0))
}

function atRisk(days: readonly number[]): number {
  return days.length === 0 ? 0 : rounded(quantile(days, AT_RISK))
}

function frontierPoint(runs: readonly LendingRun[], policy: string, knob: number): LendingResult['frontier'][number] {
  const own = runs.filter((run) => run.policy === policy && run.knob === knob)
  return {
    policy,
    knob,
    capacity: mean(own.map(({ efficiency }) => efficiency)),
    badDebt: mean(own.map(({ badDebtUsd, demandUsd }) => (demandUsd > 0 ? badDebtUsd / demandUsd : 0))),
  }
}

/** The knob that was run nearest to the ones that verdicts chose for the policy; its first where none did. */
function shownKnob(
  { id, knobs }: { readonly id: string; readonly knobs: readonly number[] },
  verdicts: LendingResult['verdicts'],
): number {
  const first = knobs[0] ?? Number.NaN
  const chosen = verdicts
    .filter((each) => each.chosen === 'without-it')
    .flatMap((each) => [...(each.policy === id ? [each.knob] : []), ...(each.against === id ? [each.otherKnob] : [])])
  if (chosen.length === 0) return first
  const middle = mean(chosen)
  return knobs.toSorted((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0] ?? first
}

function courseOf({ period, asset, policy, result }: MarketPart, knob: number): LendingCourse {
  const { course } = result.knobs.find((each) => each.knob === knob) ?? { course: undefined }
  const { time, priceUsd, loss24h } = result
  const empty: readonly number[] = []
  return {
    period,
    policy,
    knob,
    asset,
    time,
    priceUsd,
    loss24h,
    badDebtUsd: course?.badDebtUsd ?? empty,
    equityUsd: course?.equityUsd ?? empty,
    capacityUsd: course?.capacityUsd ?? empty,
    debtUsd: course?.debtUsd ?? empty,
    liquidatedUsd: course?.liquidatedUsd ?? empty,
    ltvBps: course?.ltvBps ?? empty,
    liquidationThresholdBps: course?.liquidationThresholdBps ?? empty,
  }
}

/** Of each period and policy the sum over its markets; those that begin later than others are 0 before. */
function totalCourses(courses: readonly LendingCourse[]): LendingCourse[] {
  return [...Map.groupBy(courses, ({ period, policy }) => `${period}\n${policy}`).values()].flatMap((own) => {
    const [first] = own
    if (first === undefined) return []
    const longest = own.reduce((a, b) => (b.time.length > a.time.length ? b : a), first)
    const sum = (name: 'badDebtUsd' | 'equityUsd' | 'capacityUsd' | 'debtUsd' | 'liquidatedUsd'): number[] =>
      longest.time.map((_, step) => rounded(own.reduce((total, each) => total + (each[name][step] ?? 0), 0)))
    return {
      period: first.period,
      policy: first.policy,
      knob: first.knob,
      time: longest.time,
      badDebtUsd: sum('badDebtUsd'),
      equityUsd: sum('equityUsd'),
      capacityUsd: sum('capacityUsd'),
      debtUsd: sum('debtUsd'),
      liquidatedUsd: sum('liquidatedUsd'),
    }
  })
}

function changesOf({ period, asset, policy, result }: MarketPart, knob: number): LendingChange[] {
  const { changes = [] } = result.knobs.find((each) => each.knob === knob) ?? {}
  return changes.map((change) => ({ period, policy, asset, ...change }))
}
