import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rollingTrafficLight, trafficLight } from '../../backtests/metrics/traffic-light.ts'

const RANK = { green: 0, yellow: 1, red: 2 } as const

describe('the traffic light', () => {
  test('of 250 days it is green to 4 exceedances, yellow to 9 and red from 10, as the Committee’s table says', () => {
    const zones = Array.from({ length: 12 }, (_, exceedances) => trafficLight({ days: 250, exceedances }))
    expect(zones).toEqual([...new Array(5).fill('green'), ...new Array(5).fill('yellow'), 'red', 'red'])
  })

  test('no exceedance is green and all are red for any number of days, and a worse count is never a better zone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_500 }), fc.integer({ min: 0, max: 1_500 }), (days, count) => {
        expect(trafficLight({ days, exceedances: 0 })).toBe('green')
        expect(trafficLight({ days, exceedances: days })).toBe('red')
        const fewer = trafficLight({ days, exceedances: Math.min(count, days - 1) })
        const more = trafficLight({ days, exceedances: Math.min(count, days - 1) + 1 })
        expect(RANK[more]).toBeGreaterThanOrEqual(RANK[fewer])
      }),
      { seed: 5 },
    )
  })

  test('a lower level allows more, and counts that cannot be are refused', () => {
    expect(trafficLight({ days: 250, exceedances: 12, expectedShare: 0.05 })).toBe('green')
    expect(() => trafficLight({ days: 250, exceedances: 251 })).toThrow(/251 exceedances in 250 days/)
    expect(() => trafficLight({ days: 2.5, exceedances: 0 })).toThrow(/whole days/)
    expect(() => trafficLight({ days: 250, exceedances: 0, expectedShare: Number.NaN })).toThrow(/got NaN/)
  })
})

describe('the rolling traffic light', () => {
  test('a crisis shows as the worst zone, and in the days that its year takes in', () => {
    const exceeded = Array.from({ length: 1_000 }, (_, day) => day >= 500 && day < 510)
    // Windows end on days 249 to 999; 5 or more of the crisis's ten days are in those that end on 504 to 754.
    expect(rollingTrafficLight(exceeded)).toEqual({ windows: 751, greenShare: 500 / 751, worst: 'red' })
  })

  test('it is the light of each window, counted apart', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 20, maxLength: 60 }), (exceeded) => {
        const days = 20
        const zones = exceeded.slice(days - 1).map((_, start) => {
          const exceedances = exceeded.slice(start, start + days).filter(Boolean).length
          return trafficLight({ days, exceedances, expectedShare: 0.3 })
        })
        const { windows, greenShare, worst } = rollingTrafficLight(exceeded, { days, expectedShare: 0.3 })
        expect(windows).toBe(zones.length)
        expect(greenShare).toBe(zones.filter((zone) => zone === 'green').length / zones.length)
        expect(RANK[worst]).toBe(Math.max(...zones.map((zone) => RANK[zone])))
      }),
      { seed: 6 },
    )
  })

  test('fewer days than a window are refused', () => {
    expect(() => rollingTrafficLight(new Array(249).fill(false))).toThrow(/250 days needs as many, got 249/)
  })
})
