import { SECONDS_PER_HOUR } from '../../oracle-node/core/units.ts'
import { problemOf } from './ask-policy.ts'
import { type Borrowers, type MarketInput, type MarketPath, POINT_SECONDS, POINTS_PER_HOUR } from './market.ts'

/**
 * @throws {RangeError} for a market that cannot be run, saying what was given and what is needed.
 */
export function checkInput(input: MarketInput): void {
  const { path, setup, borrowers, habits, liquidators, rates } = input
  const need = (ok: boolean, field: string, given: unknown, needed: string): void => {
    if (!ok) throw new RangeError(`${setup.asset}: ${field} must be ${needed}, got ${String(given)}`)
  }
  checkPath(path)
  const hours = path.priceUsd.length / POINTS_PER_HOUR
  const whole = Number.isInteger(input.warmUpHours) && input.warmUpHours >= 0 && input.warmUpHours < hours
  need(whole, 'warmUpHours', input.warmUpHours, `a whole number below the path's ${hours} hours`)
  need(Number.isSafeInteger(input.seed), 'seed', input.seed, 'a whole number')

  const problem = problemOf(setup, setup)
  if (problem !== undefined) throw new RangeError(`${setup.asset}: ${problem.field} ${problem.message}`)
  for (const field of ['liquidationBonusBps', 'liquidationProtocolFeeBps', 'reserveFactorBps'] as const) {
    need(setup[field] >= 0 && setup[field] <= 10_000, field, setup[field], 'from 0 to 10000')
  }
  const numbers = {
    liquidityOverDebt: input.liquidityOverDebt,
    gasUsd: liquidators.gasUsd,
    refillHalfLifeHours: liquidators.refillHalfLifeHours,
    profitMin: liquidators.profitMin,
    base: rates.base,
    slope1: rates.slope1,
    slope2: rates.slope2,
  }
  for (const [field, value] of Object.entries(numbers)) {
    need(Number.isFinite(value) && value >= 0, field, value, 'a number of 0 or more')
  }
  need(isShare(rates.optimalUtilisation), 'optimalUtilisation', rates.optimalUtilisation, 'from 0 to 1')
  need(habits.actEveryDays > 0, 'actEveryDays', habits.actEveryDays, 'above 0')
  need(isShare(habits.defendChance), 'defendChance', habits.defendChance, 'from 0 to 1')
  need(habits.defendBelowHealth > 0, 'defendBelowHealth', habits.defendBelowHealth, 'above 0')
  checkBorrowers(setup.asset, borrowers)
  checkLiquidity(input)
}

function checkPath(path: MarketPath): void {
  const { asset, from, priceUsd } = path
  if (!(Number.isInteger(from) && from % SECONDS_PER_HOUR === 0)) {
    throw new RangeError(`${asset}: a path begins at a full hour in unix seconds, got ${from}`)
  }
  const points = priceUsd.length
  if (points === 0 || points % POINTS_PER_HOUR !== 0) {
    throw new RangeError(
      `${asset}: a path has ${POINTS_PER_HOUR} points an hour and one hour at least, got ${points} points`,
    )
  }
  for (const field of ['priceUsd', 'oraclePriceUsd', 'depthUsd', 'debtPriceUsd'] as const) {
    const column = path[field]
    if (column === undefined) continue
    if (column.length !== points) {
      throw new RangeError(`${asset}: ${field} needs an entry for each of the ${points} points, got ${column.length}`)
    }
    const point = column.findIndex(
      (value) => !(Number.isFinite(value) && (field === 'depthUsd' ? value >= 0 : value > 0)),
    )
    if (point < 0) continue
    const at = new Date((from + point * POINT_SECONDS) * 1_000).toISOString()
    const needed = field === 'depthUsd' ? 'a number of 0 or more' : 'a number above 0'
    throw new RangeError(`${asset} at ${at}: ${field} must be ${needed}, got ${column[point]}`)
  }
}

function checkBorrowers(asset: string, { collateral, use, debt }: Borrowers): void {
  if (use.length !== collateral.length || debt.length !== collateral.length) {
    throw new RangeError(
      `${asset}: borrowers need columns of one length, got ${collateral.length}, ${use.length} and ${debt.length}`,
    )
  }
  const refuse = (borrower: number, field: string, given: unknown, needed: string): never => {
    throw new RangeError(`${asset}, borrower ${borrower}: ${field} must be ${needed}, got ${String(given)}`)
  }
  for (let each = 0; each < collateral.length; each++) {
    const tokens = collateral[each] ?? Number.NaN
    const owed = debt[each] ?? 0
    if (!(tokens > 0 && Number.isFinite(tokens))) refuse(each, 'collateral', tokens, 'a number above 0')
    if (!isShare(use[each] ?? Number.NaN)) refuse(each, 'use', use[each], 'from 0 to 1')
    if (owed < 0 || owed === Number.POSITIVE_INFINITY) refuse(each, 'debt', owed, 'a number of 0 or more, or NaN')
  }
}

/** Debts that positions begin with must have been lent by somebody. */
function checkLiquidity({ path, setup, borrowers, liquidityOverDebt }: MarketInput): void {
  const owed = borrowers.debt.reduce((sum, debt) => (Number.isNaN(debt) ? sum : sum + debt), 0)
  const tokens = borrowers.collateral.reduce((sum, each) => sum + each, 0)
  const debtPriceUsd = path.debtPriceUsd?.[0] ?? 1
  const power = (tokens * (path.oraclePriceUsd[0] ?? 0) * setup.ltvBps) / 10_000 / debtPriceUsd
  if (owed <= liquidityOverDebt * power) return
  throw new RangeError(
    `${setup.asset}: liquidityOverDebt must be ${owed / power} or more, so that suppliers hold what positions begin with, got ${liquidityOverDebt}`,
  )
}

function isShare(value: number): boolean {
  return value >= 0 && value <= 1
}
