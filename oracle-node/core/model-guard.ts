import { type DriftReference, stabilityIndex, weekShares } from './drift.ts'
import { FEATURE_SPEC, RETURNS_OFFSET } from './feature-spec.ts'
import type { FeatureVector } from './prediction.ts'

/** Lowest and highest value, both still inside. */
export type Range = readonly [low: number, high: number]

/** What the models were trained on, as far as a vector can be held against it. It is data of the registry, made by `models/training`. */
export type ModelGuard = {
  /** By the name of the scalar, and {@link RETURNS_RANGE} for every hourly return. A feature without one is not judged. */
  readonly ranges: Readonly<Record<string, Range>>
  readonly drift: DriftReference
}

/** Why the models must not be asked about a vector. Each passes when the market comes back to what they know, or a retraining reaches it. */
export type GuardFault = {
  readonly reason: 'not-finite' | 'out-of-range' | 'drift'
  readonly detail: string
}

/** The name in {@link ModelGuard.ranges} that stands for each of the hourly returns. */
export const RETURNS_RANGE = 'returns'

/**
 * What is wrong with a vector in the eyes of its models, the cheapest check first; nothing when they may be asked. There is no memory
 * and no hysteresis: the same vector gets the same answer at every node. Noise in the last bit of a value changes it only where the value
 * stands on a limit or an edge, and then nodes may differ, which the medians absorb and the observations show.
 */
export function guardFault({ values }: FeatureVector, { ranges, drift }: ModelGuard): GuardFault | undefined {
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) return { reason: 'not-finite', detail: `${nameOf(bad)} is ${values[bad]}, a finite number was needed` }
  const outside = values.findIndex((value, index) => isOutside(value, ranges[rangeNameOf(index)]))
  if (outside >= 0) {
    const [low, high] = ranges[rangeNameOf(outside)] ?? []
    return { reason: 'out-of-range', detail: `${nameOf(outside)} is ${values[outside]}, needed ${low} to ${high}` }
  }
  const shares = weekShares(values.slice(RETURNS_OFFSET), drift.edges)
  const far = drift.populations.map((each) => ({ ...each, index: stabilityIndex(shares, each.shares) }))
  if (far.some(({ index, limit }) => index <= limit)) return undefined
  const all = far.map(({ name, index, limit }) => `${index.toFixed(3)} from ${name}, ${limit.toFixed(3)} at most`)
  return { reason: 'drift', detail: `the week’s stability index is ${all.join('; ')}` }
}

function isOutside(value: number, range: Range | undefined): boolean {
  return range !== undefined && !(value >= range[0] && value <= range[1])
}

function rangeNameOf(index: number): string {
  return FEATURE_SPEC.scalars[index]?.name ?? RETURNS_RANGE
}

/** As an operator reads it: the spec's name, or which of the returns. */
function nameOf(index: number): string {
  return FEATURE_SPEC.scalars[index]?.name ?? `return ${index - RETURNS_OFFSET}`
}
