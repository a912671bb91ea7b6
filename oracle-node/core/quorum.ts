import { invariant } from './errors.ts'

/** How many members may lie, crash or stay silent in a committee of n: the largest f with n ≥ 3f + 1. */
export function faultyMax(members: number): number {
  invariant(Number.isInteger(members) && members >= 1, `a committee has members, got ${members}`)
  return Math.floor((members - 1) / 3)
}

/**
 * 2f + 1. As observations: the median lies between two honest values. As signers: any two such sets of one committee share an
 * honest member, who signs one report a round, so two reports of one round can't both be signed.
 */
export function quorum(members: number): number {
  return 2 * faultyMax(members) + 1
}
