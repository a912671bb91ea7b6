import { invariant } from '../../oracle-node/core/errors.ts'
import { mean } from '../../oracle-node/core/stats.ts'
import type { LendingConfig } from '../config/lending-schema.ts'
import type { LendingRun, Period, Verdict } from '../result.ts'

/** Bad debt and capacity of one policy in one period at a knob between two that were run, in a straight line. */
type Point = {
  readonly knob: number
  readonly badDebtUsd: number
  readonly capacityUsd: number
  readonly efficiency: number
}

/**
 * Whether a policy lost as little as it promises in each crisis, at equal borrowing capacity. Each policy's knob is chosen twice, never by bad
 * debt: so that its capacity over all *other* periods is that of the policy that sets the measure (leave one crisis out), and so that
 * it is the same in this very period. Between two knobs that were run, in a straight line.
 */
export function verdictsOf(
  runs: readonly LendingRun[],
  periods: readonly Period[],
  { policy, against, capacityOf }: LendingConfig['verdict'],
): Verdict[] {
  const ids = new Set(runs.map((run) => run.policy))
  const others = Object.entries(against).filter(([id]) => ids.has(id))
  if (!(ids.has(policy) && ids.has(capacityOf))) return []
  const table: Table = Map.groupBy(runs, (run) => keyOf(run.policy, run.period))
  return periods
    .filter(({ crisis }) => crisis !== undefined)
    .flatMap((period) => {
      const rest = periods.filter(({ id }) => id !== period.id).map(({ id }) => id)
      const judge = (chosen: Verdict['chosen'], measured: readonly string[]): Verdict[] => {
        if (measured.length === 0) return []
        const aim = efficiencyAt(table, capacityOf, firstKnob(table, capacityOf, period.id), measured)
        const pointOf = (id: string): Point => pointAt(table, id, knobFor(table, id, aim, measured), period.id)
        return others.map(
          ([other, shareMax]): Verdict =>
            judged({ period: period.id, chosen, shareMax }, [policy, pointOf(policy)], [other, pointOf(other)]),
        )
      }
      const equal = judge('same-capacity', [period.id])
      return [...judge('without-it', rest).map((verdict, index) => besideEqual(verdict, equal[index])), ...equal]
    })
}

/** A promise that was missed at unequal capacity says what became of it at equal. */
function besideEqual(verdict: Verdict, equal: Verdict | undefined): Verdict {
  if (verdict.kept || equal === undefined) return verdict
  const { badDebtUsd, otherBadDebtUsd, policy, against } = equal
  const words = `at the same capacity ${policy} lost ${money(badDebtUsd)} and ${against} ${money(otherBadDebtUsd)}`
  return { ...verdict, why: `${verdict.why.slice(0, -1)}; ${words}.` }
}

/** Below this share of what is lent out a loss is dust of rounding, and a share of nothing would decide. */
const DUST_OF_CAPACITY = 1e-6
/** Between two knobs that were run, capacity is not quite a straight line. */
const CAPACITY_REACHED = 0.98

function judged(
  { period, chosen, shareMax }: Pick<Verdict, 'period' | 'chosen' | 'shareMax'>,
  [policy, own]: readonly [string, Point],
  [against, other]: readonly [string, Point],
): Verdict {
  const dust = DUST_OF_CAPACITY * other.capacityUsd
  // At a knob for equal capacity that gives much less there is nothing to be compared.
  const reaches = chosen === 'without-it' || own.capacityUsd >= CAPACITY_REACHED * other.capacityUsd
  const kept = reaches && own.badDebtUsd <= Math.max(shareMax * other.badDebtUsd, dust)
  const share =
    other.badDebtUsd > dust
      ? `${((100 * own.badDebtUsd) / other.badDebtUsd).toFixed(0)} % of it`
      : 'which is next to nothing'
  const capacity = other.capacityUsd > 0 ? `${((100 * own.capacityUsd) / other.capacityUsd).toFixed(0)} %` : 'none'
  const far = reaches ? '' : ': no knob that was run reaches it'
  return {
    period,
    chosen,
    policy,
    against,
    shareMax,
    knob: own.knob,
    badDebtUsd: own.badDebtUsd,
    capacityUsd: own.capacityUsd,
    otherKnob: other.knob,
    otherBadDebtUsd: other.badDebtUsd,
    otherCapacityUsd: other.capacityUsd,
    kept,
    why: `${policy} lost ${money(own.badDebtUsd)} and ${against} ${money(other.badDebtUsd)}: ${share}, with ${capacity} of its capacity in this period${far}.`,
  }
}

function money(usd: number): string {
  return `${Math.round(usd).toLocaleString('en-US')} USD`
}

/** Runs by policy and period, in the order of the config's knobs. */
type Table = ReadonlyMap<string, readonly LendingRun[]>

function keyOf(policy: string, period: string): string {
  return `${policy}\n${period}`
}

function sortedRuns(table: Table, policy: string, period: string): readonly LendingRun[] {
  return (table.get(keyOf(policy, period)) ?? []).toSorted((a, b) => a.knob - b.knob)
}

function firstKnob(table: Table, policy: string, period: string): number {
  return table.get(keyOf(policy, period))?.[0]?.knob ?? Number.NaN
}

/** Mean over periods of capacity over demand. */
function efficiencyAt(table: Table, policy: string, knob: number, periods: readonly string[]): number {
  return mean(periods.map((period) => pointAt(table, policy, knob, period).efficiency))
}

/** The knob whose capacity over the periods is the nearest to `aim`: between two, or the one that comes nearest. */
function knobFor(table: Table, policy: string, aim: number, periods: readonly string[]): number {
  const points = sortedRuns(table, policy, periods[0] ?? '').map(({ knob }) => ({
    knob,
    efficiency: efficiencyAt(table, policy, knob, periods),
  }))
  for (const [index, right] of points.entries()) {
    const left = points[index - 1]
    if (left === undefined || left.efficiency === right.efficiency) continue
    const share = (aim - left.efficiency) / (right.efficiency - left.efficiency)
    if (share >= 0 && share <= 1) return left.knob + share * (right.knob - left.knob)
  }
  const distance = ({ efficiency }: { readonly efficiency: number }): number => Math.abs(efficiency - aim)
  return points.toSorted((a, b) => distance(a) - distance(b))[0]?.knob ?? Number.NaN
}

function pointAt(table: Table, policy: string, knob: number, period: string): Point {
  const sorted = sortedRuns(table, policy, period)
  const above = sorted.find((run) => run.knob >= knob) ?? sorted.at(-1)
  const below = sorted.findLast((run) => run.knob <= knob) ?? sorted[0]
  invariant(above !== undefined && below !== undefined, `${policy} was not run in ${period}`)
  const share = above.knob === below.knob ? 0 : (knob - below.knob) / (above.knob - below.knob)
  const between = (name: 'badDebtUsd' | 'capacityUsd' | 'efficiency'): number =>
    below[name] + share * (above[name] - below[name])
  return {
    knob,
    badDebtUsd: between('badDebtUsd'),
    capacityUsd: between('capacityUsd'),
    efficiency: between('efficiency'),
  }
}
