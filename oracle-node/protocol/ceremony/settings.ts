import { fromHex, type Hex, keccak, keccakText, toHex, word } from '../../core/bytes.ts'
import { quorum } from '../../core/quorum.ts'
import type { PublicKeys } from '../../core/threshold.ts'
import { type NodeIndex, nodeIndex } from '../../core/units.ts'

/** Whoever takes part, by its operator's address; with a number among those who deal, if it deals. */
export type Party = { readonly operator: Hex; readonly dealer?: NodeIndex }

/** How long a party waits, in milliseconds. Its own affair: parties need not agree on it. */
export type CeremonyTiming = {
  /** For members that have not come yet, and then for deals that are missing. */
  readonly patienceMs: number
  /** For a leader's choice to be agreed on; longer by half with each view. */
  readonly viewMs: number
  /** Between two statements of what it has. */
  readonly statusMs: number
}

/**
 * What all parties of a ceremony agree on before it begins. In a generation all members deal and receive. In a resharing the old
 * committee deals and the new one receives: parties 1 … `receivers` are the new committee in its order, the others only deal.
 */
export type CeremonySettings = {
  /** Hash of all the rest: letters of another ceremony, or of another idea of this one, do not verify. */
  readonly id: Hex
  readonly parties: readonly Party[]
  readonly receivers: number
  /** Signers that the new shares need. */
  readonly threshold: number
  /** How many dealers the outcome needs. */
  readonly dealersMin: number
  /** The key that is shared anew; undefined when one is generated. */
  readonly previous?: PublicKeys
}

export type Generation = {
  readonly epoch: number
  /** Counts a committee's tries: a ceremony that is begun again takes the next. */
  readonly number: number
  readonly operators: readonly Hex[]
}

export type Resharing = Generation & {
  /** The committee that holds the key. */
  readonly from: { readonly operators: readonly Hex[]; readonly keys: PublicKeys }
}

const DOMAIN = keccakText('plimsoll ceremony')

/** A new key for a committee: everybody deals. */
export function generationSettings(generation: Generation): CeremonySettings {
  const { operators } = generation
  const threshold = quorum(operators.length)
  return {
    id: idOf(generation, [], []),
    parties: operators.map((operator, index) => ({ operator, dealer: nodeIndex(index + 1) })),
    receivers: operators.length,
    threshold,
    dealersMin: threshold,
  }
}

/** The same key for another committee, or for the same one with new shares: those who hold shares deal. */
export function resharingSettings(resharing: Resharing): CeremonySettings {
  const { operators, from } = resharing
  const dealerOf = new Map(from.operators.map((operator, index) => [operator, nodeIndex(index + 1)]))
  const leaving = from.operators.filter((operator) => !operators.includes(operator))
  const parties = [...operators, ...leaving].map((operator): Party => {
    const dealer = dealerOf.get(operator)
    return dealer === undefined ? { operator } : { operator, dealer }
  })
  return {
    id: idOf(resharing, from.operators, from.keys.commitments),
    parties,
    receivers: operators.length,
    threshold: quorum(operators.length),
    dealersMin: from.keys.threshold,
    previous: from.keys,
  }
}

function idOf({ epoch, number, operators }: Generation, from: readonly Hex[], commitments: readonly Hex[]): Hex {
  const list = (items: readonly Hex[]): Uint8Array => keccak(...items.map((item) => fromHex(item)))
  return toHex(keccak(DOMAIN, word(epoch), word(number), list(operators), list(from), list(commitments)))
}

export function partiesOf(settings: CeremonySettings): NodeIndex[] {
  return settings.parties.map((_, index) => nodeIndex(index + 1))
}

/** Parties that deal. */
export function dealersOf(settings: CeremonySettings): NodeIndex[] {
  return partiesOf(settings).filter((party) => dealerNumber(settings, party) !== undefined)
}

/** A party's number among those who deal: where the old polynomial has its share, in a resharing. */
export function dealerNumber(settings: CeremonySettings, party: NodeIndex): NodeIndex | undefined {
  return settings.parties[party - 1]?.dealer
}

/** Members of the new committee: they receive, and they agree on whose deals count. */
export function receiversOf(settings: CeremonySettings): NodeIndex[] {
  return partiesOf(settings).slice(0, settings.receivers)
}

export function isReceiver(settings: CeremonySettings, party: NodeIndex): boolean {
  return party <= settings.receivers
}

/** A view past this means that more than f members are away; the ceremony is begun again. */
export const VIEWS_MAX = 100

/** Who proposes in a view: each member of the new committee in its turn. */
export function leaderOf(settings: CeremonySettings, view: number): NodeIndex {
  return nodeIndex((view % settings.receivers) + 1)
}
