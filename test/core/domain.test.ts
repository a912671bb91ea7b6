import { TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import { typedDigest } from '../../oracle-node/core/domain.ts'
import { anyHex } from '../support/arbitraries.ts'

test('the digest is EIP-712’s under the name Plimsoll, version 1, and the oracle on its chain', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 64n }), anyHex(20), anyHex(32), (chainId, oracle, value) => {
      const domain = { name: 'Plimsoll', version: '1', chainId, verifyingContract: oracle }
      const types = { Anything: [{ name: 'value', type: 'bytes32' }] }
      const struct = TypedDataEncoder.hashStruct('Anything', types, { value })
      const digest = toHex(typedDigest({ chainId, oracle }, fromHex(struct)))
      expect(digest).toBe(TypedDataEncoder.hash(domain, types, { value }))
    }),
  )
})

test('another chain or another contract is another digest', () => {
  const oracle: Hex = `0x${'ab'.repeat(20)}`
  const struct = new Uint8Array(32)
  const digests = [
    typedDigest({ chainId: 1n, oracle }, struct),
    typedDigest({ chainId: 2n, oracle }, struct),
    typedDigest({ chainId: 1n, oracle: `0x${'ac'.repeat(20)}` }, struct),
  ].map(toHex)
  expect(new Set(digests).size).toBe(3)
})
