import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Hex } from './bytes.ts'
import { invariant } from './errors.ts'
import { baseMultiple, linearCombination } from './group.ts'
import type { PublicKeys } from './threshold.ts'
import { type NodeIndex, nodeIndex } from './units.ts'

const { Fn } = secp256k1.Point

/*
 * Feldman's verifiable secret sharing over secp256k1: a polynomial whose value at 0 is shared, whose value at i is member i's share,
 * and whose coefficients times G let everybody check a share.
 */

/** Coefficients, the constant term first. Secret. */
export type Polynomial = readonly bigint[]

/** A number of 1..n−1 that follows from the parts and looks random to whoever lacks one of them (RFC 9380, hash_to_field). */
export function scalarOf(purpose: string, ...parts: readonly Uint8Array[]): bigint {
  const scalar = secp256k1_hasher.hashToScalar(concatBytes(...parts), { DST: utf8ToBytes(`plimsoll ${purpose}`) })
  invariant(scalar !== 0n, 'a hash that is zero is a broken hash')
  return scalar
}

/** The polynomial's value at a member's number: that member's share. */
export function evaluate(polynomial: Polynomial, at: NodeIndex): bigint {
  return polynomial.reduceRight((sum, coefficient) => Fn.add(Fn.mul(sum, BigInt(at)), coefficient), Fn.ZERO)
}

/** What a dealer publishes of its polynomial: each coefficient times G. */
export function commitmentOf(polynomial: Polynomial): Hex[] {
  return polynomial.map((coefficient) => {
    const point = baseMultiple(coefficient)
    invariant(point !== undefined, 'coefficients are from 1 to n − 1')
    return point
  })
}

/** The polynomial's value at a member's number, times G; undefined for the identity and for what is no point. */
export function commitmentAt(commitment: readonly Hex[], at: NodeIndex): Hex | undefined {
  const powers = commitment.map((_, exponent) => Fn.pow(BigInt(at), BigInt(exponent)))
  return linearCombination(commitment.map((point, exponent) => [powers[exponent] ?? 0n, point] as const))
}

/** Whether a share is the value, at its member's number, of the polynomial that was committed to. */
export function shareFits(share: bigint, commitment: readonly Hex[], at: NodeIndex): boolean {
  const expected = commitmentAt(commitment, at)
  return expected !== undefined && expected === baseMultiple(share)
}

/** Lagrange's coefficients at 0: what each member's share counts for in the sum that is the secret. */
export function lagrangeWeights(members: readonly NodeIndex[]): bigint[] {
  invariant(new Set(members).size === members.length, 'no member twice')
  return members.map((own) => {
    const others = members.filter((member) => member !== own).map(BigInt)
    const numerator = others.reduce((product, other) => Fn.mul(product, other), Fn.ONE)
    const denominator = others.reduce((product, other) => Fn.mul(product, Fn.sub(other, BigInt(own))), Fn.ONE)
    return Fn.mul(numerator, Fn.inv(denominator))
  })
}

/** Σ weightᵢ · shareᵢ */
export function weightedSum(weights: readonly bigint[], shares: readonly bigint[]): bigint {
  invariant(weights.length === shares.length, `${weights.length} weights for ${shares.length} shares`)
  return weights.reduce((sum, weight, index) => Fn.add(sum, Fn.mul(weight, shares[index] ?? 0n)), Fn.ZERO)
}

/**
 * The public half of the key whose polynomial is Σ weightᵢ · polynomialᵢ.
 * @returns Undefined when a coefficient of the sum is zero, which no dealer can bring about without knowing all the others' secrets.
 */
export function sumOfCommitments(options: {
  readonly commitments: ReadonlyArray<readonly Hex[]>
  readonly weights: readonly bigint[]
  readonly threshold: number
  readonly members: number
}): PublicKeys | undefined {
  const { commitments, weights, threshold, members } = options
  const sums = Array.from({ length: threshold }, (_, exponent) =>
    linearCombination(commitments.map((each, dealer) => [weights[dealer] ?? 0n, each[exponent] ?? '0x'] as const)),
  )
  return publicKeysOf(sums, members)
}

/** The public keys of members 1 … n under a commitment to their polynomial; undefined when one of them would be the identity. */
export function publicKeysOf(commitments: ReadonlyArray<Hex | undefined>, members: number): PublicKeys | undefined {
  if (!allDefined(commitments)) return undefined
  const verifyingShares = Array.from({ length: members }, (_, index) => commitmentAt(commitments, nodeIndex(index + 1)))
  const [groupKey] = commitments
  if (groupKey === undefined || !allDefined(verifyingShares)) return undefined
  return { threshold: commitments.length, members, groupKey, commitments, verifyingShares }
}

function allDefined<T>(values: ReadonlyArray<T | undefined>): values is readonly T[] {
  return values.every((value) => value !== undefined)
}
