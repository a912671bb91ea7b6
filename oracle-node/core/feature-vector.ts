import { FEATURE_COUNT, FEATURE_SPEC_HASH } from './feature-spec.ts'
import type { FeatureVector } from './prediction.ts'

/** What is wrong with a vector, in words that name what was given and needed; nothing when a model may take it. */
export function featureVectorFault(features: FeatureVector): string | undefined {
  if (features.specHash !== FEATURE_SPEC_HASH) {
    return `the vector follows feature spec ${features.specHash}, this model needs ${FEATURE_SPEC_HASH}`
  }
  if (features.values.length !== FEATURE_COUNT) {
    return `the vector holds ${features.values.length} values, the feature spec ${FEATURE_COUNT}`
  }
  const bad = features.values.findIndex((value) => !Number.isFinite(value))
  return bad < 0 ? undefined : `feature ${bad} is ${features.values[bad]}, a finite number was needed`
}
