import { createHash } from 'node:crypto'

/** How many bytes {@link seal} adds. */
export const SEAL_BYTES = 32

/** Bytes behind their sha256, by which {@link unseal} knows that they are whole. */
export function seal(bytes: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(SEAL_BYTES + bytes.length)
  sealed.set(digest(bytes))
  sealed.set(bytes, SEAL_BYTES)
  return sealed
}

/** What was sealed, or undefined when some of it is missing or changed. */
export function unseal(sealed: Uint8Array): Uint8Array | undefined {
  const bytes = sealed.subarray(SEAL_BYTES)
  return digest(bytes).equals(sealed.subarray(0, SEAL_BYTES)) ? bytes : undefined
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
