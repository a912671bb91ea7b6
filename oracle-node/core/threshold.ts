import { secp256k1_FROST as FROST, secp256k1 } from '@noble/curves/secp256k1.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { fromHex, type Hex, toBigInt, toHex } from './bytes.ts'
import { invariant } from './errors.ts'
import { baseMultiple, isPoint, linearCombination } from './group.ts'
import { challengeOf, nonceOf, type SigningSession, signingSession } from './signing-session.ts'
import type { NodeIndex } from './units.ts'

const { Fn } = secp256k1.Point
const SCALAR = /^0x[0-9a-f]{64}$/

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

/** The secret half of a commitment, with its public half. Never stored, never copied. */
export type Nonces = { readonly hiding: Uint8Array; readonly binding: Uint8Array; readonly commitment: Commitment }

export type RandomBytes = (length?: number) => Uint8Array<ArrayBuffer>

export function identifierOf(node: NodeIndex): string {
  return FROST.Identifier.fromNumber(node)
}

/** RFC 9591 §5.1 and §4.1: fresh nonces, each a hash of 32 random bytes and the secret share, and their public commitments. */
export function commit(secret: SecretShare, random: RandomBytes): { nonces: Nonces; commitment: Commitment } {
  const [hiding, binding] = [nonceOf(random(32), secret.share), nonceOf(random(32), secret.share)]
  const [hidingPoint, bindingPoint] = [baseMultiple(hiding), baseMultiple(binding)]
  invariant(hidingPoint !== undefined && bindingPoint !== undefined, 'a hash that is zero is a broken hash')
  const commitment = { hiding: hidingPoint, binding: bindingPoint }
  return { nonces: { hiding: Fn.toBytes(hiding), binding: Fn.toBytes(binding), commitment }, commitment }
}

type Signing = {
  readonly keys: PublicKeys
  readonly signers: readonly SignerCommitment[]
  readonly digest: Uint8Array
}

/**
 * RFC 9591 §5.2: this member's share of the signature, z = d + e·ρ + λ·s·c. Zeroes the nonces.
 * @param options.session Of these signers and this digest, where it is known already.
 * @throws {InvariantError} when the nonces were used before, or the signers do not hold the commitment that they belong to.
 */
export function signShare(
  options: Signing & {
    readonly secret: SecretShare
    readonly nonces: Nonces
    readonly session?: SigningSession | undefined
  },
): Hex {
  const { secret, keys, nonces, signers, digest } = options
  const listed = signers.find(({ node }) => node === secret.node)
  const { hiding, binding } = nonces.commitment
  invariant(
    listed?.hiding === hiding && listed.binding === binding,
    'the signers hold another commitment of this member',
  )
  invariant(signers.length >= keys.threshold, `${keys.threshold} signers are needed, got ${signers.length}`)
  const [first, second] = [toBigInt(nonces.hiding), toBigInt(nonces.binding)]
  invariant(first !== 0n && second !== 0n, 'the nonces of this commitment are spent')
  nonces.hiding.fill(0)
  nonces.binding.fill(0)
  const session = options.session ?? signingSession({ groupKey: keys.groupKey, signers, digest })
  const own = session?.factors.get(secret.node)
  invariant(session !== undefined && own !== undefined, 'signers with commitments that make a session')
  const keyed = Fn.mul(Fn.mul(own.lagrange, Fn.fromBytes(secret.share)), session.challenge)
  return toHex(Fn.toBytes(Fn.add(Fn.add(first, Fn.mul(second, own.binding)), keyed)))
}

/**
 * RFC 9591 §5.4: whether a share is its sender's honest one, z·G = D + ρ·E + λ·c·Y. A malformed share or commitment is a wrong one.
 * @param options.session Of these signers and this digest, where it is known already.
 */
export function verifyShare(
  options: Signing & { readonly node: NodeIndex; readonly share: Hex; readonly session?: SigningSession | undefined },
): boolean {
  const { keys, signers, digest, node, share } = options
  if (!SCALAR.test(share) || !signers.every(({ hiding, binding }) => isPoint(hiding) && isPoint(binding))) return false
  const session = options.session ?? signingSession({ groupKey: keys.groupKey, signers, digest })
  const [factors, listed] = [session?.factors.get(node), signers.find((signer) => signer.node === node)]
  const verifyingShare = keys.verifyingShares[node - 1]
  if (session === undefined || factors === undefined || listed === undefined || verifyingShare === undefined)
    return false
  const expected = linearCombination([
    [1n, listed.hiding],
    [factors.binding, listed.binding],
    [Fn.mul(factors.lagrange, session.challenge), verifyingShare],
  ])
  return expected !== undefined && expected === baseMultiple(BigInt(share))
}

/** RFC 9591 §5.3: the signature, 65 bytes R ‖ z. The shares must have been verified one by one. */
export function combine(
  options: Signing & { readonly shares: ReadonlyMap<NodeIndex, Hex>; readonly session?: SigningSession | undefined },
): Hex {
  const { keys, signers, digest, shares } = options
  const complete = signers.every(({ node }) => shares.has(node)) && shares.size === signers.length
  invariant(complete && signers.length >= keys.threshold, 'a share of each signer, and as many as the threshold')
  const session = options.session ?? signingSession({ groupKey: keys.groupKey, signers, digest })
  invariant(session !== undefined, 'signers whose shares verify make a session')
  const sum = [...shares.values()].reduce((total, share) => Fn.add(total, Fn.create(BigInt(share))), Fn.ZERO)
  return toHex(concatBytes(fromHex(session.groupCommitment, 33), Fn.toBytes(sum)))
}

/** Whether a 65-byte signature R ‖ z is the group's over the digest: z·G = R + c·PK. */
export function verifySignature(groupKey: Hex, digest: Uint8Array, signature: Hex): boolean {
  if (!/^0x[0-9a-f]{130}$/.test(signature) || !isPoint(groupKey)) return false
  const [commitment, scalar]: [Hex, Hex] = [`0x${signature.slice(2, 68)}`, `0x${signature.slice(68)}`]
  if (!isPoint(commitment)) return false
  const challenge = challengeOf(commitment, groupKey, digest)
  const expected = linearCombination([
    [1n, commitment],
    [challenge, groupKey],
  ])
  return expected !== undefined && expected === baseMultiple(BigInt(scalar))
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
