import type { FitTrees, TreeRows } from '../../models/training/trees/fit.ts'
import { uniforms } from '../../models/training/trees/random.ts'

/** Uniform features in [0, 1) and targets made of them and of a further uniform, by + − × ÷ alone. */
export function sampleRows(parts: {
  readonly count: number
  readonly width: number
  readonly seed: number
  readonly target: (row: readonly number[], chance: number) => number
}): TreeRows {
  const { count, width, seed, target } = parts
  const uniform = uniforms(seed)
  const x = new Float64Array(count * width)
  const y = new Float64Array(count)
  for (let row = 0; row < count; row++) {
    const features = Array.from({ length: width }, uniform)
    x.set(features, row * width)
    y[row] = target(features, uniform())
  }
  return { x, y, weight: new Float64Array(count).fill(1) }
}

/** One plain tree on squared loss, unless told otherwise. */
export function fitOf(rows: TreeRows, rest: Partial<FitTrees> = {}): FitTrees {
  return {
    ...rows,
    width: rows.x.length / rows.y.length,
    loss: { kind: 'squared' },
    rounds: 1,
    learningRate: 1,
    leaves: 8,
    leafWeightMin: 0,
    bins: 256,
    l2: 0,
    featureShare: 1,
    rowShare: 1,
    seed: 1,
    ...rest,
  }
}

/** y is uniform on (0, 1 + 2·x₀): its level-quantile is level·(1 + 2·x₀). */
export function spreadRows(count: number, seed: number, width = 3): TreeRows {
  return sampleRows({ count, width, seed, target: ([first = 0], chance) => chance * (1 + 2 * first) })
}
