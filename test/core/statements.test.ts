import { TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../../oracle-node/core/bytes.ts'
import { encodeCommitments } from '../../oracle-node/core/signing-session.ts'
import {
  commitmentsHash,
  observationsHash,
  type ProposalStatement,
  proposalDigest,
  recoverProposer,
  recoverSharer,
  type ShareStatement,
  shareDigest,
  signProposal,
  signShareStatement,
} from '../../oracle-node/core/statements.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { anyHex } from '../support/arbitraries.ts'
import { DOMAIN, memberOf, nodesOf, observationOf, signedBy } from '../support/committee.ts'
import { signersOf } from '../support/committee-messages.ts'

const world = makeWorld(4)
const counter = fc.nat({ max: 2 ** 31 - 1 })
const place = { epoch: counter, round: counter, attempt: counter, session: counter }
const node = fc.integer({ min: 1, max: 4 }).map(nodeIndex)
const anyProposal: fc.Arbitrary<ProposalStatement> = fc.record({
  ...place,
  node,
  observationsHash: anyHex(32),
  commitmentsHash: anyHex(32),
})
const anyShare: fc.Arbitrary<ShareStatement> = fc.record({
  ...place,
  node,
  digest: anyHex(32),
  commitmentsHash: anyHex(32),
  groupCommitment: anyHex(33),
  share: anyHex(32),
})

const ENCODER_DOMAIN = {
  name: 'Plimsoll',
  version: '1',
  chainId: DOMAIN.chainId,
  verifyingContract: DOMAIN.oracle,
}
const PLACE = [
  { name: 'epoch', type: 'uint64' },
  { name: 'round', type: 'uint64' },
  { name: 'attempt', type: 'uint64' },
  { name: 'session', type: 'uint64' },
  { name: 'node', type: 'uint16' },
]

test('digests are what any EIP-712 library computes', () => {
  const proposal = [
    ...PLACE,
    { name: 'observationsHash', type: 'bytes32' },
    { name: 'commitmentsHash', type: 'bytes32' },
  ]
  const share = [
    ...PLACE,
    { name: 'digest', type: 'bytes32' },
    { name: 'commitmentsHash', type: 'bytes32' },
    { name: 'groupCommitment', type: 'bytes' },
    { name: 'share', type: 'bytes32' },
  ]
  fc.assert(
    fc.property(anyProposal, anyShare, (proposed, shared) => {
      expect(toHex(proposalDigest(DOMAIN, proposed))).toBe(
        TypedDataEncoder.hash(ENCODER_DOMAIN, { Proposal: proposal }, proposed),
      )
      expect(toHex(shareDigest(DOMAIN, shared))).toBe(TypedDataEncoder.hash(ENCODER_DOMAIN, { Share: share }, shared))
    }),
    { numRuns: 50 },
  )
})

test('a statement is its signer’s, and with any field changed it is not', () => {
  fc.assert(
    fc.property(anyProposal, anyShare, fc.nat(), (proposed, shared, pick) => {
      const { operatorKey, operator } = memberOf(world, proposed.node)
      const signature = signProposal(DOMAIN, proposed, operatorKey)
      expect(recoverProposer(DOMAIN, proposed, signature)).toBe(operator)
      expect(recoverProposer(DOMAIN, altered(proposed, pick), signature)).not.toBe(operator)
      const share = signShareStatement(DOMAIN, shared, operatorKey)
      expect(recoverSharer(DOMAIN, shared, share)).toBe(operator)
      expect(recoverSharer(DOMAIN, altered(shared, pick), share)).not.toBe(operator)
      expect(recoverProposer({ ...DOMAIN, chainId: 1n }, proposed, signature)).not.toBe(operator)
    }),
    { numRuns: 50 },
  )
})

function altered<T extends object>(statement: T, pick: number): T {
  const keys = Object.keys(statement) as Array<keyof T>
  const key = keys[pick % keys.length] as keyof T
  const value = statement[key]
  const last = typeof value === 'string' && value.endsWith('0') ? '1' : '0'
  return { ...statement, [key]: typeof value === 'number' ? value + 1 : `${String(value).slice(0, -1)}${last}` }
}

test('what a proposal holds is bound by its hashes: each observation and its place, each commitment but not its place', () => {
  const observations = nodesOf(world).map((each) => signedBy(world, observationOf(each, 3)))
  const hashes = [observations, observations.slice(1), observations.toReversed()].map((each) =>
    toHex(observationsHash(each)),
  )
  expect(new Set(hashes).size).toBe(3)
  const signers = signersOf(world, 'bound')
  expect(encodeCommitments(signers)).toHaveLength(4 * 98)
  expect(commitmentsHash(signers.toReversed())).toEqual(commitmentsHash(signers))
  expect(commitmentsHash(signers.slice(1))).not.toEqual(commitmentsHash(signers))
  expect(commitmentsHash(signersOf(world, 'others'))).not.toEqual(commitmentsHash(signers))
})
