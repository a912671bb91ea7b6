import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { invariant } from '../../oracle-node/core/errors.ts'
import { mean } from '../../oracle-node/core/stats.ts'
import type { LendingConfig } from '../config/lending-schema.ts'
import type { LendingRun, Period, Verdict } from '../result.ts'

/** One policy in one period at a knob between two that were run. */
type Point = {
  readonly knob: number
  readonly badDebtUsd: number
  readonly liquidatedUsd: number
  readonly capacityUsd: number
  readonly efficiency: number
}

/**
 * Whether a policy lost as little as it promises in each crisis, at equal borrowing capacity. Its knob is chosen twice, never by bad debt: so
 * that its capacity over all *other* periods is that of the policy that sets the measure (leave one crisis out), and so that it is in this
 * very period. Each rival is then looked at where it gives the same capacity in this period as the policy does.
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
    .flatMap(({ id: period }) => {
      const rest = periods.filter(({ id }) => id !== period).map(({ id }) => id)
      return (['without-it', 'same-capacity'] as const).flatMap((chosen) => {
        const measured = chosen === 'without-it' ? rest : [period]
        if (measured.length === 0) return []
        const aim = efficiencyAt(table, capacityOf, firstKnob(table, capacityOf, period), measured)
        const own = pointAt(table, policy, knobFor(table, policy, aim, measured), period)
        return others.map(([other, shareMax]): Verdict => {
          const rival = pointAt(table, other, knobFor(table, other, own.efficiency, [period]), period)
          return judged({ period, chosen, shareMax }, [policy, own], [other, rival])
        })
      })
    })
}

/** Below this share of what is lent out a loss is dust of rounding, and a share of nothing would decide. */
const DUST_OF_CAPACITY = 1e-6
/** Between two knobs that were run, capacity is not quite a straight line. */
const CAPACITY_APART_MAX = 0.02

function judged(
  { period, chosen, shareMax }: Pick<Verdict, 'period' | 'chosen' | 'shareMax'>,
  [policy, own]: readonly [string, Point],
  [against, other]: readonly [string, Point],
): Verdict {
  const dust = DUST_OF_CAPACITY * other.capacityUsd
  const isDust = own.badDebtUsd <= dust && other.badDebtUsd <= dust
  const isEqual = Math.abs(own.capacityUsd - other.capacityUsd) <= CAPACITY_APART_MAX * other.capacityUsd
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
    liquidatedUsd: own.liquidatedUsd,
    otherLiquidatedUsd: other.liquidatedUsd,
    compared: isEqual && !isDust,
    kept: isEqual && own.badDebtUsd <= Math.max(shareMax * other.badDebtUsd, dust),
    why: wordsOf([policy, own], [against, other], { isEqual, isDust }),
  }
}

function wordsOf(
  [policy, own]: readonly [string, Point],
  [against, other]: readonly [string, Point],
  { isEqual, isDust }: { readonly isEqual: boolean; readonly isDust: boolean },
): string {
  if (!isEqual) return `No knob of ${against} that was run gives the capacity that ${policy} gave: nothing to compare.`
  if (isDust) return `Neither ${policy} nor ${against} lost more than dust: nothing to compare.`
  const share =
    other.badDebtUsd > 0 ? `${((100 * own.badDebtUsd) / other.badDebtUsd).toFixed(0)} % of it` : 'of nothing'
  return `At equal capacity ${policy} lost ${money(own.badDebtUsd)} and ${against} ${money(other.badDebtUsd)}: ${share}; liquidated were ${money(own.liquidatedUsd)} and ${money(other.liquidatedUsd)}.`
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
  // From the most cautious on: where capacity is not monotone, the looser ways to the same capacity are not taken.
  for (let index = points.length - 1; index > 0; index--) {
    const [left, right] = [points[index - 1], points[index]]
    if (left === undefined || right === undefined || left.efficiency === right.efficiency) continue
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
  const between = (name: 'liquidatedUsd' | 'capacityUsd' | 'efficiency'): number =>
    below[name] + share * (above[name] - below[name])
  return {
    knob,
    badDebtUsd: lossBetween(below, above, share),
    liquidatedUsd: between('liquidatedUsd'),
    capacityUsd: between('capacityUsd'),
    efficiency: between('efficiency'),
  }
}

/** In the logarithm, since losses grow by powers of ten from knob to knob: a straight line would overstate whoever is between two. */
function lossBetween(below: LendingRun, above: LendingRun, share: number): number {
  const [first, second] = [below, above].map(({ badDebtUsd, capacityUsd }) =>
    ln(Math.max(badDebtUsd, 0) + Math.max(DUST_OF_CAPACITY * capacityUsd, Number.MIN_VALUE)),
  )
  if (first === undefined || second === undefined) return Number.NaN
  const capacityUsd = below.capacityUsd + share * (above.capacityUsd - below.capacityUsd)
  const dust = Math.max(DUST_OF_CAPACITY * capacityUsd, Number.MIN_VALUE)
  return Math.max(0, exp(first + share * (second - first)) - dust)
}
