import { describe, expect, test } from 'vitest'
import { type EvaluateOptions, evaluateGrid, pathSpreads } from '../../backtests/forecast/evaluate.ts'
import type { ModelForecasts } from '../../backtests/forecast/grid.ts'
import { type ForecastRow, forecastRows } from '../../backtests/forecast/rows.ts'
import { stationaryBootstrap } from '../../backtests/metrics/bootstrap.ts'
import { christoffersen, conditionalCoverage, kupiec } from '../../backtests/metrics/coverage.ts'
import { dieboldMariano } from '../../backtests/metrics/diebold-mariano.ts'
import { modelConfidenceSet } from '../../backtests/metrics/model-confidence-set.ts'
import { qlike } from '../../backtests/metrics/qlike.ts'
import {
  acerbiSzekely,
  acerbiSzekelyPValue,
  acerbiSzekelySeverity,
  fzLoss,
  pinballLoss,
} from '../../backtests/metrics/shortfall.ts'
import { rollingTrafficLight, trafficLight } from '../../backtests/metrics/traffic-light.ts'
import type { ForecastResult } from '../../backtests/result.ts'
import { withConformal } from '../../models/evaluation/panel.ts'
import { mean } from '../../oracle-node/core/stats.ts'
import { numbers, wanderingDays } from '../models/walk-samples.ts'

const rows = forecastRows([...wanderingDays('B', 300, 4), ...wanderingDays('A', 260, 3)])
const next = numbers(11)

/** Forecasts that follow the truth with an error of their own. */
function noisy(id: string, noise: number, hasHour = true): ModelForecasts {
  const outputs = rows.flatMap(({ realized }) => {
    const sigma = realized * (1 + noise * (next() - 0.5))
    const day = [sigma * Math.sqrt(365), 1.5 * sigma, 2 * sigma, 0, 1.2 * sigma, 1.4 * sigma]
    const hour = hasHour ? [0.4, 0.01, 0.02, 0, 0.005, 0.008] : new Array<number>(6).fill(Number.NaN)
    return [...day, ...hour]
  })
  return { id, outputs: Float64Array.from(outputs) }
}

const near = noisy('log-har', 0.2)
const far = noisy('ewma-94', 1.2)
const daily = noisy('HAR an asset, daily', 0.8, false)
const models = ['HAR an asset, daily', 'ewma-94', 'log-har', 'log-har + conformal']
const splits = { kind: 'k-fold' as const, folds: [] }

function evaluated(options: Partial<EvaluateOptions> = {}, ids = models): ForecastResult {
  return evaluateGrid({
    rows,
    models: ids,
    forecasts: [near, far, daily],
    splits,
    options: { seed: 5, draws: 200, simulations: 200, ...options },
  })
}

const result = evaluated()
const ofA = rows.flatMap(({ asset }, row) => (asset === 'A' ? [row] : []))
const row = (place: number): ForecastRow => rows[place] as ForecastRow
const at = ({ outputs }: ModelForecasts, place: number, output: number): number =>
  outputs[place * 12 + output] ?? Number.NaN

describe('a cell', () => {
  const tails = ofA.map((place) => ({
    loss: row(place).loss,
    valueAtRisk: at(far, place, 1),
    expectedShortfall: at(far, place, 2),
  }))
  const exceeded = tails.map(({ loss, valueAtRisk }) => loss > valueAtRisk)
  const [days, hits] = [260, exceeded.filter(Boolean).length]

  test('is what each metric says of the days itself', () => {
    expect(hits).toBeGreaterThan(3)
    expect(result.cells.find((cell) => cell.model === 'ewma-94' && cell.asset === 'A')).toEqual({
      model: 'ewma-94',
      asset: 'A',
      horizon: '24h',
      days,
      qlike: mean(
        ofA.map((place) =>
          qlike({ realizedVariance: row(place).realized ** 2, forecastVariance: at(far, place, 0) ** 2 / 365 }),
        ),
      ),
      fz: mean(tails.map((tail) => fzLoss(tail, 0.99))),
      pinball99: mean(
        tails.map(({ loss, valueAtRisk }) => pinballLoss({ outcome: loss, quantile: valueAtRisk, level: 0.99 })),
      ),
      hits,
      kupiecP: kupiec({ days, exceedances: hits, expectedShare: 1 - 0.99 }).pValue,
      independenceP: christoffersen(exceeded).pValue,
      conditionalP: conditionalCoverage(exceeded, 1 - 0.99).pValue,
      severity: acerbiSzekelySeverity(tails),
      shortfall: acerbiSzekely(tails, 0.99),
      shortfallP: acerbiSzekelyPValue({ forecasts: tails, level: 0.99, tailShape: 0.3, draws: 200, seed: 5 }),
      light: trafficLight({ days, exceedances: hits }),
      greenShare: rollingTrafficLight(exceeded).greenShare,
    })
  })

  test('of the hour is of the hour’s own outcomes, and a daily peer has none', () => {
    const hour = result.cells.find((cell) => cell.horizon === '1h' && cell.model === 'log-har' && cell.asset === 'A')
    const realised = ofA.map((place) =>
      qlike({ realizedVariance: row(place).hourRealized ** 2, forecastVariance: (0.4 * 0.4) / 8_760 }),
    )
    expect(hour?.qlike).toBe(mean(realised))
    expect(hour?.hits).toBe(ofA.filter((place) => row(place).hourLoss > 0.01).length)
    expect(result.cells.filter(({ horizon, model }) => horizon === '1h' && model.startsWith('HAR'))).toEqual([])
  })

  test('is there for every model, asset and horizon, models as asked for and assets by name', () => {
    const day = result.cells.filter(({ horizon }) => horizon === '24h')
    expect(day.map(({ asset, model }) => [asset, model])).toEqual(['A', 'B'].flatMap((a) => models.map((m) => [a, m])))
    expect(result.cells.length).toBe(2 * 4 + 2 * 3)
  })

  test('leaves a day without a move out of QLIKE for all models alike, and keeps it else', () => {
    const still = rows.map((each, place) => (place === ofA[7] ? { ...each, realized: 0 } : each))
    const found = evaluateGrid({
      rows: still,
      models: ['ewma-94', 'log-har'],
      forecasts: [near, far],
      splits,
      options: { seed: 5, draws: 50, simulations: 20 },
    })
    const [cell] = found.cells
    const others = ofA.filter((place) => place !== ofA[7])
    expect(cell?.days).toBe(260)
    expect(cell?.qlike).toBe(
      mean(
        others.map((place) =>
          qlike({ realizedVariance: row(place).realized ** 2, forecastVariance: at(far, place, 0) ** 2 / 365 }),
        ),
      ),
    )
    expect(found.comparisons.every(({ difference }) => Number.isFinite(difference))).toBe(true)
  })

  test('of the conformal layer has the forecasts that the node’s layer would have made', () => {
    const plain = rows.map((_, place) => near.outputs.subarray(place * 12, place * 12 + 12))
    const stretched = withConformal(rows, { id: 'log-har', outputs: plain }).outputs
    const cell = result.cells.find(({ model, asset }) => model === 'log-har + conformal' && asset === 'A')
    expect(cell?.hits).toBe(ofA.filter((place) => row(place).loss > (stretched[place]?.[1] ?? Number.NaN)).length)
    expect(cell?.hits).not.toBe(result.cells.find(({ model, asset }) => model === 'log-har' && asset === 'A')?.hits)
  })
})

describe('comparisons', () => {
  const lossOf = (model: ModelForecasts): number[] =>
    ofA.map((place) =>
      qlike({ realizedVariance: row(place).realized ** 2, forecastVariance: at(model, place, 0) ** 2 / 365 }),
    )

  test('are Diebold and Mariano’s of every model but itself against the baseline, by both losses', () => {
    const [a, b] = [lossOf(near), lossOf(far)]
    const { meanDifference, pValue } = dieboldMariano(a.map((loss, day) => loss - (b[day] ?? 0)))
    const against = result.comparisons.filter(({ asset, horizon }) => asset === 'A' && horizon === '24h')
    expect(against.find(({ model, loss }) => model === 'log-har' && loss === 'qlike')).toEqual({
      model: 'log-har',
      against: 'ewma-94',
      asset: 'A',
      horizon: '24h',
      loss: 'qlike',
      difference: meanDifference,
      p: pValue,
    })
    expect(meanDifference).toBeLessThan(0)
    expect(against.map(({ model }) => model)).not.toContain('ewma-94')
    expect(against.length).toBe(3 * 2)
  })

  test('are against another baseline where one is asked for, which must be a model', () => {
    const { comparisons } = evaluated({ baseline: 'log-har' })
    expect(new Set(comparisons.map(({ against }) => against))).toEqual(new Set(['log-har']))
    expect(() => evaluated({ baseline: 'garch' })).toThrow(/baseline: "garch" is not among the models/)
    expect(() => evaluated({ shown: 'garch' })).toThrow(/shown: "garch" is not among the models/)
  })

  test('of confidence sets are the set’s own, and the conformal twin counts once by QLIKE', () => {
    const sets = modelConfidenceSet({
      models: [daily, far, near].map((model) => ({ id: model.id, losses: lossOf(model) })),
      resamples: stationaryBootstrap({ days: 260, meanBlockDays: 10, draws: 200, seed: 5 }),
    })
    const found = result.confidenceSets.filter(
      (set) => set.asset === 'A' && set.horizon === '24h' && set.loss === 'qlike',
    )
    expect(found.map(({ model, p }) => [model, p])).toEqual([
      ...sets.map(({ id, pValue }) => [id, pValue]),
      ['log-har + conformal', sets.find(({ id }) => id === 'log-har')?.pValue],
    ])
    expect(found.find(({ model }) => model === 'log-har')?.p).toBe(1)
    expect(found.find(({ model }) => model === 'ewma-94')?.p).toBeLessThan(0.1)
  })
})

describe('the rest', () => {
  test('regimes hold a third of the days each, and all of them together', () => {
    const own = result.regimes.filter(({ model, horizon }) => model === 'ewma-94' && horizon === '24h')
    expect(own.map(({ regime }) => regime)).toEqual(['calm', 'ordinary', 'wild'])
    for (const { days } of own) expect(Math.abs(days - 560 / 3)).toBeLessThan(2)
    const all = own.reduce((sum, { days, qlike: loss }) => sum + days * loss, 0) / 560
    const cells = result.cells.filter(({ model, horizon }) => model === 'ewma-94' && horizon === '24h')
    expect(all).toBeCloseTo(cells.reduce((sum, { days, qlike: loss }) => sum + days * loss, 0) / 560, 12)
  })

  test('reliability counts the days within each quantile', () => {
    const own = result.reliability.filter(({ model, horizon }) => model === 'ewma-94' && horizon === '24h')
    expect(own.map(({ level }) => level)).toEqual([0.5, 0.9, 0.95, 0.99])
    const within = (output: number): number =>
      rows.filter(({ loss }, place) => loss <= at(far, place, output)).length / rows.length
    expect(own.map(({ observed }) => observed)).toEqual([3, 4, 5, 1].map(within))
  })

  test('courses are of the best by QLIKE, or of the one asked for', () => {
    const [course] = result.courses
    expect(course?.model).toBe('log-har')
    expect(course?.time).toEqual(ofA.map((place) => row(place).time))
    expect(course?.loss).toEqual(ofA.map((place) => row(place).loss))
    expect(evaluated({ shown: 'ewma-94' }).courses[0]?.valueAtRisk99).toEqual(ofA.map((place) => at(far, place, 1)))
  })

  test('paths spread from the least to the largest mean QLIKE', () => {
    const paths = [near, far, daily].map(({ outputs }) => [{ id: 'log-har', outputs }])
    const spread = pathSpreads(rows, ['log-har', 'log-har + conformal'], paths)
    const ofCell = (model: string): number =>
      result.cells.find((cell) => cell.model === model && cell.asset === 'A' && cell.horizon === '24h')?.qlike ??
      Number.NaN
    const qlikes = [near, far, daily].map(({ id }) => ofCell(id)).toSorted((a, b) => a - b)
    expect(spread[0]).toEqual({
      model: 'log-har',
      asset: 'A',
      horizon: '24h',
      paths: 3,
      min: qlikes[0],
      median: qlikes[1],
      max: qlikes[2],
    })
    expect(spread.filter(({ horizon }) => horizon === '1h').map(({ paths: count }) => count)).toEqual([2, 2])
  })

  test('the same input gives the same bytes, and another seed another simulation', () => {
    expect(JSON.stringify(evaluated())).toBe(JSON.stringify(result))
    expect(JSON.stringify(evaluated({ seed: 6 }))).not.toBe(JSON.stringify(result))
    // Nothing is lost as JSON: neither NaN nor infinity.
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
  })

  test('a forecast that cannot be one is named with its day', () => {
    const bad = (output: number, value: number): ModelForecasts => ({
      id: 'log-har',
      outputs: near.outputs.with(7 * 12 + output, value),
    })
    const run = (forecast: ModelForecasts): ForecastResult =>
      evaluateGrid({
        rows,
        models: ['log-har'],
        forecasts: [forecast],
        splits,
        options: { seed: 1, draws: 10, simulations: 10 },
      })
    expect(() => run(bad(0, -1))).toThrow(
      'log-har forecast of B, 2022-01-08, 24h: a volatility is positive and finite, got -1',
    )
    expect(() => run(bad(1, Number.NaN))).toThrow(/value at risk is finite, got NaN/)
    expect(() => run(bad(2, 0.001))).toThrow(/a shortfall is .* got 0.001/)
    expect(() => run(bad(6, 0))).toThrow(/1h: a volatility/)
    expect(() => run({ id: 'log-har', outputs: new Float64Array(12) })).toThrow(/12 numbers of 560 rows/)
    expect(() => evaluated({}, ['garch'])).toThrow(/no forecasts of "garch"/)
  })
})
