import type { Hex } from '../../core/bytes.ts'
import { faultyMax, quorum } from '../../core/quorum.ts'
import type { NodeIndex } from '../../core/units.ts'
import { type Deal, dealWithId, isGood } from './judge.ts'
import { type Body, choiceHash, type Dealing } from './letters.ts'
import { dealersOf, isReceiver, leaderOf, receiversOf } from './settings.ts'
import { type CeremonyState, letterFor, lettersFor, lettersOfKind } from './state.ts'

/*
 * Agreement of the new committee on whose deals count: Tendermint (Buchman, Kwon and Milosevic 2018) for one decision, without its
 * nil votes, since views end by time alone. A member prevotes one choice a view, precommits what a quorum prevoted, and from then on
 * prevotes another only when a quorum prevoted that in a later view. Two quorums share an honest member, so two choices are never
 * decided; with n − f members that hear each other, a view of an honest leader decides.
 */

type Proposal = ReturnType<typeof lettersFor<'proposal'>>[number]

/** Deals that this party would let count, by their dealers. */
export function candidatesOf(state: CeremonyState): Deal[] {
  return dealersOf(state.settings).flatMap((dealer) => {
    const deal = letterFor(state, 'deal', dealer)
    return deal !== undefined && isGood(state, deal) ? [deal] : []
  })
}

/** Whether nothing is to be waited for: each dealer's deal counts, or the dealer is known to be faulty. */
export function isSettled(state: CeremonyState): boolean {
  const good = new Set(candidatesOf(state).map(({ letter }) => letter.from))
  return dealersOf(state.settings).every((dealer) => good.has(dealer) || state.faults.has(dealer))
}

/** The deals of the choice that a quorum has precommitted, once all of them are here. */
export function decisionOf(state: CeremonyState): readonly Deal[] | undefined {
  const value = precommittedValue(state)
  const chosen = proposals(state).find(({ body }) => choiceHash(state.settings.id, body.dealers) === value)
  const deals = chosen?.body.dealers.map(({ party, deal }) => dealWithId(state, party, deal))
  return deals?.every((deal) => deal !== undefined) === true ? deals : undefined
}

/** The choice that a quorum precommitted in one view, whichever that was. */
function precommittedValue(state: CeremonyState): Hex | undefined {
  const voters = new Map<string, Set<NodeIndex>>()
  for (const { letter, body } of lettersOfKind(state, 'precommit')) {
    const vote = `${body.view}/${body.value}`
    const known = voters.get(vote) ?? new Set()
    voters.set(vote, known.add(letter.from))
    if (known.size >= quorumOf(state)) return body.value
  }
  return undefined
}

/** The next thing that this party has to say towards a decision in its view; undefined when that is nothing. */
export function nextVote(state: CeremonyState, now: number): Body | undefined {
  const { settings, self, view } = state
  if (!isReceiver(settings, self) || state.readyAt === undefined) return undefined
  return proposalOf(state, now) ?? prevoteOf(state, view) ?? precommitOf(state, view)
}

function proposalOf(state: CeremonyState, now: number): Body | undefined {
  const { settings, self, view, timing, readyAt } = state
  if (leaderOf(settings, view) !== self || letterFor(state, 'proposal', self, view) !== undefined) return undefined
  const valid = prevotedBefore(state)
  if (valid !== undefined) return { kind: 'proposal', view, lockView: valid.view, dealers: valid.dealers }
  const deals = candidatesOf(state)
  const waited = now >= (readyAt ?? now) + timing.patienceMs
  if (deals.length < settings.dealersMin || !(waited || isSettled(state))) return undefined
  return { kind: 'proposal', view, dealers: deals.map(({ id, letter }) => ({ party: letter.from, deal: id })) }
}

function prevoteOf(state: CeremonyState, view: number): Body | undefined {
  const { settings, self } = state
  if (letterFor(state, 'prevote', self, view) !== undefined) return undefined
  const proposal = letterFor(state, 'proposal', leaderOf(settings, view), view)
  if (proposal === undefined) return undefined
  const { dealers, lockView } = proposal.body
  const value = choiceHash(settings.id, dealers)
  const lock = lockOf(state)
  if (lockView === undefined) {
    const free = lock === undefined || lock.value === value
    return free && isAcceptable(state, dealers) ? { kind: 'prevote', view, value } : undefined
  }
  // What a quorum found acceptable stays so, whatever has become known since: otherwise those who are bound to it wait for ever.
  const prevoted = lockView < view && votes(state, 'prevote', lockView, value) >= quorumOf(state)
  const free = lock === undefined || lock.value === value || lock.view <= lockView
  return prevoted && free ? { kind: 'prevote', view, value } : undefined
}

function precommitOf(state: CeremonyState, view: number): Body | undefined {
  const { settings, self } = state
  if (letterFor(state, 'precommit', self, view) !== undefined) return undefined
  const proposed = lettersFor(state, 'proposal', leaderOf(settings, view), view)
  const value = proposed
    .map(({ body }) => choiceHash(settings.id, body.dealers))
    .find((each) => votes(state, 'prevote', view, each) >= quorumOf(state))
  return value === undefined ? undefined : { kind: 'precommit', view, value }
}

/** Whether a choice is one that this party would have made: deals enough, each of them good. */
function isAcceptable(state: CeremonyState, dealers: readonly Dealing[]): boolean {
  const ascending = dealers.every(({ party }, index) => index === 0 || party > (dealers[index - 1]?.party ?? 0))
  if (!ascending || dealers.length < state.settings.dealersMin) return false
  return dealers.every(({ party, deal }) => {
    const known = dealWithId(state, party, deal)
    return known !== undefined && isGood(state, known)
  })
}

/** The choice that this party precommitted last, and so is bound to. */
function lockOf(state: CeremonyState): { readonly view: number; readonly value: Hex } | undefined {
  for (let view = state.view; view >= 0; view -= 1) {
    const own = letterFor(state, 'precommit', state.self, view)
    if (own !== undefined) return { view, value: own.body.value }
  }
  return undefined
}

/** The choice that a quorum prevoted last before this view. */
function prevotedBefore(
  state: CeremonyState,
): { readonly view: number; readonly dealers: readonly Dealing[] } | undefined {
  for (let view = state.view - 1; view >= 0; view -= 1) {
    for (const { body } of lettersFor(state, 'proposal', leaderOf(state.settings, view), view)) {
      const value = choiceHash(state.settings.id, body.dealers)
      if (votes(state, 'prevote', view, value) >= quorumOf(state)) return { view, dealers: body.dealers }
    }
  }
  return undefined
}

/** The view that more than f members say they have reached: at least one of them is honest, and right. */
export function viewReached(state: CeremonyState): number {
  const { settings, claims, self } = state
  const views = receiversOf(settings)
    .filter((receiver) => receiver !== self)
    .map((receiver) => claims.get(receiver)?.view ?? 0)
    .toSorted((a, b) => b - a)
  return views[faultyMax(settings.receivers)] ?? 0
}

function quorumOf({ settings }: CeremonyState): number {
  return quorum(settings.receivers)
}

/** Members with a vote of this kind for a choice in a view. Who votes for two counts for both, and is one of the f. */
function votes(state: CeremonyState, kind: 'prevote' | 'precommit', view: number, value: Hex): number {
  return receiversOf(state.settings).filter((receiver) =>
    lettersFor(state, kind, receiver, view).some(({ body }) => body.value === value),
  ).length
}

function proposals(state: CeremonyState): Proposal[] {
  return lettersOfKind(state, 'proposal')
}
