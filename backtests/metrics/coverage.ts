import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { invariant } from '../../oracle-node/core/errors.ts'

/** Days on which the loss was beyond the forecast quantile, in order. */
export type CoverageTest = { readonly statistic: number; readonly pValue: number }

/**
 * Kupiec (1995): is the share of exceedances the one that was promised? A likelihood ratio, χ² with one degree of freedom.
 * A small p says no. Assumes that the days do not overlap.
 */
export function kupiec(parts: {
  readonly days: number
  readonly exceedances: number
  readonly expectedShare: number
}): CoverageTest {
  const { days, exceedances, expectedShare } = parts
  invariant(days > 0 && exceedances >= 0 && exceedances <= days, `${exceedances} exceedances in ${days} days`)
  invariant(expectedShare > 0 && expectedShare < 1, `an expected share is between 0 and 1, got ${expectedShare}`)
  const likelihood = (share: number): number => timesLn(days - exceedances, 1 - share) + timesLn(exceedances, share)
  return chiSquareOne(2 * (likelihood(exceedances / days) - likelihood(expectedShare)))
}

/**
 * Christoffersen (1998): do exceedances come alone? A likelihood ratio of a first-order Markov chain against independence.
 * A small p says that they cluster (or avoid each other).
 */
export function christoffersen(exceeded: readonly boolean[]): CoverageTest {
  invariant(exceeded.length > 1, 'a test of independence needs two days at least')
  const counts: [number, number, number, number] = [0, 0, 0, 0]
  for (let day = 1; day < exceeded.length; day++) {
    const cell = (exceeded[day - 1] ? 2 : 0) + (exceeded[day] ? 1 : 0)
    counts[cell as 0 | 1 | 2 | 3] += 1
  }
  const [calmCalm, calmHit, hitCalm, hitHit] = counts
  const share = (hits: number, all: number): number => (all === 0 ? 0 : hits / all)
  const afterCalm = share(calmHit, calmCalm + calmHit)
  const afterHit = share(hitHit, hitCalm + hitHit)
  const overall = share(calmHit + hitHit, exceeded.length - 1)
  const chain =
    timesLn(calmCalm, 1 - afterCalm) +
    timesLn(calmHit, afterCalm) +
    timesLn(hitCalm, 1 - afterHit) +
    timesLn(hitHit, afterHit)
  const independent = timesLn(calmCalm + hitCalm, 1 - overall) + timesLn(calmHit + hitHit, overall)
  return chiSquareOne(2 * (chain - independent))
}

/** count · ln(probability), nothing times anything being nothing. */
function timesLn(count: number, probability: number): number {
  return count === 0 ? 0 : count * ln(probability)
}

function chiSquareOne(statistic: number): CoverageTest {
  const clean = Math.max(0, statistic)
  return { statistic: clean, pValue: erfc(Math.sqrt(clean / 2)) }
}

/** Complementary error function for x ≥ 0, to 1.5e-7 absolute (Abramowitz and Stegun 7.1.26). */
function erfc(x: number): number {
  const t = 1 / (1 + 0.3275911 * x)
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
  return poly * exp(-x * x)
}
