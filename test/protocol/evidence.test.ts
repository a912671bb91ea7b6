import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { ORDER } from '../../oracle-node/core/group.ts'
import type { SignedObservation } from '../../oracle-node/core/observation.ts'
import { DEVIATION_TOLERANCE, impossibility, isDeviation } from '../../oracle-node/core/out-of-range.ts'
import { reportDigest } from '../../oracle-node/core/report.ts'
import { type NodeIndex, nodeIndex, unixSeconds } from '../../oracle-node/core/units.ts'
import { type Claim, type Evidence, subjectOf, verifyEvidence } from '../../oracle-node/protocol/evidence.ts'
import { sampleRecord } from '../contracts/samples.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { anyHex } from '../support/arbitraries.ts'
import { DOMAIN, NOW, nodesOf, observationOf, settingsOf, signedBy } from '../support/committee.ts'
import { signersOf } from '../support/committee-messages.ts'
import { certifiedReport, signedProposal, signedShare } from '../support/evidence.ts'
import { groupSignature } from '../support/group-signature.ts'

const ROUND = 21
const world = makeWorld(4)
const [self, liar] = [nodeIndex(1), nodeIndex(3)]
const settings = settingsOf(world, self)
const subject = (node: NodeIndex = liar) => subjectOf(settings, node) as Evidence['subject']
const verdict = (claim: Claim, node: NodeIndex = liar) =>
  verifyEvidence({ subject: subject(node), claim }, DEVIATION_TOLERANCE)

const honest = nodesOf(world).map((node) => signedBy(world, observationOf(node, ROUND)))
const own = honest[liar - 1] as SignedObservation
const other = signedBy(world, observationOf(liar, ROUND, { priceE8: 1n }))
const signers = signersOf(world, 'evidence').slice(0, 3)
const place = { round: ROUND, attempt: 2, session: 0 }

describe('two observations', () => {
  const claimOf = (first: SignedObservation, second: SignedObservation): Claim => ({
    kind: 'observer-equivocation',
    first,
    second,
  })

  test('of one round prove equivocation, in either order', () => {
    expect(verdict(claimOf(own, other))).toBe('proven')
    expect(verdict(claimOf(other, own))).toBe('proven')
  })

  test.each<readonly [string, Claim, string]>([
    ['twice the same', claimOf(own, own), 'no-contradiction'],
    ['of two rounds', claimOf(own, signedBy(world, observationOf(liar, ROUND + 1))), 'no-contradiction'],
    ['of two members', claimOf(own, honest[0] as SignedObservation), 'not-signed'],
    ['one changed on its way', claimOf(own, { ...other, observation: observationOf(liar, ROUND) }), 'not-signed'],
    ['of another epoch', claimOf(own, signedBy(world, observationOf(liar, ROUND, {}, { epoch: 2 }))), 'not-signed'],
  ])('%s prove nothing: %s', (_, claim, reason) => {
    expect(verdict(claim)).toBe(reason)
  })

  test('accuse nobody but who signed them, on no other chain', () => {
    expect(verdict(claimOf(own, other), self)).toBe('not-signed')
    const elsewhere = { ...subject(), domain: { ...DOMAIN, chainId: 1n } }
    expect(verifyEvidence({ subject: elsewhere, claim: claimOf(own, other) }, DEVIATION_TOLERANCE)).toBe('not-signed')
  })
})

describe('two proposals', () => {
  const first = signedProposal(world, liar, { observations: honest, signers }, place)
  const claimOf = (
    observations: readonly SignedObservation[],
    changes: Partial<typeof place> = {},
    others = signers,
  ): Claim => ({
    kind: 'leader-equivocation',
    first,
    second: signedProposal(world, liar, { observations, signers: others }, { ...place, ...changes }),
  })
  const less = honest.slice(1)
  const otherSigners = signersOf(world, 'others').slice(0, 3)

  test.each<readonly [string, Claim, string]>([
    ['of one session with other observations', claimOf(less), 'proven'],
    ['of one session with other signers', claimOf(honest, {}, otherSigners), 'proven'],
    ['of two sessions with other observations', claimOf(less, { session: 1 }), 'proven'],
    [
      'of two sessions with other signers, as a leader tries again',
      claimOf(honest, { session: 1 }, otherSigners),
      'no-contradiction',
    ],
    ['of two attempts', claimOf(less, { attempt: 6 }), 'no-contradiction'],
    ['of two rounds', claimOf(less, { round: ROUND + 1 }), 'no-contradiction'],
    ['twice the same', claimOf(honest), 'no-contradiction'],
  ])('%s: %s', (_, claim, expected) => {
    expect(verdict(claim)).toBe(expected)
    expect(verdict(claim, self)).toBe('not-signed')
  })
})

describe('a share', () => {
  const digest: Hex = `0x${'5a'.repeat(32)}`
  const claimOf = (node: NodeIndex, changes: Parameters<typeof signedShare>[3] = {}): Claim => ({
    kind: 'invalid-share',
    ...signedShare(world, node, { digest, round: ROUND, seed: `share of ${node}` }, changes),
  })

  test('that is right convicts nobody', () => {
    for (const node of nodesOf(world)) expect(verdict(claimOf(node), node)).toBe('share-is-right')
  })

  test('with any other scalar, digest or group commitment convicts its signer', () => {
    const scalar = fc
      .bigInt({ min: 0n, max: 2n ** 256n - 1n })
      .map((value): Hex => `0x${value.toString(16).padStart(64, '0')}`)
    fc.assert(
      fc.property(fc.constantFrom(...nodesOf(world)), scalar, anyHex(32), (node, share, wrong) => {
        expect(verdict(claimOf(node, { share }), node)).toBe('proven')
        expect(verdict(claimOf(node, { digest: wrong }), node)).toBe('proven')
        expect(verdict(claimOf(node, { groupCommitment: world.keys.groupKey }), node)).toBe('proven')
        expect(verdict(claimOf(node, { share }), nodeIndex((node % 4) + 1))).toBe('not-signed')
      }),
      { numRuns: 20 },
    )
  })

  test.each([0n, ORDER, 2n ** 256n - 1n])('that is no scalar of the group convicts its signer: %s', (value) => {
    expect(verdict(claimOf(liar, { share: `0x${value.toString(16).padStart(64, '0')}` }))).toBe('proven')
  })

  test('without the commitments that were signed decides nothing', () => {
    const claim = claimOf(liar, { share: `0x${'01'.repeat(32)}` }) as Extract<Claim, { kind: 'invalid-share' }>
    expect(verdict({ ...claim, signers })).toBe('malformed')
    expect(verdict({ ...claim, signers: claim.signers.toReversed() })).toBe('malformed')
    expect(verdict({ ...claim, signers: claim.signers.slice(1) })).toBe('malformed')
    expect(verdict({ ...claim, signers: [] })).toBe('malformed')
    const statement = { ...claim.share.statement, share: `0x${'02'.repeat(32)}` as Hex }
    expect(verdict({ ...claim, share: { ...claim.share, statement } })).toBe('not-signed')
    expect(verdict(claimOf(liar, { groupCommitment: `0x05${'11'.repeat(32)}` }))).toBe('malformed')
  })
})

describe('hard limits', () => {
  const claimOf = (signed: SignedObservation): Claim => ({ kind: 'impossible-value', signed })
  const [value] = observationOf(liar, ROUND).values
  if (value === undefined) throw new Error('a value')
  const second = { ...value, feed: feedOf('AAVE') }

  test('what an honest node says is within them', () => {
    for (const signed of honest) expect(verdict(claimOf(signed), signed.observation.node)).toBe('within-range')
  })

  test.each<readonly [string, Parameters<typeof observationOf>[2], Parameters<typeof observationOf>[3]]>([
    ['price 0', { priceE8: 0n }, {}],
    ['valid for 0', { validForSeconds: 0 }, {}],
    ['valueAtRisk99Bps 10001', { valueAtRisk99Bps: 10_001 as never, expectedShortfall99Bps: 10_002 as never }, {}],
    ['expectedShortfall99Bps 10001', { expectedShortfall99Bps: 10_001 as never }, {}],
    ['below value at risk', { valueAtRisk99Bps: 900 as never, expectedShortfall99Bps: 899 as never }, {}],
    ['liquidityScoreBps 10001', { liquidityScoreBps: 10_001 as never }, {}],
    ['riskScoreBps 10001', { riskScoreBps: 10_001 as never }, {}],
    ['confidenceBps 10001', { confidenceBps: 10_001 as never }, {}],
    ['observed at', { observedAt: unixSeconds(NOW + 1) }, {}],
    ['no value', {}, { values: [] }],
    ['does not follow', {}, { values: [value, second] }],
    ['does not follow', {}, { values: [value, value] }],
    ['bitmap', {}, { fallbacks: 2n }],
  ])('an observation is outside of them: %s', (detail, record, changes) => {
    const observation = observationOf(liar, ROUND, record, changes)
    expect(impossibility(observation)).toContain(detail)
    expect(verdict(claimOf(signedBy(world, observation)))).toBe('proven')
    expect(verdict(claimOf({ ...own, observation }))).toBe('not-signed')
  })
})

describe('a distance from the certified median', () => {
  const certified = certifiedReport(world, honest)
  const claimOf = (changes: Partial<Extract<Claim, { kind: 'deviation' }>> = {}): Claim => ({
    kind: 'deviation',
    signed: other,
    ...certified,
    feed: feedOf('WETH'),
    field: 'priceE8',
    ...changes,
  })
  const later = { ...certified.report, round: ROUND + 1 }

  test('beyond the tolerance is proven by the report', () => {
    expect(verdict(claimOf())).toBe('proven')
  })

  test.each<readonly [string, Claim, string]>([
    ['a value that is near', claimOf({ signed: own }), 'within-range'],
    ['a field that is near', claimOf({ field: 'depthUsd' }), 'within-range'],
    ['a feed that nobody reports', claimOf({ feed: feedOf('WBTC') }), 'malformed'],
    [
      'a report that nobody signed',
      claimOf({ report: { ...certified.report, time: unixSeconds(1) } }),
      'not-certified',
    ],
    ['a signature of another', claimOf({ signature: toHex(new Uint8Array(65).fill(3)) }), 'not-certified'],
    [
      'the report of another round',
      claimOf({ report: later, signature: groupSignature(world, reportDigest(DOMAIN, later), 'later') }),
      'not-certified',
    ],
    ['an observation of another', claimOf({ signed: honest[0] as SignedObservation }), 'not-signed'],
  ])('is not proven by %s', (_, claim, reason) => {
    expect(verdict(claim)).toBe(reason)
  })

  test('is measured up to the tolerance and no further', () => {
    const { priceBps, riskBps, depthFactor, seconds } = DEVIATION_TOLERANCE
    const median = sampleRecord({ priceE8: 10_000n, volatilityBps: 2_000 as never, depthUsd: 1_000, observedAt: NOW })
    const at = (changes: Parameters<typeof sampleRecord>[0]) => ({ observed: { ...median, ...changes }, median })
    const far = (field: Parameters<typeof isDeviation>[0], changes: Parameters<typeof sampleRecord>[0]) =>
      isDeviation(field, at(changes), DEVIATION_TOLERANCE)
    expect(far('priceE8', { priceE8: BigInt(10_000 + priceBps) })).toBe(false)
    expect(far('priceE8', { priceE8: BigInt(10_001 + priceBps) })).toBe(true)
    expect(far('priceE8', { priceE8: BigInt(9_999 - priceBps) })).toBe(true)
    expect(far('volatilityBps', { volatilityBps: (2_000 + riskBps) as never })).toBe(false)
    expect(far('volatilityBps', { volatilityBps: (2_001 + riskBps) as never })).toBe(true)
    // Far outright, and not by the share of a median that is large.
    const stormy = { ...median, volatilityBps: 20_000 as never }
    expect(
      isDeviation(
        'volatilityBps',
        { observed: { ...stormy, volatilityBps: 29_999 as never }, median: stormy },
        DEVIATION_TOLERANCE,
      ),
    ).toBe(false)
    expect(far('depthUsd', { depthUsd: 1_000 * depthFactor })).toBe(false)
    expect(far('depthUsd', { depthUsd: 1_000 * depthFactor + 1 })).toBe(true)
    expect(far('depthUsd', { depthUsd: 1_000 / depthFactor - 1 })).toBe(true)
    expect(far('observedAt', { observedAt: unixSeconds(NOW - seconds) })).toBe(false)
    expect(far('observedAt', { observedAt: unixSeconds(NOW - seconds - 1) })).toBe(true)
  })
})

test('who is no member can’t be accused', () => {
  expect(subjectOf(settings, nodeIndex(5))).toBeUndefined()
})
