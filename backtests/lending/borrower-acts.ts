import { BPS } from '../../oracle-node/core/units.ts'
import { coinsOf, isWatching } from './calendar.ts'
import { largestOfGroup, largestValue, placesAbove, valueAt } from './max-tree.ts'
import { borrow, coveredRatio, DUST, debtOf, type Run, repay, soundRatio, supply } from './run.ts'
import { isSunk } from './sunk.ts'

/** Nobody draws the very last of the borrowing power: rounding alone could make such a position unsound. */
const DRAWN_MAX = 1 - 1e-9

/**
 * The first act of everybody, in the order of the input, so that a small cap is filled by all alike and not by the largest. A position that
 * begins with a debt is there before the others, and neither cap nor LTV is asked.
 */
export function openAll(run: Run, seatOf: Int32Array): void {
  const debts = run.input.borrowers.debt
  const begins = (borrower: number): number => debts[borrower] ?? Number.NaN
  seatOf.forEach((seat, borrower) => {
    if (!(begins(borrower) >= 0)) return
    supply(run, seat, run.brings[seat] ?? 0)
    if (begins(borrower) > 0) borrow(run, seat, begins(borrower))
  })
  seatOf.forEach((seat, borrower) => {
    if (!(begins(borrower) >= 0)) act(run, seat)
  })
}

/**
 * A borrower brings what is missing of its collateral, as far as the cap admits, and borrows or repays until the share of its borrowing
 * power is drawn that it likes. Who owes more than the collateral is worth walks away instead.
 */
export function act(run: Run, seat: number): void {
  if (valueAt(run.ratios, seat) > coveredRatio(run)) return
  const brings = run.brings[seat] ?? 0
  const { supplyCap } = run.current
  const room = supplyCap === 0 ? brings : supplyCap - run.collateralTotal
  const tokens = Math.min(brings - (run.collateral[seat] ?? 0), room)
  if (tokens > brings * DUST) supply(run, seat, tokens)

  const wanted = wantedDebt(run, seat)
  const more = wanted - debtOf(run, seat)
  const units = more > 0 ? Math.min(more, run.cash) : more
  if (units > wanted * DUST) borrow(run, seat, units)
  if (units < -wanted * DUST) repay(run, seat, -units)
}

/**
 * Those who watch in this hour, and whose health is below what they bear, repay to the share of the borrowing power that they like. Who
 * is watching does not change within the hour, so it is enough to call this where prices are at the hour's worst.
 * @param found Room for every seat.
 */
export function defendAll(run: Run, found: Int32Array): void {
  const { defendChance, defendBelowHealth } = run.input.habits
  const { ratios } = run
  const bound = soundRatio(run, run.current.liquidationThresholdBps) / defendBelowHealth
  if (!(defendChance > 0 && largestValue(ratios) > bound)) return
  const covered = coveredRatio(run)
  for (let group = 0; group < ratios.groups; group++) {
    if (largestOfGroup(ratios, group) <= bound || isSunk(run, group, covered)) continue
    const count = placesAbove(ratios, group, bound, found)
    defendSome(run, found, count, covered)
  }
}

function defendSome(run: Run, seats: Int32Array, count: number, covered: number): void {
  const coins = coinsOf(run.input.seed, run.now.hour)
  for (let each = 0; each < count; each++) {
    const seat = seats[each] ?? 0
    if (valueAt(run.ratios, seat) > covered) continue
    if (isWatching(coins, run.borrowerOf[seat] ?? 0, run.input.habits.defendChance)) defend(run, seat)
  }
}

function defend(run: Run, seat: number): void {
  const wanted = wantedDebt(run, seat)
  const units = debtOf(run, seat) - wanted
  if (units > wanted * DUST) repay(run, seat, units)
}

function wantedDebt({ uses, collateral, current, now }: Run, seat: number): number {
  const use = Math.min(uses[seat] ?? 0, DRAWN_MAX)
  return (use * (collateral[seat] ?? 0) * now.oraclePriceUsd * current.ltvBps) / BPS / now.debtPriceUsd
}
