import { secp256k1 } from '@noble/curves/secp256k1.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { fromHex, type Hex, keccak, toHex, word } from '../core/bytes.ts'
import { linearCombination } from '../core/group.ts'
import type { Observation } from '../core/observation.ts'
import { packRecord, RECORD_LAYOUT } from '../core/record.ts'
import { encodeCommitments, signerFactors } from '../core/signing-session.ts'
import { onChainGroupKey, onChainSignature } from '../core/threshold.ts'
import type { Claim, Evidence, Subject } from '../protocol/evidence.ts'

/** A call of the Solidity library: the function's name and its arguments, as `contracts/src/libraries/Evidence.sol` takes them. */
export type EvidenceCall = { readonly method: string; readonly args: readonly unknown[] }

/** `Verdict` of the Solidity library, in its order. */
export const VERDICTS = [
  'malformed',
  'not-signed',
  'no-contradiction',
  'share-is-right',
  'within-range',
  'not-certified',
  'proven',
] as const

/** Evidence as the chain takes it. The tolerance of a deviation is the contract's own, and comes last there. */
export function evidenceCall({ subject, claim }: Evidence): EvidenceCall {
  return { method: methodOf(claim), args: [accusedOf(subject), ...argumentsOf(subject, claim)] }
}

function methodOf({ kind }: Claim): string {
  return kind.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}

function accusedOf(subject: Subject): object {
  const { domain, epoch, node, operator } = subject
  const [group, own] = [onChainGroupKey(subject.groupKey), onChainGroupKey(subject.verifyingShare)]
  const keys = { groupKeyX: group.x, groupKeyParity: group.parity, keyX: own.x, keyParity: own.parity }
  return { oracle: domain.oracle, epoch, node, operator, ...keys }
}

function argumentsOf(subject: Subject, claim: Claim): unknown[] {
  switch (claim.kind) {
    case 'observer-equivocation': {
      const { first, second } = claim
      const statements = [first, second].map(({ observation }) => hashed(observation))
      return [first.observation.round, statements, [first.signature, second.signature]]
    }
    case 'leader-equivocation': {
      const { first, second } = claim
      const { round, attempt } = first.statement
      return [round, attempt, [first.statement, second.statement], [first.signature, second.signature]]
    }
    case 'invalid-share': {
      const { statement, signature } = claim.share
      const commitments = toHex(encodeCommitments(claim.signers))
      return [{ ...statement, share: BigInt(statement.share), commitments }, signature, shareHints(subject, claim)]
    }
    case 'impossible-value': {
      const { observation, signature } = claim.signed
      return [observation.round, observation.modelSet, whole(observation), signature]
    }
    case 'deviation': {
      const { report, signed, feed, field } = claim
      const { feeds, records } = columns(report.values)
      const certificate = onChainSignature(claim.signature)
      const place = RECORD_LAYOUT.findIndex(([name]) => name === field)
      return [{ ...report, feeds, records }, certificate, whole(signed.observation), signed.signature, feed, place]
    }
  }
}

/** By its hashes: what two observations say is not asked. */
function hashed({ observedAt, fallbacks, modelSet, featuresHash, values }: Observation): object {
  const pairs = values.flatMap(({ feed, record }) => [fromHex(feed, 32), word(packRecord(record))])
  return { observedAt, fallbacks, modelSet, featuresHash, valuesHash: toHex(keccak(concatBytes(...pairs))) }
}

function whole({ values, ...observation }: Observation): object {
  return { ...observation, ...columns(values) }
}

function columns(values: Observation['values']): {
  readonly feeds: readonly Hex[]
  readonly records: readonly bigint[]
} {
  return { feeds: values.map(({ feed }) => feed), records: values.map(({ record }) => packRecord(record)) }
}

/** What the contract checks in place of computing it: zero where the claim holds no such point, which it will find. */
function shareHints(subject: Subject, { share, signers }: Extract<Claim, { kind: 'invalid-share' }>): object {
  const own = signers.find(({ node }) => node === subject.node)
  const { groupKey } = subject
  const digest = fromHex(share.statement.digest, 32)
  const factor = signerFactors({ groupKey, signers, digest })?.get(subject.node)
  const bound = own && factor && linearCombination([[factor.binding, own.binding]])
  if (own === undefined || bound === undefined) return { hidingY: 0n, boundX: 0n, boundY: 0n }
  const [hiding, binding] = [own.hiding, bound].map((point) => secp256k1.Point.fromBytes(fromHex(point, 33)).toAffine())
  return { hidingY: hiding?.y, boundX: binding?.x, boundY: binding?.y }
}
