import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { median } from '../../oracle-node/core/stats.ts'
import { believedVolume, TURNOVER_MAX, venueWeights, weightedMedian } from '../../oracle-node/core/venue-weights.ts'

const usd = fc.double({ min: 0, max: 1e12, noNaN: true })
const activity = fc.record({ volumeUsd: usd, depthUsd: usd }, { requiredKeys: [] })
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

describe('weights of venues', () => {
  test('follow the volume below the cap', () => {
    const [a, b, c, d, e] = venueWeights([10, 15, 20, 25, 30].map((volumeUsd) => ({ volumeUsd })))
    // 30 and then 25 of 100 are above 24 %; what they leave, 52 %, is shared by the others as 10 : 15 : 20.
    expect([d, e]).toEqual([240_000, 240_000])
    expect([a, b, c].map((weight) => (weight ?? 0) / 520_000)).toEqual(
      [10 / 45, 15 / 45, 20 / 45].map((share) => expect.closeTo(share, 5)),
    )
  })

  test('are alike where there are four venues or fewer', () => {
    expect(new Set(venueWeights([1, 10, 100, 1_000].map((volumeUsd) => ({ volumeUsd })))).size).toBe(1)
  })

  test('never let two venues of five or more hold half', () => {
    fc.assert(
      fc.property(fc.array(activity, { minLength: 5, maxLength: 13 }), (venues) => {
        const weights = venueWeights(venues).toSorted((x, y) => y - x)
        expect(weights.every((weight) => Number.isSafeInteger(weight) && weight >= 0)).toBe(true)
        expect(2 * sum(weights.slice(0, 2))).toBeLessThan(sum(weights))
      }),
    )
  })

  test('do not depend on the order of the venues', () => {
    const venues = fc.array(fc.record({ volumeUsd: fc.integer({ min: 0, max: 1_000 }) }), {
      minLength: 5,
      maxLength: 9,
    })
    fc.assert(
      fc.property(venues, (all) => {
        expect(venueWeights(all.toReversed()).toReversed()).toEqual(venueWeights(all))
      }),
    )
  })

  test('count a venue of unknown volume, such as a pool, as a middling one', () => {
    const volumes = [10, 20, 30, 40, 50].map((volumeUsd) => ({ volumeUsd }))
    expect(venueWeights([...volumes, {}])).toEqual(venueWeights([...volumes, { volumeUsd: 30 }]))
    expect(new Set(venueWeights([{}, {}, {}, {}, {}])).size).toBe(1)
  })

  test('do not rest on volume that the book cannot carry: who trades with himself gains nothing', () => {
    const honest = [10e6, 12e6, 14e6, 16e6].map((volumeUsd) => ({ volumeUsd, depthUsd: 2e5 }))
    const washing = { volumeUsd: 1e12, depthUsd: 10e6 / TURNOVER_MAX }
    expect(believedVolume(washing)).toBeCloseTo(10e6, 3)
    expect(venueWeights([...honest, washing])[4]).toBe(venueWeights([...honest, { volumeUsd: 10e6 }])[4])
  })
})

describe('the weighted median', () => {
  const price = fc.double({ min: 1e-6, max: 1e9, noNaN: true })

  test('of equal weights is the median, to the bit', () => {
    fc.assert(
      fc.property(
        fc.array(price, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 1e6 }),
        (values, weight) => {
          expect(
            weightedMedian(
              values,
              values.map(() => weight),
            ),
          ).toBe(median(values))
        },
      ),
    )
  })

  test('stays between honest prices whatever two venues of five or more say together', () => {
    const venue = fc.record({ price, activity })
    fc.assert(
      fc.property(
        fc.array(venue, { minLength: 3, maxLength: 8 }),
        fc.array(venue, { minLength: 2, maxLength: 2 }),
        (honest, liars) => {
          const all = [...honest, ...liars]
          const weights = venueWeights(all.map((each) => each.activity))
          const agreed = weightedMedian(
            all.map((each) => each.price),
            weights,
          )
          const prices = honest.map((each) => each.price)
          expect(agreed).toBeGreaterThanOrEqual(Math.min(...prices))
          expect(agreed).toBeLessThanOrEqual(Math.max(...prices))
        },
      ),
    )
  })

  test('leaves out what has no weight, unless nothing has any', () => {
    expect(weightedMedian([1, 2, 3, 100], [1, 1, 1, 0])).toBe(2)
    expect(weightedMedian([1, 2, 3], [0, 0, 0])).toBe(2)
    expect(() => weightedMedian([], [])).toThrow('no quantile of no values')
  })
})
