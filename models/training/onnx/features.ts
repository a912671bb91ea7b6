import { FEATURE_COUNT, featureIndex, RETURNS_OFFSET } from '../../../oracle-node/core/feature-spec.ts'
import { FEATURES, type Graph } from './graph.ts'

/** The features of these names, [batch, names], in their order. */
export function featureColumns(graph: Graph, names: readonly string[], name: string): string {
  return columns(graph, { of: FEATURES, places: names.map(featureIndex), name })
}

/** Columns of any matrix by their places. */
export function columns(
  graph: Graph,
  { of, places, name }: { readonly of: string; readonly places: readonly number[]; readonly name: string },
): string {
  return graph.node('Gather', [of, graph.integers(`${name}_places`, places)], name, { axis: 1 })
}

/** The hourly returns, [batch, 168], oldest first. */
export function returnColumns(graph: Graph): string {
  const [from, until, axes] = [
    graph.integers('returns_from', [RETURNS_OFFSET]),
    graph.integers('returns_until', [FEATURE_COUNT]),
    graph.integers('returns_axis', [1]),
  ]
  return graph.node('Slice', [FEATURES, from, until, axes], 'returns')
}
