import { describe, expect, test } from 'vitest'
import { spread } from '../../backtests/report/plot.ts'
import { rangeOf } from '../../backtests/report/plots/axes.ts'
import { isTighter } from '../../backtests/report/plots/change-strip.ts'
import { badDebtAt } from '../../backtests/report/totals.ts'
import { count, day, list, percent, probability, roughly, tick, usd } from '../../backtests/report/words.ts'
import { sampleResult } from './sample-result.ts'

describe('figures in words', () => {
  test.each([
    [0, '$0'],
    [0.004, '$0.00'],
    [12.3, '$12.3'],
    [999.6, '$1.00 k'],
    [1_234_567, '$1.23 M'],
    [-45_400, '−$45.4 k'],
    [999_700, '$1.00 M'],
    [2.5e9, '$2.50 B'],
    [Number.NaN, '–'],
    [null, '–'],
    [undefined, '–'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('%s USD is %s', (value, text) => {
    expect(usd(value).replaceAll('\u00a0', ' ')).toBe(text)
  })

  test.each([
    [0, '0 %'],
    [0.000_001, '< 0.001 %'],
    [0.000_172, '0.017 %'],
    [0.0312, '3.1 %'],
    [0.214, '21.4 %'],
    [1.09, '109 %'],
    [-0.5, '−50.0 %'],
    [null, '–'],
  ])('a ratio of %s is %s', (value, text) => {
    expect(percent(value).replaceAll('\u00a0', ' ')).toBe(text)
  })

  test('axes have no zeros that say nothing', () => {
    expect([0, 2e6, 2.5e6, 1e8].map((value) => tick(usd)(value).replaceAll('\u00a0', ' '))).toEqual([
      '$0',
      '$2 M',
      '$2.5 M',
      '$100 M',
    ])
    expect([0.1, 0.001, 0.015].map((value) => tick(percent)(value).replaceAll('\u00a0', ' '))).toEqual([
      '10 %',
      '0.1 %',
      '1.5 %',
    ])
  })

  test('the rest', () => {
    expect(roughly(0.214)).toBe('21\u00a0%')
    expect(probability(0.0004)).toBe('<\u00a00.001')
    expect(count(-1234)).toBe('−1,234')
    expect([day(1_583_971_200), day(null), day(1e300)]).toEqual(['2020-03-12', '–', '–'])
    expect([list([]), list(['a']), list(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c'])
  })
})

describe('scales and labels', () => {
  test('a range has round ends around all values', () => {
    expect(rangeOf([3, 17])).toEqual({ domain: [0, 20], ticks: [0, 5, 10, 15, 20] })
    expect(rangeOf([-12, 7]).domain).toEqual([-15, 10])
    expect(rangeOf([101, 109], 4, false).domain).toEqual([100, 110])
    expect(rangeOf([0, Number.NaN, null])).toEqual({ domain: [0, 1], ticks: [0] })
    expect(rangeOf([], 4, false)).toEqual({ domain: [0, 1], ticks: [0] })
    const { domain, ticks } = rangeOf([0.00012, 0.00048])
    expect(domain).toEqual([0, 0.0006])
    expect(ticks.length).toBeLessThan(8)
  })

  test('labels that would lie over each other move apart and stay in', () => {
    expect(spread([10, 50, 90], 12, [0, 100])).toEqual([10, 50, 90])
    const moved = spread([50, 50, 51, 99], 12, [0, 100])
    const sorted = moved.toSorted((a, b) => a - b)
    for (const [index, place] of sorted.entries()) {
      expect(place).toBeGreaterThanOrEqual(index === 0 ? 0 : (sorted[index - 1] ?? 0) + 12)
      expect(place).toBeLessThanOrEqual(100)
    }
  })

  test('a cap of none is looser than any', () => {
    expect(isTighter({ parameter: 'supplyCap', from: 0, to: 10 })).toBe(true)
    expect(isTighter({ parameter: 'borrowCap', from: 10, to: 0 })).toBe(false)
    expect(isTighter({ parameter: 'ltvBps', from: 8000, to: 7900 })).toBe(true)
  })
})

test('bad debt at a capacity lies on the line between two knobs, and nowhere beyond', () => {
  const { lending } = sampleResult(1, false)
  if (lending === undefined) throw new Error('the sample has a lending part')
  const frontier = [
    { policy: 'a', knob: 1, capacity: 0.5, badDebt: 0.01 },
    { policy: 'a', knob: 2, capacity: 0.7, badDebt: 0.03 },
    { policy: 'b', knob: 1, capacity: 0.6, badDebt: 9 },
  ]
  const at = (capacity: number) => badDebtAt({ ...lending, frontier }, 'a', capacity)
  expect(at(0.6)).toBeCloseTo(0.02, 12)
  expect([at(0.5), at(0.7)]).toEqual([0.01, 0.03])
  expect([at(0.4), at(0.8)]).toEqual([undefined, undefined])
})
