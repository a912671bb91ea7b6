import { invariant } from './errors.ts'

/** How many members may lie, crash or stay silent in a committee of n: the largest f with n ≥ 3f + 1. */
export function faultyMax(members: number): number {
  invariant(Number.isInteger(members) && members >= 1, `a committee has members, got ${members}`)
  return Math.floor((members - 1) / 3)
}

/**
 * ⌈(n + f + 1) / 2⌉: 2f + 1 for n = 3f + 1, and one or two more for the sizes between. As observations: the median lies between
 * two honest values. As signers: any two such sets share f + 1 members, so an honest one, who signs one report a round: two
 * reports of one round can't both be signed. With f members gone it can still be reached.
 */
export function quorum(members: number): number {
  return Math.ceil((members + faultyMax(members) + 1) / 2)
}
