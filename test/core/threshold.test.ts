import { readFileSync } from 'node:fs'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, type Hex, toBigInt, toHex } from '../../oracle-node/core/bytes.ts'
import { isPoint } from '../../oracle-node/core/group.ts'
import {
  combine,
  commit,
  onChainGroupKey,
  onChainSignature,
  type PublicKeys,
  signShare,
  verifyShare,
  verifySignature,
} from '../../oracle-node/core/threshold.ts'
import { type NodeIndex, nodeIndex } from '../../oracle-node/core/units.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { memberOf } from '../support/committee.ts'
import { seededRandom } from '../support/seeded-random.ts'

const vector: {
  readonly threshold: number
  readonly members: number
  readonly groupKey: Hex
  readonly groupSecret: Hex
  readonly coefficient: Hex
  readonly message: Hex
  readonly secretShares: readonly Hex[]
  readonly signers: ReadonlyArray<Readonly<Record<string, string>> & { readonly node: number }>
  readonly signature: Hex
} = JSON.parse(readFileSync(new URL('../vectors/rfc9591-e5.json', import.meta.url), 'utf8'))

const timesBase = (scalar: Hex): Hex => toHex(secp256k1.Point.BASE.multiply(toBigInt(fromHex(scalar))).toBytes())

describe('RFC 9591, appendix E.5', () => {
  const keys: PublicKeys = {
    threshold: vector.threshold,
    members: vector.members,
    groupKey: vector.groupKey,
    commitments: [vector.groupKey, timesBase(vector.coefficient)],
    verifyingShares: vector.secretShares.map(timesBase),
  }
  const digest = fromHex(vector.message)
  const signers = vector.signers.map(({ node, hiding, binding }) => ({
    node: nodeIndex(node),
    hiding: hiding as Hex,
    binding: binding as Hex,
  }))
  const secretOf = (node: number) => ({
    node: nodeIndex(node),
    share: fromHex(vector.secretShares[node - 1] ?? '0x', 32),
  })

  test('the key is the secret’s, and each share is the polynomial’s value', () => {
    expect(timesBase(vector.groupSecret)).toBe(vector.groupKey)
    const order = secp256k1.Point.Fn.ORDER
    for (const [index, share] of vector.secretShares.entries()) {
      const value = toBigInt(fromHex(vector.groupSecret)) + toBigInt(fromHex(vector.coefficient)) * BigInt(index + 1)
      expect(toBigInt(fromHex(share))).toBe(value % order)
    }
  })

  test.each(vector.signers)('signer $node makes the nonces, the commitment and the share of the RFC', (signer) => {
    const random = [signer['hidingRandomness'] ?? '', signer['bindingRandomness'] ?? ''].map((each) => fromHex(each))
    const secret = secretOf(signer.node)
    const { nonces, commitment } = commit(secret, () => new Uint8Array(random.shift() ?? []))
    expect(toHex(nonces.hiding)).toBe(signer['hidingNonce'])
    expect(toHex(nonces.binding)).toBe(signer['bindingNonce'])
    expect(commitment).toEqual({ hiding: signer['hiding'], binding: signer['binding'] })
    const share = signShare({ secret, keys, nonces, signers: signers.toReversed(), digest })
    expect(share).toBe(signer['share'])
    expect(verifyShare({ keys, signers, digest, node: secret.node, share })).toBe(true)
  })

  test('the shares add up to the signature of the RFC', () => {
    const shares = new Map(vector.signers.map(({ node, share }) => [nodeIndex(node), share as Hex]))
    expect(combine({ keys, signers, digest, shares })).toBe(vector.signature)
    expect(verifySignature(keys.groupKey, digest, vector.signature)).toBe(true)
    expect(verifySignature(keys.groupKey, fromHex('0x74657375'), vector.signature)).toBe(false)
  })
})

describe('three of four', () => {
  const world = makeWorld(4)
  const { keys } = world
  const random = seededRandom('threshold')
  const digest = random.bytes(32)
  const present = [1, 2, 4].map(nodeIndex)
  const committed = new Map(present.map((node) => [node, commit(memberOf(world, node).secret, random.bytes)]))
  const signers = [...committed].map(([node, { commitment }]) => ({ node, ...commitment }))
  const shareOf = (node: NodeIndex): Hex => {
    const nonces = committed.get(node)?.nonces
    if (nonces === undefined) throw new Error('no nonces')
    return signShare({ secret: memberOf(world, node).secret, keys, nonces, signers, digest })
  }
  const shares = new Map(present.map((node) => [node, shareOf(node)]))

  test('nonces are zeroed when they are used, and sign no second time', () => {
    for (const { nonces } of committed.values()) {
      expect([...nonces.hiding, ...nonces.binding].every((byte) => byte === 0)).toBe(true)
    }
    expect(() => shareOf(nodeIndex(1))).toThrow()
  })

  test('nonces sign under no commitment but their own', () => {
    const secret = memberOf(world, nodeIndex(1)).secret
    const { nonces } = commit(secret, random.bytes)
    expect(() => signShare({ secret, keys, nonces, signers, digest })).toThrow()
  })

  test('the signature is valid for this digest and key alone', () => {
    const signature = combine({ keys, signers, digest, shares })
    expect(verifySignature(keys.groupKey, digest, signature)).toBe(true)
    expect(verifySignature(keys.groupKey, random.bytes(32), signature)).toBe(false)
    expect(verifySignature(keys.verifyingShares[0] ?? '0x', digest, signature)).toBe(false)
    expect(verifySignature('0x00', digest, signature)).toBe(false)
    const { rx, ry, z } = onChainSignature(signature)
    const r = secp256k1.Point.fromAffine({ x: rx, y: ry })
    expect(`${toHex(r.toBytes())}${z.toString(16).padStart(64, '0')}`).toBe(signature)
  })

  test('no changed, misplaced or malformed share passes for its sender’s, and none throws', () => {
    const node = nodeIndex(2)
    const share = shares.get(node) as Hex
    const verify = (changes: Partial<Parameters<typeof verifyShare>[0]>): boolean =>
      verifyShare({ keys, signers, digest, node, share, ...changes })
    expect(verify({})).toBe(true)
    expect(verify({ node: nodeIndex(1) })).toBe(false)
    expect(verify({ node: nodeIndex(3) })).toBe(false)
    expect(verify({ node: nodeIndex(99) })).toBe(false)
    expect(verify({ digest: random.bytes(32) })).toBe(false)
    expect(verify({ signers: signers.slice(0, 2) })).toBe(false)
    expect(verify({ signers: signers.map((each) => ({ ...each, hiding: each.binding })) })).toBe(false)
    const order = secp256k1.Point.Fn.ORDER
    const beyond = `0x${(toBigInt(fromHex(share)) + order).toString(16)}`
    for (const wrong of ['0x', `0x${'00'.repeat(32)}`, `0x${order.toString(16)}`, beyond, 'garbage']) {
      expect(verify({ share: wrong as Hex }), wrong).toBe(false)
    }
    fc.assert(
      fc.property(fc.nat(31), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = fromHex(share)
        bytes[at] = (bytes[at] ?? 0) ^ flip
        expect(verify({ share: toHex(bytes) })).toBe(false)
      }),
      { numRuns: 25 },
    )
  })

  test('two shares of three make no signature', () => {
    expect(() => combine({ keys, signers, digest, shares: new Map([...shares].slice(0, 2)) })).toThrow()
  })
})

test('a point is a compressed one on the curve; the identity, other forms and garbage are none', () => {
  const point = timesBase('0x07')
  expect(isPoint(point)).toBe(true)
  const off = [`0x02${'00'.repeat(31)}05`, `0x02${'ff'.repeat(32)}`, '0x00', `0x${'00'.repeat(33)}`]
  const uncompressed = toHex(secp256k1.Point.BASE.toBytes(false))
  for (const wrong of [...off, uncompressed, point.slice(2), point.slice(0, -2), '', 'point']) {
    expect(isPoint(wrong), wrong).toBe(false)
  }
})

test('the group key as the contract takes it is its x and the parity of its y', () => {
  const parities = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n].map((scalar) => {
    const point = secp256k1.Point.BASE.multiply(scalar)
    const { x, y } = point.toAffine()
    expect(onChainGroupKey(toHex(point.toBytes()))).toEqual({ x, parity: Number(y & 1n) })
    return y & 1n
  })
  expect(new Set(parities).size).toBe(2)
  expect(() => onChainGroupKey(`0x04${'11'.repeat(32)}`)).toThrow('02 or 03')
})
