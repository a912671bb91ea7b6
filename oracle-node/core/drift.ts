import ln from '@stdlib/math-base-special-ln'
import { WINDOW_HOURS } from './feature-spec.ts'

/** How the hours of the training data's weeks were spread, and how far a week may lie from that. */
export type DriftReference = {
  /** Inner edges of the bins, ascending and above 0, in multiples of a week's own root mean square hour; an edge is its lower bin's. */
  readonly edges: readonly number[]
  /** Assets that do not look alike are told apart: a week has drifted when it is far from all of these. */
  readonly populations: ReadonlyArray<{
    readonly name: string
    /** Share of its hours in each bin: one more than there are edges. */
    readonly shares: readonly number[]
    /** The greatest stability index that is no drift; {@link DRIFT_LIMIT} at least. */
    readonly limit: number
  }>
}

/** By custom an index below .10 is no change, and one above .25 a shift that a model must not be trusted across (Siddiqi 2006). */
export const DRIFT_LIMIT = 0.25

/** A bin that no hour of the week fell into counts as half an hour, since a logarithm needs something. */
const SHARE_MIN: number = 1 / (2 * WINDOW_HOURS)

/**
 * The population stability index of two spreads over the same bins, Σ (a − e)·ln(a / e), with no share below half an hour's: Jeffreys'
 * divergence (1946), under the name that Siddiqi (2006, "Credit Risk Scorecards") gives it. Zero for equal spreads, never negative,
 * the same both ways round.
 */
export function stabilityIndex(actual: readonly number[], expected: readonly number[]): number {
  let index = 0
  for (const [bin, share] of expected.entries()) {
    const a = Math.max(actual[bin] ?? 0, SHARE_MIN)
    const e = Math.max(share, SHARE_MIN)
    index += (a - e) * ln(a / e)
  }
  return index
}

/**
 * The spread of a week's hourly returns over the bins, as shares. The hours are taken without their scale, |r| / √(mean r²), so what is
 * left is the shape of the week: how wild it is, is the business of the ranges, but a price that stands still, jumps once or comes in
 * steps shows here. In a week without any move each hour is 0.
 */
export function weekShares(returns: readonly number[], edges: readonly number[]): number[] {
  let squares = 0
  for (const r of returns) squares += r * r
  const scale = Math.sqrt(squares / returns.length)
  const counts = new Array<number>(edges.length + 1).fill(0)
  for (const r of returns) {
    const move = scale > 0 ? Math.abs(r) / scale : 0
    const bin = edges.findIndex((edge) => move <= edge)
    const place = bin < 0 ? edges.length : bin
    counts[place] = (counts[place] ?? 0) + 1
  }
  return counts.map((count) => count / returns.length)
}
