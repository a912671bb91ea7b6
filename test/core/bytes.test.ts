import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBytes, fromHex, keccak, keccakText, toBigInt, toHex, word } from '../../oracle-node/core/bytes.ts'
import { InvariantError } from '../../oracle-node/core/errors.ts'
import { anyHex } from '../support/arbitraries.ts'

describe('hex', () => {
  test('goes to bytes and back, in lower case', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes)
        expect(fromHex(`0x${toHex(bytes).slice(2).toUpperCase()}`)).toEqual(bytes)
        expect(toHex(bytes)).toMatch(/^0x[0-9a-f]*$/)
      }),
    )
  })

  test('is refused without 0x, with an odd digit, with other characters and at another length', () => {
    for (const wrong of ['', '00', '0x0', '0xzz', '0X00', '0x00 ', ' 0x00', '0x00\n', '0x0x00']) {
      expect(() => fromHex(wrong), JSON.stringify(wrong)).toThrow(InvariantError)
    }
    expect(() => fromHex('0x0102', 3)).toThrow('3 bytes were needed, got 2')
    expect(() => fromHex('x'.repeat(10_000))).toThrow(/^hex was needed, got x{80}$/)
  })
})

describe('an ABI word', () => {
  test('holds 0 to 2^256 − 1 and reads back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
        expect(word(value)).toHaveLength(32)
        expect(toBigInt(word(value))).toBe(value)
      }),
    )
    expect(toBigInt(word(7))).toBe(7n)
    expect(toBigInt(new Uint8Array())).toBe(0n)
  })

  test('holds nothing else', () => {
    expect(() => word(-1)).toThrow(InvariantError)
    expect(() => word(2n ** 256n)).toThrow(InvariantError)
  })
})

test('bytes compare as unsigned numbers of one length do, and a prefix comes first', () => {
  fc.assert(
    fc.property(anyHex(32), anyHex(32), (a, b) => {
      const order = Math.sign(compareBytes(fromHex(a), fromHex(b)))
      expect(order).toBe(a === b ? 0 : BigInt(a) < BigInt(b) ? -1 : 1)
    }),
  )
  expect(compareBytes(fromHex('0x01'), fromHex('0x0100'))).toBeLessThan(0)
  expect(compareBytes(fromHex('0x02'), fromHex('0x0100'))).toBeGreaterThan(0)
  expect(compareBytes(fromHex('0x'), fromHex('0x'))).toBe(0)
})

test('keccak is Ethereum’s, over all parts as one', () => {
  // The well-known hash of nothing, and the selector of transfer(address,uint256).
  expect(toHex(keccak())).toBe('0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
  expect(toHex(keccakText('transfer(address,uint256)')).slice(0, 10)).toBe('0xa9059cbb')
  expect(keccak(fromHex('0x01'), fromHex('0x0203'))).toEqual(keccak(fromHex('0x010203')))
})
