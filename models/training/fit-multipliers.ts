import { invariant } from '../../oracle-node/core/errors.ts'
import { DAYS_ROOT, HOURS_ROOT, type Limits, type Sigmas } from '../baselines/outputs.ts'
import type { Sample } from './dataset.ts'
import { assetWeights, weightedMean, weightedQuantile, weightedQuantiles } from './weighted.ts'

export const LEVEL = 0.99
/** One tick of a price with four decimals, a day: what a peg that nobody trades has. */
export const SIGMA_FLOOR = 1e-4
/** 100 000 % a year; no day of the recordings comes near, so only a broken vector meets it. */
const VOLATILITY_CAP = 1_000

/**
 * Floors from the pooled training losses of stablecoins that kept their pegs, each asset with equal weight: a quiet peg is never called
 * safer than stablecoins were on the whole. The caps are the worst that can be. Quantiles below 99 % have no floor but a doubled price.
 */
export function fitLimits(train: readonly Sample[]): Limits {
  const stable = train.filter((sample) => sample.kind === 'stable')
  const weights = assetWeights(stable)
  const tail = (lossOf: (sample: Sample) => number): [number, number] => {
    const losses = Float64Array.from(stable, lossOf)
    const valueAtRisk = weightedQuantile(losses, weights, LEVEL)
    const beyond = weightedMean(losses, weights, (index) => (losses[index] ?? 0) >= valueAtRisk)
    return [valueAtRisk, Math.max(valueAtRisk, beyond)]
  }
  const floorOf = (volatility: number, lossOf: (sample: Sample) => number): number[] => {
    // Years before the first stablecoin was recorded are floored by a tick.
    const [valueAtRisk, shortfall] = stable.length === 0 ? [SIGMA_FLOOR, SIGMA_FLOOR] : tail(lossOf)
    return [volatility, Math.max(SIGMA_FLOOR, valueAtRisk), Math.max(SIGMA_FLOOR, shortfall), -1, -1, -1]
  }
  return {
    floor: [
      ...floorOf(SIGMA_FLOOR * DAYS_ROOT, (sample) => sample.loss),
      ...floorOf((SIGMA_FLOOR / Math.sqrt(24)) * HOURS_ROOT, (sample) => sample.hourLoss),
    ],
    cap: [VOLATILITY_CAP, 1, 1, 1, 1, 1, VOLATILITY_CAP, 1, 1, 1, 1, 1],
  }
}

/**
 * How many deviations each output is: the volatility by the scale that has the least QLIKE, the quantiles and the mean beyond the last by what
 * losses over the forecast deviation were (filtered historical simulation, Barone-Adesi 1999). Each asset weighs the same.
 */
export function fitMultipliers(train: readonly Sample[], sigmas: readonly Sigmas[]): number[] {
  invariant(train.length === sigmas.length, 'each sample has its deviations')
  const weights = assetWeights(train)
  const horizon = (
    index: 0 | 1,
    root: number,
    of: (sample: Sample) => { loss: number; realized: number },
  ): number[] => {
    const sigma = Float64Array.from(sigmas, (pair) => Math.max(pair[index], SIGMA_FLOOR / 10))
    const losses = Float64Array.from(train, (sample, row) => of(sample).loss / (sigma[row] ?? Number.NaN))
    const squares = Float64Array.from(train, (sample, row) => square(of(sample).realized / (sigma[row] ?? Number.NaN)))
    // QLIKE is least where the mean of y²/σ² is one.
    const scale = Math.sqrt(weightedMean(squares, weights, () => true))
    const levels = weightedQuantiles(losses, weights, [LEVEL, 0.5, 0.9, 0.95])
    const [valueAtRisk = Number.NaN, ...lower] = levels
    const beyond = weightedMean(losses, weights, (row) => (losses[row] ?? 0) >= valueAtRisk)
    return [scale * root, valueAtRisk, beyond, ...lower]
  }
  return [
    ...horizon(0, DAYS_ROOT, (sample) => ({ loss: sample.loss, realized: sample.realized })),
    ...horizon(1, HOURS_ROOT, (sample) => ({ loss: sample.hourLoss, realized: sample.hourRealized })),
  ]
}

function square(value: number): number {
  return value * value
}
