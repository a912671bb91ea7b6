import { WINDOW_HOURS } from '../../../oracle-node/core/feature-spec.ts'
import { RISK_OUTPUT_COUNT } from '../../../oracle-node/core/prediction.ts'
import { type EwmaCoefficients, ewmaWeights } from '../../baselines/ewma.ts'
import type { GarchWindowWeights } from '../../baselines/garch.ts'
import { type GarchModelCoefficients, garchHorizons } from '../../baselines/garch-window.ts'
import { returnColumns } from './features.ts'
import { emptyGraph, type Graph } from './graph.ts'
import { sigmaNodes } from './outputs.ts'

/** `ewmaModel` as a graph: √(r²·W)·M between limits; W's second column is a twenty-fourth of its first, an hour of the day. */
export function ewmaOnnx(coefficients: EwmaCoefficients): Uint8Array {
  const graph = emptyGraph()
  const squares = weightedSquares(graph, returnColumns(graph), {
    name: 'squares',
    weights: ewmaWeights(coefficients.decayPerDay).flatMap((weight) => [weight, weight / 24]),
  })
  sigmaNodes(graph, graph.node('Sqrt', [squares], 'sigmas'), coefficients)
  return graph.encode({ name: 'ewma', width: RISK_OUTPUT_COUNT })
}

/** `garchModel` as a graph: √max(0, r²·W + min(r, 0)²·V)·M between limits. GARCH has no V. */
export function garchOnnx(coefficients: GarchModelCoefficients): Uint8Array {
  const graph = emptyGraph()
  const { day, hour } = garchHorizons(coefficients.shape)
  const paired = (of: (weights: GarchWindowWeights) => readonly number[]): number[] =>
    of(day).flatMap((weight, index) => [weight, of(hour)[index] ?? Number.NaN])
  const returns = returnColumns(graph)
  const zero = graph.doubles('zero', [1, 1], [0])
  const squares = weightedSquares(graph, returns, { name: 'squares', weights: paired((each) => each.squares) })
  const variance =
    coefficients.shape.gamma === 0
      ? squares
      : graph.node(
          'Add',
          [squares, fallSquares(graph, { returns, zero, weights: paired((each) => each.negativeSquares) })],
          'variance',
        )
  const held = graph.node('Max', [variance, zero], 'held_variance')
  sigmaNodes(graph, graph.node('Sqrt', [held], 'sigmas'), coefficients)
  return graph.encode({ name: coefficients.shape.gamma === 0 ? 'garch' : 'gjr', width: RISK_OUTPUT_COUNT })
}

function fallSquares(
  graph: Graph,
  { returns, zero, weights }: { readonly returns: string; readonly zero: string; readonly weights: readonly number[] },
): string {
  return weightedSquares(graph, graph.node('Min', [returns, zero], 'falls'), { name: 'fall_squares', weights })
}

/** Of hours [batch, 168], the weighted sums of squares for both horizons, [batch, 2]; `weights` row by row. */
function weightedSquares(
  graph: Graph,
  hours: string,
  { name, weights }: { readonly name: string; readonly weights: readonly number[] },
): string {
  const squares = graph.node('Mul', [hours, hours], name)
  const matrix = graph.doubles(`${name}_weights`, [WINDOW_HOURS, 2], weights)
  return graph.node('MatMul', [squares, matrix], `${name}_sums`)
}
