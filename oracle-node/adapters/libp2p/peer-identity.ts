import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { fromHex, type Hex } from '../../core/bytes.ts'

const PURPOSE = new TextEncoder().encode('plimsoll peer identity v1')
/** 128 bits above the group's order, so that reducing them leaves no bias (RFC 9380, 5). */
const SEED_BYTES = 48

/**
 * A node's network key, derived from its operator's key. So there is no second secret to keep, and yet what leaks from a network
 * stack signs no transaction: the operator's key can't be found from it. On secp256k1, so that the registry checks its signature.
 */
export function peerKeyOf(operatorKey: Uint8Array): Uint8Array {
  return secp256k1.utils.randomSecretKey(hkdf(sha256, operatorKey, undefined, PURPOSE, SEED_BYTES))
}

export function libp2pKeyOf(peerKey: Uint8Array): PrivateKey {
  return privateKeyFromRaw(peerKey)
}

/** The peer id of a compressed public key. @throws {Error} when it is no point of the curve. */
export function peerIdOf(publicKey: Hex): string {
  const key = publicKeyFromRaw(fromHex(publicKey, 33))
  if (key.type !== 'secp256k1') throw new Error(`${publicKey} is no compressed key of secp256k1`)
  return peerIdFromPublicKey(key).toString()
}
