import { expect, test } from 'vitest'
import { powerOfTen } from '../../oracle-node/core/power-of-ten.ts'

test('a power of ten is exact, as a bigint and as the nearest double', () => {
  expect(powerOfTen(0)).toBe(1n)
  for (let exponent = 0; exponent <= 100; exponent++) {
    expect(powerOfTen(exponent)).toBe(10n ** BigInt(exponent))
    expect(Number(powerOfTen(exponent))).toBe(Number(`1e${exponent}`))
  }
})

test('any other exponent is a bug', () => {
  for (const exponent of [-1, 101, 0.5, Number.NaN]) expect(() => powerOfTen(exponent)).toThrow('exponent')
})
