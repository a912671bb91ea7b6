import { fromHex, type Hex, word } from '../../core/bytes.ts'
import { provesEquality, provesPossession, provesSealingKey } from '../../core/dealing-proofs.ts'
import { baseMultiple, isPoint, sharedPoint } from '../../core/group.ts'
import { openShare } from '../../core/sealed-share.ts'
import { scalarOf, shareFits } from '../../core/sharing.ts'
import type { NodeIndex } from '../../core/units.ts'
import type { Body, SealedShare } from './letters.ts'
import { dealerNumber, isReceiver, receiversOf } from './settings.ts'
import { type CeremonyState, type Kept, letterFor, lettersFor, lettersOfKind, withFault } from './state.ts'

export type Deal = Kept<Extract<Body, { kind: 'deal' }>>
type More = Kept<Extract<Body, { kind: 'more' }>>
type Complaint = Kept<Extract<Body, { kind: 'complaint' }>>

/** The secret behind the key that a party announces as a receiver. */
export function receiverSecret({ secrets, settings }: CeremonyState): bigint {
  return scalarOf('ceremony receiver', secrets.seed, fromHex(settings.id, 32))
}

/** What is wrong with a deal for everybody to see; undefined for a deal that is well formed. */
export function dealFault(state: CeremonyState, { letter, body }: Deal): string | undefined {
  const { threshold, previous } = state.settings
  const dealer = dealerNumber(state.settings, letter.from)
  const [constant] = body.commitment
  if (dealer === undefined || constant === undefined || body.commitment.length !== threshold)
    return `committed to ${body.commitment.length} coefficients, ${threshold} are needed`
  if (![...body.commitment, body.key].every(isPoint)) return 'committed to what is no point'
  if (!provesPossession(dealer, constant, body.proof)) return 'its proof of possession does not verify'
  if (!provesSealingKey({ ceremony: state.settings.id, dealer: letter.from }, body.key, body.keyProof))
    return 'does not prove that the key which it seals shares under is its own'
  if (previous !== undefined && constant !== previous.verifyingShares[dealer - 1])
    return 'deals another secret than its share of the key'
  const ascending = body.shares.every(({ to }, index) => index === 0 || to > (body.shares[index - 1]?.to ?? 0))
  return ascending ? undefined : 'its shares are not in their receivers’ order'
}

/** The share of a deal for one receiver, and the letter that it came in. */
export function shareIn(
  state: CeremonyState,
  deal: Deal,
  receiver: NodeIndex,
): { readonly about: Hex; readonly share: SealedShare } | undefined {
  const within = deal.body.shares.find(({ to }) => to === receiver)
  if (within !== undefined) return { about: deal.id, share: within }
  const more = letterFor(state, 'more', deal.letter.from, receiver)
  return more?.body.deal === deal.id ? { about: more.id, share: more.body.share } : undefined
}

/** A receiver that is here and that a deal has no readable share for: the deal is not complete. */
export function missingReceiver(state: CeremonyState, deal: Deal): NodeIndex | undefined {
  return receiversOf(state.settings).find((receiver) => {
    const hellos = lettersFor(state, 'hello', receiver)
    // Who announced two keys has itself to blame when it can't read what it gets.
    if (hellos.length !== 1) return false
    return shareIn(state, deal, receiver)?.share.key !== hellos[0]?.body.key
  })
}

/** Whether a deal counts for this party: well formed, complete, its dealer without a fault and its share for this party right. */
export function isGood(state: CeremonyState, deal: Deal): boolean {
  // A malformed deal is a fault of its dealer from the moment that it comes.
  if (state.faults.has(deal.letter.from)) return false
  if (missingReceiver(state, deal) !== undefined) return false
  return !isReceiver(state.settings, state.self) || typeof ownShare(state, deal) === 'bigint'
}

/** What a deal holds for this party; undefined as long as nothing came. */
export function ownShare(state: CeremonyState, deal: Deal): bigint | 'bad' | undefined {
  const entry = shareIn(state, deal, state.self)
  return entry && state.shares.get(entry.about)
}

/** Draws what follows from a new letter: faults that it proves, and the share that it brings. */
export function withConsequences(state: CeremonyState, kept: Kept): CeremonyState {
  switch (kept.body.kind) {
    case 'hello':
      return withComplaints(state)
    case 'deal': {
      const deal = kept as Deal
      const detail = dealFault(state, deal)
      const faulty =
        detail === undefined ? state : withFault(state, { party: deal.letter.from, kind: 'bad-deal', detail })
      const opened = detail === undefined ? withShare(faulty, deal, deal.id, own(faulty, deal.body.shares)) : faulty
      return withComplaints(withOpenedMore(opened, deal))
    }
    case 'more': {
      const deal = dealWithId(state, kept.letter.from, kept.body.deal)
      return withComplaints(deal === undefined ? state : withOpenedMore(state, deal))
    }
    case 'complaint':
      return withComplaints(state)
    default:
      return state
  }
}

function withOpenedMore(state: CeremonyState, deal: Deal): CeremonyState {
  if (dealFault(state, deal) !== undefined) return state
  const fitting = lettersFor(state, 'more', deal.letter.from, state.self).filter(({ body }) => body.deal === deal.id)
  return fitting.reduce((opened: CeremonyState, { id, body }: More) => withShare(opened, deal, id, body.share), state)
}

function own(state: CeremonyState, shares: readonly SealedShare[]): SealedShare | undefined {
  return shares.find(({ to }) => to === state.self)
}

/** Opens and checks a share for this party. One that is sealed under another key than this party's counts as missing. */
function withShare(state: CeremonyState, deal: Deal, id: Hex, share: SealedShare | undefined): CeremonyState {
  if (share === undefined || share.to !== state.self || state.shares.has(id)) return state
  const secret = receiverSecret(state)
  if (share.key !== baseMultiple(secret)) return state
  const shared = sharedPoint(secret, deal.body.key)
  const value = shared && opened(state, deal, share, shared)
  return { ...state, shares: new Map(state.shares).set(id, value ?? 'bad') }
}

/** The share under a point, if it fits the deal's commitment. */
function opened(state: CeremonyState, deal: Deal, share: SealedShare, shared: Hex): bigint | undefined {
  const label = { ceremony: state.settings.id, dealer: deal.letter.from, receiver: share.to }
  const value = openShare(share.text, shared, label)
  return value !== undefined && shareFits(value, deal.body.commitment, share.to) ? value : undefined
}

/** Decides the complaints that can be decided by now: against the dealer, or against who complained. */
function withComplaints(state: CeremonyState): CeremonyState {
  return lettersOfKind(state, 'complaint')
    .filter(({ id }) => !state.judged.has(id))
    .reduce(withVerdict, state)
}

function withVerdict(state: CeremonyState, complaint: Complaint): CeremonyState {
  const { against } = complaint.body
  const from = complaint.letter.from
  const subject = subjectOf(state, complaint)
  if (subject === undefined) return state
  const { deal, share } = subject
  const judged = { ...state, judged: new Set(state.judged).add(complaint.id) }
  const equality = { key: share.key, base: deal.body.key, shared: complaint.body.point }
  if (!provesEquality(equality, complaint.body.proof))
    return withFault(judged, { party: from, kind: 'false-complaint', detail: `of member ${against}, without a proof` })
  return opened(state, deal, share, complaint.body.point) === undefined
    ? withFault(judged, {
        party: against,
        kind: 'bad-share',
        detail: `dealt member ${from} a share that does not fit its commitments`,
      })
    : withFault(judged, { party: from, kind: 'false-complaint', detail: `of member ${against}, whose share was right` })
}

/** What a complaint is about: undefined as long as it, or the key that it was sealed under, is not known. */
function subjectOf(state: CeremonyState, complaint: Complaint): { deal: Deal; share: SealedShare } | undefined {
  const { against, about } = complaint.body
  const from = complaint.letter.from
  const more = lettersFor(state, 'more', against, from).find(({ id }) => id === about)
  const deal = dealWithId(state, against, more === undefined ? about : more.body.deal)
  const share = more === undefined ? deal?.body.shares.find(({ to }) => to === from) : more.body.share
  const announced = lettersFor(state, 'hello', from).some(({ body }) => body.key === share?.key)
  if (deal === undefined || share === undefined || !announced || dealFault(state, deal) !== undefined) return undefined
  return { deal, share }
}

/** A dealer's deal, whichever of two versions has this hash. */
export function dealWithId(state: CeremonyState, dealer: NodeIndex, id: Hex): Deal | undefined {
  return lettersFor(state, 'deal', dealer).find((deal) => deal.id === id)
}

/** Bytes that a number of a dealer's polynomial follows from. */
export function seedOf({ secrets, settings }: CeremonyState, index: number): readonly Uint8Array[] {
  return [secrets.seed, fromHex(settings.id, 32), word(index)]
}
