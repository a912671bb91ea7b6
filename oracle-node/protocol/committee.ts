import { type Hex, keccak, keccakText, toBigInt, word } from '../core/bytes.ts'
import { invariant } from '../core/errors.ts'
import { faultyMax, quorum } from '../core/quorum.ts'
import { type NodeIndex, nodeIndex } from '../core/units.ts'

/** Who takes part in an epoch. */
export type Committee = {
  readonly epoch: number
  /** Operators' addresses, lower case; the first is member 1's. */
  readonly operators: readonly Hex[]
}

export function membersOf(committee: Committee): readonly NodeIndex[] {
  return committee.operators.map((_, index) => nodeIndex(index + 1))
}

export function faultyOf(committee: Committee): number {
  return faultyMax(committee.operators.length)
}

export function quorumOf(committee: Committee): number {
  return quorum(committee.operators.length)
}

const LEADER_DOMAIN = keccakText('plimsoll leader')

/**
 * Whose turn it is. The round's first leader is drawn by a hash that everyone can check, and each further attempt is the next
 * member's, so that n attempts pass by every member once and f silent leaders cost f attempts.
 */
export function leaderOf(committee: Committee, round: number, attempt: number): NodeIndex {
  const members = committee.operators.length
  invariant(members > 0, 'a committee has members')
  const drawn = toBigInt(keccak(LEADER_DOMAIN, word(committee.epoch), word(round))) % BigInt(members)
  return nodeIndex(((Number(drawn) + attempt) % members) + 1)
}

/**
 * How many members transmit before this one: the round's first leader, then in turn. Not by the attempt that a certificate
 * names, which nobody signs: each member could be told another, and all would pay.
 */
export function transmissionPosition(committee: Committee, round: number, node: NodeIndex): number {
  const members = committee.operators.length
  return (node - leaderOf(committee, round, 0) + members) % members
}

/** Whether a set of signers is a quorum of different members. */
export function isSignerSet(committee: Committee, signers: readonly number[]): boolean {
  const distinct = new Set(signers)
  const known = signers.every((node) => node >= 1 && node <= committee.operators.length)
  return known && distinct.size === signers.length && signers.length === quorumOf(committee)
}
