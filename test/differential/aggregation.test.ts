import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Contract } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { plimsollArtifact } from '../../contracts/script/artifacts.ts'
import { deployAuditor } from '../../contracts/script/deploy-plimsoll.ts'
import { type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import type { Domain } from '../../oracle-node/core/domain.ts'
import {
  addressOf,
  fallbackBits,
  fallbackFeeds,
  type Observation,
  type SignedObservation,
  signObservation,
} from '../../oracle-node/core/observation.ts'
import { packRecord } from '../../oracle-node/core/record.ts'
import { aggregate, medianRecord, recordsRoot } from '../../oracle-node/core/report.ts'
import { nodeIndex, unixSeconds } from '../../oracle-node/core/units.ts'
import { contractAt, type Devnet, deployHarness, revertOf, startDevnet, view } from '../contracts/chain.ts'
import { MODEL_SET, sampleFeeds } from '../contracts/samples.ts'
import { randomHex, randomRecord } from '../contracts/signing.ts'
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts'
import '../contracts/timeouts.ts'

let devnet: Devnet
let harness: Contract
let auditor: Contract
beforeAll(async () => {
  devnet = await startDevnet()
  harness = await deployHarness(devnet)
  const artifact = plimsollArtifact('src/ReportAuditor.sol', 'ReportAuditor')
  auditor = contractAt(devnet, await deployAuditor(devnet.admin), artifact.abi)
})
afterAll(() => devnet.close())

test('medians are the same in TypeScript and Solidity on 1,000 random sets of records', async () => {
  const random = seededRandom('median twins')
  for (let batch = 0; batch < 20; batch += 1) {
    const sets = Array.from({ length: 50 }, () => {
      const f = random.below(4)
      const records = Array.from({ length: 2 * f + 1 + random.below(f + 2) }, () => randomRecord(random))
      // Real nodes mostly agree: half of the sets hold prices within a thousandth of each other.
      if (random.chance(0.5)) return { f, records }
      return { f, records: records.map((each) => ({ ...each, priceE8: 200_000_000n + BigInt(random.below(200_000)) })) }
    })
    const onChain = (await view(
      harness,
      'aggregateAll',
      sets.map(({ records }) => records.map(packRecord)),
      sets.map(({ f }) => f),
    )) as bigint[]
    expect(Array.from(onChain)).toEqual(sets.map(({ records, f }) => packRecord(medianRecord(records, f))))
  }
})

test('too few records for the liars there may be are refused', async () => {
  const records = [1, 2, 3, 4].map(() => packRecord(randomRecord(seededRandom('few'))))
  const harnessErrors = contractAt(devnet, await harness.getAddress(), [
    ...(plimsollArtifact('harness/Harness.sol', 'Harness').abi as string[]),
    ...(plimsollArtifact('src/ReportAuditor.sol', 'ReportAuditor').abi as string[]),
  ])
  expect(await revertOf(harnessErrors, 'aggregateAll', [records], [2])).toBe('TooFewObservations(4, 5)')
})

const DOMAIN: Domain = { chainId: 31_337n, oracle: '0x1234567890123456789012345678901234567890' }

function signedObservations(random: SeededRandom, count: number): { signed: SignedObservation[]; operators: Hex[] } {
  const keys = Array.from({ length: count }, () => secp256k1.utils.randomSecretKey(random.bytes(48)))
  const signed = keys.map((key, index) => {
    // A node leaves out what it could not judge.
    const values = sampleFeeds(4)
      .filter(() => random.chance(0.8))
      .map((feed) => ({ feed, record: randomRecord(random) }))
    const observation: Observation = {
      epoch: 3,
      round: 1_000 + count,
      node: nodeIndex(2 * index + 1),
      observedAt: unixSeconds(1_700_000_000 + random.below(60)),
      modelSet: MODEL_SET,
      featuresHash: randomHex(random),
      fallbacks: fallbackBits(values.map(() => random.chance(0.3))),
      values,
    }
    return signObservation(DOMAIN, observation, key)
  })
  return { signed, operators: keys.map((key) => addressOf(secp256k1.getPublicKey(key, false))) }
}

function auditArguments(signed: readonly SignedObservation[], f: number): [unknown, unknown[], Hex[]] {
  const first = signed[0]?.observation
  const round = { oracle: DOMAIN.oracle, epoch: first?.epoch, round: first?.round, modelSet: first?.modelSet, f }
  const observations = signed.map(({ observation }) => ({
    ...observation,
    feeds: observation.values.map(({ feed }) => feed),
    records: observation.values.map(({ record }) => packRecord(record)),
  }))
  return [round, observations, signed.map(({ signature }) => signature)]
}

test('the auditor rebuilds the report of 60 random rounds from their signed observations', async () => {
  for (let index = 0; index < 60; index += 1) {
    const random = seededRandom(`audit ${index}`)
    const f = random.below(3)
    const { signed, operators } = signedObservations(random, 2 * f + 1 + random.below(f + 1))
    const expected = aggregate(
      DOMAIN,
      signed.map(({ observation }) => observation),
      f,
    )
    const audit = (await view(auditor, 'audit', ...auditArguments(signed, f))) as Record<string, unknown>
    expect(Array.from(audit['signers'] as string[], (each) => each.toLowerCase())).toEqual(operators)
    if (!expected.ok) {
      expect(expected.reason).toBe('no-feed-observed-enough')
      expect(audit['feeds']).toHaveLength(0)
      continue
    }
    const { report } = expected
    expect(audit['time']).toBe(BigInt(report.time))
    expect(audit['observationsRoot']).toBe(report.observationsRoot)
    expect(audit['recordsRoot']).toBe(toHex(recordsRoot(report)))
    expect(Array.from(audit['feeds'] as string[])).toEqual(report.values.map(({ feed }) => feed))
    const fellBack = signed.flatMap(({ observation }) => fallbackFeeds(observation))
    expect(Array.from(audit['fallbacks'] as bigint[])).toEqual(
      report.values.map(({ feed }) => BigInt(fellBack.filter((each) => each === feed).length)),
    )
    expect(Array.from(audit['records'] as bigint[])).toEqual(report.values.map(({ record }) => packRecord(record)))
  }
})

test('the auditor refuses a node twice, a feed twice, a short list and a bad signature', async () => {
  const { signed } = signedObservations(seededRandom('audit refusals'), 5)
  const [round, observations, signatures] = auditArguments(signed, 2)
  const twice = observations.map((each, index) => (index === 1 ? observations[0] : each))
  expect(await revertOf(auditor, 'audit', round, twice, signatures)).toBe('UnsortedNodes(1, 1)')
  const [feed] = sampleFeeds(1)
  const doubled = [{ ...(observations[0] as object), feeds: [feed, feed], records: [1, 1] }, ...observations.slice(1)]
  expect(await revertOf(auditor, 'audit', round, doubled, signatures)).toBe(`UnsortedFeeds(${feed}, ${feed})`)
  const flagged = (fallbacks: bigint, feeds: readonly unknown[]) => [
    { ...(observations[0] as object), fallbacks, feeds, records: feeds.map(() => 1) },
    ...observations.slice(1),
  ]
  expect(await revertOf(auditor, 'audit', round, flagged(2n, [feed]), signatures)).toBe('FallbackWithoutFeed(2, 1)')
  expect(await revertOf(auditor, 'audit', round, flagged(1n, []), signatures)).toBe('FallbackWithoutFeed(1, 0)')
  const unequal = [{ ...(observations[0] as object), feeds: [feed], records: [] }, ...observations.slice(1)]
  expect(await revertOf(auditor, 'audit', round, unequal, signatures)).toBe('LengthMismatch(0, 1)')
  expect(await revertOf(auditor, 'audit', round, observations.slice(1), signatures.slice(1))).toBe(
    'TooFewObservations(4, 5)',
  )
  expect(await revertOf(auditor, 'audit', round, observations, signatures.slice(1))).toBe('LengthMismatch(4, 5)')
  const short = ['0x1234', ...signatures.slice(1)]
  expect(await revertOf(auditor, 'audit', round, observations, short)).toBe('ECDSAInvalidSignatureLength(2)')
})

test('a changed observation has another signer', async () => {
  const { signed, operators } = signedObservations(seededRandom('audit change'), 3)
  const [round, observations, signatures] = auditArguments(signed, 1)
  const [first] = signed
  if (first === undefined || first.observation.values.length === 0) throw new Error('an observation with a value')
  for (const change of [{ featuresHash: MODEL_SET }, { fallbacks: first.observation.fallbacks ^ 1n }]) {
    const changed = [{ ...(observations[0] as object), ...change }, ...observations.slice(1)]
    const audit = (await view(auditor, 'audit', round, changed, signatures)) as { signers: string[] }
    expect(audit.signers[0]?.toLowerCase()).not.toBe(operators[0])
    expect(audit.signers[1]?.toLowerCase()).toBe(operators[1])
  }
})
