import exp from '@stdlib/math-base-special-exp'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LogHarCoefficients, logHarModel, logHarOutputs, logHarSigmas } from '../../models/baselines/log-har.ts'
import { LOG_INPUTS, logInputs } from '../../models/baselines/log-inputs.ts'
import type { Sample } from '../../models/training/dataset.ts'
import { fitLogHar } from '../../models/training/fit-log-har.ts'
import { fitLimits } from '../../models/training/fit-multipliers.ts'
import { featureIndex } from '../../oracle-node/core/feature-spec.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { endOf, walkBars } from './sample-bars.ts'

function featuresOf(seed: number, stepRatio: number): readonly number[] {
  const bars = walkBars({ count: 180, stepRatio, seed })
  const extraction = extractFeatures(bars, endOf(bars))
  if (!extraction.ok) throw new Error(extraction.detail)
  return extraction.features.values
}

const TRUE_WEIGHTS: Readonly<Record<string, number>> = { parkinson_24h: 0.8, realized_7d: 0.9, fall_24h: 0.2 }

/** Samples whose variance is a known product of powers, times noise of mean one. */
function simulated(count: number): Sample[] {
  const random = seededRandom(9)
  const uniform = (): number => (random.below(1_000_000) + 0.5) / 1_000_000
  return Array.from({ length: count }, (_, index): Sample => {
    const features = featuresOf(index, 0.002 + 0.03 * uniform())
    const inputs = logInputs(features)
    const lnVariance = LOG_INPUTS.reduce(
      (sum, { name }, place) => sum + (TRUE_WEIGHTS[name] ?? 0) * (inputs[place] ?? 0),
      -0.5,
    )
    const variance = exp(lnVariance)
    // The mean of four exponentials.
    const noise = -(Math.log(uniform()) + Math.log(uniform()) + Math.log(uniform()) + Math.log(uniform())) / 4
    const realized = Math.sqrt(variance * noise)
    return {
      asset: `A${index % 5}`,
      kind: index % 10 === 0 ? 'stable' : 'volatile',
      time: index * 21_600,
      features,
      realized,
      loss: Math.sqrt(variance) * (2 * uniform() - 1),
      hourRealized: realized / 5,
      hourLoss: (Math.sqrt(variance) * (2 * uniform() - 1)) / 5,
    }
  })
}

const samples = simulated(3_000)
// No stablecoin sets a floor here.
const limits = fitLimits([])
const fitted = fitLogHar(samples, limits)

describe('log-HAR', () => {
  test('recovers the variance that samples were simulated from', () => {
    const errors = samples.map(({ features }) => {
      const inputs = logInputs(features)
      const known = LOG_INPUTS.reduce(
        (sum, { name }, place) => sum + (TRUE_WEIGHTS[name] ?? 0) * (inputs[place] ?? 0),
        -0.5,
      )
      return Math.log(logHarSigmas(features, fitted)[0] ** 2) - known
    })
    const rms = Math.sqrt(errors.reduce((sum, each) => sum + each * each, 0) / errors.length)
    // 3,000 samples with noise of variance 1/4 and 22 weights: about √(22/4/3000) = .043.
    expect(rms).toBeLessThan(0.07)
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.6)
  })

  test('has a volatility that is right on the whole, and a value at risk that one day in a hundred passes', () => {
    const volatile = samples.filter(({ kind }) => kind === 'volatile')
    const ratios = volatile.map(
      ({ features, realized }) => (realized * realized * 365) / (logHarOutputs(features, fitted)[0] ?? 0) ** 2,
    )
    expect(ratios.reduce((sum, each) => sum + each, 0) / ratios.length).toBeCloseTo(1, 2)
    const beyond = volatile.filter(({ features, loss }) => loss > (logHarOutputs(features, fitted)[1] ?? 0)).length
    expect(beyond / volatile.length).toBeLessThanOrEqual(0.0105)
    expect(beyond / volatile.length).toBeGreaterThan(0.005)
  })

  test('doubles with all of an asset’s moves: the weights of its own volatilities add up to 2, whatever the market’s are', () => {
    for (const { weights } of [fitted.day, fitted.hour]) {
      const own = LOG_INPUTS.flatMap((input) =>
        input.kind === 'log' && input.week === 'realized_7d' ? [weights[input.name] ?? Number.NaN] : [],
      )
      expect(own.reduce((sum, each) => sum + each, 0)).toBeCloseTo(2, 9)
    }
  })

  test('is the same to the bit when it is fitted twice', () => {
    expect(fitLogHar(simulated(300), limits)).toEqual(fitLogHar(simulated(300), limits))
  })

  test('keeps a horizon’s quantiles in order on any vector', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 0.4, noNaN: true }), (seed, stepRatio) => {
        const [, var99 = 0, es99 = 0, var50 = 0, var90 = 0, var95 = 0] = logHarOutputs(
          featuresOf(seed, stepRatio),
          fitted,
        )
        expect(var50).toBeLessThanOrEqual(var90)
        expect(var90).toBeLessThanOrEqual(var95)
        expect(var95).toBeLessThanOrEqual(var99)
        expect(var99).toBeLessThanOrEqual(es99)
        expect(es99).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('is clipped where an exponential would run away', () => {
    const wild: LogHarCoefficients = {
      ...fitted,
      day: { intercept: 500, weights: {} },
      hour: { intercept: -500, weights: {} },
    }
    expect(logHarSigmas(samples[0]?.features ?? [], wild)).toEqual([exp(1), exp(-10)])
  })

  test('needs more samples than it has weights', () => {
    expect(() => fitLogHar(samples.slice(0, 40), limits)).toThrow(/more than 42 samples .*, got/)
  })

  test('as a model refuses a vector of another spec', async () => {
    await expect(
      logHarModel('x', fitted).predict({ specHash: '00', values: samples[0]?.features ?? [] }),
    ).rejects.toThrow(/feature spec/)
  })
})

describe('log inputs', () => {
  test('of a market that stands still are finite, and of one that doubles its moves rise by ln 2', () => {
    const still = logInputs(featuresOf(1, 0))
    expect(still.every(Number.isFinite)).toBe(true)
    const features = featuresOf(1, 0.05)
    const doubled = features.map((value, place) => (place < featureIndex('jump_share_24h') ? 2 * value : value))
    const [before, after] = [logInputs(features), logInputs(doubled)]
    expect((after[0] ?? 0) - (before[0] ?? 0)).toBeCloseTo(Math.LN2, 4)
  })
})
