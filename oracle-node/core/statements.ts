import { fromHex, type Hex, keccak, keccakText, word } from './bytes.ts'
import { type Domain, typedDigest } from './domain.ts'
import { recoverSigner, type SignedObservation, signDigest } from './observation.ts'
import { encodeCommitments } from './signing-session.ts'
import type { SignerCommitment } from './threshold.ts'
import type { NodeIndex } from './units.ts'

/*
 * What an operator signs besides its observations, so that each message which can do harm is its sender's before anybody: the
 * proposals of a leader and the shares of a signer (EIP-712). The Solidity twin is `libraries/Evidence.sol`.
 */

/** Where in the protocol a statement belongs. An honest member makes one proposal and one share a session at most. */
type Place = {
  readonly epoch: number
  readonly round: number
  readonly attempt: number
  readonly session: number
  /** Who states it. */
  readonly node: NodeIndex
}

/** What a leader puts to the signers of a session. */
export type ProposalStatement = Place & {
  /** {@link observationsHash}: the same in every session of an attempt. */
  readonly observationsHash: Hex
  /** {@link commitmentsHash} of the session's signers. */
  readonly commitmentsHash: Hex
}

/** A signer's share, with all that it was computed from, so that whether it is right follows from this and the public keys. */
export type ShareStatement = Place & {
  /** The report's digest. */
  readonly digest: Hex
  readonly commitmentsHash: Hex
  /** R, compressed, as the signer computed it. */
  readonly groupCommitment: Hex
  readonly share: Hex
}

const PROPOSAL_TYPE = keccakText(
  'Proposal(uint64 epoch,uint64 round,uint64 attempt,uint64 session,uint16 node,bytes32 observationsHash,bytes32 commitmentsHash)',
)
const SHARE_TYPE = keccakText(
  'Share(uint64 epoch,uint64 round,uint64 attempt,uint64 session,uint16 node,bytes32 digest,bytes32 commitmentsHash,bytes groupCommitment,bytes32 share)',
)

/**
 * keccak256 over the observations' signatures in the proposal's order. An ECDSA signature of a known operator is of one digest only,
 * so this binds what was observed at the cost of one hash.
 */
export function observationsHash(observations: readonly SignedObservation[]): Uint8Array {
  return keccak(...observations.map(({ signature }) => fromHex(signature, 65)))
}

/** keccak256 over RFC 9591's encoding of the signers' commitments. */
export function commitmentsHash(signers: readonly SignerCommitment[]): Uint8Array {
  return keccak(encodeCommitments(signers))
}

/** The 32 bytes that a leader signs. */
export function proposalDigest(domain: Domain, statement: ProposalStatement): Uint8Array {
  const hashes = [fromHex(statement.observationsHash, 32), fromHex(statement.commitmentsHash, 32)]
  return typedDigest(domain, keccak(PROPOSAL_TYPE, ...wordsOf(statement), ...hashes))
}

/** The 32 bytes that a signer signs. */
export function shareDigest(domain: Domain, statement: ShareStatement): Uint8Array {
  return typedDigest(
    domain,
    keccak(
      SHARE_TYPE,
      ...wordsOf(statement),
      fromHex(statement.digest, 32),
      fromHex(statement.commitmentsHash, 32),
      keccak(fromHex(statement.groupCommitment, 33)),
      fromHex(statement.share, 32),
    ),
  )
}

export function signProposal(domain: Domain, statement: ProposalStatement, operatorKey: Uint8Array): Hex {
  return signDigest(proposalDigest(domain, statement), operatorKey)
}

export function signShareStatement(domain: Domain, statement: ShareStatement, operatorKey: Uint8Array): Hex {
  return signDigest(shareDigest(domain, statement), operatorKey)
}

/** The operator's address behind a signed proposal, or undefined when the signature is malformed or malleable. */
export function recoverProposer(domain: Domain, statement: ProposalStatement, signature: Hex): Hex | undefined {
  return recoverSigner(proposalDigest(domain, statement), signature)
}

/** The operator's address behind a signed share, or undefined when the signature is malformed or malleable. */
export function recoverSharer(domain: Domain, statement: ShareStatement, signature: Hex): Hex | undefined {
  return recoverSigner(shareDigest(domain, statement), signature)
}

function wordsOf({ epoch, round, attempt, session, node }: Place): Uint8Array[] {
  return [epoch, round, attempt, session, node].map(word)
}
