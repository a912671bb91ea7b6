import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../oracle-node/core/errors.ts'
import {
  packRecord,
  RECORD_LAYOUT,
  type RiskRecord,
  recordFieldMax,
  unpackRecord,
} from '../../oracle-node/core/record.ts'
import { sampleRecord } from '../contracts/samples.ts'
import { anyRecord } from '../support/arbitraries.ts'

const anyWord = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })

describe('a packed record', () => {
  test('fills one 256-bit word', () => {
    expect(RECORD_LAYOUT.reduce((sum, [, width]) => sum + width, 0)).toBe(256)
    expect(RECORD_LAYOUT.map(([field]) => field).toSorted()).toEqual(Object.keys(sampleRecord()).toSorted())
  })

  test('is read back as the record, and every word is a record', () => {
    fc.assert(
      fc.property(anyRecord, anyWord, (record, word) => {
        expect(unpackRecord(packRecord(record))).toEqual(record)
        expect(packRecord(unpackRecord(word))).toBe(word)
      }),
    )
  })

  test('sorts by price first, since that is its most significant field', () => {
    fc.assert(
      fc.property(anyRecord, anyRecord, (a, b) => {
        fc.pre(a.priceE8 < b.priceE8)
        expect(packRecord(a)).toBeLessThan(packRecord(b))
      }),
    )
  })

  test.each(RECORD_LAYOUT)('takes 0 and the largest of %s and nothing outside', (field, width) => {
    const numeric = (value: bigint): RiskRecord =>
      ({ ...sampleRecord(), [field]: field === 'priceE8' ? value : Number(value) }) as RiskRecord
    const max = recordFieldMax(field)
    expect(max).toBe((1n << BigInt(width)) - 1n)
    for (const value of [0n, max]) expect(BigInt(unpackRecord(packRecord(numeric(value)))[field])).toBe(value)
    for (const value of [-1n, max + 1n, 1n << 200n]) {
      expect(() => packRecord(numeric(value))).toThrow(InvariantError)
      expect(() => packRecord(numeric(value))).toThrow(field)
    }
  })

  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'takes no %d for a field: that is a bug, and named',
    (value) => {
      for (const [field] of RECORD_LAYOUT.filter(([name]) => name !== 'priceE8')) {
        const record = { ...sampleRecord(), [field]: value } as RiskRecord
        expect(() => packRecord(record)).toThrow(InvariantError)
        expect(() => packRecord(record)).toThrow(field)
      }
    },
  )

  test('is no word below zero or past 256 bits', () => {
    expect(() => unpackRecord(-1n)).toThrow(InvariantError)
    expect(() => unpackRecord(1n << 256n)).toThrow(InvariantError)
  })

  test('has no field of another name', () => {
    expect(() => recordFieldMax('price' as keyof RiskRecord)).toThrow('no such record field: price')
  })
})
