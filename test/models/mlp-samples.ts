import ln from '@stdlib/math-base-special-ln'
import type { FitMlp, HorizonRows, MlpRows } from '../../models/training/mlp/check.ts'
import { uniforms } from '../../models/training/trees/random.ts'

/** Inputs from −1 to 1. The first widens the loss, the second stretches it without the realised deviation knowing. */
export const WIDTH = 3

/** The standard logistic's quantile, whose variance is π²/3 and whose mean beyond a quantile is known too. */
const logit = (level: number): number => ln(level / (1 - level))
const meanBeyond = (level: number): number => -(level * ln(level) + (1 - level) * ln(1 - level)) / (1 - level)
const DEVIATION = Math.PI / Math.sqrt(3)

/** What the base deviation is wrong by. */
export const trueFactor = (first: number): number => 1 + 0.6 * first
/** By how much a loss exceeds what its deviation says. */
const stretch = (second: number): number => 1 + 0.6 * Math.max(0, second)

/**
 * Losses of which all is known: at a row the deviation is base·{@link trueFactor}, and the loss that, {@link stretch}ed, times a logistic
 * variable of deviation 1. The realised variance is scattered around the true one.
 */
export function knownRows(count: number, seed: number): MlpRows {
  const uniform = uniforms(seed)
  const x = Float64Array.from({ length: count * WIDTH }, () => 2 * uniform() - 1)
  const horizon = (scale: number): HorizonRows => {
    const base = Float64Array.from({ length: count }, () => scale * (0.5 + uniform()))
    const sigma = base.map((each, row) => each * trueFactor(x[row * WIDTH] ?? 0))
    return {
      base,
      realized: sigma.map((each) => each * Math.sqrt(0.5 + uniform())),
      loss: sigma.map((each, row) => {
        const chance = uniform() + 2 ** -33
        return (each * stretch(x[row * WIDTH + 1] ?? 0) * logit(chance)) / DEVIATION
      }),
    }
  }
  return { x, weight: new Float64Array(count).fill(1), horizons: [horizon(0.04), horizon(0.008)] }
}

/** What {@link knownRows} lose in the mean beyond their 99 % quantile, over the base deviation. */
export const trueShortfall = (row: ArrayLike<number>): number =>
  (trueFactor(row[0] ?? 0) * stretch(row[1] ?? 0) * meanBeyond(0.99)) / DEVIATION

export function fitOf(rows: MlpRows, rest: Partial<FitMlp> = {}): FitMlp {
  return {
    ...rows,
    width: WIDTH,
    starts: rows.horizons.map(() => [0, 1.28, 1.64, 2.33, 2.67]),
    hidden: [16, 16],
    seed: 5,
    epochs: 3,
    batch: 64,
    learningRate: 0.003,
    weightDecay: 0,
    ...rest,
  }
}
