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

/** How many members transmit before this one: the attempt's leader first, then in turn. */
export function transmissionPosition(options: {
  readonly committee: Committee
  readonly round: number
  readonly attempt: number
  readonly node: NodeIndex
}): number {
  const { committee, round, attempt, node } = options
  const members = committee.operators.length
  return (node - leaderOf(committee, round, attempt) + members) % members
}
