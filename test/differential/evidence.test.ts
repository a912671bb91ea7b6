import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Contract } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deploy, plimsollArtifact } from '../../contracts/script/artifacts.ts'
import { evidenceCall, VERDICTS } from '../../oracle-node/adapters/evidence-abi.ts'
import { fromHex, type Hex, toHex, word } from '../../oracle-node/core/bytes.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { ORDER } from '../../oracle-node/core/group.ts'
import type { Observation, SignedObservation } from '../../oracle-node/core/observation.ts'
import {
  DEVIATION_FIELDS,
  DEVIATION_TOLERANCE,
  impossibility,
  isDeviation,
} from '../../oracle-node/core/out-of-range.ts'
import { packRecord, RECORD_LAYOUT, type RiskRecord } from '../../oracle-node/core/record.ts'
import { challengeOf, encodeCommitments, signerFactors } from '../../oracle-node/core/signing-session.ts'
import { onChainGroupKey, verifyShare } from '../../oracle-node/core/threshold.ts'
import { bps, type NodeIndex, nodeIndex, unixSeconds } from '../../oracle-node/core/units.ts'
import {
  type Claim,
  type Evidence,
  subjectOf,
  type Verdict,
  verifyEvidence,
} from '../../oracle-node/protocol/evidence.ts'
import { contractAt, type Devnet, startDevnet, view } from '../contracts/chain.ts'
import { sampleRecord } from '../contracts/samples.ts'
import { randomHex, randomRecord } from '../contracts/signing.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { NOW, nodesOf, observationOf, settingsOf, signedBy } from '../support/committee.ts'
import { signersOf } from '../support/committee-messages.ts'
import { certifiedReport, signedProposal, signedShare } from '../support/evidence.ts'
import { sampleEvidence } from '../support/sample-evidence.ts'
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts'
import '../contracts/timeouts.ts'

const ROUND = 21
const world = makeWorld(4)
const larger = makeWorld(16)
const nodes = nodesOf(world)
const liar = nodeIndex(3)
const TOLERANCE = { ...DEVIATION_TOLERANCE, timeSeconds: DEVIATION_TOLERANCE.seconds }

let devnet: Devnet
let harness: Contract
beforeAll(async () => {
  devnet = await startDevnet()
  const artifact = plimsollArtifact('harness/EvidenceHarness.sol', 'EvidenceHarness')
  const { address } = await deploy(devnet.admin, artifact)
  harness = contractAt(devnet, address, artifact.abi)
})
afterAll(() => devnet.close())

/** Instrumented for coverage, every line costs more than it does on a chain. */
function expectGas(gas: number, bound: number, of: string): void {
  if (process.env['HARDHAT_COVERAGE'] === undefined) expect(gas, of).toBeLessThan(bound)
}

/** What the chain says of evidence, and the gas that it takes to say it. */
async function onChain(evidence: Evidence, changes: (args: unknown[]) => void = () => undefined) {
  const { method, args } = evidenceCall(evidence)
  const all = [...args, ...(evidence.claim.kind === 'deviation' ? [TOLERANCE] : [])]
  changes(all)
  const [verdict, gas] = (await view(harness, method, ...all)) as [bigint, bigint]
  return { verdict: VERDICTS[Number(verdict)], gas: Number(gas) }
}

async function expectAlike(evidence: Evidence, expected?: Verdict): Promise<Verdict> {
  const here = verifyEvidence(evidence, DEVIATION_TOLERANCE)
  expect((await onChain(evidence)).verdict).toBe(here)
  if (expected !== undefined) expect(here).toBe(expected)
  return here
}

const against = (claim: Claim, node: NodeIndex = liar, of = world): Evidence => ({
  subject: subjectOf(settingsOf(of, node), node) as Evidence['subject'],
  claim,
})

describe('each kind of evidence', () => {
  test('is proven on both sides, against each member, at a price that is bounded', async () => {
    const bound: Record<Claim['kind'], number> = {
      'observer-equivocation': 13_000,
      'leader-equivocation': 13_000,
      'invalid-share': 35_000,
      'impossible-value': 9_000,
      deviation: 22_000,
    }
    for (const node of nodes) {
      for (const evidence of sampleEvidence(world, node)) {
        await expectAlike(evidence, 'proven')
        const { gas } = await onChain(evidence)
        expectGas(gas, bound[evidence.claim.kind], evidence.claim.kind)
      }
    }
  })

  test('proves nothing against another member, operator, epoch or oracle', async () => {
    for (const { subject, claim } of sampleEvidence(world)) {
      const others = [
        subjectOf(settingsOf(world, liar), nodeIndex(2)) as Evidence['subject'],
        { ...subject, operator: `0x${'12'.repeat(20)}` as Hex },
        { ...subject, domain: { ...subject.domain, oracle: `0x${'13'.repeat(20)}` as Hex } },
      ]
      for (const other of others) await expectAlike({ subject: other, claim }, 'not-signed')
      expect((await onChain({ subject: { ...subject, epoch: 2 }, claim })).verdict).toBe('not-signed')
    }
  })

  test('proves nothing with a signature that is malformed or malleable', async () => {
    for (const evidence of sampleEvidence(world)) {
      const { method, args } = evidenceCall(evidence)
      for (const bad of ['0x', `0x${'00'.repeat(65)}`, `0x${'ff'.repeat(65)}`, undefined] as const) {
        const changed = args.map((each) =>
          isSignature(each)
            ? (bad ?? malleated(each))
            : Array.isArray(each) && each.every(isSignature)
              ? [each[0], bad ?? malleated(each[1] as Hex)]
              : each,
        )
        expect(changed).not.toEqual(args)
        if (evidence.claim.kind === 'deviation') changed.push(TOLERANCE)
        const [verdict] = (await view(harness, method, ...changed)) as [bigint]
        expect(VERDICTS[Number(verdict)]).toBe('not-signed')
      }
    }
  })
})

const isSignature = (value: unknown): value is Hex => typeof value === 'string' && value.length === 132

/** The other signature of the same digest, that ecrecover takes as well. */
function malleated(signature: Hex): Hex {
  const bytes = fromHex(signature, 65)
  const s = BigInt(toHex(bytes.subarray(32, 64)))
  return toHex(Uint8Array.from([...bytes.subarray(0, 32), ...word(ORDER - s), bytes[64] === 27 ? 28 : 27]))
}

describe('equivocation', () => {
  test('of 60 random pairs is judged alike', async () => {
    const random = seededRandom('pairs')
    const signers = signersOf(world, 'pairs').slice(0, 3)
    const honest = nodes.map((node) => signedBy(world, observationOf(node, ROUND)))
    const verdicts = new Set<Verdict>()
    for (let each = 0; each < 60; each += 1) {
      const price = () => ({ priceE8: BigInt(1 + random.below(2)) })
      const [first, second] = [0, 1].map(() => signedBy(world, observationOf(liar, ROUND, price()))) as [
        SignedObservation,
        SignedObservation,
      ]
      verdicts.add(await expectAlike(against({ kind: 'observer-equivocation', first, second })))
      const propose = () =>
        signedProposal(
          world,
          liar,
          { observations: honest.slice(random.below(2)), signers: signers.slice(random.below(2)) },
          { round: ROUND, attempt: 1, session: random.below(2) },
        )
      verdicts.add(await expectAlike(against({ kind: 'leader-equivocation', first: propose(), second: propose() })))
    }
    expect(verdicts).toEqual(new Set<Verdict>(['proven', 'no-contradiction']))
  })
})

describe('a share', () => {
  const share = (
    node: NodeIndex,
    seed: string,
    changes: Parameters<typeof signedShare>[3] = {},
    of = world,
  ): Evidence =>
    against(
      { kind: 'invalid-share', ...signedShare(of, node, { digest: DIGEST, round: ROUND, seed }, changes) },
      node,
      of,
    )
  const DIGEST = toHex(seededRandom('digest').bytes(32))

  test('has the same binding factors on both sides, in committees of 4 and 16', async () => {
    for (const of of [world, larger]) {
      const random = seededRandom('factors')
      const { groupKey } = of.keys
      const { x, parity } = onChainGroupKey(groupKey)
      for (let each = 0; each < 20; each += 1) {
        const signers = signersOf(of, `factors ${each}`).slice(0, 1 + random.below(of.members.length))
        const digest = random.bytes(32)
        const factors = signerFactors({ groupKey, signers, digest })
        const listed = signers.map(({ node }) => node)
        const made = await view(harness, 'bindingFactors', x, parity, digest, encodeCommitments(signers), listed)
        expect(Array.from(made as bigint[])).toEqual(listed.map((node) => factors?.get(node)?.binding))
      }
    }
  })

  test('that is right is right on both sides, and as RFC 9591 verifies it', async () => {
    for (const of of [world, larger]) {
      for (const node of nodesOf(of)) {
        const evidence = share(node, `right ${node}`, {}, of)
        await expectAlike(evidence, 'share-is-right')
        const { claim } = evidence as { claim: Extract<Claim, { kind: 'invalid-share' }> }
        const digest = fromHex(DIGEST, 32)
        const z = claim.share.statement.share
        expect(verifyShare({ keys: of.keys, signers: claim.signers, digest, node, share: z })).toBe(true)
      }
    }
  })

  test('that is wrong is proven on both sides: off by little or by much, zero, above the order, for another digest', async () => {
    const random = seededRandom('wrong shares')
    for (const node of nodes) {
      const { claim } = share(node, 'wrong') as { claim: Extract<Claim, { kind: 'invalid-share' }> }
      const right = BigInt(claim.share.statement.share)
      const wrong = [
        right + 1n,
        right - 1n,
        ORDER - right,
        0n,
        ORDER,
        (right + ORDER) % 2n ** 256n,
        BigInt(randomHex(random)),
      ]
      for (const z of wrong) await expectAlike(share(node, 'wrong', { share: toHex(word(z)) }), 'proven')
      await expectAlike(share(node, 'wrong', { digest: randomHex(random) }), 'proven')
      await expectAlike(share(node, 'wrong', { groupCommitment: world.keys.groupKey }), 'proven')
    }
  })

  test('without its nonces is proven: z = λ·c·s leaves the point at infinity', async () => {
    const { claim, subject } = share(liar, 'no nonces') as Evidence & {
      claim: Extract<Claim, { kind: 'invalid-share' }>
    }
    const { groupKey } = world.keys
    const digest = fromHex(DIGEST, 32)
    const lagrange = signerFactors({ groupKey, signers: claim.signers, digest })?.get(liar)?.lagrange ?? 0n
    const challenge = challengeOf(claim.share.statement.groupCommitment, groupKey, digest)
    const secret = BigInt(toHex(world.members[liar - 1]?.secret.share ?? new Uint8Array(32)))
    const z = (((lagrange * challenge) % ORDER) * secret) % ORDER
    const keyed = secp256k1.Point.BASE.multiply(z)
    const factor = (lagrange * challenge) % ORDER
    expect(secp256k1.Point.fromBytes(fromHex(subject.verifyingShare)).multiply(factor).equals(keyed)).toBe(true)
    await expectAlike(share(liar, 'no nonces', { share: toHex(word(z)) }), 'proven')
  })

  test('with false hints convicts nobody', async () => {
    const right = share(liar, 'hints')
    const wrong = share(liar, 'hints', { share: `0x${'01'.repeat(32)}` })
    const point = secp256k1.Point.BASE.multiply(7n).toAffine()
    const { p } = secp256k1.Point.CURVE()
    for (const evidence of [right, wrong]) {
      const honest = evidenceCall(evidence).args.at(-1) as { hidingY: bigint; boundX: bigint; boundY: bigint }
      const lies = [
        { ...honest, hidingY: p - honest.hidingY },
        { ...honest, hidingY: honest.hidingY + 1n },
        { ...honest, boundX: point.x, boundY: point.y },
        { ...honest, boundY: p - honest.boundY },
        { ...honest, boundX: honest.boundX + 1n },
        { hidingY: 0n, boundX: 0n, boundY: 0n },
      ]
      for (const hints of lies) {
        expect((await onChain(evidence, (args) => args.splice(-1, 1, hints))).verdict).toBe('malformed')
      }
    }
  })

  test('with another list of commitments is not what was signed; with a list that is none, nothing is decided', async () => {
    const wrong = share(liar, 'list', { share: `0x${'01'.repeat(32)}` })
    const { claim } = wrong as { claim: Extract<Claim, { kind: 'invalid-share' }> }
    const list = toHex(encodeCommitments(claim.signers))
    const swapped = `0x${list.slice(198, 394)}${list.slice(2, 198)}`
    for (const commitments of ['0x', list.slice(0, -2), swapped]) {
      const { verdict } = await onChain(wrong, (args) => {
        args[1] = { ...(args[1] as object), commitments }
      })
      expect(verdict).toBe('not-signed')
    }
    await expectAlike(share(liar, 'list', { groupCommitment: `0x05${'11'.repeat(32)}` }), 'malformed')
  })

  test('costs little more in a large committee', async () => {
    const wrong = { share: `0x${'01'.repeat(32)}` } as const
    const [small, large] = [await onChain(share(liar, 'gas', wrong)), await onChain(share(liar, 'gas', wrong, larger))]
    expect(large.verdict).toBe('proven')
    expectGas(large.gas - small.gas, 5_000, 'what more members cost')
  })
})

describe('values', () => {
  test('of 600 random observations are impossible on both sides or on none', async () => {
    const random = seededRandom('impossible')
    const observations = Array.from({ length: 600 }, () => randomObservation(random))
    const expected = observations.map((each) => impossibility(each) !== undefined)
    const made: boolean[] = []
    for (let at = 0; at < observations.length; at += 100) {
      made.push(...((await view(harness, 'impossibleAll', observations.slice(at, at + 100).map(abiOf))) as boolean[]))
    }
    expect(made).toEqual(expected)
    expect(expected.filter(Boolean).length).toBeGreaterThan(100)
    expect(expected.filter((each) => !each).length).toBeGreaterThan(100)
  })

  test('of 1,000 random pairs of records deviate on both sides or on none', async () => {
    const random = seededRandom('deviations')
    const pairs = Array.from({ length: 1_000 }, (_, index) => {
      const observed = randomRecord(random)
      const field = DEVIATION_FIELDS[index % DEVIATION_FIELDS.length] ?? 'priceE8'
      // Half of them near their tolerance, the others anywhere.
      return { field, observed, median: random.chance(0.5) ? randomRecord(random) : near(observed, field, random) }
    })
    const made = await view(
      harness,
      'deviationAll',
      pairs.map(({ field }) => RECORD_LAYOUT.findIndex(([name]) => name === field)),
      pairs.map(({ observed }) => packRecord(observed)),
      pairs.map(({ median }) => packRecord(median)),
      TOLERANCE,
    )
    const expected = pairs.map(({ field, observed, median }) =>
      isDeviation(field, { observed, median }, DEVIATION_TOLERANCE),
    )
    expect(Array.from(made as boolean[])).toEqual(expected)
    expect(new Set(expected).size).toBe(2)
  })

  test('far from a report that is not the committee’s prove nothing', async () => {
    const honest = nodes.map((node) => signedBy(world, observationOf(node, ROUND)))
    const signed = signedBy(world, observationOf(liar, ROUND, { priceE8: 1n }))
    const certified = certifiedReport(world, honest)
    const claim = { kind: 'deviation', signed, ...certified, feed: feedOf('WETH'), field: 'priceE8' } as const
    const later = { ...certified.report, time: unixSeconds(certified.report.time + 1) }
    await expectAlike(against({ ...claim, report: later }), 'not-certified')
    await expectAlike(against({ ...claim, feed: feedOf('WBTC') }), 'malformed')
    await expectAlike(against({ ...claim, field: 'depthUsd' }), 'within-range')
  })
})

const abiOf = ({ values, ...rest }: Observation) => ({
  ...rest,
  feeds: values.map(({ feed }) => feed),
  records: values.map(({ record }) => packRecord(record)),
})

function near(record: RiskRecord, field: (typeof DEVIATION_FIELDS)[number], random: SeededRandom): RiskRecord {
  const share = BigInt(random.below(30_000))
  const value = (BigInt(record[field]) * share) / 10_000n
  const width = RECORD_LAYOUT.find(([name]) => name === field)?.[1] ?? 0
  const most = (1n << BigInt(width)) - 1n
  const cut = value > most ? most : value
  return { ...record, [field]: field === 'priceE8' ? cut : Number(cut) }
}

/** Sound ones with a fault or none. */
function randomObservation(random: SeededRandom): Observation {
  const count = random.below(4)
  const feeds = ['AAVE', 'WBTC', 'WETH'].slice(0, count)
  if (random.chance(0.1)) feeds.reverse()
  const at = random.chance(0.05) ? unixSeconds(NOW + 1) : NOW
  const share = () => bps(random.chance(0.05) ? 10_001 + random.below(50_000) : 5_000 + random.below(5_001))
  const values = feeds.map((asset) => ({
    feed: feedOf(asset),
    record: sampleRecord({
      observedAt: at,
      priceE8: random.chance(0.05) ? 0n : 1n,
      validForSeconds: random.chance(0.05) ? 0 : 1,
      valueAtRisk99Bps: bps(random.below(5_300)),
      expectedShortfall99Bps: share(),
      liquidityScoreBps: share(),
      riskScoreBps: share(),
      confidenceBps: share(),
    }),
  }))
  return observationOf(
    liar,
    ROUND,
    {},
    { values, fallbacks: BigInt(random.below(random.chance(0.1) ? 16 : 1 << count)) },
  )
}
