import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CONFORMAL_STEP,
  type Conformal,
  calibrated,
  conformalStep,
  followConformal,
  LN_MULTIPLIER_MAX,
  NEUTRAL,
} from '../../oracle-node/core/conformal.ts'
import { InvariantError } from '../../oracle-node/core/errors.ts'
import { predictionOf } from '../../oracle-node/core/prediction.ts'
import { seededRandom } from '../support/seeded-random.ts'

const prediction = predictionOf([0.6, 0.1, 0.14, 0, 0.03, 0.05, 0.7, 0.02, 0.03, 0, 0.006, 0.01])

describe('a step', () => {
  test('stretches after a day beyond, and takes it back over a hundred days within', () => {
    const after = conformalStep(NEUTRAL, true)
    expect(after.lnMultiplier).toBeCloseTo(0.99 * CONFORMAL_STEP, 12)
    let state: Conformal = after
    for (let day = 0; day < 99; day++) state = conformalStep(state, false)
    expect(state.lnMultiplier).toBeCloseTo(0, 12)
  })

  test('never more than doubles or halves a forecast', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 400 }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (days, step) => {
          const end = days.reduce<Conformal>((state, beyond) => conformalStep(state, beyond, step), NEUTRAL)
          expect(Math.abs(end.lnMultiplier)).toBeLessThanOrEqual(LN_MULTIPLIER_MAX)
        },
      ),
    )
  })

  test('a negative step is a bug', () => {
    expect(() => conformalStep(NEUTRAL, true, -1)).toThrow(InvariantError)
  })

  test('a model that understates by a half is brought to one day in a hundred', () => {
    const random = seededRandom(4)
    let state: Conformal = NEUTRAL
    let beyond = 0
    const days = 6_000
    for (let day = 0; day < days; day++) {
      // Losses are uniform: the true quantile is .99, the model says .7.
      const exceeded = random.below(1_000_000) / 1_000_000 > 0.7 * Math.exp(state.lnMultiplier)
      if (exceeded) beyond++
      state = conformalStep(state, exceeded)
    }
    expect(beyond / days).toBeGreaterThan(0.008)
    expect(beyond / days).toBeLessThan(0.014)
  })
})

describe('a calibrated prediction', () => {
  test('has its tails stretched, never beyond everything nor below what is not stretched', () => {
    const doubled = calibrated(prediction, { lnMultiplier: Math.LN2 })
    expect(doubled.valueAtRisk99).toBeCloseTo(0.2, 12)
    expect(doubled.expectedShortfall99).toBeCloseTo(0.28, 12)
    expect(doubled.volatility).toBe(0.6)
    expect(doubled.outlook?.hour.valueAtRisk99).toBeCloseTo(0.04, 12)
    expect(doubled.outlook?.day.valueAtRisk95).toBe(0.05)
    const halved = calibrated(predictionOf([1, 0.06, 0.07, 0, 0.03, 0.05, 1, 0.06, 0.07, 0, 0.03, 0.05]), {
      lnMultiplier: -Math.LN2,
    })
    expect(halved.outlook?.day.valueAtRisk99).toBe(0.05)
    const most = calibrated(predictionOf([1, 0.9, 0.95, 0, 0.1, 0.2, 1, 0.9, 0.95, 0, 0.1, 0.2]), {
      lnMultiplier: Math.LN2,
    })
    expect([most.valueAtRisk99, most.expectedShortfall99]).toEqual([1, 1])
  })

  test('of a neutral asset is the prediction', () => {
    expect(calibrated(prediction, NEUTRAL)).toEqual(prediction)
  })
})

describe('an asset that is followed', () => {
  const HOUR = 3_600
  /** A midnight, UTC. */
  const START = 20_000 * 24 * HOUR
  const flat = new Array<number>(168).fill(0)
  const at = (hours: number, returns: readonly number[] = flat) => ({
    end: START + hours * HOUR,
    returns,
    valueAtRisk99: 0.1,
  })
  /** A fall of a third in the hour that ended so many hours before the newest. */
  const fallen = (hoursAgo: number): number[] => flat.with(167 - hoursAgo, Math.log(2 / 3))

  test('keeps a forecast until its day is over, whatever the rounds between', () => {
    const first = followConformal(NEUTRAL, at(0))
    expect(first).toEqual({ lnMultiplier: 0, pending: { madeAt: START, valueAtRisk99: 0.1 } })
    for (const hours of [0, 1, 12, 23]) expect(followConformal(first, at(hours, fallen(0)))).toBe(first)
  })

  test('moves by what the day brought: beyond, or within', () => {
    const first = followConformal(NEUTRAL, at(0))
    const beyond = followConformal(first, at(24, fallen(3)))
    expect(beyond.lnMultiplier).toBeCloseTo(0.99 * CONFORMAL_STEP, 12)
    expect(beyond.pending?.madeAt).toBe(START + 24 * HOUR)
    expect(beyond.pending?.valueAtRisk99).toBeCloseTo(0.1 * Math.exp(beyond.lnMultiplier), 12)
    expect(followConformal(first, at(24)).lnMultiplier).toBeCloseTo(-0.01 * CONFORMAL_STEP, 12)
  })

  test('begins a day at midnight alone, so that all nodes judge the same days', () => {
    expect(followConformal(NEUTRAL, at(5))).toBe(NEUTRAL)
    const first = followConformal(NEUTRAL, at(0))
    const late = followConformal(first, at(27, fallen(5)))
    expect(late).toEqual({ lnMultiplier: conformalStep(NEUTRAL, true).lnMultiplier })
    expect(followConformal(late, at(30))).toBe(late)
    expect(followConformal(late, at(48)).pending?.madeAt).toBe(START + 48 * HOUR)
  })

  test('judges late by its own day, not by the newest', () => {
    const first = followConformal(NEUTRAL, at(0))
    // 60 hours later: the day in question is hours 60 to 37 ago.
    expect(followConformal(first, at(60, fallen(10))).lnMultiplier).toBeLessThan(0)
    expect(followConformal(first, at(60, fallen(36))).lnMultiplier).toBeGreaterThan(0)
    expect(followConformal(first, at(60, fallen(59))).lnMultiplier).toBeGreaterThan(0)
    expect(followConformal(first, at(60, fallen(60))).lnMultiplier).toBeLessThan(0)
  })

  test('forgets a forecast whose hours have left the window', () => {
    const first = followConformal({ lnMultiplier: 0.2 }, at(0))
    expect(followConformal(first, at(169, fallen(100)))).toEqual({ lnMultiplier: 0.2 })
    const later = followConformal(first, at(192, fallen(100)))
    expect(later).toMatchObject({ lnMultiplier: 0.2, pending: { madeAt: START + 192 * HOUR } })
  })
})
