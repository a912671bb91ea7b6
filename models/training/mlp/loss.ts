import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { SHORTFALL_MIN } from './check.ts'
import { type Head, LEVELS, TAIL } from './network.ts'
import type { PartWeights } from './problem.ts'

/** One row at one horizon. */
export type Outcome = { readonly loss: number; readonly variance: number }

/** Scratch of {@link headLoss}: the slope of the loss by each member of the tail. */
export function emptySlopes(): Float64Array {
  return new Float64Array(TAIL)
}

/**
 * The loss of one head, in units of the base deviation, with s = exp(δ), σ = s and a quantile s·z: QLIKE = v/s² + 2δ − ln v − 1 (Patton 2011); the
 * pinball losses of Koenker and Bassett (1978); and for the last quantile with the shortfall e = s·z₅ the FZ0 loss of Patton, Ziegel
 * and Chen (2019), beyond/((1 − level)·e) + quantile/e + ln e − 1, whose e is held over {@link SHORTFALL_MIN}. There the pinball loss of
 * the last quantile, which the shortfall stands on, still pulls it up. The slopes by the head's columns are written to `pull`.
 */
export function headLoss(
  { values, slopes }: Head,
  { loss, variance }: Outcome,
  parts: PartWeights,
  { pull, tail }: { readonly pull: Float64Array; readonly tail: Float64Array },
): number {
  const lnScale = at(values, 0)
  const scale = exp(lnScale)
  const ratio = variance / (scale * scale)
  let sum = parts.deviation * (ratio + 2 * lnScale - ln(variance) - 1)
  let slope = parts.deviation * (2 - 2 * ratio)
  for (let index = 0; index < LEVELS.length; index++) {
    const level = LEVELS[index] ?? Number.NaN
    const miss = loss - scale * at(values, index + 1)
    const weight = at(parts.pinball, index)
    const steep = miss < 0 ? level - 1 : level
    sum += weight * steep * miss
    tail[index] = -weight * steep
  }
  sum += addShortfall({ quantile: scale * at(values, TAIL - 1), wanted: scale * at(values, TAIL), loss }, parts, tail)
  // From the last member down, since each column moves all members from its own on.
  let above = 0
  for (let index = TAIL - 1; index >= 0; index--) {
    slope += scale * at(values, index + 1) * at(tail, index)
    above += scale * at(tail, index)
    pull[index + 1] = above * at(slopes, index + 1)
  }
  pull[0] = slope * at(slopes, 0)
  return sum
}

const [, , , LAST_LEVEL] = LEVELS

/** Adds the joint loss's slopes by the last quantile and by the shortfall. */
function addShortfall(
  { quantile, wanted, loss }: { readonly quantile: number; readonly wanted: number; readonly loss: number },
  { shortfall: weight }: PartWeights,
  tail: Float64Array,
): number {
  const shortfall = Math.max(wanted, SHORTFALL_MIN)
  const beyond = Math.max(0, loss - quantile) / (1 - LAST_LEVEL)
  const rate = (loss > quantile ? 1 - 1 / (1 - LAST_LEVEL) : 1) / shortfall
  tail[TAIL - 2] = at(tail, TAIL - 2) + weight * rate
  const share = (beyond + quantile) / shortfall
  tail[TAIL - 1] = wanted < SHORTFALL_MIN ? 0 : (weight * (1 - share)) / shortfall
  return weight * (share + ln(shortfall) - 1)
}

/** Its own, since an imported one is not inlined where modules are wrapped, as the tests’ are. */
function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN
}
