import { secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { fromHex, type Hex, toBigInt, toHex, word } from './bytes.ts'
import { invariant } from './errors.ts'
import { baseMultiple, isPoint, linearCombination, ORDER, sharedPoint } from './group.ts'
import type { ShareLabel } from './sealed-share.ts'
import { scalarOf } from './sharing.ts'
import type { NodeIndex } from './units.ts'

const { Fn } = secp256k1.Point

/** FROST's H_dkg in the suite of RFC 9591: as frost-rs and noble name it. */
const POSSESSION_DST = utf8ToBytes('FROST-secp256k1-SHA256-v1dkg')
const EQUALITY = 'equality of logarithms'
const PROOF = /^0x[0-9a-f]{128}$/

/**
 * Proof that a dealer knows the constant term that it committed to (Schnorr; FROST, figure 1): 65 bytes R ‖ μ. Without one, a dealer
 * could commit to the negative of the others' sum and choose the key.
 */
export function provePossession(dealer: NodeIndex, secret: bigint, nonce: bigint): Hex {
  return schnorr(secret, nonce, (point, commitment) => possessionChallenge(dealer, point, commitment))
}

/** Whether it proves that the dealer knows the logarithm of a point. */
export function provesPossession(dealer: NodeIndex, point: Hex, proof: Hex): boolean {
  return verifiesSchnorr(point, proof, (commitment) => possessionChallenge(dealer, point, commitment))
}

/** Whose key it is that shares are sealed under, and in which ceremony. */
type KeyLabel = Pick<ShareLabel, 'ceremony' | 'dealer'>

/**
 * Proof that a dealer knows the secret behind the key that it seals shares under, 65 bytes. Without one, a dealer could pass off
 * another's key as its own, seal nonsense under it, and have the receivers' complaints lay open what the other sealed for them.
 */
export function proveSealingKey(label: KeyLabel, secret: bigint, nonce: bigint): Hex {
  return schnorr(secret, nonce, (point, commitment) => sealingKeyChallenge(label, point, commitment))
}

/** Whether it proves that this dealer knows the logarithm of its key. */
export function provesSealingKey(label: KeyLabel, key: Hex, proof: Hex): boolean {
  return verifiesSchnorr(key, proof, (commitment) => sealingKeyChallenge(label, key, commitment))
}

function sealingKeyChallenge({ ceremony, dealer }: KeyLabel, key: Hex, commitment: Hex): bigint {
  const bound = [fromHex(ceremony, 32), word(dealer), fromHex(key, 33), fromHex(commitment, 33)]
  return scalarOf('possession of a sealing key', ...bound)
}

function schnorr(secret: bigint, nonce: bigint, challengeOf: (point: Hex, commitment: Hex) => bigint): Hex {
  const [point, commitment] = [baseMultiple(secret), baseMultiple(nonce)]
  invariant(point !== undefined && commitment !== undefined, 'secret and nonce are from 1 to n − 1')
  const scalar = Fn.add(nonce, Fn.mul(secret, challengeOf(point, commitment)))
  return toHex(concatBytes(fromHex(commitment), Fn.toBytes(scalar)))
}

function verifiesSchnorr(point: Hex, proof: Hex, challengeOf: (commitment: Hex) => bigint): boolean {
  if (!/^0x[0-9a-f]{130}$/.test(proof) || !isPoint(point)) return false
  const [commitment, scalar]: [Hex, bigint] = [`0x${proof.slice(2, 68)}`, BigInt(`0x${proof.slice(68)}`)]
  if (!isPoint(commitment)) return false
  const expected = linearCombination([
    [1n, commitment],
    [challengeOf(commitment), point],
  ])
  return expected !== undefined && expected === baseMultiple(scalar)
}

function possessionChallenge(dealer: NodeIndex, point: Hex, commitment: Hex): bigint {
  const message = concatBytes(word(dealer), fromHex(point, 33), fromHex(commitment, 33))
  return secp256k1_hasher.hashToScalar(message, { DST: POSSESSION_DST })
}

/** Two points with one logarithm: secret·G = key, and secret·base = shared. */
export type Equality = { readonly key: Hex; readonly base: Hex; readonly shared: Hex }

/**
 * Proof that one secret lies behind both points (Chaum and Pedersen, made non-interactive): 64 bytes c ‖ z. It lets a receiver show
 * which key a share was sealed under, and so what the dealer put there, without giving away its own secret.
 */
export function proveEquality(secret: bigint, equality: Equality): Hex {
  const nonce = scalarOf('nonce of an equality', word(secret), fromHex(equality.base, 33), fromHex(equality.key, 33))
  const [first, second] = [baseMultiple(nonce), sharedPoint(nonce, equality.base)]
  invariant(first !== undefined && second !== undefined, 'a nonce from 1 to n − 1 and a point')
  const challenge = equalityChallenge(equality, first, second)
  return toHex(concatBytes(Fn.toBytes(challenge), Fn.toBytes(Fn.add(nonce, Fn.mul(challenge, secret)))))
}

/** Whether it proves that the two points have one logarithm. */
export function provesEquality(equality: Equality, proof: Hex): boolean {
  const { key, base, shared } = equality
  if (!PROOF.test(proof) || ![key, base, shared].every(isPoint)) return false
  const bytes = fromHex(proof, 64)
  const [challenge, scalar] = [toBigInt(bytes.subarray(0, 32)), toBigInt(bytes.subarray(32))]
  const response = baseMultiple(scalar)
  if (challenge <= 0n || challenge >= ORDER || response === undefined) return false
  const first = linearCombination([
    [1n, response],
    [ORDER - challenge, key],
  ])
  const second = linearCombination([
    [scalar, base],
    [ORDER - challenge, shared],
  ])
  return first !== undefined && second !== undefined && equalityChallenge(equality, first, second) === challenge
}

function equalityChallenge({ key, base, shared }: Equality, first: Hex, second: Hex): bigint {
  return scalarOf(EQUALITY, ...[key, base, shared, first, second].map((point) => fromHex(point, 33)))
}
