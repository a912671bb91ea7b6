import { secp256k1_FROST as FROST, secp256k1 } from '@noble/curves/secp256k1.js'
import { fromHex, type Hex, toBigInt, toHex } from './bytes.ts'
import { invariant } from './errors.ts'
import { type NodeIndex, nodeIndex } from './units.ts'

/*
 * FROST(secp256k1, SHA-256), RFC 9591, in the types of this project. Randomness is an argument. Nonces live in memory only,
 * are the caller's to use once, and are zeroed by noble when they are used.
 */

/** The committee's public half: the group key, and each member's verifying share. */
export type PublicKeys = {
  readonly threshold: number
  readonly members: number
  /** Compressed group key, 33 bytes. */
  readonly groupKey: Hex
  /** The sum of the dealers' polynomials' commitments; the first is the group key. */
  readonly commitments: readonly Hex[]
  /** Compressed verifying shares by member, the first is member 1's. */
  readonly verifyingShares: readonly Hex[]
}

/** One member's secret: a scalar of 32 bytes. */
export type SecretShare = { readonly node: NodeIndex; readonly share: Uint8Array }

/** What a member promises before signing: two compressed points. */
export type Commitment = { readonly hiding: Hex; readonly binding: Hex }
export type SignerCommitment = Commitment & { readonly node: NodeIndex }

/** The secret half of a commitment. Never stored, never copied. */
export type Nonces = { readonly hiding: Uint8Array; readonly binding: Uint8Array }

export type RandomBytes = (length?: number) => Uint8Array<ArrayBuffer>

export function identifierOf(node: NodeIndex): string {
  return FROST.Identifier.fromNumber(node)
}

/** RFC 9591 §5.1: fresh nonces and their public commitments. */
export function commit(secret: SecretShare, random: RandomBytes): { nonces: Nonces; commitment: Commitment } {
  const made = FROST.commit({ identifier: identifierOf(secret.node), signingShare: secret.share }, random)
  return {
    nonces: made.nonces,
    commitment: { hiding: toHex(made.commitments.hiding), binding: toHex(made.commitments.binding) },
  }
}

/**
 * RFC 9591 §5.2: this member's share of the signature. Zeroes the nonces.
 * @throws {Error} from noble when the nonces were used before or the commitment list is not the one they belong to.
 */
export function signShare(options: {
  readonly secret: SecretShare
  readonly keys: PublicKeys
  readonly nonces: Nonces
  readonly signers: readonly SignerCommitment[]
  readonly digest: Uint8Array
}): Hex {
  const { secret, keys, nonces, signers, digest } = options
  const own = { identifier: identifierOf(secret.node), signingShare: secret.share }
  const package_ = toFrostPublic(keys)
  return toHex(FROST.signShare(own, package_, nonces as never, toCommitmentList(signers), digest))
}

/** RFC 9591 §5.4: whether a share is its sender's honest one. A malformed share or commitment is a wrong one. */
export function verifyShare(options: {
  readonly keys: PublicKeys
  readonly signers: readonly SignerCommitment[]
  readonly digest: Uint8Array
  readonly node: NodeIndex
  readonly share: Hex
}): boolean {
  const { keys, signers, digest, node, share } = options
  try {
    const list = toCommitmentList(signers)
    return FROST.verifyShare(toFrostPublic(keys), list, digest, identifierOf(node), fromHex(share, 32))
  } catch {
    // noble throws on bytes that are no scalar or no point: hostile input, not a bug of ours.
    return false
  }
}

/** RFC 9591 §5.3: the signature, 65 bytes R ‖ z. The shares must have been verified one by one. */
export function combine(options: {
  readonly keys: PublicKeys
  readonly signers: readonly SignerCommitment[]
  readonly digest: Uint8Array
  readonly shares: ReadonlyMap<NodeIndex, Hex>
}): Hex {
  const { keys, signers, digest, shares } = options
  const byIdentifier = Object.fromEntries(
    [...shares].map(([node, share]) => [identifierOf(node), fromHex(share, 32)] as const),
  )
  return toHex(FROST.aggregate(toFrostPublic(keys), toCommitmentList(signers), digest, byIdentifier))
}

/** Whether a 65-byte signature R ‖ z is the group's over the digest. */
export function verifySignature(groupKey: Hex, digest: Uint8Array, signature: Hex): boolean {
  try {
    return FROST.verify(fromHex(signature, 65), digest, fromHex(groupKey, 33))
  } catch {
    return false
  }
}

/** A point that anyone may send: compressed, on the curve, not the identity. */
export function isPoint(hex: string): hex is Hex {
  try {
    secp256k1.Point.fromBytes(fromHex(hex, 33)).assertValidity()
    return true
  } catch {
    return false
  }
}

/** The signature as the contract takes it: R uncompressed, so that it needs no square root, and z. */
export function onChainSignature(signature: Hex): { readonly rx: bigint; readonly ry: bigint; readonly z: bigint } {
  const bytes = fromHex(signature, 65)
  const { x, y } = secp256k1.Point.fromBytes(bytes.subarray(0, 33)).toAffine()
  return { rx: x, ry: y, z: toBigInt(bytes.subarray(33)) }
}

/** The group key as the contract takes it: the x coordinate and the parity of y. */
export function onChainGroupKey(groupKey: Hex): { readonly x: bigint; readonly parity: 0 | 1 } {
  const bytes = fromHex(groupKey, 33)
  invariant(bytes[0] === 2 || bytes[0] === 3, 'a compressed key starts with 02 or 03')
  return { x: toBigInt(bytes.subarray(1)), parity: bytes[0] === 3 ? 1 : 0 }
}

/** noble's public package from ours. */
export function toFrostPublic(keys: PublicKeys): Parameters<typeof FROST.verifyShare>[0] {
  const verifyingShares = Object.fromEntries(
    keys.verifyingShares.map((share, index) => [identifierOf(nodeIndex(index + 1)), fromHex(share, 33)] as const),
  )
  return {
    signers: { min: keys.threshold, max: keys.members },
    commitments: keys.commitments.map((each) => fromHex(each, 33)),
    verifyingShares,
  }
}

function toCommitmentList(signers: readonly SignerCommitment[]): Parameters<typeof FROST.verifyShare>[1] {
  return signers
    .toSorted((a, b) => a.node - b.node)
    .map(({ node, hiding, binding }) => ({
      identifier: identifierOf(node),
      hiding: fromHex(hiding, 33),
      binding: fromHex(binding, 33),
    }))
}
