import type { RiskModel } from '../../oracle-node/ports/model.ts'
import { type GarchShape, type GarchWindowWeights, garchWindowVariance, garchWindowWeights } from './garch.ts'
import { filteredOutputs, formulaModel, type Limits, type Sigmas } from './outputs.ts'

export type GarchModelCoefficients = Limits & { readonly shape: GarchShape; readonly multipliers: readonly number[] }

export type GarchHorizons = { readonly day: GarchWindowWeights; readonly hour: GarchWindowWeights }

/** The weights of a window's squared returns for both horizons. */
export function garchHorizons(shape: GarchShape): GarchHorizons {
  return { day: garchWindowWeights(shape, 24), hour: garchWindowWeights(shape, 1) }
}

export function garchSigmas(values: readonly number[], { day, hour }: GarchHorizons): Sigmas {
  return [deviation(values, day), deviation(values, hour)]
}

/** Weights of a short horizon may add up to less than nothing on a window that is nearly flat. */
function deviation(values: readonly number[], weights: GarchWindowWeights): number {
  return Math.sqrt(Math.max(0, garchWindowVariance(values, weights)))
}

/** GARCH or GJR over the hours of a window, filtered historical simulation on top. */
export function garchOutputs(coefficients: GarchModelCoefficients): (values: readonly number[]) => Float64Array {
  const horizons = garchHorizons(coefficients.shape)
  return (values) => filteredOutputs(garchSigmas(values, horizons), coefficients.multipliers, coefficients)
}

export function garchModel(id: string, coefficients: GarchModelCoefficients): RiskModel {
  return formulaModel(id, garchOutputs(coefficients))
}
