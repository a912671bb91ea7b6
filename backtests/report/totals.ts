import type { LendingResult, LendingRun, Period, Verdict } from '../result.ts'
import { slugAmong } from './html.ts'
import type { Look } from './palette.ts'
import { isFigure } from './words.ts'

/** A policy's run over a period, over all markets, at the knob that is shown. */
export function shownRun(
  { runs }: LendingResult,
  period: string,
  { id, shown }: Pick<Look, 'id' | 'shown'>,
): LendingRun | undefined {
  return runs.find((run) => run.period === period && run.policy === id && run.knob === shown && run.asset === undefined)
}

/** Undefined where a figure lacks, or all do: a sum of what is there would look like less of it. */
export function sumOf(values: readonly (number | null | undefined)[]): number | undefined {
  if (values.length === 0 || !values.every(isFigure)) return undefined
  return values.reduce((sum, value) => sum + value, 0)
}

/** What was given of a policy at its shown knob, over all periods. */
export function overall(lending: LendingResult, look: Pick<Look, 'id' | 'shown'>) {
  const runs = lending.periods.flatMap(({ id }) => shownRun(lending, id, look) ?? [])
  const total = (pick: (run: LendingRun) => number) => sumOf(runs.map(pick))
  const [capacityUsd, demandUsd] = [total((run) => run.capacityUsd), total((run) => run.demandUsd)]
  return {
    runs: runs.length,
    badDebtUsd: total((run) => run.badDebtUsd),
    liquidatedUsd: total((run) => run.liquidatedUsd),
    liquidatedByPolicyUsd: total((run) => run.liquidatedByPolicyUsd),
    liquidations: total((run) => run.liquidations),
    changes: total((run) => run.changes),
    equityUsd: total((run) => run.equityUsd),
    efficiency: isFigure(capacityUsd) && isFigure(demandUsd) && demandUsd > 0 ? capacityUsd / demandUsd : undefined,
  }
}

const CHOICES = ['without-it', 'same-capacity'] as const

/** Verdicts by how their knobs were chosen. The first are what the report leads with: knobs that never saw the crisis, where there are such. */
export function verdictsByChoice({ verdicts }: LendingResult) {
  return CHOICES.map((chosen) => ({
    chosen,
    verdicts: verdicts.filter((verdict): verdict is Verdict => verdict.chosen === chosen),
  })).filter((choice) => choice.verdicts.length > 0)
}

/** Who is under test and what it is measured by: as the verdicts say, else Plimsoll, else the first; and static, else any other. */
export function rivals({ policies, verdicts }: LendingResult): { own: string | undefined; other: string | undefined } {
  const has = (id: string) => policies.some((policy) => policy.id === id)
  const own = verdicts[0]?.policy ?? (has('plimsoll') ? 'plimsoll' : policies[0]?.id)
  const other =
    (has('static') && own !== 'static' ? 'static' : verdicts[0]?.against) ?? policies.find(({ id }) => id !== own)?.id
  return { own, other }
}

/** Bad debt that a policy's frontier gives at a capacity, on the straight line between its two nearest knobs; undefined beyond its ends. */
export function badDebtAt({ frontier }: LendingResult, policy: string, capacity: number): number | undefined {
  const points = frontier
    .filter((point) => point.policy === policy && isFigure(point.capacity) && isFigure(point.badDebt))
    .sort((a, b) => a.capacity - b.capacity)
  for (const [index, point] of points.entries()) {
    if (point.capacity === capacity) return point.badDebt
    const next = points[index + 1]
    if (next === undefined || capacity < point.capacity || capacity > next.capacity) continue
    const share = (capacity - point.capacity) / (next.capacity - point.capacity)
    return point.badDebt + share * (next.badDebt - point.badDebt)
  }
  return undefined
}

/** What a period's plots are called. */
export function slugOfPeriod({ periods }: LendingResult, { id }: Period): string {
  return slugAmong(
    id,
    periods.map((period) => period.id),
  )
}
