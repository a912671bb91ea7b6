import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { depthModel } from '../../models/baselines/depth.ts'
import { ewmaModel } from '../../models/baselines/ewma.ts'
import { baselineModels, baselineSchema } from '../../oracle-node/adapters/baseline-models.ts'
import { FEATURE_COUNT, FEATURE_SPEC_HASH, featureIndex, RETURNS_OFFSET } from '../../oracle-node/core/feature-spec.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'

/** As many outputs as a model has; those past the third are of no record. */
const twelve = (...first: number[]): number[] => [...first, ...new Array<number>(12 - first.length).fill(0.5)]
const COEFFICIENTS = baselineSchema.parse({
  risk: {
    decayPerDay: 0.55,
    multipliers: twelve(24.2, 2.81, 3.73),
    floor: twelve(0.0019, 0.0009, 0.002),
    cap: twelve(1_000, 1, 1),
  },
  depth: { scale: 0.14, sigmaFloor: 0.0053, lowQuantileShare: 0.556, capUsd: 1_099_511_627_775 },
})
const baseline = baselineModels(COEFFICIENTS)
const VOLUMES = ['ln_usd_volume_24h', 'ln_usd_volume_7d'].map(featureIndex)
const DEPTH_READS = new Set([...VOLUMES, ...['realized_24h', 'realized_7d'].map(featureIndex)])

const anyVector: fc.Arbitrary<FeatureVector> = fc
  .tuple(
    fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: RETURNS_OFFSET, maxLength: RETURNS_OFFSET }),
    fc.double({ min: 0, max: 30, noNaN: true }),
    fc.array(fc.double({ min: -0.3, max: 0.3, noNaN: true }), {
      minLength: FEATURE_COUNT - RETURNS_OFFSET,
      maxLength: FEATURE_COUNT - RETURNS_OFFSET,
    }),
  )
  .map(([scalars, lnVolume, returns]) => ({
    specHash: FEATURE_SPEC_HASH,
    values: [...scalars.map((value, place) => (VOLUMES.includes(place) ? lnVolume : value)), ...returns],
  }))
/** The same vector where everything but these places is not a number. */
const only = (features: FeatureVector, isRead: (place: number) => boolean): FeatureVector => ({
  ...features,
  values: features.values.map((value, place) => (isRead(place) ? value : Number.NaN)),
})

describe('the baselines', () => {
  test('are the fitted formulas to the bit, even where nothing but what they read is a number', async () => {
    const ewma = ewmaModel('ewma', COEFFICIENTS.risk)
    const depth = depthModel('depth', COEFFICIENTS.depth)
    await fc.assert(
      fc.asyncProperty(anyVector, async (features) => {
        const risk = await ewma.predict(features)
        const { volatility, valueAtRisk99, expectedShortfall99 } = risk
        expect(await baseline.risk.predict(only(features, (place) => place >= RETURNS_OFFSET))).toEqual({
          volatility,
          valueAtRisk99,
          expectedShortfall99,
        })
        const usd = await depth.predict(features)
        expect(await baseline.depth.predict(only(features, (place) => DEPTH_READS.has(place)))).toBe(usd)
      }),
      { seed: 13 },
    )
  })

  test('reject a vector in which a number that they read is none, or that follows another spec', async () => {
    const [features] = fc.sample(anyVector, { seed: 14, numRuns: 1 })
    if (features === undefined) throw new Error('a vector')
    for (const place of [RETURNS_OFFSET, FEATURE_COUNT - 1]) {
      const broken = { ...features, values: features.values.with(place, Number.NaN) }
      await expect(baseline.risk.predict(broken)).rejects.toThrow(
        `model baseline-ewma: feature ${place} is NaN, the baseline needs a finite number`,
      )
    }
    for (const place of DEPTH_READS) {
      const broken = { ...features, values: features.values.with(place, Number.POSITIVE_INFINITY) }
      await expect(baseline.depth.predict(broken)).rejects.toThrow(`baseline-depth: feature ${place} is Infinity`)
    }
    for (const { predict } of [baseline.risk, baseline.depth]) {
      await expect(predict({ ...features, specHash: '00' })).rejects.toThrow('follows feature spec 00')
      await expect(predict({ ...features, values: [1] })).rejects.toThrow(`1 values, the feature spec ${FEATURE_COUNT}`)
    }
  })

  test.each([
    ['a decay of 1', { risk: { ...COEFFICIENTS.risk, decayPerDay: 1 } }],
    ['two multipliers', { risk: { ...COEFFICIENTS.risk, multipliers: [1, 2] } }],
    ['a share above 1', { depth: { ...COEFFICIENTS.depth, lowQuantileShare: 1.1 } }],
    ['no scale', { depth: { ...COEFFICIENTS.depth, scale: 0 } }],
  ])('are not made of %s', (_, change) => {
    expect(baselineSchema.safeParse({ ...COEFFICIENTS, ...change }).success).toBe(false)
  })
})
