import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../oracle-node/core/errors.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import type { Observation } from '../../oracle-node/core/observation.ts'
import { RECORD_LAYOUT, type RiskRecord } from '../../oracle-node/core/record.ts'
import { aggregate, lowerMedian, medianRecord, type Report } from '../../oracle-node/core/report.ts'
import { bps, nodeIndex, unixSeconds } from '../../oracle-node/core/units.ts'
import { sampleRecord } from '../contracts/samples.ts'
import { anyRecord } from '../support/arbitraries.ts'
import { DOMAIN, observationOf } from '../support/committee.ts'

const FIELDS = RECORD_LAYOUT.map(([field]) => field).filter((field) => field !== 'confidenceBps')

/** f, at least 2f + 1 records of honest nodes and at most f of liars. */
const anyCommittee = fc
  .integer({ min: 0, max: 4 })
  .chain((f) =>
    fc.record({
      f: fc.constant(f),
      honest: fc.array(anyRecord, { minLength: f + 1, maxLength: 2 * f + 3 }),
      lies: fc.array(anyRecord, { maxLength: f }),
    }),
  )
  .filter(({ f, honest, lies }) => honest.length + lies.length >= 2 * f + 1)

function observations(records: readonly RiskRecord[]): Observation[] {
  return records.map((record, index) =>
    observationOf(nodeIndex(index + 1), 3, record, { observedAt: record.observedAt }),
  )
}

function reportOf(given: readonly Observation[], f: number): Report {
  const made = aggregate(DOMAIN, given, f)
  if (!made.ok) throw new Error(made.detail)
  return made.report
}

describe('the lower median', () => {
  test('is one of the values, with no more than half below it and no more than half above', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 50n }), { minLength: 1, maxLength: 21 }), (values) => {
        const median = lowerMedian(values)
        expect(values).toContain(median)
        expect(values.filter((each) => each < median).length).toBeLessThanOrEqual((values.length - 1) / 2)
        expect(values.filter((each) => each > median).length).toBeLessThanOrEqual(values.length / 2)
      }),
    )
  })

  test('sorts numbers as numbers, and takes the lower of two', () => {
    expect(lowerMedian([10, 9, 100])).toBe(10)
    expect(lowerMedian([2n, 10n])).toBe(2n)
    expect(lowerMedian([7])).toBe(7)
    expect(() => lowerMedian([])).toThrow(InvariantError)
  })
})

describe('a report', () => {
  test('does not depend on the order of the observations', () => {
    const anyOrder = anyCommittee.chain(({ f, honest, lies }) => {
      const given = observations([...honest, ...lies])
      return fc.record({
        f: fc.constant(f),
        given: fc.constant(given),
        shuffled: fc.shuffledSubarray(given, { minLength: given.length, maxLength: given.length }),
      })
    })
    fc.assert(
      fc.property(anyOrder, ({ f, given, shuffled }) => {
        expect(reportOf(shuffled, f)).toEqual(reportOf(given, f))
      }),
    )
  })

  test('keeps every field between what honest nodes saw, and its time too, whatever up to f liars say', () => {
    fc.assert(
      fc.property(anyCommittee, ({ f, honest, lies }) => {
        const { values, time } = reportOf(observations([...honest, ...lies]), f)
        const record = values[0]?.record as RiskRecord
        for (const field of FIELDS) {
          const seen = honest.map((each) => BigInt(each[field]))
          expect(
            seen.some((each) => each <= BigInt(record[field])),
            field,
          ).toBe(true)
          expect(
            seen.some((each) => each >= BigInt(record[field])),
            field,
          ).toBe(true)
        }
        const times = honest.map((each) => Number(each.observedAt))
        expect(time).toBeGreaterThanOrEqual(Math.min(...times))
        expect(time).toBeLessThanOrEqual(Math.max(...times))
      }),
    )
  })

  test('holds in each field a value that a node signed for', () => {
    fc.assert(
      fc.property(anyCommittee, ({ f, honest, lies }) => {
        const all = [...honest, ...lies]
        const record = medianRecord(all, f)
        for (const field of FIELDS) expect(all.map((each) => each[field])).toContain(record[field])
      }),
    )
  })

  test('orders its feeds, and leaves out those that fewer than 2f + 1 nodes saw', () => {
    const seen = (...assets: string[]) => assets.map((asset) => ({ feed: feedOf(asset), record: sampleRecord() }))
    const given = [
      observationOf(nodeIndex(1), 3, {}, { values: seen('USDC', 'WBTC', 'WETH') }),
      observationOf(nodeIndex(2), 3, {}, { values: seen('WBTC', 'WETH') }),
      observationOf(nodeIndex(3), 3, {}, { values: seen('WETH', 'AAVE', 'WBTC') }),
      observationOf(nodeIndex(4), 3, {}, { values: seen('AAVE', 'USDC') }),
    ]
    const feeds = reportOf(given, 1).values.map(({ feed }) => feed)
    expect(feeds).toEqual([feedOf('WBTC'), feedOf('WETH')].toSorted())
  })

  test('is not made of too few observations, or where no feed has enough', () => {
    const four = [1, 2, 3, 4].map((node) => observationOf(nodeIndex(node), 3))
    expect(aggregate(DOMAIN, [], 0)).toMatchObject({ ok: false, reason: 'too-few-observations' })
    expect(aggregate(DOMAIN, four.slice(0, 2), 1)).toEqual({
      ok: false,
      reason: 'too-few-observations',
      detail: '2 observations, 3 needed',
    })
    const scattered = four.map((each, index) => ({
      ...each,
      values: [{ feed: feedOf(`A${index}`), record: sampleRecord() }],
    }))
    expect(aggregate(DOMAIN, scattered, 1)).toMatchObject({ ok: false, reason: 'no-feed-observed-enough' })
  })

  test('of two observations of one node, or of different rounds, epochs or model sets is a bug', () => {
    const [one, two, three] = [1, 2, 3].map((node) => observationOf(nodeIndex(node), 3)) as [
      Observation,
      Observation,
      Observation,
    ]
    const wrong: ReadonlyArray<readonly Observation[]> = [
      [one, two, two],
      [one, two, { ...three, round: 4 }],
      [one, two, { ...three, epoch: 2 }],
      [one, two, { ...three, modelSet: `0x${'00'.repeat(32)}` }],
    ]
    for (const each of wrong) expect(() => aggregate(DOMAIN, each, 1)).toThrow(InvariantError)
  })
})

describe('the confidence', () => {
  const confidenceOf = (prices: readonly number[], spreads: readonly number[], f: number): number =>
    medianRecord(
      prices.map((price, index) =>
        sampleRecord({ priceE8: BigInt(price), confidenceBps: bps(spreads[index] ?? 0), observedAt: unixSeconds(1) }),
      ),
      f,
    ).confidenceBps

  test('is the median spread plus half the interval of prices without the f lowest and highest, rounded up', () => {
    expect(confidenceOf([100_000, 100_000, 100_000], [3, 9, 5], 1)).toBe(5)
    // (10 030 − 10 000) / 2 of 10 010 is 14.985 bps; the outliers at both ends are cut off.
    expect(confidenceOf([1, 10_000, 10_010, 10_030, 999_999], [2, 2, 2, 2, 2], 1)).toBe(2 + 15)
    expect(confidenceOf([10_000, 10_001], [0, 0], 0)).toBe(1)
    expect(confidenceOf([10_000, 12_000], [0, 0], 0)).toBe(1_000)
  })

  test('is the largest there is when the price is zero or the sum does not fit', () => {
    expect(confidenceOf([0, 0, 5], [1, 1, 1], 1)).toBe(65_535)
    expect(confidenceOf([1, 1, 1_000_000], [0, 0, 0], 0)).toBe(65_535)
    expect(confidenceOf([100, 100, 100], [65_535, 65_535, 65_535], 1)).toBe(65_535)
  })

  test('is never below the formula, and less than one above it', () => {
    fc.assert(
      fc.property(anyCommittee, ({ f, honest, lies }) => {
        const all = [...honest, ...lies]
        const prices = all.map((each) => each.priceE8).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
        const median = lowerMedian(prices)
        fc.pre(median > 0n)
        const half = (((prices[prices.length - 1 - f] ?? 0n) - (prices[f] ?? 0n)) * 10_000n) / 2n
        const exact = BigInt(lowerMedian(all.map((each) => each.confidenceBps))) * median + half
        const confidence = BigInt(medianRecord(all, f).confidenceBps)
        if (confidence === 65_535n) expect(exact + median).toBeGreaterThan(65_534n * median)
        else {
          expect(confidence * median).toBeGreaterThanOrEqual(exact)
          expect((confidence - 1n) * median).toBeLessThanOrEqual(exact)
        }
      }),
    )
  })

  test('up to f liars widen it no further than the honest prices reach', () => {
    const honest = [10_000, 10_010, 10_020]
    for (const lie of [0, 1, 10_000, 10_015, 10_020, 1_000_000]) {
      expect(confidenceOf([...honest, lie], [1, 1, 1, 65_535], 1)).toBeLessThanOrEqual(1 + 10)
    }
  })
})
