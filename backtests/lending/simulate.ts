import { BPS, SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import { compoundedInterest, variableBorrowRate } from './aave.ts'
import { askPolicy } from './ask-policy.ts'
import { act, defendAll, openAll } from './borrower-acts.ts'
import { actingIn, type Calendar, calendarOf, enterNext } from './calendar.ts'
import { checkInput } from './check-input.ts'
import { liquidateAll } from './liquidate.ts'
import { type MarketInput, type MarketOutcome, POINT_SECONDS, POINTS_PER_HOUR } from './market.ts'
import { unfilledShare } from './order-book.ts'
import { emptyHours, recordHour } from './record-hours.ts'
import { debtOfAll, moveTo, noTotals, type Run, soundRatio, startRun } from './run.ts'

/**
 * Runs a lending market like Aave v3's through its path. In every hour interest accrues, the policy moves the parameters, and those
 * borrowers act whose time has come; at each of its points borrowers in danger may defend themselves, and liquidators take what pays.
 * @throws {RangeError} for an input that cannot be run.
 * @throws {PolicyError} when the policy fails.
 */
export function simulateMarket(input: MarketInput): MarketOutcome {
  checkInput(input)
  const { path, setup, borrowers, habits, seed, warmUpHours } = input
  const length = path.priceUsd.length / POINTS_PER_HOUR
  const seats = borrowers.collateral.length
  const run = startRun(input)
  const calendar = calendarOf({ hours: length, seats, everyDays: habits.actEveryDays, seed })
  const hours = emptyHours(path.from + warmUpHours * SECONDS_PER_HOUR, length - warmUpHours)
  const found = new Int32Array(seats)
  const unfilled = unfilledShare(1 / POINTS_PER_HOUR, input.liquidators.refillHalfLifeHours)

  for (let hour = 0; hour < length; hour++) {
    if (hour === warmUpHours) run.totals = noTotals()
    beginHour(run, hour)
    if (hour === 0) beginAll(run, calendar)
    else actAll(run, calendar, found)
    passPoints(run, unfilled, found)
    if (hour >= warmUpHours) recordHour(hours, hour - warmUpHours, run)
  }
  const { changes, liquidations, liquidatedByPolicyUsd, liquidatorProfitUsd } = run.totals
  return { asset: setup.asset, hours, changes, liquidations, liquidatedByPolicyUsd, liquidatorProfitUsd }
}

function beginHour(run: Run, hour: number): void {
  run.now.hour = hour
  run.liquidatedUsd = 0
  run.now.time = run.input.path.from + hour * SECONDS_PER_HOUR
  moveTo(run, hour * POINTS_PER_HOUR)
  if (hour > 0) accrue(run)
  askPolicy(run)
}

/** An hour's interest at the rate that the hour before left behind. */
function accrue(run: Run): void {
  const { rates, setup } = run.input
  const debt = debtOfAll(run)
  if (debt === 0) return
  const rate = variableBorrowRate(rates, debt / (debt + Math.max(0, run.cash)))
  const factor = compoundedInterest(rate, SECONDS_PER_HOUR)
  run.index *= factor
  run.totals.earnedUsd += (debt * (factor - 1) * run.now.debtPriceUsd * setup.reserveFactorBps) / BPS
}

function beginAll(run: Run, calendar: Calendar): void {
  const seatOf = new Int32Array(run.borrowerOf.length)
  run.borrowerOf.forEach((borrower, seat) => {
    seatOf[borrower] = seat
  })
  openAll(run, seatOf)
  for (const seat of seatOf) enterNext(calendar, seat, 0)
}

function actAll(run: Run, calendar: Calendar, found: Int32Array): void {
  const { hour } = run.now
  const count = actingIn(calendar, hour, found)
  for (let each = 0; each < count; each++) {
    const seat = found[each] ?? 0
    act(run, seat)
    enterNext(calendar, seat, hour)
  }
}

function passPoints(run: Run, unfilled: number, found: Int32Array): void {
  const { hour } = run.now
  const first = hour * POINTS_PER_HOUR
  let worst = Number.POSITIVE_INFINITY
  for (let point = first; point < first + POINTS_PER_HOUR; point++) {
    moveTo(run, point)
    run.now.time = run.input.path.from + point * POINT_SECONDS
    run.displacement *= unfilled
    const sound = soundRatio(run, run.current.liquidationThresholdBps)
    if (sound < worst) {
      worst = sound
      defendAll(run, found)
    }
    liquidateAll(run, found)
  }
}
