import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InvariantError } from '../../oracle-node/core/errors.ts'
import { assetOf, feedOf } from '../../oracle-node/core/feed.ts'

const anyAsset = fc.stringMatching(/^[A-Za-z0-9.-]{1,28}$/)

test('a feed is the asset’s name with /USD, padded to 32 bytes', () => {
  expect(feedOf('WETH')).toBe(`0x574554482f555344${'00'.repeat(24)}`)
})

test('the asset is read back from its feed, and no two assets share one', () => {
  fc.assert(
    fc.property(anyAsset, anyAsset, (one, two) => {
      expect(feedOf(one)).toMatch(/^0x[0-9a-f]{64}$/)
      expect(assetOf(feedOf(one))).toBe(one)
      expect(feedOf(one) === feedOf(two)).toBe(one === two)
    }),
  )
})

test('a name that does not fit, or holds another character, is no asset', () => {
  for (const wrong of ['', 'A'.repeat(29), 'WE/TH', 'WETH ', 'ÄTH', 'W\0', 'W\n']) {
    expect(() => feedOf(wrong), JSON.stringify(wrong)).toThrow(InvariantError)
  }
})

test('a feed of another quote has no asset', () => {
  expect(() => assetOf(`0x574554482f455552${'00'.repeat(24)}`)).toThrow('not a USD feed')
  expect(() => assetOf('0x')).toThrow('not a USD feed')
})
