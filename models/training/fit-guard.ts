import { DRIFT_LIMIT, type DriftReference, stabilityIndex, weekShares } from '../../oracle-node/core/drift.ts'
import { invariant } from '../../oracle-node/core/errors.ts'
import { FEATURE_SPEC, RETURNS_OFFSET } from '../../oracle-node/core/feature-spec.ts'
import { type ModelGuard, type Range, RETURNS_RANGE } from '../../oracle-node/core/model-guard.ts'
import { mean, quantile } from '../../oracle-node/core/stats.ts'

/** A training vector and the population that it belongs to. */
export type GuardSample = { readonly kind: string; readonly features: readonly number[] }

/** What a range reaches beyond what training saw, at each end, as a share of its width: a market a little wilder is no fault. */
const MARGIN = 0.1
/**
 * Hours that stand still, that move, that move much and that jump, in multiples of the week's root mean square. Deciles, as scorecards
 * have them, cannot be used: a peg moves by one tick or not at all, so whole hours of it change bins together with the week's scale.
 */
const EDGES = [0.1, 2, 4]
/** One week in a hundred of a population itself may lie beyond its limit, where that is above the customary one. */
const LIMIT_LEVEL = 0.99

/**
 * The guard of models that were trained on these vectors: ranges of every feature, and for each population how its weeks looked.
 * A feature that never moved in training gets no range: nothing was learned of it, so it cannot lead the models astray.
 * @throws {InvariantError} on no samples, or one that is not finite.
 */
export function fitGuard(samples: readonly GuardSample[]): ModelGuard {
  invariant(samples.length > 0, 'a guard needs training vectors, got none')
  const scalars = FEATURE_SPEC.scalars.map(({ name }, index) => [name, widened(samples, index, index + 1)] as const)
  const all = [...scalars, [RETURNS_RANGE, widened(samples, RETURNS_OFFSET, Number.POSITIVE_INFINITY)] as const]
  const kinds = [...new Set(samples.map(({ kind }) => kind))].toSorted()
  return {
    ranges: Object.fromEntries(all.flatMap(([name, range]) => (range === undefined ? [] : [[name, range]]))),
    drift: {
      edges: EDGES,
      populations: kinds.map((kind) =>
        populationOf(
          kind,
          samples.filter((sample) => sample.kind === kind),
        ),
      ),
    },
  }
}

/** Least and most of the features at places `from` up to `until`, widened; nothing when they are equal. */
function widened(samples: readonly GuardSample[], from: number, until: number): Range | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { features } of samples) {
    for (let place = from; place < Math.min(until, features.length); place++) {
      const value = features[place] ?? Number.NaN
      invariant(Number.isFinite(value), `feature ${place} of a training vector is ${value}`)
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  const margin = MARGIN * (high - low)
  return low < high ? [low - margin, high + margin] : undefined
}

function populationOf(name: string, samples: readonly GuardSample[]): DriftReference['populations'][number] {
  const weeks = samples.map(({ features }) => weekShares(features.slice(RETURNS_OFFSET), EDGES))
  // Every week has as many hours, so the mean of the weeks' shares is the share of all their hours.
  const shares = Array.from({ length: EDGES.length + 1 }, (_, bin) => mean(weeks.map((week) => week[bin] ?? 0)))
  const seen = weeks.map((week) => stabilityIndex(week, shares))
  return { name, shares, limit: Math.max(DRIFT_LIMIT, quantile(seen, LIMIT_LEVEL)) }
}
