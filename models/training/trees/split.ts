import { binAt, type Histogram } from './histogram.ts'
import type { Objective } from './losses.ts'

/** How a feature may move the prediction: 1 never down as it grows, −1 never up, 0 either way. */
export type Direction = -1 | 0 | 1

/** What trees may be. */
export type Shape = {
  readonly leaves: number
  readonly depth: number
  /** The least weight of a leaf, over zero. */
  readonly weightMin: number
  readonly monotone: readonly Direction[]
}

/** The cut of a node that takes most off the loss, and what goes left by it. */
export type Split = {
  readonly gain: number
  readonly feature: number
  /** The last bin that goes left. */
  readonly bin: number
  readonly pull: number
  readonly weight: number
}

type Sums = { readonly pull: number; readonly weight: number }

/** A gain below this share of the node's own score is what rounding leaves of none. */
const GAIN_SHARE_MIN = 1e-12

/** The best split of a node, the first of equals; none when no split helps within the shape. */
export function bestSplit(parts: {
  readonly histogram: Histogram
  readonly columns: Int32Array
  readonly edges: readonly Float64Array[]
  readonly node: Sums
  readonly objective: Objective
  readonly shape: Shape
}): Split | undefined {
  const own = parts.objective.score(parts.node.pull, parts.node.weight)
  let best: Split | undefined
  let gainMin = GAIN_SHARE_MIN * Math.abs(own)
  for (const feature of parts.columns) {
    const search = { ...parts, feature, own, gainMin, cuts: parts.edges[feature]?.length ?? 0 }
    const found = bestInColumn(search)
    if (found === undefined) continue
    best = found
    gainMin = found.gain
  }
  return best
}

function bestInColumn(search: {
  readonly histogram: Histogram
  readonly node: Sums
  readonly objective: Objective
  readonly shape: Shape
  readonly feature: number
  readonly own: number
  readonly gainMin: number
  readonly cuts: number
}): Split | undefined {
  const { histogram, node, feature, own, cuts } = search
  const { weightMin, monotone } = search.shape
  const { score } = search.objective
  const direction = monotone[feature] ?? 0
  let found: { bin: number; pull: number; weight: number } | undefined
  let gainMax = search.gainMin
  let pull = 0
  let weight = 0
  for (let bin = 0; bin < cuts; bin++) {
    const place = binAt(feature, bin)
    const binWeight = histogram[place + 1] ?? Number.NaN
    // A cut after an empty bin is the cut before it.
    if (binWeight === 0) continue
    pull += histogram[place] ?? Number.NaN
    weight += binWeight
    if (weight < weightMin) continue
    if (node.weight - weight < weightMin) break
    const gain = score(pull, weight) + score(node.pull - pull, node.weight - weight) - own
    if (gain > gainMax && follows(direction, node, { pull, weight })) {
      gainMax = gain
      found = { bin, pull, weight }
    }
  }
  return found === undefined ? undefined : { ...found, gain: gainMax, feature }
}

/** Whether the right part pulls f the way that the feature may: in every loss a leaf's value grows with pull over weight. */
function follows(direction: Direction, node: Sums, left: Sums): boolean {
  if (direction === 0) return true
  const right = { pull: node.pull - left.pull, weight: node.weight - left.weight }
  return (right.pull / right.weight - left.pull / left.weight) * direction >= 0
}
