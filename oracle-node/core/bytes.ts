import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { invariant } from './errors.ts'

/** `0x` and an even number of lower-case hex digits. */
export type Hex = `0x${string}`

export function toHex(bytes: Uint8Array): Hex {
  return `0x${bytesToHex(bytes)}`
}

/** @throws {InvariantError} when the text is not hex, or not of `length` bytes where one is given. */
export function fromHex(hex: string, length?: number): Uint8Array {
  invariant(/^0x(?:[0-9a-fA-F]{2})*$/.test(hex), `hex was needed, got ${hex.slice(0, 80)}`)
  const bytes = hexToBytes(hex.slice(2))
  invariant(length === undefined || bytes.length === length, `${length} bytes were needed, got ${bytes.length}`)
  return bytes
}

/** A whole number as one 32-byte ABI word. */
export function word(value: bigint | number): Uint8Array {
  const number = BigInt(value)
  invariant(number >= 0n && number < 1n << 256n, `an ABI word holds 0..2^256-1, got ${number}`)
  return hexToBytes(number.toString(16).padStart(64, '0'))
}

export function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`)
}

export function keccak(...parts: readonly Uint8Array[]): Uint8Array {
  return keccak_256(concatBytes(...parts))
}

export function keccakText(text: string): Uint8Array {
  return keccak_256(new TextEncoder().encode(text))
}

/** Byte-wise order, as Solidity compares two `bytes32`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
