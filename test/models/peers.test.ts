import { describe, expect, test } from 'vitest'
import { nextGarchVariance } from '../../models/baselines/garch.ts'
import { fitGarch } from '../../models/training/fit-garch.ts'
import { assetOfSeries, garchPeer, harPeer } from '../../models/training/peers.ts'
import { numbers, sampleOf, wanderingDays } from './walk-samples.ts'

describe('HAR an asset', () => {
  /** Realised volatility is 0.01 + 0.5·day + 0.25·week + 0.1·four weeks, without noise. */
  const days = () => {
    const next = numbers(2)
    const weeks: number[] = []
    return Array.from({ length: 300 }, (_, day) => {
      const [today, week] = [0.01 + 0.05 * next(), 0.01 + 0.05 * next()]
      weeks.push(week)
      const four = [0, 7, 14, 21].flatMap((back) => (day >= back ? [weeks[day - back] ?? 0] : []))
      const month = Math.sqrt(four.reduce((sum, each) => sum + each * each, 0) / four.length)
      const realized = 0.01 + 0.5 * today + 0.25 * week + 0.1 * month
      // A loss of 2 deviations one day in fifty, of 3 the day after it, else of 1.
      const deviations = day % 50 === 0 ? 2 : day % 50 === 1 ? 3 : 1
      return sampleOf({ day, today, week, realized, loss: deviations * realized })
    })
  }

  test('finds the line that made the data, and scales its tail by past losses over its forecasts', () => {
    const all = days()
    const [train, test] = [all.slice(0, 250), all.slice(250)]
    const outputs = harPeer({ train, test })
    for (const [index, { realized }] of test.entries()) {
      expect(outputs[index]?.[0]).toBeCloseTo(realized * Math.sqrt(365), 6)
      // 5 of 250 losses are of 3 deviations and 5 of 2, so 99 % are at or below 3, and the mean from there on is 3.
      expect((outputs[index]?.[1] ?? 0) / realized).toBeCloseTo(3, 4)
      expect((outputs[index]?.[2] ?? 0) / realized).toBeCloseTo(3, 4)
      expect(outputs[index]?.slice(3).every(Number.isNaN)).toBe(true)
    }
  })

  test('of an asset that is young is fitted on all, each day in units of its own weeks', () => {
    const train = wanderingDays('OLD', 250, 8)
    const small = wanderingDays('YOUNG', 253, 8)
      .slice(250)
      .map((sample) => ({
        ...sample,
        features: sample.features.map((value) => value / 10),
      }))
    const large = wanderingDays('OTHER', 253, 8).slice(250)
    const outputs = harPeer({ train, test: [...small, ...large] })
    for (const index of [0, 1, 2]) {
      expect((outputs[index + 3]?.[0] ?? 0) / (outputs[index]?.[0] ?? 1)).toBeCloseTo(10, 6)
    }
  })
})

describe('GARCH an asset', () => {
  test('is the recursion over its past and tested days with the coefficients of its past, and its own tail', () => {
    const all = wanderingDays('X', 330, 6)
    const [train, test] = [all.slice(0, 300), all.slice(300)]
    const returns = Float64Array.from(all, ({ features }) => features.slice(-24).reduce((sum, r) => sum + r, 0))
    const past = returns.slice(0, 300)
    const fit = fitGarch(past, { asymmetric: false, mean: 'constant', start: 'sample', targeting: false })
    let variance = past.reduce((sum, r) => sum + r * r, 0) / past.length
    const sigmas = returns.map((r) => {
      variance = nextGarchVariance(fit.coefficients, variance, r - fit.mean)
      return Math.sqrt(variance)
    })
    const ratios = train.map(({ realized }, day) => (realized / (sigmas[day] ?? 1)) ** 2)
    const scale = Math.sqrt(ratios.reduce((sum, each) => sum + each, 0) / ratios.length)
    const losses = train.map(({ loss }, day) => loss / (sigmas[day] ?? 1)).toSorted((a, b) => a - b)
    // The least value that 297 of 300 do not exceed, and the mean from it on.
    const tail = losses.slice(296)
    const outputs = garchPeer({ train, test })
    for (const [index, sigma] of sigmas.slice(300).entries()) {
      expect(outputs[index]?.[0]).toBeCloseTo(sigma * scale * Math.sqrt(365), 10)
      expect(outputs[index]?.[1]).toBeCloseTo(sigma * (tail[0] ?? 0), 10)
      expect(outputs[index]?.[2]).toBeCloseTo((sigma * tail.reduce((sum, each) => sum + each, 0)) / tail.length, 10)
    }
  })
})

describe('over a gap of the recording', () => {
  const GAP_SECONDS = 100 * 86_400
  const later = <T extends { readonly time: number }>(days: readonly T[]): T[] =>
    days.map((day) => ({ ...day, time: day.time + GAP_SECONDS }))
  const all = wanderingDays('X', 330, 6)
  const [train, tested] = [all.slice(0, 300), all.slice(300)]

  test('HAR’s four weeks are those after it', () => {
    const forecast = harPeer({ train, test: later(tested) })
    const straight = harPeer({ train, test: tested })
    // Without a gap the first days look back over it, with one they do not.
    expect(forecast[0]?.[0]).not.toBeCloseTo(straight[0]?.[0] ?? 0, 4)
    // From the fourth week on there is nothing left to look back for.
    for (let day = 21; day < 30; day++) expect(forecast[day]).toEqual(straight[day])
  })

  test('GARCH begins anew at its long run', () => {
    const returns = Float64Array.from(all, ({ features }) => features.slice(-24).reduce((sum, r) => sum + r, 0))
    const past = returns.slice(0, 300)
    const fit = fitGarch(past, { asymmetric: false, mean: 'constant', start: 'sample', targeting: false })
    const square = past.reduce((sum, r) => sum + r * r, 0) / past.length
    const first = nextGarchVariance(fit.coefficients, square, (returns[300] ?? 0) - fit.mean)
    const second = nextGarchVariance(fit.coefficients, first, (returns[301] ?? 0) - fit.mean)
    const outputs = garchPeer({ train, test: later(tested) })
    expect((outputs[1]?.[0] ?? 0) / (outputs[0]?.[0] ?? 1)).toBeCloseTo(Math.sqrt(second / first), 10)
    expect(outputs[0]?.[0]).not.toBeCloseTo(garchPeer({ train, test: tested })[0]?.[0] ?? 0, 6)
  })
})

test('recordings of one asset follow each other in its past', () => {
  expect(assetOfSeries('BTC-bitstamp')).toBe(assetOfSeries('BTC'))
  const early = wanderingDays('X-2020', 200, 6)
  const late = wanderingDays('X', 330, 6).slice(200)
  const one = wanderingDays('X', 330, 6)
  const split = harPeer({ train: [...early, ...late.slice(0, 100)], test: late.slice(100) })
  expect(split).toEqual(harPeer({ train: one.slice(0, 300), test: one.slice(300) }))
})
