import { StandardMerkleTree } from '@openzeppelin/merkle-tree'
import { type Contract, TypedDataEncoder } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployOracle } from '../../contracts/script/deploy-plimsoll.ts'
import { fromHex, type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import { type Domain, typedDigest } from '../../oracle-node/core/domain.ts'
import { merkleRoot } from '../../oracle-node/core/merkle.ts'
import { observationDigest } from '../../oracle-node/core/observation.ts'
import { packRecord, RECORD_LAYOUT } from '../../oracle-node/core/record.ts'
import { type Report, recordsRoot, reportDigest } from '../../oracle-node/core/report.ts'
import { nodeIndex, unixSeconds } from '../../oracle-node/core/units.ts'
import { type Devnet, deployHarness, startDevnet, view } from '../contracts/chain.ts'
import { abiReport, randomHex, randomRecord, testGroup } from '../contracts/signing.ts'
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts'
import '../contracts/timeouts.ts'

let devnet: Devnet
let harness: Contract
let domain: Domain
beforeAll(async () => {
  devnet = await startDevnet()
  harness = await deployHarness(devnet)
  const group = testGroup(seededRandom('digest'))
  const oracle = await deployOracle(devnet.admin, { groupKeyX: group.x, groupKeyParity: group.parity, epoch: 1 })
  domain = { chainId: 31_337n, oracle: oracle as Hex }
})
afterAll(() => devnet.close())

function randomReport(random: SeededRandom, count: number): Report {
  return {
    epoch: random.below(2 ** 32),
    round: random.below(2 ** 32) * 2 ** 20,
    time: unixSeconds(random.below(2 ** 32)),
    modelSet: randomHex(random),
    observationsRoot: randomHex(random),
    values: Array.from({ length: count }, () => ({ feed: randomHex(random), record: randomRecord(random) })),
  }
}

test('report digests are the same in TypeScript and Solidity on 1,000 random reports', async () => {
  const random = seededRandom('digest twins')
  for (let batch = 0; batch < 20; batch += 1) {
    const reports = Array.from({ length: 50 }, () => randomReport(random, 1 + random.below(8)))
    const onChain = await view(harness, 'digestAll', domain.oracle, reports.map(abiReport))
    expect(Array.from(onChain as string[])).toEqual(reports.map((report) => toHex(reportDigest(domain, report))))
  }
})

test('a report of each size from 1 to 64 feeds has the same digest on both sides', async () => {
  const random = seededRandom('digest sizes')
  for (let count = 1; count <= 64; count += 1) {
    const report = randomReport(random, count)
    const onChain = await view(harness, 'digestAll', domain.oracle, [abiReport(report)])
    expect(Array.from(onChain as string[])).toEqual([toHex(reportDigest(domain, report))])
  }
})

test("a report's digest is what any EIP-712 library computes", () => {
  const report = randomReport(seededRandom('712'), 3)
  const types = {
    RiskReport: [
      { name: 'epoch', type: 'uint64' },
      { name: 'round', type: 'uint64' },
      { name: 'time', type: 'uint64' },
      { name: 'modelSet', type: 'bytes32' },
      { name: 'observationsRoot', type: 'bytes32' },
      { name: 'recordsRoot', type: 'bytes32' },
    ],
  }
  const value = { ...report, recordsRoot: toHex(recordsRoot(report)) }
  const encoder = { name: 'Plimsoll', version: '1', chainId: domain.chainId, verifyingContract: domain.oracle }
  expect(TypedDataEncoder.hash(encoder, types, value)).toBe(toHex(reportDigest(domain, report)))
})

test("roots are those of OpenZeppelin's own tree for 1 to 40 leaves, on both sides", async () => {
  const random = seededRandom('roots')
  for (let count = 1; count <= 40; count += 1) {
    const { values } = randomReport(random, count)
    const pairs = values.map(({ feed, record }) => [feed, toHex(word(packRecord(record)))] as [Hex, Hex])
    const tree = StandardMerkleTree.of(pairs, ['bytes32', 'bytes32'], { sortLeaves: false })
    const feeds = pairs.map(([feed]) => feed)
    expect(
      await view(
        harness,
        'rootOfRecords',
        feeds,
        pairs.map(([, record]) => BigInt(record)),
      ),
    ).toBe(tree.root)
    const words = StandardMerkleTree.of(
      feeds.map((feed) => [feed]),
      ['bytes32'],
      { sortLeaves: false },
    )
    expect(await view(harness, 'rootOfWords', feeds)).toBe(words.root)
    expect(toHex(merkleRoot(feeds.map((feed) => fromHex(feed))))).toBe(words.root)
  }
})

test('observation digests are the same in TypeScript and Solidity on 300 random observations', async () => {
  const random = seededRandom('observation twins')
  for (let index = 0; index < 300; index += 1) {
    const { values, epoch, round, modelSet } = randomReport(random, random.below(6))
    const featuresHash = randomHex(random)
    const observation = {
      epoch,
      round,
      modelSet,
      featuresHash,
      // Any bitmap: whether one fits the values is not the digest's to judge.
      fallbacks: BigInt(randomHex(random)) >> BigInt(192 + random.below(64)),
      values,
      node: nodeIndex(1 + random.below(65_535)),
      observedAt: unixSeconds(random.below(2 ** 32)),
    }
    const structHash = await view(harness, 'hashObservation', epoch, round, modelSet, {
      ...observation,
      feeds: values.map(({ feed }) => feed),
      records: values.map(({ record }) => packRecord(record)),
    })
    const onChain = typedDigest(domain, fromHex(String(structHash)))
    expect(toHex(onChain)).toBe(toHex(observationDigest(domain, observation)))
  }
})

test('every field of 300 random records is unpacked alike, by number and by getter', async () => {
  const random = seededRandom('record twins')
  const records = Array.from({ length: 300 }, () => randomRecord(random))
  const [byNumber, byGetter] = (await view(harness, 'fieldsOf', records.map(packRecord))) as [bigint[][], bigint[][]]
  const expected = records.map((record) => RECORD_LAYOUT.map(([field]) => BigInt(record[field])))
  expect(byNumber.map((fields) => Array.from(fields))).toEqual(expected)
  expect(byGetter.map((fields) => Array.from(fields))).toEqual(expected)
})

function word(value: bigint): Uint8Array {
  return fromHex(`0x${value.toString(16).padStart(64, '0')}`)
}
