import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CommitteeOptions, faultyOf, LIES, observationsOf, recordsOf } from '../../backtests/oracle/committee.ts'
import type { ForecastColumns } from '../../backtests/oracle/forecast-columns.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { packRecord } from '../../oracle-node/core/record.ts'
import { medianRecord } from '../../oracle-node/core/report.ts'
import { columnsOf } from './oracle-series.ts'

const HONEST: CommitteeOptions = {
  nodes: 4,
  liars: 0,
  lie: 'calm',
  noiseBps: 0,
  dispersionBps: 3,
  delaySeconds: 60,
  validForSeconds: 7_200,
  seed: 1,
}
const ROWS = 12
const COLUMNS = columnsOf(ROWS)
const timeOf = (row: number): number => COLUMNS.from + row * 3_600
const at = (time: number, changes: Partial<CommitteeOptions> = {}, columns: ForecastColumns = COLUMNS) =>
  recordsOf(columns, { ...HONEST, ...changes }).at(time)

const arbitraryOptions = fc.record({
  nodes: fc.integer({ min: 1, max: 13 }),
  lie: fc.constantFrom(...LIES),
  noiseBps: fc.constantFrom(0, 5, 300),
  seed: fc.nat(),
})

describe('a committee', () => {
  test('delivers fields within those of its honest nodes, whatever up to f others send', () => {
    fc.assert(
      fc.property(
        arbitraryOptions,
        fc.nat(ROWS - 1),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, row, share) => {
          const liars = Math.round(share * faultyOf(given.nodes))
          const options = { ...HONEST, ...given, liars }
          const delivered = recordsOf(COLUMNS, options).at(timeOf(row) + 60)
          const honest = observationsOf(COLUMNS, options, row).slice(0, given.nodes - liars)
          expect(honest).toHaveLength(given.nodes - liars)
          if (delivered === undefined) throw new Error('nothing was delivered')
          // The confidence is of all nodes together: their prices' spread is part of it.
          for (const field of Object.keys(delivered).filter(
            (name) => name !== 'confidenceBps',
          ) as (keyof RiskRecord)[]) {
            const values = honest.map((record) => record[field]).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
            expect(delivered[field] >= (values[0] ?? Number.NaN), field).toBe(true)
            expect(delivered[field] <= (values.at(-1) ?? Number.NaN), field).toBe(true)
          }
        },
      ),
    )
  })

  test('without noise or liars delivers what one node says, which is the median of all', () => {
    for (const nodes of [1, 4, 7, 10]) {
      for (let row = 0; row < ROWS; row++) {
        const all = observationsOf(COLUMNS, { ...HONEST, nodes }, row)
        expect(all).toHaveLength(nodes)
        expect(at(timeOf(row) + 60, { nodes })).toEqual(medianRecord(all, faultyOf(nodes)))
      }
    }
  })

  test('stands up to fewer than a third of its nodes', () => {
    expect([1, 3, 4, 6, 7, 9, 10].map(faultyOf)).toEqual([0, 0, 1, 1, 2, 2, 3])
  })

  test('more liars than f move it where they want', () => {
    const of = (lie: CommitteeOptions['lie'], liars: number) =>
      at(timeOf(3) + 60, { nodes: 7, lie, liars, noiseBps: 2 })
    expect(of('calm', 2)?.expectedShortfall99Bps).toBe(of('calm', 0)?.expectedShortfall99Bps)
    expect(of('calm', 5)).toMatchObject({ expectedShortfall99Bps: 0, valueAtRisk99Bps: 0, volatilityBps: 0 })
    expect(of('calm', 5)?.depthUsd).toBe(100 * (of('calm', 0)?.depthUsd ?? 0))
    expect(of('panic', 5)).toMatchObject({ expectedShortfall99Bps: 10_000, depthUsd: 0, riskScoreBps: 10_000 })
    const price = Number(at(timeOf(3) + 60)?.priceE8)
    expect(Number(of('price-up', 5)?.priceE8)).toBe(10 * price)
    expect(Number(of('price-down', 5)?.priceE8)).toBe(price / 10)
  })

  test('noise stays within its bound, differs by node and hour, and is the same for the same seed', () => {
    const options = { ...HONEST, nodes: 7, noiseBps: 20 }
    const prices = [0, 1].flatMap((row) => {
      const price = COLUMNS.priceUsd[row] ?? Number.NaN
      return observationsOf(COLUMNS, options, row).map(({ priceE8 }) => Number(priceE8) / 1e8 / price - 1)
    })
    expect(new Set(prices).size).toBe(14)
    expect(Math.max(...prices.map(Math.abs))).toBeLessThanOrEqual(0.002 + 1e-9)
    expect(Math.max(...prices.map(Math.abs))).toBeGreaterThan(0.001)
    expect(observationsOf(COLUMNS, options, 1)).toEqual(observationsOf(COLUMNS, { ...options }, 1))
    expect(observationsOf(COLUMNS, { ...options, seed: 2 }, 1)).not.toEqual(observationsOf(COLUMNS, options, 1))
  })

  test('records do not depend on which were asked for before, and fit their word', () => {
    const options = { ...HONEST, nodes: 7, liars: 2, noiseBps: 20 }
    const rows = Array.from({ length: ROWS }, (_, row) => row)
    const of = (order: readonly number[]) => {
      const timeline = recordsOf(COLUMNS, options)
      return new Map(order.map((row) => [row, timeline.at(timeOf(row) + 60)]))
    }
    const [forward, backward] = [of(rows), of(rows.toReversed())]
    for (const row of rows) {
      const record = forward.get(row)
      expect(record).toEqual(backward.get(row))
      expect(record && packRecord(record)).toBeGreaterThan(0n)
    }
  })
})

describe('a record’s way to the chain', () => {
  test('it is there after its delay, to the second, and the one before until then', () => {
    expect(at(timeOf(0) + 59)).toBeUndefined()
    expect(at(timeOf(0) + 60)?.observedAt).toBe(timeOf(0))
    expect(at(timeOf(1) + 59)?.observedAt).toBe(timeOf(0))
    expect(at(timeOf(1) + 60)?.observedAt).toBe(timeOf(1))
  })

  test('it is valid to its last second and no longer', () => {
    const last = ROWS - 1
    expect(at(timeOf(last) + 7_200)?.observedAt).toBe(timeOf(last))
    expect(at(timeOf(last) + 7_201)).toBeUndefined()
    // Late as it is, it has expired before it arrives.
    expect(at(timeOf(last) + 8_000, { delaySeconds: 7_300 })).toBeUndefined()
  })

  test('an hour in which a node abstained leaves the record before, while that is valid', () => {
    const known = new Uint8Array(ROWS).fill(1)
    known.fill(0, 4, 8)
    const columns = columnsOf(ROWS, { known })
    expect(at(timeOf(5), {}, columns)?.observedAt).toBe(timeOf(3))
    expect(at(timeOf(5) + 60, {}, columns)).toBeUndefined()
    expect(at(timeOf(8) + 60, {}, columns)?.observedAt).toBe(timeOf(8))
  })

  test('while the venues are down there is none, even where liars have something to say', () => {
    const outage = new Uint8Array(ROWS)
    outage.fill(1, 4, 8)
    for (const liars of [0, 1, 4]) {
      expect(at(timeOf(5), { outage, liars })?.observedAt).toBe(timeOf(3))
      expect(at(timeOf(7), { outage, liars })).toBeUndefined()
    }
  })

  test('too few that can be signed make none', () => {
    // Ten times this price is more than a record holds: two of four have nothing to send, three are needed.
    const columns = columnsOf(ROWS, { priceUsd: new Float64Array(ROWS).fill(1e11) })
    expect(at(timeOf(1) + 60, { liars: 1, lie: 'price-up' }, columns)?.observedAt).toBe(timeOf(1))
    expect(at(timeOf(1) + 60, { liars: 2, lie: 'price-up' }, columns)).toBeUndefined()
  })

  test('with a heartbeat of six hours records are of full six hours', () => {
    const options = { heartbeatSeconds: 21_600, validForSeconds: 43_200 }
    for (let row = 6; row < ROWS; row++) {
      const observedAt = at(timeOf(row) + 60, options)?.observedAt ?? Number.NaN
      expect(observedAt % 21_600).toBe(0)
      expect(timeOf(row) - observedAt).toBeLessThan(21_600)
    }
  })
})

test.each([
  ['nodes', { nodes: 0 }],
  ['liars', { liars: 5 }],
  ['liars', { liars: 0.5 }],
  ['noiseBps', { noiseBps: Number.NaN }],
  ['noiseBps', { noiseBps: 10_000 }],
  ['dispersionBps', { dispersionBps: -1 }],
  ['delaySeconds', { delaySeconds: -1 }],
  ['validForSeconds', { validForSeconds: 65_536 }],
  ['heartbeatSeconds', { heartbeatSeconds: 5_400 }],
  ['seed', { seed: -1 }],
  ['outage', { outage: new Uint8Array(3) }],
] satisfies ReadonlyArray<readonly [string, Partial<CommitteeOptions>]>)(
  'an option out of range is named: %s',
  (name, changes) => {
    expect(() => at(0, changes)).toThrow(new RegExp(`^${name} `))
  },
)
