import { LOG_INPUTS, logInputs } from '../../models/baselines/log-inputs.ts'
import type { Sample } from '../../models/training/dataset.ts'
import { uniforms } from '../../models/training/trees/random.ts'
import { walkVector } from './onnx-samples.ts'

const DAY = 86_400
const HOURLY_SHARE = 1 / Math.sqrt(24)
const FALL = LOG_INPUTS.findIndex(({ name }) => name === 'fall_24h')

/** Whether the asset fell by more than a fifth of its week's deviation: what no line sees, and trees and nets do. */
export function fell(values: readonly number[]): boolean {
  return (logInputs(values)[FALL] ?? 0) > 0.2
}

/**
 * A sample a day and asset whose deviation is its week's, times `factor` where the asset {@link fell}; labels are three-point noise about it, with
 * a mean square of one.
 */
export function fallSamples(parts: {
  readonly count: number
  readonly seed: number
  readonly factor: number
}): Sample[] {
  const uniform = uniforms(parts.seed)
  return Array.from({ length: parts.count }, (_, index): Sample => {
    const stepRatio = 0.002 + 0.03 * uniform()
    const { values } = walkVector({ stepRatio, seed: parts.seed * 100_000 + index, volume: 1e6 })
    const stable = index % 20 === 0
    const sigma = stepRatio * 2.8 * (fell(values) && !stable ? parts.factor : 1)
    const noise = (): number => [0.5, 1, Math.sqrt(1.75)][Math.floor(3 * uniform())] ?? 1
    const loss = (): number => 2 * (uniform() + uniform() + uniform() - 1.5)
    return {
      asset: `A${index % 7}`,
      kind: stable ? 'stable' : 'volatile',
      time: 1_600_000_000 - (1_600_000_000 % DAY) + Math.floor(index / 7) * DAY,
      features: values,
      loss: sigma * loss(),
      realized: sigma * noise(),
      hourLoss: sigma * HOURLY_SHARE * loss(),
      hourRealized: sigma * HOURLY_SHARE * noise(),
    }
  })
}
