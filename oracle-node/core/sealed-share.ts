import { secp256k1 } from '@noble/curves/secp256k1.js'
import { fromHex, type Hex, toHex, word } from './bytes.ts'
import { scalarOf } from './sharing.ts'
import type { NodeIndex } from './units.ts'

const { Fn } = secp256k1.Point

/** Whose share of whose polynomial, and in which ceremony: what keeps two pads apart. */
export type ShareLabel = { readonly ceremony: Hex; readonly dealer: NodeIndex; readonly receiver: NodeIndex }

/**
 * Seals a share under a point that only its dealer and its receiver can compute: share + pad mod n. The pad is used once, and no
 * authentication is needed: a share is checked against its dealer's commitment, and the dealer signs the whole of it.
 */
export function sealShare(share: bigint, shared: Hex, label: ShareLabel): Hex {
  return toHex(Fn.toBytes(Fn.add(share, padOf(shared, label))))
}

/** What was sealed; undefined when the text is not a number below the order. */
export function openShare(text: Hex, shared: Hex, label: ShareLabel): bigint | undefined {
  if (!/^0x[0-9a-f]{64}$/.test(text)) return undefined
  const sealed = BigInt(text)
  return sealed < Fn.ORDER ? Fn.sub(sealed, padOf(shared, label)) : undefined
}

function padOf(shared: Hex, { ceremony, dealer, receiver }: ShareLabel): bigint {
  return scalarOf('pad of a share', fromHex(ceremony, 32), word(dealer), word(receiver), fromHex(shared, 33))
}
