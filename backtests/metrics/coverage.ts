import ln from '@stdlib/math-base-special-ln'
import { invariant } from '../../oracle-node/core/errors.ts'
import { chiSquareTail } from './distributions.ts'

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
  requireShare(expectedShare)
  const likelihood = (share: number): number => timesLn(days - exceedances, 1 - share) + timesLn(exceedances, share)
  return chiSquare(2 * (likelihood(exceedances / days) - likelihood(expectedShare)), 1)
}

/**
 * Christoffersen (1998): do exceedances come alone? A likelihood ratio of a first-order Markov chain against independence, χ² with one
 * degree of freedom. A small p says that they cluster (or avoid each other). Without an exceedance, or with one on the last day alone,
 * nothing can be said of what follows one: statistic 0, p = 1. With one or two the test has next to no power.
 */
export function christoffersen(exceeded: readonly boolean[]): CoverageTest {
  const counts = transitions(exceeded)
  return chiSquare(2 * (chainLikelihood(counts) - fixedLikelihood(counts, shareOf(counts))), 1)
}

/**
 * Christoffersen's joint test of conditional coverage: are exceedances as many as promised and alone? The likelihood ratio of the Markov chain
 * against independent days at the promised share, χ² with two degrees of freedom: the sum of his test of independence and of Kupiec's
 * over the same transitions, that is over all days but the first, on which the chain is conditioned. Without an exceedance it is Kupiec's
 * ratio, judged with two degrees.
 */
export function conditionalCoverage(exceeded: readonly boolean[], expectedShare: number): CoverageTest {
  requireShare(expectedShare)
  const counts = transitions(exceeded)
  return chiSquare(2 * (chainLikelihood(counts) - fixedLikelihood(counts, expectedShare)), 2)
}

/** How many days of each kind followed one of each kind; a hit is a day beyond. */
type Transitions = {
  readonly calmCalm: number
  readonly calmHit: number
  readonly hitCalm: number
  readonly hitHit: number
}

function transitions(exceeded: readonly boolean[]): Transitions {
  invariant(exceeded.length > 1, 'a test of independence needs two days at least')
  const counts = { calmCalm: 0, calmHit: 0, hitCalm: 0, hitHit: 0 }
  for (let day = 1; day < exceeded.length; day++) {
    counts[`${exceeded[day - 1] ? 'hit' : 'calm'}${exceeded[day] ? 'Hit' : 'Calm'}`] += 1
  }
  return counts
}

function shareOf({ calmCalm, calmHit, hitCalm, hitHit }: Transitions): number {
  return (calmHit + hitHit) / (calmCalm + calmHit + hitCalm + hitHit)
}

/** ln of the likelihood where a day's chance depends on the day before. */
function chainLikelihood({ calmCalm, calmHit, hitCalm, hitHit }: Transitions): number {
  const row = (calm: number, hits: number): number =>
    timesLn(calm, calm / (calm + hits)) + timesLn(hits, hits / (calm + hits))
  return row(calmCalm, calmHit) + row(hitCalm, hitHit)
}

/** ln of the likelihood where every day has the same chance. */
function fixedLikelihood({ calmCalm, calmHit, hitCalm, hitHit }: Transitions, share: number): number {
  return timesLn(calmCalm + hitCalm, 1 - share) + timesLn(calmHit + hitHit, share)
}

function requireShare(expectedShare: number): void {
  invariant(expectedShare > 0 && expectedShare < 1, `an expected share is between 0 and 1, got ${expectedShare}`)
}

/** count · ln(probability), nothing times anything being nothing. */
function timesLn(count: number, probability: number): number {
  return count === 0 ? 0 : count * ln(probability)
}

function chiSquare(statistic: number, degrees: 1 | 2): CoverageTest {
  const clean = Math.max(0, statistic)
  return { statistic: clean, pValue: chiSquareTail(clean, degrees) }
}
