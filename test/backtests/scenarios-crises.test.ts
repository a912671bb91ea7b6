import { describe, expect, test } from 'vitest'
import { recordedSeries } from '../../backtests/data/recorded-series.ts'
import { seriesOfBars } from '../../backtests/data/series-of-bars.ts'
import { type Crisis, checkCrisis, crisisOf, crisisPeriod, NAMED_CRISES } from '../../backtests/scenarios/crises.ts'
import type { Series } from '../../backtests/series.ts'
import { hasSharedData, SHARED_DATA } from '../data/shared-data.ts'

const HOUR = 3_600
const START = 1_600_000_000 - (1_600_000_000 % HOUR)

function made(asset: string, closes: readonly number[], from = START): Series {
  const bars = closes.map((close, hour) => {
    const open = closes[hour - 1] ?? close
    const [high, low] = [Math.max(open, close), Math.min(open, close)]
    return { time: from + hour * HOUR, open, high, low, close, volume: 1 }
  })
  return seriesOfBars({ asset, kind: 'volatile', where: asset, bars })
}

const crisis = (facts: Crisis['facts'], hours = 4): Crisis => ({
  ...crisisOf('2020-03-12'),
  from: START,
  to: START + hours * HOUR,
  facts,
})

describe('a check of a crisis', () => {
  test('a fall is measured from the highest close of the hours before, within the crisis alone', () => {
    const series = made('A', [100, 100, 100, 60, 1])
    const fall = (hours: number, atLeast: number) =>
      checkCrisis(crisis([{ kind: 'fall', asset: 'A', hours, atLeast }]), [series])
    expect(fall(24, 0.4)).toEqual({
      ok: true,
      facts: [{ what: "A's deepest fall within 24 h", expected: '≥ 40 %', seen: '40 %', ok: true }],
    })
    expect(fall(24, 0.41).ok).toBe(false)
    const slow = made('A', [100, 80, 64, 51.2])
    expect(checkCrisis(crisis([{ kind: 'fall', asset: 'A', hours: 1, atLeast: 0.21 }]), [slow]).facts[0]?.seen).toBe(
      '20 %',
    )
    expect(checkCrisis(crisis([{ kind: 'fall', asset: 'A', hours: 2, atLeast: 0.3 }]), [slow]).facts[0]?.seen).toBe(
      '36 %',
    )
  })

  test('a low, a loss and a discount are judged by their own measure', () => {
    const [a, b] = [made('A', [100, 90, 50, 75]), made('B', [100, 100, 100, 100])]
    const check = checkCrisis(
      crisis([
        { kind: 'low', asset: 'A', atMost: 50 },
        { kind: 'low', asset: 'A', atMost: 49 },
        { kind: 'loss', asset: 'A', atLeast: 0.25 },
        { kind: 'loss', asset: 'A', atLeast: 0.26 },
        { kind: 'discount', asset: 'A', to: 'B', atLeast: 0.25 },
        { kind: 'discount', asset: 'A', to: 'B', atLeast: 0.26 },
      ]),
      [a, b],
    )
    expect(check.ok).toBe(false)
    expect(check.facts.map(({ seen, ok }) => [seen, ok])).toEqual([
      ['50 USD', true],
      ['50 USD', false],
      ['25 %', true],
      ['25 %', false],
      ['25 %', true],
      ['25 %', false],
    ])
  })

  test('without data of the days no fact holds', () => {
    const facts: Crisis['facts'] = [{ kind: 'low', asset: 'A', atMost: 1e9 }]
    for (const series of [
      [],
      [made('B', [1, 1])],
      [made('A', [1, 1], START - 9 * HOUR)],
      [made('A', [1, 1], START + 9 * HOUR)],
    ]) {
      expect(checkCrisis(crisis(facts), series)).toMatchObject({ ok: false, facts: [{ seen: 'no data', ok: false }] })
    }
    const discount: Crisis['facts'] = [{ kind: 'discount', asset: 'A', to: 'B', atLeast: 0 }]
    expect(checkCrisis(crisis(discount), [made('A', [1, 1])]).facts[0]?.seen).toBe('no data')
  })
})

describe('the named crises', () => {
  test('are in order, told in words, and checked by at least one fact', () => {
    expect(NAMED_CRISES.map(({ id }) => id)).toEqual(NAMED_CRISES.map(({ id }) => id).toSorted())
    for (const { id, story, from, to, facts, assets, unavailable } of NAMED_CRISES) {
      expect(story.split('. '), id).toHaveLength(2)
      expect(from % 86_400).toBe(0)
      expect(from).toBeLessThan(to)
      expect(facts.length, id).toBeGreaterThan(0)
      expect(assets.length === 0, id).toBe(unavailable !== undefined)
    }
  })

  test('an unknown one is refused with the known; one that is not recorded with the reason', () => {
    expect(() => crisisOf('2022-11')).toThrow(/no crisis "2022-11"; known are 2020-03-12, .*2022-11-ftx/)
    expect(() => crisisPeriod(crisisOf('2022-11-ftx'))).toThrow(
      /2022-11-ftx .* is not recorded: the recordings leave out all of November/,
    )
    expect(crisisPeriod(crisisOf('2023-07-crv'), { assets: ['CRV'], beforeDays: 1, afterDays: 2 })).toEqual({
      id: '2023-07-crv',
      title: 'July 2023: CRV and the Curve exploit',
      from: Date.parse('2023-07-28T00:00:00Z') / 1_000,
      to: Date.parse('2023-08-08T00:00:00Z') / 1_000,
      crisis: { from: Date.parse('2023-07-29T00:00:00Z') / 1_000, to: Date.parse('2023-08-06T00:00:00Z') / 1_000 },
      assets: ['CRV'],
    })
  })

  const recorded = NAMED_CRISES.filter(({ unavailable }) => unavailable === undefined)
  const missing = NAMED_CRISES.filter(({ unavailable }) => unavailable !== undefined)

  describe.skipIf(!hasSharedData())('on the recordings', () => {
    test.each(recorded.map((each) => [each.id, each] as const))('%s is what it says, in all assets', (_, each) => {
      const { from, to, assets } = crisisPeriod(each, { assets: [...each.assets, ...each.priceOnlyAssets] })
      const { gapHoursMax } = each
      const found = assets.map((asset) =>
        recordedSeries(SHARED_DATA, asset, { from, to, ...(gapHoursMax !== undefined && { gapHoursMax }) }),
      )
      const check = checkCrisis(
        each,
        found.map(({ series }) => series),
      )
      expect(check.facts.filter(({ ok }) => !ok)).toEqual([])
      expect(check.ok).toBe(true)
      for (const { series, volumeUnknown } of found) {
        const isPriced = volumeUnknown.some((span) => span.from < each.to && span.to > each.from)
        expect(isPriced, series.asset).toBe(each.priceOnlyAssets.includes(series.asset))
      }
    })

    test.each(missing.map((each) => [each.id, each] as const))('%s is indeed not there', (_, each) => {
      for (const { asset } of each.facts) {
        expect(() => recordedSeries(SHARED_DATA, asset, { from: each.from, to: each.to })).toThrow(
          /has no bar|nothing is recorded/,
        )
      }
    })
  })
})
