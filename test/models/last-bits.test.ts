import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadDefaultModels } from '../../oracle-node/adapters/model-registry.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { medianRecord } from '../../oracle-node/core/report.ts'
import { scoreRisk } from '../../oracle-node/core/score.ts'
import { bps, unixSeconds } from '../../oracle-node/core/units.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { endOf, walkBars } from './sample-bars.ts'

/*
 * Two processors may differ in the last bits of a float. Each node signs its own whole basis points, so through features, the shipped
 * ONNX graphs and the score such noise must stay below one, and never carry a median past the honest.
 */

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url))
const { risk, depth } = await loadDefaultModels(MODELS)
const FIELDS = [
  'volatilityBps',
  'valueAtRisk99Bps',
  'expectedShortfall99Bps',
  'liquidityScoreBps',
  'confidenceBps',
] as const

/** The double one step above or below, by chance, of every value. */
function noisy({ specHash, values }: FeatureVector, seed: number): FeatureVector {
  const random = seededRandom(seed)
  const view = new DataView(new ArrayBuffer(8))
  return {
    specHash,
    values: values.map((value) => {
      if (value === 0) return 0
      view.setFloat64(0, value)
      view.setBigInt64(0, view.getBigInt64(0) + BigInt(random.below(3) - 1))
      return view.getFloat64(0)
    }),
  }
}

async function recordOf(features: FeatureVector): Promise<RiskRecord> {
  const score = scoreRisk({
    prediction: await risk.predict(features),
    depthUsd: await depth.predict(features),
    priceUsd: 2_000,
    dispersion: 0.0003,
    observedAt: unixSeconds(1_700_000_000),
    validForSeconds: 1_800,
  })
  if (!score.ok) throw new Error(score.detail)
  return score.record
}

const anyFeatures = fc
  .record({ stepRatio: fc.double({ min: 1e-4, max: 0.05, noNaN: true }), seed: fc.integer() })
  .map(({ stepRatio, seed }) => {
    const bars = walkBars({ count: 180, stepRatio, seed, volume: 1e7 })
    const extraction = extractFeatures(bars, endOf(bars))
    if (!extraction.ok) throw new Error(extraction.detail)
    return extraction.features
  })

test('noise in the last bits of every feature moves no field by more than a basis point', async () => {
  await fc.assert(
    fc.asyncProperty(anyFeatures, fc.integer({ min: 1 }), async (features, seed) => {
      const [clean, moved] = [await recordOf(features), await recordOf(noisy(features, seed))]
      for (const field of FIELDS) expect(Math.abs(clean[field] - moved[field]), field).toBeLessThanOrEqual(1)
      expect(Math.abs(clean.depthUsd - moved.depthUsd) / clean.depthUsd).toBeLessThan(1e-6)
    }),
    { numRuns: 150, seed: 7 },
  )
})

test('among nodes that differ so, f liars carry no median outside what the honest said', async () => {
  await fc.assert(
    fc.asyncProperty(anyFeatures, fc.integer({ min: 1 }), fc.boolean(), async (features, seed, high) => {
      const honest = await Promise.all([0, 1, 2, 3, 4].map((node) => recordOf(noisy(features, seed + node))))
      const extreme = bps(high ? 10_000 : 0)
      const lie = (record: RiskRecord): RiskRecord => ({
        ...record,
        volatilityBps: extreme,
        valueAtRisk99Bps: extreme,
        expectedShortfall99Bps: extreme,
        liquidityScoreBps: extreme,
        confidenceBps: extreme,
      })
      const faulty = 2
      const median = medianRecord([...honest, ...honest.slice(0, faulty).map(lie)], faulty)
      for (const field of FIELDS.filter((each) => each !== 'confidenceBps')) {
        const said = honest.map((record) => record[field])
        expect(median[field], field).toBeGreaterThanOrEqual(Math.min(...said))
        expect(median[field], field).toBeLessThanOrEqual(Math.max(...said))
      }
    }),
    { numRuns: 60, seed: 11 },
  )
})
