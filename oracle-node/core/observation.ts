import { concatBytes } from '@noble/hashes/utils.js'
import { fromHex, type Hex, keccak, keccakText, toHex, word } from './bytes.ts'
import { type Domain, typedDigest } from './domain.ts'
import { invariant } from './errors.ts'
import type { FeedId } from './feed.ts'
import { recoverPublicKey, signRecoverable } from './group.ts'
import { packRecord, type RiskRecord } from './record.ts'
import type { NodeIndex, UnixSeconds } from './units.ts'

/** What one node saw in one round. */
export type Observation = {
  readonly epoch: number
  readonly round: number
  readonly node: NodeIndex
  readonly observedAt: UnixSeconds
  readonly modelSet: Hex
  /** keccak256 over the features that the models were given, so that a node can be held to them. */
  readonly featuresHash: Hex
  /** Bit i, from the least significant, is set when value i was judged by the baseline and not by the models: {@link fallbackBits}. */
  readonly fallbacks: bigint
  /** Feeds strictly ascending; a node leaves out what it could not judge. */
  readonly values: ReadonlyArray<{ readonly feed: FeedId; readonly record: RiskRecord }>
}

/** An observation and its operator's signature: 65 bytes r ‖ s ‖ v over {@link observationDigest}. */
export type SignedObservation = { readonly observation: Observation; readonly signature: Hex }

/** Width of {@link Observation.fallbacks}: a bit for each of the feeds that a report may carry. */
const FALLBACK_BITS = 64

const OBSERVATION_TYPE = keccakText(
  'Observation(uint64 epoch,uint64 round,uint16 node,uint64 observedAt,bytes32 modelSet,bytes32 featuresHash,uint64 fallbacks,bytes32 valuesHash)',
)

/** The 32 bytes that an operator signs (EIP-712). The Solidity twin is `ReportDigest.observationDigest`. */
export function observationDigest(domain: Domain, observation: Observation): Uint8Array {
  const values = observation.values.flatMap(({ feed, record }) => [fromHex(feed, 32), word(packRecord(record))])
  return typedDigest(
    domain,
    keccak(
      OBSERVATION_TYPE,
      word(observation.epoch),
      word(observation.round),
      word(observation.node),
      word(observation.observedAt),
      fromHex(observation.modelSet, 32),
      fromHex(observation.featuresHash, 32),
      word(observation.fallbacks),
      keccak(concatBytes(...values)),
    ),
  )
}

/** The bitmap of an observation's flags, one a value and in its order. */
export function fallbackBits(flags: readonly boolean[]): bigint {
  invariant(flags.length <= FALLBACK_BITS, `the bitmap has ${FALLBACK_BITS} bits, ${flags.length} are needed`)
  return flags.reduce((bits, flag, index) => (flag ? bits | (1n << BigInt(index)) : bits), 0n)
}

/** Whether a bitmap says nothing of values that are not there: one that does is malformed. The Solidity twin is in `ReportAuditor`. */
export function fallbacksFit(fallbacks: bigint, count: number): boolean {
  return fallbacks >= 0n && fallbacks < 1n << BigInt(Math.min(count, FALLBACK_BITS))
}

/** The feeds that an observation's node judged by the baseline. */
export function fallbackFeeds({ fallbacks, values }: Pick<Observation, 'fallbacks' | 'values'>): FeedId[] {
  return values.flatMap(({ feed }, index) => ((fallbacks >> BigInt(index)) & 1n ? [feed] : []))
}

/** Signs an observation with the key of its operator. */
export function signObservation(domain: Domain, observation: Observation, operatorKey: Uint8Array): SignedObservation {
  return { observation, signature: signDigest(observationDigest(domain, observation), operatorKey) }
}

/** The operator's address that signed, or undefined when the signature is malformed or malleable. */
export function recoverOperator(domain: Domain, { observation, signature }: SignedObservation): Hex | undefined {
  return recoverSigner(observationDigest(domain, observation), signature)
}

/** Signs deterministically (RFC 6979), low-s as Ethereum wants: 65 bytes r ‖ s ‖ v. */
export function signDigest(digest: Uint8Array, operatorKey: Uint8Array): Hex {
  const { signature, recovery } = signRecoverable(digest, operatorKey)
  invariant(recovery === 0 || recovery === 1, 'a recovery bit is 0 or 1')
  return toHex(concatBytes(signature, Uint8Array.of(27 + recovery)))
}

/** The address that signed a digest, or undefined when the signature is malformed or malleable. */
export function recoverSigner(digest: Uint8Array, signature: Hex): Hex | undefined {
  if (!/^0x[0-9a-f]{130}$/i.test(signature)) return undefined
  const bytes = fromHex(signature, 65)
  const key = recoverPublicKey(digest, bytes.subarray(0, 64), (bytes[64] ?? 0) - 27)
  return key === undefined ? undefined : addressOf(key)
}

/** Ethereum's address of an uncompressed public key (65 bytes). */
export function addressOf(publicKey: Uint8Array): Hex {
  return toHex(keccak(publicKey.subarray(1)).subarray(12))
}
