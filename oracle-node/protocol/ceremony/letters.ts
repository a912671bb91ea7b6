import { concatBytes } from '@noble/hashes/utils.js'
import { fromHex, type Hex, keccak, keccakText, toHex, word } from '../../core/bytes.ts'
import { invariant } from '../../core/errors.ts'
import { recoverPublicKey, signRecoverable } from '../../core/group.ts'
import { addressOf } from '../../core/observation.ts'
import type { NodeIndex } from '../../core/units.ts'

/** One receiver's share of a dealer's polynomial, sealed under the key that the receiver announced for this ceremony. */
export type SealedShare = { readonly to: NodeIndex; readonly key: Hex; readonly text: Hex }

/** A dealer's letter, by the hash of what it signed. */
export type Dealing = { readonly party: NodeIndex; readonly deal: Hex }

/** What a party says; each statement has a place of its own ({@link slotOf}), and a second one for it is a lie. */
export type Body =
  /** A receiver is here, and shares for it are to be sealed under this key. */
  | { readonly kind: 'hello'; readonly key: Hex }
  /** Commitments to the dealer's polynomial, the proof that it knows the constant term, and the sealed shares. */
  | {
      readonly kind: 'deal'
      /** What the shares are sealed under, and the proof that the dealer knows the secret behind it. */
      readonly key: Hex
      readonly keyProof: Hex
      readonly commitment: readonly Hex[]
      readonly proof: Hex
      readonly shares: readonly SealedShare[]
    }
  /** The share for a receiver that came after the deal. */
  | { readonly kind: 'more'; readonly deal: Hex; readonly share: SealedShare }
  /** Shows what a dealer sealed for the sender: the point it was sealed under, and the proof that it is that point. */
  | {
      readonly kind: 'complaint'
      readonly against: NodeIndex
      readonly about: Hex
      readonly point: Hex
      readonly proof: Hex
    }
  /** A leader's choice of dealers. With `lockView`: the choice that a quorum prevoted in that view. */
  | {
      readonly kind: 'proposal'
      readonly view: number
      readonly lockView?: number
      readonly dealers: readonly Dealing[]
    }
  | { readonly kind: 'prevote'; readonly view: number; readonly value: Hex }
  | { readonly kind: 'precommit'; readonly view: number; readonly value: Hex }

/** A statement with its party's operator's signature (65 bytes r ‖ s ‖ v), so that anybody can pass it on. */
export type Letter = { readonly from: NodeIndex; readonly body: Body; readonly signature: Hex }

/** What goes over the wire: letters, one's own or passed on, and which ones a party has. */
export type CeremonyMessage =
  | { readonly kind: 'ceremony-letters'; readonly ceremony: Hex; readonly letters: readonly Letter[] }
  | {
      readonly kind: 'ceremony-status'
      readonly ceremony: Hex
      readonly view: number
      /** It has its result sealed and needs nothing more. */
      readonly done: boolean
      /** The first eight bytes of each letter's id. */
      readonly has: readonly Hex[]
    }

/** The place of a statement: its party makes one for it. */
export function slotOf(from: NodeIndex, body: Body): string {
  switch (body.kind) {
    case 'hello':
    case 'deal':
      return `${body.kind}/${from}`
    case 'more':
      return `more/${from}/${body.share.to}`
    case 'complaint':
      return `complaint/${from}/${body.against}`
    case 'proposal':
    case 'prevote':
    case 'precommit':
      return `${body.kind}/${from}/${body.view}`
  }
}

const DOMAIN = keccakText('plimsoll ceremony letter')

/** The 32 bytes that a letter's sender signs: bound to the ceremony, so that no other can use them. */
export function letterDigest(ceremony: Hex, from: NodeIndex, body: Body): Uint8Array {
  return keccak(DOMAIN, fromHex(ceremony, 32), word(from), keccakText(body.kind), ...partsOf(body))
}

function partsOf(body: Body): Uint8Array[] {
  switch (body.kind) {
    case 'hello':
      return [fromHex(body.key, 33)]
    case 'deal':
      return [
        fromHex(body.key, 33),
        fromHex(body.keyProof, 65),
        fromHex(body.proof, 65),
        word(body.commitment.length),
        ...body.commitment.map((point) => fromHex(point, 33)),
        ...body.shares.flatMap(shareParts),
      ]
    case 'more':
      return [fromHex(body.deal, 32), ...shareParts(body.share)]
    case 'complaint':
      return [word(body.against), fromHex(body.about, 32), fromHex(body.point, 33), fromHex(body.proof, 64)]
    case 'proposal':
      return [word(body.view), word(body.lockView === undefined ? 0 : body.lockView + 1), ...dealerParts(body.dealers)]
    case 'prevote':
    case 'precommit':
      return [word(body.view), fromHex(body.value, 32)]
  }
}

function shareParts({ to, key, text }: SealedShare): Uint8Array[] {
  return [word(to), fromHex(key, 33), fromHex(text, 32)]
}

function dealerParts(dealers: readonly Dealing[]): Uint8Array[] {
  return dealers.flatMap(({ party, deal }) => [word(party), fromHex(deal, 32)])
}

const CHOICE = keccakText('plimsoll ceremony choice')

/** What votes are about: the hash of a choice of dealers. */
export function choiceHash(ceremony: Hex, dealers: readonly Dealing[]): Hex {
  return toHex(keccak(CHOICE, fromHex(ceremony, 32), ...dealerParts(dealers)))
}

export function signLetter(ceremony: Hex, from: NodeIndex, body: Body, operatorKey: Uint8Array): Letter {
  const { signature, recovery } = signRecoverable(letterDigest(ceremony, from, body), operatorKey)
  invariant(recovery === 0 || recovery === 1, 'a recovery bit is 0 or 1')
  return { from, body, signature: toHex(concatBytes(signature, Uint8Array.of(27 + recovery))) }
}

/** The address of who signed over a digest; undefined when the signature is malformed or malleable. */
export function signerOf(digest: Uint8Array, signature: Hex): Hex | undefined {
  const bytes = fromHex(signature, 65)
  const key = recoverPublicKey(digest, bytes.subarray(0, 64), (bytes[64] ?? 0) - 27)
  return key === undefined ? undefined : addressOf(key)
}
