import { readFileSync } from 'node:fs'
import { secp256k1_FROST as FROST, secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import {
  proveEquality,
  provePossession,
  proveSealingKey,
  provesEquality,
  provesPossession,
  provesSealingKey,
} from '../../oracle-node/core/dealing-proofs.ts'
import { baseMultiple, ORDER, sharedPoint } from '../../oracle-node/core/group.ts'
import { openShare, sealShare } from '../../oracle-node/core/sealed-share.ts'
import {
  commitmentAt,
  commitmentOf,
  evaluate,
  lagrangeWeights,
  shareFits,
  sumOfCommitments,
  weightedSum,
} from '../../oracle-node/core/sharing.ts'
import { identifierOf } from '../../oracle-node/core/threshold.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { seededRandom } from '../support/seeded-random.ts'

const { Fn } = secp256k1.Point
const scalar = fc.bigInt({ min: 1n, max: ORDER - 1n })
const point = (secret: bigint): Hex => baseMultiple(secret) as Hex

type Vector = {
  readonly groupKey: Hex
  readonly dealers: ReadonlyArray<{
    readonly polynomial: readonly Hex[]
    readonly commitment: readonly Hex[]
    readonly received: Readonly<Record<string, Hex>>
    readonly verifyingShare: Hex
    readonly share: Hex
  }>
}
const vector: Vector = JSON.parse(readFileSync(new URL('../vectors/frost-dkg-secp256k1.json', import.meta.url), 'utf8'))

describe('the Zcash Foundation’s key generation', () => {
  const polynomials = vector.dealers.map(({ polynomial }) => polynomial.map(BigInt))
  const commitments = vector.dealers.map(({ commitment }) => commitment)

  test('commits to polynomials and deals shares as ours does', () => {
    expect(polynomials.map(commitmentOf)).toEqual(commitments)
    for (const [index, { received }] of vector.dealers.entries()) {
      for (const [dealer, share] of Object.entries(received)) {
        const own = nodeIndex(index + 1)
        expect(evaluate(polynomials[Number(dealer) - 1] ?? [], own)).toBe(BigInt(share))
        expect(shareFits(BigInt(share), commitments[Number(dealer) - 1] ?? [], own)).toBe(true)
        expect(shareFits(BigInt(share) + 1n, commitments[Number(dealer) - 1] ?? [], own)).toBe(false)
      }
    }
  })

  test('comes to the same key, shares and verifying shares', () => {
    const weights = [1n, 1n, 1n]
    const keys = sumOfCommitments({ commitments, weights, threshold: 2, members: 3 })
    expect(keys?.groupKey).toBe(vector.groupKey)
    expect(keys?.verifyingShares).toEqual(vector.dealers.map(({ verifyingShare }) => verifyingShare))
    for (const [index, { share }] of vector.dealers.entries()) {
      const own = nodeIndex(index + 1)
      expect(
        weightedSum(
          weights,
          polynomials.map((each) => evaluate(each, own)),
        ),
      ).toBe(BigInt(share))
    }
  })
})

test('any as many shares as coefficients give the value at 0, and the commitments at each number are the shares times G', () => {
  fc.assert(
    fc.property(
      fc.array(scalar, { minLength: 1, maxLength: 5 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 5, maxLength: 8 }),
      (polynomial, numbers) => {
        const members = numbers.map(nodeIndex)
        const shares = members.map((member) => evaluate(polynomial, member))
        expect(weightedSum(lagrangeWeights(members), shares)).toBe(polynomial[0])
        const commitment = commitmentOf(polynomial)
        expect(members.map((member) => commitmentAt(commitment, member))).toEqual(shares.map(point))
      },
    ),
    { numRuns: 30 },
  )
})

test('a key is not made of what is no point, nor of commitments that cancel out', () => {
  const sum = (commitments: Hex[][]) => sumOfCommitments({ commitments, weights: [1n, 1n], threshold: 2, members: 4 })
  const [a, b] = [point(5n), point(9n)]
  expect(
    sum([
      [a, b],
      [a, b],
    ]),
  ).toBeDefined()
  expect(
    sum([
      [a, b],
      [point(ORDER - 5n), b],
    ]),
  ).toBeUndefined()
  expect(sum([[a, b], [a]])).toBeUndefined()
  expect(
    sum([
      [a, b],
      [a, `0x02${'ff'.repeat(32)}`],
    ]),
  ).toBeUndefined()
})

describe('a proof of possession', () => {
  test('is noble’s: each takes the other’s, and neither takes it for another dealer', () => {
    const random = seededRandom('possession')
    const [one, two] = [nodeIndex(1), nodeIndex(2)]
    const signers = { min: 2, max: 3 }
    const made = FROST.DKG.round1(identifierOf(two), signers, undefined, random.bytes)
    const constant = toHex(made.public.commitment[0] as Uint8Array)
    expect(provesPossession(two, constant, toHex(made.public.proofOfKnowledge))).toBe(true)
    expect(provesPossession(one, constant, toHex(made.public.proofOfKnowledge))).toBe(false)
    const polynomial = [77n, 88n]
    const proof = provePossession(one, 77n, 1234n)
    const others = [one, nodeIndex(3)].map((dealer) => ({
      identifier: identifierOf(dealer),
      commitment: commitmentOf(polynomial).map((each) => fromHex(each)),
      proofOfKnowledge: fromHex(dealer === one ? proof : provePossession(dealer, 77n, 99n)),
    }))
    expect(() => FROST.DKG.round2(made.secret, others)).not.toThrow()
    const swapped = others.map((each, index) => ({ ...each, identifier: others[1 - index]?.identifier ?? '' }))
    expect(() => FROST.DKG.round2(made.secret, swapped)).toThrow()
  })

  test('does not verify with any bit changed, nor as garbage', () => {
    const proof = fromHex(provePossession(nodeIndex(1), 77n, 1234n))
    for (let bit = 0; bit < 8 * proof.length; bit += 13) {
      const changed = Uint8Array.from(proof)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(provesPossession(nodeIndex(1), point(77n), toHex(changed))).toBe(false)
    }
    for (const wrong of ['0x', `0x02${'ff'.repeat(64)}`, `0x${'00'.repeat(65)}`] as Hex[])
      expect(provesPossession(nodeIndex(1), point(77n), wrong)).toBe(false)
  })
})

test('a proof of a sealing key holds for its dealer in its ceremony, and for nobody else', () => {
  const label = { ceremony: `0x${'ab'.repeat(32)}` as Hex, dealer: nodeIndex(2) }
  const proof = proveSealingKey(label, 77n, 1234n)
  expect(provesSealingKey(label, point(77n), proof)).toBe(true)
  expect(provesSealingKey({ ...label, dealer: nodeIndex(3) }, point(77n), proof)).toBe(false)
  expect(provesSealingKey({ ...label, ceremony: `0x${'ac'.repeat(32)}` }, point(77n), proof)).toBe(false)
  expect(provesSealingKey(label, point(78n), proof)).toBe(false)
  // Nor does the proof of one kind do for the other.
  expect(provesPossession(label.dealer, point(77n), proof)).toBe(false)
  expect(provesSealingKey(label, point(77n), provePossession(label.dealer, 77n, 1234n))).toBe(false)
})

describe('a sealed share', () => {
  const label = { ceremony: `0x${'ab'.repeat(32)}` as Hex, dealer: nodeIndex(2), receiver: nodeIndex(3) }

  test('is opened by the point that both sides compute, as noble computes it, and by no other label', () => {
    fc.assert(
      fc.property(scalar, scalar, fc.bigInt({ min: 0n, max: ORDER - 1n }), (dealer, receiver, share) => {
        const shared = sharedPoint(dealer, point(receiver)) as Hex
        expect(shared).toBe(sharedPoint(receiver, point(dealer)))
        expect(shared).toBe(point(Fn.mul(dealer, receiver)))
        const text = sealShare(share, shared, label)
        expect(openShare(text, shared, label)).toBe(share)
        expect(openShare(text, shared, { ...label, receiver: nodeIndex(4) })).not.toBe(share)
      }),
      { numRuns: 30 },
    )
    expect(openShare(`0x${'ff'.repeat(32)}`, point(1n), label)).toBeUndefined()
    expect(sharedPoint(0n, point(1n))).toBeUndefined()
    expect(sharedPoint(ORDER, point(1n))).toBeUndefined()
    expect(sharedPoint(5n, `0x02${'ff'.repeat(32)}`)).toBeUndefined()
  })

  test('comes with a proof of the point that it was sealed under, which no other point and no other proof passes', () => {
    fc.assert(
      fc.property(scalar, scalar, scalar, (secret, dealer, other) => {
        const base = point(dealer)
        const equality = { key: point(secret), base, shared: sharedPoint(secret, base) as Hex }
        const proof = proveEquality(secret, equality)
        expect(provesEquality(equality, proof)).toBe(true)
        fc.pre(other !== secret)
        const false_ = { ...equality, shared: sharedPoint(other, base) as Hex }
        expect(provesEquality(false_, proof)).toBe(false)
        // Proving what is not so, with the secret that it is not so for.
        expect(provesEquality(false_, proveEquality(secret, false_))).toBe(false)
        expect(provesEquality(false_, proveEquality(other, false_))).toBe(false)
      }),
      { numRuns: 20 },
    )
    const equality = { key: point(2n), base: point(3n), shared: point(6n) }
    for (const wrong of ['0x', `0x${'00'.repeat(64)}`, `0x${'ff'.repeat(64)}`] as Hex[])
      expect(provesEquality(equality, wrong)).toBe(false)
  })
})
