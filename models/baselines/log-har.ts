import exp from '@stdlib/math-base-special-exp'
import type { RiskModel } from '../../oracle-node/ports/model.ts'
import { LOG_INPUTS, logInputs } from './log-inputs.ts'
import { filteredOutputs, formulaModel, type Limits, type Sigmas } from './outputs.ts'

/** ln of a horizon's variance: the intercept and a weight an input, by {@link LOG_INPUTS}' names. */
export type LogHarEquation = { readonly intercept: number; readonly weights: Readonly<Record<string, number>> }

export type LogHarCoefficients = Limits & {
  readonly day: LogHarEquation
  readonly hour: LogHarEquation
  readonly multipliers: readonly number[]
}

/** A forecast's ln variance is held in here: an exponential without bounds blew up in March 2020. σ from 1 in 20,000 to 2.7 a horizon. */
export const LN_VARIANCE_RANGE = [-20, 2] as const

/**
 * Log-HAR with leverage, ranges and the market (Corsi 2009; Corsi and Renò 2012): the logarithm of the coming variance is linear in the
 * logarithms of past ones, which makes it a product of powers that no wild hour rules.
 */
export function logHarSigmas(values: readonly number[], equations: Pick<LogHarCoefficients, 'day' | 'hour'>): Sigmas {
  return sigmasOfInputs(logInputs(values), equations)
}

/** The same, of inputs that were worked out before. */
export function sigmasOfInputs(inputs: Float64Array, { day, hour }: Pick<LogHarCoefficients, 'day' | 'hour'>): Sigmas {
  return [sigmaOf(inputs, day), sigmaOf(inputs, hour)]
}

function sigmaOf(inputs: Float64Array, { intercept, weights }: LogHarEquation): number {
  let lnVariance = intercept
  for (const [index, { name }] of LOG_INPUTS.entries())
    lnVariance += (weights[name] ?? 0) * (inputs[index] ?? Number.NaN)
  const [least, most] = LN_VARIANCE_RANGE
  return exp(Math.min(Math.max(lnVariance, least), most) / 2)
}

/** Log-HAR's scale times quantiles of past losses over it. */
export function logHarOutputs(values: readonly number[], coefficients: LogHarCoefficients): Float64Array {
  return filteredOutputs(logHarSigmas(values, coefficients), coefficients.multipliers, coefficients)
}

export function logHarModel(id: string, coefficients: LogHarCoefficients): RiskModel {
  return formulaModel(id, (values) => logHarOutputs(values, coefficients))
}
