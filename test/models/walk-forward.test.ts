import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { panelOf, withConformal } from '../../models/evaluation/panel.ts'
import { walkForward } from '../../models/evaluation/walk.ts'
import { candidates, GARCH_PEER, HAR_PEER } from '../../models/training/candidates.ts'
import type { Sample } from '../../models/training/dataset.ts'
import { expandingFolds, type Fold, halfYears } from '../../models/training/walk-forward.ts'
import { DAY, FIRST_DAY, wanderingDays } from './walk-samples.ts'

const REFITS = [300, 350, 410].map((day) => FIRST_DAY + day * DAY)
const samples = [...wanderingDays('A', 450, 3), ...wanderingDays('B-2020', 290, 4), ...wanderingDays('C', 450, 5)]
const folds = (from: readonly Sample[]): Fold[] =>
  expandingFolds(from, { refits: REFITS, isFitted: ({ asset }) => asset !== 'C', isTested: () => true })

describe('folds', () => {
  test('hold no training label that was not known at the refit, and test every later sample once', () => {
    const found = folds(samples)
    for (const { start, end, train, test: tested } of found) {
      expect(train.every(({ time }) => time + DAY <= start)).toBe(true)
      expect(train.some(({ time }) => time + DAY === start)).toBe(true)
      expect(train.some(({ asset }) => asset === 'C')).toBe(false)
      expect(tested.every(({ time }) => time >= start && time < end)).toBe(true)
    }
    const tested = found.flatMap((fold) => fold.test)
    expect(tested.length).toBe(samples.filter(({ time }) => time >= (REFITS[0] ?? 0)).length)
    expect(tested.map(({ time }) => time)).toEqual(tested.map(({ time }) => time).toSorted((a, b) => a - b))
  })

  test('are refitted on 1 January and 1 July', () => {
    const days = halfYears('2020-07-01', '2021-07-01').map((time) => new Date(time * 1_000).toISOString())
    expect(days).toEqual(['2020-07-01T00:00:00.000Z', '2021-01-01T00:00:00.000Z'])
  })

  test('of one asset on one day make one row: two recordings that overlap are refused', () => {
    const twice = wanderingDays('A-2020', 450, 9)
    expect(() => panelOf(folds([...samples, ...twice]))).toThrow(/A has two forecasts within the day/)
  })
})

describe('no forecast looks ahead', () => {
  const cheap = candidates().filter(({ id }) => [HAR_PEER, GARCH_PEER, 'historical', 'ewma-94', 'ewma'].includes(id))

  /** The same samples, but those that end after a time tell of another future. */
  const changed = (after: number): Sample[] =>
    samples.map((sample) =>
      sample.time + DAY <= after
        ? sample
        : {
            ...sample,
            loss: 0.5 - sample.loss,
            realized: 3 * sample.realized,
            hourRealized: 2 * sample.hourRealized,
            // What is known at a time itself may change a forecast at that time, and none before it.
            features: sample.time > after ? sample.features.map((value) => 2 * value) : sample.features,
          },
    )

  test('changing what comes after a day changes no forecast up to that day', async () => {
    const before = await walkForward({ candidates: cheap, folds: folds(samples) })
    const panel = panelOf(folds(samples))
    for (const day of [320, 350, 409, 430]) {
      const after = FIRST_DAY + day * DAY
      const other = await walkForward({ candidates: cheap, folds: folds(changed(after)) })
      const known = panel.filter(({ time }) => time <= after).length
      expect(known).toBeGreaterThan(0)
      for (const [index, { id, outputs }] of other.entries()) {
        expect(outputs.slice(0, known), `${id} on day ${day}`).toEqual(before[index]?.outputs.slice(0, known))
        expect(outputs.slice(known), id).not.toEqual(before[index]?.outputs.slice(known))
      }
    }
  })

  test('the conformal layer stretches a day by the days of its asset before it alone', () => {
    const panel = panelOf(folds(samples))
    const flat = {
      id: 'flat',
      outputs: panel.map(() => Float64Array.of(1, 0.05, 0.06, 0, 0.02, 0.03, 1, 0.02, 0.03, 0, 0.01, 0.01)),
    }
    const before = withConformal(panel, flat).outputs
    fc.assert(
      fc.property(fc.nat({ max: panel.length - 1 }), (row) => {
        const { asset, time } = panel[row] ?? { asset: '', time: 0 }
        const other = panel.map((each, index) =>
          index === row ? { ...each, loss: each.loss > (before[row]?.[1] ?? 0) ? 0 : 1 } : each,
        )
        const after = withConformal(other, flat).outputs
        for (const [index, each] of panel.entries()) {
          const isLater = each.asset === asset && each.time > time
          if (!isLater) expect(after[index]).toEqual(before[index])
        }
        const next = panel.findIndex((each) => each.asset === asset && each.time > time)
        if (next >= 0) expect(after[next]?.[1]).not.toBe(before[next]?.[1])
      }),
      { seed: 7, numRuns: 50 },
    )
  })

  test('a day beyond widens the next day’s tail by a tenth, and leaves volatility and lower quantiles', () => {
    const panel = panelOf(folds(wanderingDays('A', 450, 3))).slice(0, 2)
    const outputs = Float64Array.of(1, 0.1, 0.2, 0, 0.02, 0.03, 1, 0.02, 0.03, 0, 0.01, 0.01)
    const hit = panel.map((each) => ({ ...each, loss: 0.3 }))
    const [first, second] = withConformal(hit, { id: 'x', outputs: [outputs, outputs] }).outputs
    expect(first).toEqual(outputs)
    // θ = 0.1 · (1 − 0.01)
    expect(second?.[1]).toBeCloseTo(0.1 * Math.exp(0.099), 12)
    expect(second?.[2]).toBeCloseTo(0.2 * Math.exp(0.099), 12)
    expect([second?.[0], second?.[3], second?.[4], second?.[5]]).toEqual([1, 0, 0.02, 0.03])
  })
})
