import { describe, expect, test } from 'vitest'
import { assembled, candidateOf, knownModels, walkCell, walkedModels } from '../../backtests/forecast/grid.ts'
import { barsOfSeries, marketOfSeries, samplesOfSeries } from '../../backtests/forecast/samples.ts'
import { pathPlaces, splitsOf, testedRows } from '../../backtests/forecast/splits.ts'
import type { Series } from '../../backtests/series.ts'
import { GARCH_PEER, HAR_PEER } from '../../models/training/candidates.ts'
import { marketFeatures, type Sample, samplesOf } from '../../models/training/dataset.ts'
import type { Candidate, Fold } from '../../models/training/walk-forward.ts'
import { mean } from '../../oracle-node/core/stats.ts'
import { FIRST_HOUR, walkBars } from '../models/sample-bars.ts'
import { DAY, sampleOf, wanderingDays } from '../models/walk-samples.ts'

const samples = [...wanderingDays('A', 420, 3), ...wanderingDays('B', 420, 4)]
const expanding = splitsOf(samples, { kind: 'expanding', trainDays: 300, refitEveryDays: 60 })

const planted = (id: string, forecast: Candidate['forecast']): Candidate => ({
  id,
  module: new URL(import.meta.url),
  forecast,
})
const filled = (value: number): Float64Array => new Float64Array(12).fill(value)

describe('a candidate', () => {
  test('gives the same forecasts as when it is called itself, and the same bytes each time', async () => {
    for (const id of [HAR_PEER, GARCH_PEER, 'ewma', 'historical']) {
      const candidate = candidateOf(id)
      const outputs = await walkCell({ candidate, folds: expanding.folds })
      const direct: number[] = []
      for (const fold of expanding.folds) for (const row of await candidate.forecast(fold)) direct.push(...row)
      expect([...outputs]).toEqual(direct)
      expect(outputs).toEqual(await walkCell({ candidate, folds: expanding.folds }))
      expect(outputs.length).toBe(2 * 120 * 12)
    }
  })

  test('that reads what it is to forecast finds nothing there', async () => {
    const leak = planted('leak', ({ test: tested }) => tested.map(({ realized }) => filled(realized)))
    const outputs = await walkCell({ candidate: leak, folds: expanding.folds })
    expect(outputs.every(Number.isNaN)).toBe(true)
  })

  // Four samples a day: of labels that overlap, a neighbour's tells three quarters of one's own.
  test('that copies the nearest label in time does no better than chance where neighbours are purged', async () => {
    const noise = wanderingDays('N', 1_200, 7).map(({ loss }) => loss)
    const quarters = Array.from({ length: 1_196 }, (_, quarter): Sample => {
      const label = noise.slice(quarter, quarter + 4).reduce((sum, each) => sum + each, 0)
      return sampleOf({ asset: 'N', day: quarter / 4, loss: label })
    })
    const nearest = planted('nearest', ({ train, test: tested }) =>
      tested.map(({ time }) =>
        filled(train.reduce((a, b) => (Math.abs(b.time - time) < Math.abs(a.time - time) ? b : a)).loss),
      ),
    )
    const splits = splitsOf(quarters, { kind: 'k-fold', folds: 299, embargoDays: 0 })
    const leaky = splits.folds.map((fold) => ({
      ...fold,
      train: quarters.filter((sample) => !fold.test.includes(sample)),
    }))
    const correlationOf = async (folds: readonly Fold[]): Promise<number> => {
      const outputs = await walkCell({ candidate: nearest, folds })
      const losses = folds.flatMap((fold) => fold.test.map(({ loss }) => loss))
      const forecasts = losses.map((_, row) => outputs[row * 12] ?? Number.NaN)
      return correlation(losses, forecasts)
    }
    expect(await correlationOf(leaky)).toBeGreaterThan(0.6)
    expect(Math.abs(await correlationOf(splits.folds))).toBeLessThan(0.2)
  })

  test('that fails or gives too little is named with its fold', async () => {
    const failing = planted('failing', () => {
      throw new Error('singular')
    })
    const short = planted('short', ({ test: tested }) => tested.slice(1).map(() => filled(1)))
    const { folds } = expanding
    await expect(walkCell({ candidate: failing, folds })).rejects.toThrow(
      /^failing, in the fold from 2022-10-28: singular/,
    )
    await expect(walkCell({ candidate: short, folds })).rejects.toThrow(/^short, .*gave 119 forecasts of 120 samples/)
  })
})

describe('models', () => {
  test('are the candidates, their means, and each but the peers with the conformal layer', () => {
    const known = knownModels()
    for (const id of ['ewma-94', 'log-har-trees', 'log-har-trees + conformal', HAR_PEER]) expect(known).toContain(id)
    expect(known).not.toContain(`${HAR_PEER} + conformal`)
    expect(new Set(known).size).toBe(known.length)
  })

  test('are walked once each, whatever is made of them', () => {
    expect(walkedModels(['log-har', 'log-har-trees', 'log-har + conformal', 'ewma'], 'expanding')).toEqual([
      'log-har',
      'trees',
      'ewma',
    ])
  })

  test('that are not known are told with those that are, and peers need the past alone', () => {
    expect(() => walkedModels(['log-hard'], 'rolling')).toThrow(/no model "log-hard"; there are .*log-har, /)
    expect(() => walkedModels([`${HAR_PEER} + conformal`], 'rolling')).toThrow(/no model/)
    expect(() => walkedModels([], 'rolling')).toThrow(/at least one of/)
    expect(() => walkedModels([GARCH_PEER], 'k-fold')).toThrow(/needs expanding or rolling splits/)
    expect(() => candidateOf('log-har-trees')).toThrow(/no model "log-har-trees" to walk/)
  })

  test('that are means are the means, and a path takes the forecasts of its folds', () => {
    const members = new Map([
      ['log-har', Float64Array.from({ length: 36 }, (_, index) => index)],
      ['trees', Float64Array.from({ length: 36 }, (_, index) => index + 2)],
    ])
    const [mean_, own] = assembled(['log-har-trees', 'log-har', 'log-har + conformal'], members, Uint32Array.of(2, 0))
    expect([...(mean_?.outputs ?? [])]).toEqual(
      [24, 0].flatMap((from) => Array.from({ length: 12 }, (_, at) => from + at + 1)),
    )
    expect(own?.outputs[0]).toBe(24)
    expect(() => assembled(['ewma'], members, Uint32Array.of(0))).toThrow(/"ewma" was not walked/)
  })

  test('are of the fold that the path says, where a sample is tested in several', async () => {
    const splits = splitsOf(samples, { kind: 'combinatorial', groups: 4, testGroups: 2, embargoDays: 1 })
    const counter = planted('ewma', ({ train, test: tested }) => tested.map(() => filled(train.length)))
    const walked = new Map([['ewma', await walkCell({ candidate: counter, folds: splits.folds })]])
    const rows = testedRows(splits)
    for (const [path, choice] of splits.paths.entries()) {
      const [{ outputs } = { outputs: new Float64Array() }] = assembled(['ewma'], walked, pathPlaces(splits, path))
      const expected = rows.map(({ time }) => {
        const block = splits.blocks.findIndex(({ start, end }) => time >= start && time < end)
        return splits.folds[choice[block] ?? -1]?.train.length
      })
      expect(rows.map((_, row) => outputs[row * 12])).toEqual(expected)
    }
  })
})

describe('samples of a series', () => {
  const bars = walkBars({ count: 400, stepRatio: 0.01, seed: 5 })
  const from = FIRST_HOUR
  const of = (field: 'open' | 'high' | 'low' | 'close' | 'volume'): Float64Array =>
    Float64Array.from(bars, (bar) => bar[field])
  const missing = Uint8Array.from(bars, (_, hour) => (hour === 300 ? 1 : 0))
  const series: Series = {
    asset: 'X',
    kind: 'volatile',
    from,
    open: of('open'),
    high: of('high'),
    low: of('low'),
    close: of('close'),
    volumeUsd: of('volume'),
    missing,
  }

  test('are those of its bars, without hours that are missing', () => {
    const recorded = bars.filter((_, hour) => hour !== 300)
    expect(barsOfSeries(series)).toEqual(recorded)
    const direct = samplesOf({ asset: 'X', kind: 'volatile', file: '' }, recorded, 6, marketFeatures(recorded))
    const found = samplesOfSeries(series, 6, marketOfSeries(series))
    expect(found).toEqual(direct)
    expect(found.length).toBeGreaterThan(20)
    expect(found.every(({ time }) => time % (DAY / 4) === 0)).toBe(true)
  })

  test('are taken at whole parts of a day', () => {
    expect(() => samplesOfSeries(series, 5)).toThrow(/stepHours: a whole part of 24 hours, got 5/)
    expect(() => samplesOfSeries(series, 0)).toThrow(/stepHours/)
  })
})

function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)]
  const dot = (x: readonly number[], y: readonly number[], mx: number, my: number): number =>
    x.reduce((sum, each, index) => sum + (each - mx) * ((y[index] ?? 0) - my), 0)
  return dot(a, b, meanA, meanB) / Math.sqrt(dot(a, a, meanA, meanA) * dot(b, b, meanB, meanB))
}
