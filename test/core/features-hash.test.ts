import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, keccak, toHex } from '../../oracle-node/core/bytes.ts'
import { featuresHash } from '../../oracle-node/core/features-hash.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import type { FeatureVector } from '../../oracle-node/core/prediction.ts'

const specHash = '5e'.repeat(32)
const vector = (values: readonly number[]): FeatureVector => ({ specHash, values })

test('it is keccak256 over feed, spec hash and the values as big-endian float64', () => {
  const doubles = ['3ff0000000000000', 'bff8000000000000', '7ff0000000000000']
  const bytes = fromHex(`${feedOf('WETH')}${specHash}${doubles.join('')}`)
  const features = vector([1, -1.5, Number.POSITIVE_INFINITY])
  expect(featuresHash([{ feed: feedOf('WETH'), features }])).toBe(toHex(keccak(bytes)))
  expect(featuresHash([])).toBe(toHex(keccak()))
})

test('one bit of one value, another order, feed or spec is another commitment', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 2, maxLength: 12 }), fc.nat(), (values, index) => {
      const at = index % values.length
      const view = new DataView(new ArrayBuffer(8))
      view.setFloat64(0, values[at] ?? 0)
      view.setUint8(7, view.getUint8(7) ^ 1)
      fc.pre(!Number.isNaN(view.getFloat64(0)))
      const one = featuresHash([{ feed: feedOf('WETH'), features: vector(values) }])
      const flipped = vector(values.with(at, view.getFloat64(0)))
      expect(featuresHash([{ feed: feedOf('WETH'), features: flipped }])).not.toBe(one)
      expect(featuresHash([{ feed: feedOf('WBTC'), features: vector(values) }])).not.toBe(one)
      const other = { specHash: '5f'.repeat(32), values }
      expect(featuresHash([{ feed: feedOf('WETH'), features: other }])).not.toBe(one)
    }),
  )
  const [a, b] = [
    { feed: feedOf('A'), features: vector([1]) },
    { feed: feedOf('B'), features: vector([2]) },
  ] as const
  expect(featuresHash([a, b])).not.toBe(featuresHash([b, a]))
})
