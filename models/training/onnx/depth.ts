import ln from '@stdlib/math-base-special-ln'
import { type DepthCoefficients, SIGMA_EXPONENT, VOLUME_EXPONENT } from '../../baselines/depth.ts'
import { featureColumns } from './features.ts'
import { emptyGraph, PREDICTION } from './graph.ts'

/**
 * `depthModel` as a graph: exp(constant + 2/3·ln volume − 4/3·ln σ) below a cap. Logarithm and exponential stand on the column twice, as
 * `Graph` asks.
 */
export function depthOnnx(coefficients: DepthCoefficients): Uint8Array {
  const graph = emptyGraph()
  const scalar = (name: string, value: number): string => graph.doubles(name, [1, 1], [value])
  const volumes = featureColumns(graph, ['ln_usd_volume_24h', 'ln_usd_volume_7d'], 'ln_volumes')
  const deviations = featureColumns(graph, ['realized_24h', 'realized_7d'], 'deviations')
  const larger = graph.node('ReduceMax', [deviations], 'larger_deviation', { axes: [1], keepdims: 1 })
  const floors = graph.doubles('sigma_floors', [1, 2], [coefficients.sigmaFloor, coefficients.sigmaFloor])
  const lnSigma = graph.node('Log', [graph.node('Max', [larger, floors], 'sigma')], 'ln_sigma')
  const lnVolume = graph.node('ReduceMin', [volumes], 'ln_volume', { axes: [1], keepdims: 1 })
  const volumeTerm = graph.node('Mul', [lnVolume, scalar('volume_exponent', VOLUME_EXPONENT)], 'volume_term')
  const sigmaTerm = graph.node('Mul', [lnSigma, scalar('sigma_exponent', SIGMA_EXPONENT)], 'sigma_term')
  const partial = graph.node('Add', [scalar('ln_scale', ln(coefficients.scale)), volumeTerm], 'partial')
  const depth = graph.node('Exp', [graph.node('Add', [partial, sigmaTerm], 'ln_depth')], 'depth')
  const low = graph.node('Mul', [depth, scalar('low_quantile_share', coefficients.lowQuantileShare)], 'low_depth')
  const capped = graph.node('Min', [low, scalar('cap', coefficients.capUsd)], 'capped')
  graph.node('Gather', [capped, graph.integers('first', [0])], PREDICTION, { axis: 1 })
  return graph.encode({ name: 'depth', width: 1 })
}
