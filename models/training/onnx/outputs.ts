import { invariant } from '../../../oracle-node/core/errors.ts'
import { RISK_OUTPUT_COUNT, RISK_OUTPUTS } from '../../../oracle-node/core/prediction.ts'
import type { Limits } from '../../baselines/outputs.ts'
import { type Graph, PREDICTION } from './graph.ts'

/** The end of a risk model's graph: raw outputs [batch, 12] held as `limited` holds them, under the name given. */
export function limitedNodes(graph: Graph, raw: string, { floor, cap }: Limits, name: string = PREDICTION): string {
  const row = [1, RISK_OUTPUT_COUNT]
  const floored = graph.node('Max', [raw, graph.doubles(`${name}_floor`, row, floor)], `${name}_floored`)
  return graph.node('Min', [floored, graph.doubles(`${name}_cap`, row, cap)], name)
}

/** The end of a model of scale: deviations [batch, 2], the day's and the hour's, to outputs as `filteredOutputs` makes them. */
export function sigmaNodes(
  graph: Graph,
  sigmas: string,
  { multipliers, ...limits }: Limits & { readonly multipliers: readonly number[] },
  name: string = PREDICTION,
): string {
  invariant(multipliers.length === RISK_OUTPUT_COUNT, `${multipliers.length} multipliers, ${RISK_OUTPUT_COUNT} needed`)
  const ofDay = multipliers.map((each, output) => (output < RISK_OUTPUTS.length ? each : 0))
  const ofHour = multipliers.map((each, output) => (output < RISK_OUTPUTS.length ? 0 : each))
  const matrix = graph.doubles(`${name}_multipliers`, [2, RISK_OUTPUT_COUNT], [...ofDay, ...ofHour])
  return limitedNodes(graph, graph.node('MatMul', [sigmas, matrix], `${name}_raw`), limits, name)
}
