import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { binomial, combinations } from '../../backtests/forecast/combinations.ts'
import {
  pathPlaces,
  type SplitPlan,
  type Splits,
  splitsOf,
  splitsOfAssets,
  testedRows,
} from '../../backtests/forecast/splits.ts'
import type { Sample } from '../../models/training/dataset.ts'
import { DAY, FIRST_DAY, sampleOf } from '../models/walk-samples.ts'

/** Four samples a day of each asset, of which the one at 00:00 is tested; some days are missing. */
function quarterDays(
  assets: readonly string[],
  days: number,
  missing: (day: number) => boolean = () => false,
): Sample[] {
  return assets.flatMap((asset) =>
    Array.from({ length: 4 * days }, (_, quarter) => quarter / 4)
      .filter((day) => !missing(Math.floor(day)))
      .map((day) => sampleOf({ asset, day })),
  )
}

/**
 * How far every training label is from the tested ones, at the least: of those before a tested block from their end to its first sample, of those
 * after it from the last label's end to their begin. Negative where they overlap.
 */
function gaps({ folds, blocks }: Splits): { readonly before: number; readonly after: number } {
  const found = folds.flatMap(({ train, test: tested }) =>
    blocks.flatMap(({ start, end }) => {
      const own = tested.filter(({ time }) => time >= start && time < end).map(({ time }) => time)
      if (own.length === 0) return []
      const [first, last] = [Math.min(...own), Math.max(...own)]
      return train.map(({ time }) => (time < first ? { before: first - (time + DAY) } : { after: time - (last + DAY) }))
    }),
  )
  const least = (of: (gap: { before?: number; after?: number }) => number | undefined): number =>
    found.reduce((most, gap) => Math.min(most, of(gap) ?? most), Number.POSITIVE_INFINITY)
  return { before: least(({ before }) => before), after: least(({ after }) => after) }
}

const timesTested = ({ folds }: Splits): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const { asset, time } of folds.flatMap((fold) => fold.test)) {
    counts.set(`${asset} ${time}`, (counts.get(`${asset} ${time}`) ?? 0) + 1)
  }
  return counts
}

const dayCount = fc.integer({ min: 60, max: 120 })
const gapAt = fc.integer({ min: 5, max: 50 })

describe('purged k-fold', () => {
  test('trains on no label that overlaps a tested one or begins in the embargo, and tests each sample once', () => {
    fc.assert(
      fc.property(
        dayCount,
        gapAt,
        fc.integer({ min: 2, max: 7 }),
        fc.integer({ min: 0, max: 8 }),
        (days, gap, k, embargoDays) => {
          const samples = quarterDays(['A', 'B'], days, (day) => day >= gap && day < gap + 3)
          const splits = splitsOf(samples, { kind: 'k-fold', folds: k, embargoDays })
          expect(splits.folds.length).toBe(k)
          const { before, after } = gaps(splits)
          expect(before).toBeGreaterThanOrEqual(0)
          expect(after).toBeGreaterThanOrEqual(embargoDays * DAY)
          const counts = timesTested(splits)
          expect(counts.size).toBe(samples.filter(({ time }) => time % DAY === 0).length)
          expect([...counts.values()].every((count) => count === 1)).toBe(true)
        },
      ),
      { numRuns: 25 },
    )
  })

  test('of ten days in five blocks with a day of embargo holds the days that are clear', () => {
    const days = Array.from({ length: 10 }, (_, day) => sampleOf({ day }))
    const { folds } = splitsOf(days, { kind: 'k-fold', folds: 5, embargoDays: 1 })
    const trained = folds.map(({ train }) => train.map(({ time }) => (time - FIRST_DAY) / DAY))
    expect(folds.map(({ test: tested }) => tested.map(({ time }) => (time - FIRST_DAY) / DAY))[1]).toEqual([2, 3])
    // A label of day 1 ends as day 2 begins; day 4 begins as the label of day 3 ends, within the embargo.
    expect(trained[1]).toEqual([0, 1, 5, 6, 7, 8, 9])
    expect(trained[4]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })
})

describe('combinatorial purged cross-validation', () => {
  test('tests each sample C(N−1, k−1) times, and each once on every path', () => {
    fc.assert(
      fc.property(
        dayCount,
        fc.integer({ min: 3, max: 6 }),
        fc.integer({ min: 1, max: 2 }),
        (days, groups, testGroups) => {
          const samples = quarterDays(['A', 'B'], days)
          const splits = splitsOf(samples, { kind: 'combinatorial', groups, testGroups, embargoDays: 2 })
          expect(splits.folds.length).toBe(binomial(groups, testGroups))
          const times = binomial(groups - 1, testGroups - 1)
          expect(splits.paths.length).toBe(times)
          expect(new Set(timesTested(splits).values())).toEqual(new Set([times]))
          const { before, after } = gaps(splits)
          expect(before).toBeGreaterThanOrEqual(0)
          expect(after).toBeGreaterThanOrEqual(2 * DAY)
          const rows = testedRows(splits)
          const all = splits.folds.flatMap((fold) => fold.test)
          const used = splits.paths.map((_, path) => pathPlaces(splits, path))
          for (const places of used) expect([...places].map((place) => all[place])).toEqual(rows)
          // All paths together are all forecasts, each once.
          expect(new Set(used.flatMap((places) => [...places])).size).toBe(all.length)
        },
      ),
      { numRuns: 15 },
    )
  })

  test('has every choice of groups once, in order', () => {
    expect(combinations(4, 2, 10, 'x')).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
      [2, 3],
    ])
    expect(() => combinations(20, 10, 1_000, 'splits.groups')).toThrow('splits.groups: 10 of 20 are 184756 splits')
  })
})

describe('walk-forward', () => {
  const samples = quarterDays(['A', 'B'], 100)

  test('expanding keeps all of the past, rolling a window of it, both purged', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 40 }), fc.integer({ min: 1, max: 30 }), (windowDays, refitEveryDays) => {
        const rolling = splitsOf(samples, { kind: 'rolling', windowDays, refitEveryDays })
        const expanding = splitsOf(samples, { kind: 'expanding', trainDays: windowDays, refitEveryDays })
        expect(rolling.folds.map(({ start }) => start)).toEqual(expanding.folds.map(({ start }) => start))
        for (const [index, { start, train, test: tested }] of rolling.folds.entries()) {
          expect(train.every(({ time }) => time >= start - windowDays * DAY && time + DAY <= start)).toBe(true)
          expect(train.some(({ time }) => time === start - windowDays * DAY)).toBe(true)
          expect(expanding.folds[index]?.train.some(({ time }) => time === FIRST_DAY)).toBe(true)
          expect(expanding.folds[index]?.test).toEqual(tested)
        }
        expect(gaps(rolling).before).toBeGreaterThanOrEqual(0)
        expect(gaps(rolling).after).toBe(Number.POSITIVE_INFINITY)
        const counts = timesTested(rolling)
        expect(counts.size).toBe(2 * (100 - windowDays))
        expect([...pathPlaces(rolling, 0)]).toEqual([...Array(counts.size).keys()])
      }),
      { numRuns: 25 },
    )
  })

  test('refits on the day that is asked for, and leaves out refits without a day to test', () => {
    const firstRefit = FIRST_DAY + 30 * DAY
    const gapped = quarterDays(['A'], 100, (day) => day >= 40 && day < 60)
    const { folds } = splitsOf(gapped, { kind: 'expanding', trainDays: 10, refitEveryDays: 10, firstRefit })
    expect(folds.map(({ start }) => (start - FIRST_DAY) / DAY)).toEqual([30, 60, 70, 80, 90])
  })

  test('of some assets tests them from when they have days enough to fit on', () => {
    const young = quarterDays(['C'], 100).filter(({ time }) => time >= FIRST_DAY + 50 * DAY)
    const splits = splitsOf([...samples, ...young], { kind: 'expanding', trainDays: 30, refitEveryDays: 10 })
    const own = splitsOfAssets(splits, new Set(['C']), 20)
    expect(own.folds.every(({ train }) => train.every(({ asset }) => asset === 'C'))).toBe(true)
    const rows = testedRows(own)
    // On day 70 the labels of days 50 to 69 are known.
    expect((rows[0]?.time ?? 0) - FIRST_DAY).toBe(70 * DAY)
    expect([rows.length, pathPlaces(own, 0).length]).toEqual([30, 30])
    expect(testedRows(splitsOfAssets(splits, new Set(['C']), 21)).length).toBe(20)
  })
})

describe('settings under which nothing can be split', () => {
  const samples = quarterDays(['A'], 20)
  const refused: ReadonlyArray<readonly [SplitPlan, RegExp]> = [
    [{ kind: 'k-fold', folds: 1, embargoDays: 0 }, /^splits\.folds: a whole number of 2 or more, got 1$/],
    [{ kind: 'k-fold', folds: 2.5, embargoDays: 0 }, /^splits\.folds: .* got 2\.5$/],
    [{ kind: 'k-fold', folds: 21, embargoDays: 0 }, /^splits\.folds: 21 blocks need as many tested times, got 20$/],
    [{ kind: 'k-fold', folds: 4, embargoDays: -1 }, /^splits\.embargoDays: /],
    [{ kind: 'k-fold', folds: 2, embargoDays: 30 }, /^splits\.embargoDays: .* no training sample left$/],
    [{ kind: 'combinatorial', groups: 1, testGroups: 1, embargoDays: 0 }, /^splits\.groups: /],
    [
      { kind: 'combinatorial', groups: 4, testGroups: 4, embargoDays: 0 },
      /^splits\.testGroups: at most 3 of 4, got 4$/,
    ],
    [{ kind: 'combinatorial', groups: 4, testGroups: 0, embargoDays: 0 }, /^splits\.testGroups: /],
    [{ kind: 'combinatorial', groups: 20, testGroups: 10, embargoDays: 0 }, /^splits\.groups: .* 184756 splits/],
    [{ kind: 'rolling', windowDays: 1, refitEveryDays: 5 }, /^splits\.windowDays: a whole number of 2 or more, got 1$/],
    [
      { kind: 'rolling', windowDays: 40, refitEveryDays: 5 },
      /^splits\.windowDays: the first refit would be on 2022-02-10/,
    ],
    [{ kind: 'expanding', trainDays: 10, refitEveryDays: 0 }, /^splits\.refitEveryDays: /],
    [{ kind: 'expanding', trainDays: 40, refitEveryDays: 5 }, /^splits\.trainDays: the first refit/],
    [
      { kind: 'expanding', trainDays: 5, refitEveryDays: 5, firstRefit: FIRST_DAY },
      /^splits\.firstRefit: .* no training sample/,
    ],
    [{ kind: 'expanding', trainDays: 5, refitEveryDays: 5, firstRefit: FIRST_DAY + 99 * DAY }, /^splits\.firstRefit: /],
  ]
  test.each(refused)('%j', (plan, message) => {
    expect(() => splitsOf(samples, plan)).toThrow(message)
  })

  test('no sample at all, or two tested ones of one asset within a day', () => {
    const plan: SplitPlan = { kind: 'k-fold', folds: 2, embargoDays: 0 }
    expect(() => splitsOf([], plan)).toThrow(/no sample to test/)
    expect(() => splitsOf(samples, plan, { isTested: () => true })).toThrow(/A has two tested samples within the day/)
  })
})
