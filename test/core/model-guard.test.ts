import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitGuard } from '../../models/training/fit-guard.ts'
import { stabilityIndex, weekShares } from '../../oracle-node/core/drift.ts'
import { FEATURE_COUNT, FEATURE_SPEC, featureIndex, RETURNS_OFFSET } from '../../oracle-node/core/feature-spec.ts'
import { extractFeatures } from '../../oracle-node/core/features.ts'
import { guardFault, type ModelGuard } from '../../oracle-node/core/model-guard.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'
import type { UnixSeconds } from '../../oracle-node/core/units.ts'
import { FIRST_HOUR, walkBars } from '../models/sample-bars.ts'

const SEED = { seed: 12 }

function vectorsOf(stepRatio: number, seed: number): FeatureVector[] {
  const bars = walkBars({ count: 600, stepRatio, seed })
  return Array.from({ length: 60 }, (_, index) => {
    const now = FIRST_HOUR + (200 + 6 * index) * 3_600
    const closed = bars.filter(({ openTime }) => openTime + 3_600 <= now)
    const extracted = extractFeatures(closed, now as UnixSeconds)
    if (!extracted.ok) throw new Error(extracted.detail)
    return extracted.features
  })
}

const training = [0.002, 0.01, 0.03].flatMap((stepRatio, index) => vectorsOf(stepRatio, index + 1))
const guard = fitGuard(training.map(({ values }) => ({ kind: 'volatile', features: values })))
const [sound] = vectorsOf(0.012, 9)
if (sound === undefined) throw new Error('a vector')
const withValue = (place: number, value: number): FeatureVector => ({
  ...sound,
  values: sound.values.with(place, value),
})
const withReturns = (at: (hour: number) => number): FeatureVector => ({
  ...sound,
  values: sound.values.map((value, place) => (place < RETURNS_OFFSET ? value : at(place - RETURNS_OFFSET))),
})
/** Nothing but the shape of the week is judged. */
const driftOnly: ModelGuard = { ...guard, ranges: {} }

describe('a vector has', () => {
  test('no fault when it is like those that the models were trained on', () => {
    for (const features of [sound, ...training]) expect(guardFault(features, guard)).toBeUndefined()
  })

  test('the fault not-finite when any one value is none, and the fault names it', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: FEATURE_COUNT - 1 }),
        fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
        (place, value) => {
          const name = FEATURE_SPEC.scalars[place]?.name ?? `return ${place - RETURNS_OFFSET}`
          expect(guardFault(withValue(place, value), guard)).toEqual({
            reason: 'not-finite',
            detail: `${name} is ${value}, a finite number was needed`,
          })
        },
      ),
      SEED,
    )
  })

  test('the fault out-of-range when a value leaves its range, which both its ends are in', () => {
    for (const [name, [low, high]] of Object.entries(guard.ranges)) {
      const place = name === 'returns' ? RETURNS_OFFSET + 7 : featureIndex(name)
      const rangesOnly: ModelGuard = {
        ...guard,
        drift: { edges: [1], populations: [{ name: 'any', shares: [0.5, 0.5], limit: 99 }] },
      }
      for (const inside of [low, high]) expect(guardFault(withValue(place, inside), rangesOnly), name).toBeUndefined()
      for (const outside of [low - 1e-6, high + 1e-6]) {
        const fault = guardFault(withValue(place, outside), rangesOnly)
        expect(fault?.reason, name).toBe('out-of-range')
        expect(fault?.detail).toContain(`is ${outside}, needed ${low} to ${high}`)
      }
    }
    expect(Object.keys(guard.ranges).length).toBeGreaterThan(10)
  })

  test('no fault for a feature that never moved in training', () => {
    const place = featureIndex('ln_usd_volume_24h')
    const still = fitGuard(training.map(({ values }) => ({ kind: 'volatile', features: values.with(place, 14) })))
    expect(still.ranges['ln_usd_volume_24h']).toBeUndefined()
    expect(guardFault(withValue(place, 25), still)).toBeUndefined()
  })

  test.each([
    ['stands still', () => 0],
    ['stood still but for one jump', (hour: number) => (hour === 100 ? -0.04 : 0)],
    ['is told of only every sixth hour', (hour: number) => (hour % 6 === 0 ? 0.01 : 0)],
  ])('the fault drift when the price %s', (_, at) => {
    const fault = guardFault(withReturns(at), driftOnly)
    expect(fault?.reason).toBe('drift')
    expect(fault?.detail).toMatch(/^the week’s stability index is \d\.\d{3} from volatile, 0\.250 at most$/)
  })

  test('no drift while it is near to one of several populations', () => {
    const still = { name: 'still', shares: [1, 0, 0, 0], limit: 0.25 }
    const both = { ...driftOnly, drift: { ...guard.drift, populations: [...guard.drift.populations, still] } }
    expect(
      guardFault(
        withReturns(() => 0),
        both,
      ),
    ).toBeUndefined()
    expect(guardFault(sound, both)).toBeUndefined()
    expect(
      guardFault(
        withReturns((hour) => (hour % 2 === 0 ? 0.01 : 0)),
        both,
      )?.detail,
    ).toMatch(/volatile.*; .*still/)
  })
})

/** The double next to one, away from zero or towards it. */
function neighbour(value: number, step: 1 | -1): number {
  if (value === 0) return step * Number.MIN_VALUE
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(step))
  return view.getFloat64(0)
}

test('noise in the last bits of every value changes no answer, but where a value stands on a limit', () => {
  const wild = withReturns((hour) => (hour === 100 ? -0.04 : 0))
  const steps = fc.array(fc.constantFrom(1 as const, -1 as const), {
    minLength: FEATURE_COUNT,
    maxLength: FEATURE_COUNT,
  })
  fc.assert(
    fc.property(fc.constantFrom(sound, wild, ...training.slice(0, 40)), steps, (features, noise) => {
      const values = features.values.map((value, place) => neighbour(value, noise[place] ?? 1))
      for (const each of [guard, driftOnly]) {
        expect(guardFault({ ...features, values }, each)?.reason).toBe(guardFault(features, each)?.reason)
      }
    }),
    SEED,
  )
  const [, high] = guard.ranges['realized_24h'] ?? [0, 0]
  const place = featureIndex('realized_24h')
  expect(guardFault(withValue(place, high), guard)).toBeUndefined()
  expect(guardFault(withValue(place, neighbour(high, 1)), guard)?.reason).toBe('out-of-range')
})

describe('a guard that is fitted', () => {
  test('has each population’s own shares, and a limit that 99 of 100 of its weeks keep to', () => {
    const jumpy = training.map((_, index) => withReturns((hour) => (hour === index ? 0.02 : 1e-5)).values)
    const both = fitGuard([
      ...training.map(({ values }) => ({ kind: 'volatile', features: values })),
      ...jumpy.map((features) => ({ kind: 'jumpy', features })),
    ])
    expect(both.drift.populations.map(({ name }) => name)).toEqual(['jumpy', 'volatile'])
    for (const [samples, population] of [
      [jumpy, both.drift.populations[0]],
      [training.map(({ values }) => values), both.drift.populations[1]],
    ] as const) {
      const { shares = [], limit = 0 } = population ?? {}
      expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
      const indices = samples.map((values) =>
        stabilityIndex(weekShares(values.slice(RETURNS_OFFSET), both.drift.edges), shares),
      )
      expect(indices.filter((index) => index <= limit).length).toBeGreaterThanOrEqual(0.99 * samples.length)
      expect(limit).toBeGreaterThanOrEqual(0.25)
    }
  })

  test('reaches a tenth of its width beyond what training saw', () => {
    const place = featureIndex('realized_7d')
    const seen = training.map(({ values }) => values[place] ?? Number.NaN)
    const [low, high] = [Math.min(...seen), Math.max(...seen)]
    const [from = 0, to = 0] = guard.ranges['realized_7d'] ?? []
    expect(from).toBeCloseTo(low - (high - low) / 10, 12)
    expect(to).toBeCloseTo(high + (high - low) / 10, 12)
  })

  test('is the same whatever the order of the samples of each population', () => {
    const samples = training.map(({ values }) => ({ kind: 'volatile', features: values }))
    const { ranges, drift } = fitGuard(samples.toReversed())
    expect(ranges).toEqual(guard.ranges)
    for (const [bin, share] of drift.populations[0]?.shares.entries() ?? []) {
      expect(share).toBeCloseTo(guard.drift.populations[0]?.shares[bin] ?? Number.NaN, 12)
    }
  })

  test('cannot be made of nothing, or of a vector that is not finite', () => {
    expect(() => fitGuard([])).toThrow('a guard needs training vectors, got none')
    expect(() => fitGuard([{ kind: 'x', features: sound.values.with(3, Number.NaN) }])).toThrow('feature 3')
  })
})
