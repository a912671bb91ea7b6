import { secp256k1_FROST as FROST, secp256k1 } from '@noble/curves/secp256k1.js'
import { type Hex, toBigInt, toHex } from '../../oracle-node/core/bytes.ts'
import type { Domain } from '../../oracle-node/core/domain.ts'
import type { FeedId } from '../../oracle-node/core/feed.ts'
import { packRecord, RECORD_LAYOUT, type RiskRecord, unpackRecord } from '../../oracle-node/core/record.ts'
import { type Report, reportDigest } from '../../oracle-node/core/report.ts'
import { onChainGroupKey, onChainSignature } from '../../oracle-node/core/threshold.ts'
import type { SeededRandom } from '../support/seeded-random.ts'

/** A whole group key in one hand: its signatures are the same bytes that a committee's are. */
export type TestGroup = {
  readonly x: bigint
  readonly parity: 0 | 1
  sign(digest: Uint8Array): OnChainSignature
}
export type OnChainSignature = ReturnType<typeof onChainSignature>

/** A random group with a key of the parity asked for. */
export function testGroup(random: SeededRandom, parity?: 0 | 1): TestGroup {
  for (;;) {
    const secret = FROST.utils.randomScalar(random.bytes)
    const key = onChainGroupKey(toHex(secp256k1.getPublicKey(secret, true)))
    if (parity !== undefined && key.parity !== parity) continue
    return { ...key, sign: (digest) => onChainSignature(toHex(FROST.sign(digest, secret))) }
  }
}

/** A report as the contract's ABI takes it. */
export type AbiReport = {
  readonly epoch: number
  readonly round: number
  readonly time: number
  readonly modelSet: Hex
  readonly observationsRoot: Hex
  readonly feeds: readonly FeedId[]
  readonly records: readonly bigint[]
}

export function abiReport({ values, ...header }: Report): AbiReport {
  return {
    ...header,
    feeds: values.map(({ feed }) => feed),
    records: values.map(({ record }) => packRecord(record)),
  }
}

/** `update`'s arguments. */
export function signedUpdate(group: TestGroup, domain: Domain, report: Report): [AbiReport, OnChainSignature] {
  return [abiReport(report), group.sign(reportDigest(domain, report))]
}

/** Any 256-bit word, as a record: small fields and extreme ones both come up. */
export function randomRecord(random: SeededRandom): RiskRecord {
  const values = toBigInt(random.bytes(32))
  const cuts = random.bytes(RECORD_LAYOUT.length)
  let mask = 0n
  RECORD_LAYOUT.forEach(([, width], index) => {
    const bits = (cuts[index] ?? 0) % (width + 1)
    mask = (mask << BigInt(width)) | ((1n << BigInt(bits)) - 1n)
  })
  return unpackRecord(values & mask)
}

export function randomHex(random: SeededRandom): Hex {
  return toHex(random.bytes(32))
}
