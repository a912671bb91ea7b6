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
 * Whose turn it is. A round's leaders are its members in an order that is drawn by hashes which everyone can check, so that n
 * attempts pass by every member once, f silent leaders cost f attempts at most, and nobody can place two of them behind each other
 * in every round, as the order of their numbers would.
 */
export function leaderOf(committee: Committee, round: number, attempt: number): NodeIndex {
  const members = committee.operators.length
  invariant(members > 0, 'a committee has members')
  const leader = leaderOrder(committee, round, (attempt % members) + 1).at(-1)
  invariant(leader !== undefined, 'an order has as many leaders as were asked for')
  return leader
}

/**
 * How many members transmit before this one: the round's leaders in their order. Not by the attempt that a certificate names, which
 * nobody signs: each member could be told another, and all would pay.
 */
export function transmissionPosition(committee: Committee, round: number, node: NodeIndex): number {
  return leaderOrder(committee, round, committee.operators.length).indexOf(node)
}

/** The first `count` of the round's leaders: Fisher and Yates' shuffle, its draws 256-bit hashes, so that their bias is below 2⁻²⁴⁸. */
function leaderOrder(committee: Committee, round: number, count: number): NodeIndex[] {
  const left = [...membersOf(committee)]
  return Array.from({ length: count }, (_, place) => {
    const drawn = keccak(LEADER_DOMAIN, word(committee.epoch), word(round), word(place))
    const [leader] = left.splice(Number(toBigInt(drawn) % BigInt(left.length)), 1)
    invariant(leader !== undefined, 'as many leaders as members at most')
    return leader
  })
}

/** Whether a set of signers is a quorum of different members. */
export function isSignerSet(committee: Committee, signers: readonly number[]): boolean {
  const distinct = new Set(signers)
  const known = signers.every((node) => node >= 1 && node <= committee.operators.length)
  return known && distinct.size === signers.length && signers.length === quorumOf(committee)
}
