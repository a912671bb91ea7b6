import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { stationaryBootstrap } from '../../backtests/metrics/bootstrap.ts'
import { christoffersen, conditionalCoverage, kupiec } from '../../backtests/metrics/coverage.ts'
import { dieboldMariano } from '../../backtests/metrics/diebold-mariano.ts'
import {
  binomialCumulative,
  chiSquareTail,
  normalTwoSided,
  studentTwoSided,
} from '../../backtests/metrics/distributions.ts'
import { modelConfidenceSet } from '../../backtests/metrics/model-confidence-set.ts'
import { murphyCurve } from '../../backtests/metrics/murphy.ts'
import {
  acerbiSzekely,
  acerbiSzekelyPValue,
  acerbiSzekelySeverity,
  fzLoss,
  pinballLoss,
} from '../../backtests/metrics/shortfall.ts'
import { mean } from '../../oracle-node/core/stats.ts'

/*
 * Figures of R and Python (how each was made is in the file) against ours, on one series.
 */

type Test = { readonly statistic: number; readonly pValue: number }
type Ranking = { readonly pValues: readonly number[]; readonly order: readonly number[] }

const vector: {
  readonly level: number
  readonly losses: readonly number[]
  readonly valuesAtRisk: readonly number[]
  readonly expectedShortfalls: readonly number[]
  readonly modelLosses: ReadonlyArray<readonly number[]>
  readonly normal: ReadonlyArray<readonly [z: number, p: number]>
  readonly chiSquareOne: ReadonlyArray<readonly [x: number, p: number]>
  readonly chiSquareTwo: ReadonlyArray<readonly [x: number, p: number]>
  readonly student: ReadonlyArray<readonly [t: number, degrees: number, p: number]>
  readonly binomial: ReadonlyArray<readonly [trials: number, probability: number, k: number, cumulative: number]>
  readonly dieboldMariano: ReadonlyArray<
    Test & {
      readonly lagDays: number
      readonly meanDifference: number
      readonly standardError: number
      readonly corrected: Test
    }
  >
  readonly coverage: { readonly kupiec: Test; readonly christoffersen: Test; readonly conditional: Test }
  readonly exceedances: number
  readonly scores: {
    readonly acerbiSzekely: number
    readonly acerbiSzekelySeverity: number
    readonly meanFz: number
    readonly meanPinball: number
    readonly murphyThresholds: readonly number[]
    readonly murphy: readonly number[]
  }
  readonly acerbiSzekelyP: ReadonlyArray<{
    readonly tailShape: number
    readonly draws: number
    readonly seed: number
    readonly pValue: number
  }>
  readonly modelConfidenceSet: {
    readonly meanBlockDays: number
    readonly draws: number
    readonly seed: number
    readonly firstIndices: readonly number[]
    readonly lastIndices: readonly number[]
    readonly max: Ranking
    readonly range: Ranking
  }
} = JSON.parse(readFileSync(new URL('../vectors/metrics.json', import.meta.url), 'utf8'))

const { level } = vector
const forecasts = vector.losses.map((loss, day) => ({
  loss,
  valueAtRisk: vector.valuesAtRisk[day] ?? Number.NaN,
  expectedShortfall: vector.expectedShortfalls[day] ?? Number.NaN,
}))
const exceeded = forecasts.map(({ loss, valueAtRisk }) => loss > valueAtRisk)

/** To a share of the value itself, so that a p-value of 1e-33 counts as much as one of a half. */
function expectClose(given: number, expected: number, tolerance = 1e-12): void {
  expect(Math.abs(given - expected), `${given} against ${expected}`).toBeLessThanOrEqual(tolerance * Math.abs(expected))
}

describe('distributions, against R', () => {
  test('the normal, χ² and Student’s t have the tails of R to twelve digits', () => {
    for (const [z, p] of vector.normal) expectClose(normalTwoSided(z), p)
    for (const [x, p] of vector.chiSquareOne) expectClose(chiSquareTail(x, 1), p)
    for (const [x, p] of vector.chiSquareTwo) expectClose(chiSquareTail(x, 2), p)
    for (const [t, degrees, p] of vector.student) expectClose(studentTwoSided(t, degrees), p)
  })

  test('a binomial’s cumulative chance is that of R, for a hundred thousand days too', () => {
    for (const [trials, probability, k, cumulative] of vector.binomial) {
      const chances = binomialCumulative(trials, probability)
      for (let skipped = 0; skipped < k; skipped++) chances.next()
      expectClose(chances.next().value ?? Number.NaN, cumulative, 1e-10)
    }
  })
})

describe('tests of forecasts, against R', () => {
  test.each(vector.dieboldMariano)('Diebold and Mariano with $lagDays days of lag', ({ lagDays, ...expected }) => {
    const [first = [], , third = []] = vector.modelLosses
    const differences = first.map((loss, day) => loss - (third[day] ?? Number.NaN))
    const plain = dieboldMariano(differences, { lagDays })
    for (const field of ['meanDifference', 'standardError', 'statistic', 'pValue'] as const) {
      expectClose(plain[field], expected[field], 1e-11)
    }
    const corrected = dieboldMariano(differences, { lagDays, smallSample: true })
    expectClose(corrected.statistic, expected.corrected.statistic, 1e-11)
    expectClose(corrected.pValue, expected.corrected.pValue, 1e-11)
  })

  test('coverage, its independence and both at once', () => {
    const { length: days } = exceeded
    const given = {
      kupiec: kupiec({ days, exceedances: vector.exceedances, expectedShare: 1 - level }),
      christoffersen: christoffersen(exceeded),
      conditional: conditionalCoverage(exceeded, 1 - level),
    }
    for (const name of ['kupiec', 'christoffersen', 'conditional'] as const) {
      expectClose(given[name].statistic, vector.coverage[name].statistic, 1e-10)
      expectClose(given[name].pValue, vector.coverage[name].pValue, 1e-10)
    }
  })
})

describe('scores and simulations, against Python', () => {
  test('Acerbi and Székely’s statistics, FZ0, pinball and the Murphy diagram', () => {
    const { scores } = vector
    expectClose(acerbiSzekely(forecasts, level), scores.acerbiSzekely, 1e-11)
    expectClose(acerbiSzekelySeverity(forecasts) ?? Number.NaN, scores.acerbiSzekelySeverity, 1e-11)
    expectClose(mean(forecasts.map((forecast) => fzLoss(forecast, level))), scores.meanFz, 1e-11)
    const pinball = forecasts.map(({ loss, valueAtRisk }) =>
      pinballLoss({ outcome: loss, quantile: valueAtRisk, level }),
    )
    expectClose(mean(pinball), scores.meanPinball, 1e-11)
    const curve = murphyCurve({
      outcomes: vector.losses,
      quantiles: vector.valuesAtRisk,
      level,
      thresholds: scores.murphyThresholds,
    })
    for (const [index, expected] of scores.murphy.entries()) expectClose(curve[index] ?? Number.NaN, expected, 1e-11)
  })

  test.each(vector.acerbiSzekelyP)('the simulated p of the second statistic, tail shape $tailShape', (given) => {
    expectClose(acerbiSzekelyPValue({ ...given, forecasts, level }), given.pValue)
  })

  const expected = vector.modelConfidenceSet
  const resamples = stationaryBootstrap({ ...expected, days: vector.losses.length })

  test('the stationary bootstrap draws the same days', () => {
    expect([...resamples.indices.subarray(0, expected.firstIndices.length)]).toEqual(expected.firstIndices)
    expect([...resamples.indices.subarray(-expected.lastIndices.length)]).toEqual(expected.lastIndices)
  })

  test.each(['max', 'range'] as const)('the model confidence set by the statistic %s', (statistic) => {
    const models = vector.modelLosses.map((losses, index) => ({ id: `${index}`, losses }))
    const set = modelConfidenceSet({ models, resamples, statistic })
    expect(set.map(({ pValue }) => pValue)).toEqual(expected[statistic].pValues)
    const order = set.toSorted((one, other) => one.round - other.round).map(({ id }) => Number(id))
    expect(order).toEqual(expected[statistic].order)
  })
})
