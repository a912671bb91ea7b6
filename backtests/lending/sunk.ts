import { largestOfGroup, largestValue, valueAt } from './max-tree.ts'
import { coveredRatio, debtOf, type Run } from './run.ts'

/*
 * Positions under water stay where they are when nobody has a reason to touch them. After a collapse they are most of a market, for years;
 * a group of them that has not changed is counted as a whole.
 */

/** Whether all positions with debt of a group owe more than their collateral is worth. @param covered See {@link coveredRatio}. */
export function isSunk(run: Run, group: number, covered: number): boolean {
  if (largestOfGroup(run.ratios, group) <= covered) return false
  if (run.groups.isStale[group] === 1) sumUp(run, group)
  return (run.groups.leastRatio[group] ?? 0) > covered
}

/** USD that positions owe beyond what their collateral is worth at the market's price. */
export function shortfallUsd(run: Run): number {
  const { ratios, groups, now } = run
  const covered = coveredRatio(run)
  if (largestValue(ratios) <= covered) return 0
  let sum = 0
  for (let group = 0; group < ratios.groups; group++) {
    if (largestOfGroup(ratios, group) <= covered) continue
    if (isSunk(run, group, covered)) {
      const debt = (groups.debtScaled[group] ?? 0) * run.index
      sum += debt * now.debtPriceUsd - (groups.collateral[group] ?? 0) * now.priceUsd
    } else {
      sum += shortfallWithin(run, group, covered)
    }
  }
  return sum
}

function shortfallWithin(run: Run, group: number, covered: number): number {
  const { ratios, now } = run
  let sum = 0
  const end = Math.min((group + 1) * ratios.span, run.brings.length)
  for (let seat = group * ratios.span; seat < end; seat++) {
    if (valueAt(ratios, seat) <= covered) continue
    sum += debtOf(run, seat) * now.debtPriceUsd - (run.collateral[seat] ?? 0) * now.priceUsd
  }
  return sum
}

/** Of the positions with debt. */
function sumUp({ ratios, groups, debtScaled, collateral }: Run, group: number): void {
  let least = Number.POSITIVE_INFINITY
  let debts = 0
  let tokens = 0
  for (let seat = group * ratios.span; seat < (group + 1) * ratios.span; seat++) {
    const ratio = valueAt(ratios, seat)
    if (ratio === 0) continue
    least = Math.min(least, ratio)
    debts += debtScaled[seat] ?? 0
    tokens += collateral[seat] ?? 0
  }
  groups.leastRatio[group] = least
  groups.debtScaled[group] = debts
  groups.collateral[group] = tokens
  groups.isStale[group] = 0
}
