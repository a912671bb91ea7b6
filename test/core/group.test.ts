import { secp256k1_FROST as FROST, secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import {
  baseMultiple,
  isPoint,
  linearCombination,
  ORDER,
  recoverPublicKey,
  signRecoverable,
} from '../../oracle-node/core/group.ts'
import {
  combine,
  identifierOf,
  type PublicKeys,
  signShare,
  verifyShare,
  verifySignature,
} from '../../oracle-node/core/threshold.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { seededRandom } from '../support/seeded-random.ts'

/* The native library and our own signing session, held to noble's plain TypeScript. */

const { Point } = secp256k1
const scalar = fc.bigInt({ min: 1n, max: ORDER - 1n })
const pointOf = (value: bigint): Hex => toHex(Point.BASE.multiply(value).toBytes())

test('the order is the curve’s', () => {
  expect(ORDER).toBe(Point.Fn.ORDER)
})

test('a linear combination is what noble adds up, and the identity is none', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.bigInt({ min: 0n, max: ORDER - 1n }), scalar), { maxLength: 5 }), (terms) => {
      const sum = terms.reduce(
        (total, [factor, secret]) => total.add(Point.BASE.multiply(secret).multiplyUnsafe(factor)),
        Point.ZERO,
      )
      const given = terms.map(([factor, secret]) => [factor, pointOf(secret)] as const)
      expect(linearCombination(given)).toBe(sum.is0() ? undefined : toHex(sum.toBytes()))
    }),
    { numRuns: 40 },
  )
  const point = pointOf(7n)
  expect(
    linearCombination([
      [1n, point],
      [ORDER - 1n, point],
    ]),
  ).toBeUndefined()
  expect(
    linearCombination([
      [1n, `0x${'02'.repeat(33)}`],
      [2n, `0x02${'ff'.repeat(32)}`],
    ]),
  ).toBeUndefined()
})

test('a multiple of the base point is noble’s, and there is none of zero or of the order and beyond', () => {
  fc.assert(
    fc.property(scalar, (value) => {
      expect(baseMultiple(value)).toBe(pointOf(value))
    }),
    { numRuns: 40 },
  )
  for (const wrong of [-1n, 0n, ORDER, ORDER + 1n, 1n << 256n]) expect(baseMultiple(wrong)).toBeUndefined()
})

test('any bytes are a point to us as they are to noble', () => {
  const bytes = fc.tuple(fc.constantFrom('02', '03', '04', '06', '00'), fc.uint8Array({ minLength: 32, maxLength: 33 }))
  fc.assert(
    fc.property(bytes, ([prefix, rest]) => {
      const hex: Hex = `0x${prefix}${toHex(rest).slice(2)}`
      const noble = ((): boolean => {
        try {
          Point.fromBytes(fromHex(hex, 33)).assertValidity()
          return true
        } catch {
          return false
        }
      })()
      expect(isPoint(hex)).toBe(noble)
    }),
    { numRuns: 400 },
  )
})

test('a signature is noble’s, its key is recovered as noble recovers it; a malleable or malformed one has none', () => {
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(scalar, bytes32, fc.nat(3), fc.nat(64), (secret, digest, recovery, at) => {
      const key = Point.Fn.toBytes(secret)
      const signed = secp256k1.sign(digest, key, { prehash: false, format: 'recovered' })
      const compact = signed.subarray(1)
      expect(signRecoverable(digest, key)).toEqual({ signature: compact, recovery: signed[0] })
      expect(recoverPublicKey(digest, compact, signed[0] ?? 0)).toEqual(secp256k1.getPublicKey(key, false))
      const { r, s } = secp256k1.Signature.fromBytes(compact, 'compact')
      const malleated = new secp256k1.Signature(r, ORDER - s).toBytes('compact')
      expect(recoverPublicKey(digest, malleated, 1 - (signed[0] ?? 0))).toBeUndefined()
      const flipped = compact.map((byte, index) => (index === at ? byte ^ 1 : byte))
      const other = recoverPublicKey(digest, flipped, recovery)
      if (at < 64) expect(other).not.toEqual(secp256k1.getPublicKey(key, false))
    }),
    { numRuns: 60 },
  )
  expect(recoverPublicKey(new Uint8Array(32), new Uint8Array(64), 0)).toBeUndefined()
  expect(recoverPublicKey(new Uint8Array(32), new Uint8Array(64).fill(255), 1)).toBeUndefined()
  expect(recoverPublicKey(new Uint8Array(32), new Uint8Array(63), 0)).toBeUndefined()
})

test.for([
  [2, 3],
  [3, 4],
  [5, 7],
] as const)('shares and signature of %i of %i are those that noble makes of the same nonces', ([min, max]) => {
  const random = seededRandom(`noble ${min} of ${max}`)
  const dealt = FROST.trustedDealer({ min, max }, undefined, undefined, random.bytes)
  const nodes = Array.from({ length: max }, (_, index) => nodeIndex(index + 1))
  const keys: PublicKeys = {
    threshold: min,
    members: max,
    groupKey: toHex(dealt.public.commitments[0] as Uint8Array),
    commitments: dealt.public.commitments.map((each) => toHex(each)),
    verifyingShares: nodes.map((node) => toHex(dealt.public.verifyingShares[identifierOf(node)] as Uint8Array)),
  }
  for (let run = 0; run < 4; run += 1) {
    const digest = random.bytes(32)
    const chosen = nodes.toSorted(() => random.below(3) - 1).slice(0, min + random.below(max - min + 1))
    const made = chosen.map((node) => {
      const secret = dealt.secretShares[identifierOf(node)]
      if (secret === undefined) throw new Error(`no share of node ${node}`)
      return { node, secret, ...FROST.commit(secret, random.bytes) }
    })
    const signers = made.map(({ node, commitments }) => {
      return { node, hiding: toHex(commitments.hiding), binding: toHex(commitments.binding) }
    })
    const list = made.map(({ commitments }) => commitments)
    const shares = made.map(({ node, secret, nonces }, index) => {
      const commitment = signers[index] as (typeof signers)[number]
      const own = { hiding: nonces.hiding.slice(), binding: nonces.binding.slice(), commitment }
      const share = signShare({ keys, signers, digest, secret: { node, share: secret.signingShare }, nonces: own })
      expect(share).toBe(toHex(FROST.signShare(secret, dealt.public, nonces, list, digest)))
      expect(verifyShare({ keys, signers, digest, node, share })).toBe(true)
      expect([...own.hiding, ...own.binding].every((byte) => byte === 0)).toBe(true)
      return [node, share] as const
    })
    const signature = combine({ keys, signers, digest, shares: new Map(shares) })
    const byIdentifier = Object.fromEntries(shares.map(([node, share]) => [identifierOf(node), fromHex(share, 32)]))
    expect(signature).toBe(toHex(FROST.aggregate(dealt.public, list, digest, byIdentifier)))
    expect(verifySignature(keys.groupKey, digest, signature)).toBe(true)
    expect(verifySignature(keys.groupKey, random.bytes(32), signature)).toBe(false)
  }
})
