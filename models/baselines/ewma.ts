import exp from '@stdlib/math-base-special-exp'
import ln from '@stdlib/math-base-special-ln'
import { RETURNS_OFFSET, WINDOW_HOURS } from '../../oracle-node/core/feature-spec.ts'
import type { RiskModel } from '../../oracle-node/ports/model.ts'
import { filteredOutputs, formulaModel, type Limits } from './outputs.ts'

export type EwmaCoefficients = Limits & {
  /** What a squared return's weight shrinks to over 24 h. RiskMetrics' is .94. */
  readonly decayPerDay: number
  /** Each output is this times the day's volatility (of the hour: times the day's / √24). */
  readonly multipliers: readonly number[]
}

/**
 * Weights of the squared hourly returns, oldest first: geometric, scaled so that their sum is 24 and the result a day's variance.
 * The recursion of RiskMetrics (1996) cut off after seven days.
 */
export function ewmaWeights(decayPerDay: number): number[] {
  const decayPerHour = exp(ln(decayPerDay) / 24)
  const weights = new Array<number>(WINDOW_HOURS)
  let weight = 1
  let sum = 0
  for (let index = WINDOW_HOURS - 1; index >= 0; index--) {
    weights[index] = weight
    sum += weight
    weight *= decayPerHour
  }
  return weights.map((each) => (24 * each) / sum)
}

/** Volatility of a day from the window's returns. */
export function ewmaSigma(values: readonly number[], weights: readonly number[]): number {
  let variance = 0
  for (let index = 0; index < WINDOW_HOURS; index++) {
    const r = values[RETURNS_OFFSET + index] ?? Number.NaN
    variance += (weights[index] ?? Number.NaN) * (r * r)
  }
  return Math.sqrt(variance)
}

/** √(1/24): an EWMA's hour is a twenty-fourth of its day's variance. */
export const HOUR_OF_DAY: number = Math.sqrt(1 / 24)

/** Filtered historical simulation (Barone-Adesi 1999): an EWMA's volatility times quantiles of past losses over it. */
export function ewmaModelOutputs(coefficients: EwmaCoefficients): (values: readonly number[]) => Float64Array {
  const weights = ewmaWeights(coefficients.decayPerDay)
  return (values) => {
    const sigma = ewmaSigma(values, weights)
    return filteredOutputs([sigma, sigma * HOUR_OF_DAY], coefficients.multipliers, coefficients)
  }
}

export function ewmaModel(id: string, coefficients: EwmaCoefficients): RiskModel {
  return formulaModel(id, ewmaModelOutputs(coefficients))
}
