import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ForecastColumns } from '../../backtests/oracle/forecast-columns.ts'
import { decodeColumns, encodeColumns } from '../../backtests/oracle/forecast-file.ts'
import { columnsOf } from './oracle-series.ts'

const arbitraryColumns: fc.Arbitrary<ForecastColumns> = fc.nat(6).chain((rows) => {
  const flags = fc.uint8Array({ minLength: rows, maxLength: rows, max: 1 })
  const numbers = fc.float64Array({ minLength: rows, maxLength: rows })
  return fc.record({
    asset: fc.string(),
    forecaster: fc.string(),
    from: fc.nat(500_000).map((hour) => hour * 3_600),
    known: flags,
    fallback: flags,
    priceUsd: numbers,
    volatility: numbers,
    valueAtRisk50: numbers,
    valueAtRisk90: numbers,
    valueAtRisk95: numbers,
    valueAtRisk99: numbers,
    expectedShortfall99: numbers,
    depthUsd: numbers,
    depthNowUsd: numbers,
    lnMultiplier: numbers,
  })
})

const bytes = encodeColumns(columnsOf(5))

describe('forecast columns as bytes', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(arbitraryColumns, (columns) => {
        expect(decodeColumns(encodeColumns(columns))).toEqual(columns)
      }),
    )
  })

  test('a file that lies anywhere in a larger buffer is read', () => {
    const larger = new Uint8Array(bytes.length + 7)
    larger.set(bytes, 3)
    expect(decodeColumns(larger.subarray(3, 3 + bytes.length))).toEqual(columnsOf(5))
  })

  test('every NaN is written alike', () => {
    const other = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)
    const of = (volatility: Float64Array): Uint8Array => encodeColumns({ ...columnsOf(1), volatility })
    expect(of(other)).toEqual(of(Float64Array.of(Number.NaN)))
  })

  test('a byte that was changed, cut off or added is refused', () => {
    const place = fc.nat(bytes.length - 1)
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = bytes.slice()
        damaged[at] = (damaged[at] ?? 0) ^ change
        expect(() => decodeColumns(damaged)).toThrow(/damaged/)
        expect(() => decodeColumns(bytes.slice(0, at))).toThrow(/damaged/)
        expect(() => decodeColumns(Uint8Array.from([...bytes, change]))).toThrow(/damaged/)
      }),
    )
  })

  test('bytes of any other kind are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (other) => {
        expect(() => decodeColumns(other)).toThrow(/delete the file/)
      }),
    )
  })

  test('columns of different lengths, or between hours, are not written', () => {
    expect(() => encodeColumns({ ...columnsOf(3), depthUsd: new Float64Array(2) })).toThrow(/depthUsd has 2 rows/)
    expect(() => encodeColumns({ ...columnsOf(3), from: 1 })).toThrow(/from/)
  })
})
