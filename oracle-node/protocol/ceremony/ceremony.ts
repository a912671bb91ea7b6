import type { Hex } from '../../core/bytes.ts'
import { invariant } from '../../core/errors.ts'
import { quorum } from '../../core/quorum.ts'
import type { NodeIndex } from '../../core/units.ts'
import { candidatesOf, nextVote, viewReached } from './agree.ts'
import { complaintOf, dealOf, helloOf, moreOf } from './deal.ts'
import { withConsequences } from './judge.ts'
import { type Body, type CeremonyMessage, type Letter, signLetter } from './letters.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import {
  type CeremonySettings,
  type CeremonyTiming,
  isReceiver,
  partiesOf,
  receiversOf,
  VIEWS_MAX,
} from './settings.ts'
import { type CeremonySecrets, type CeremonyState, letterFor, lettersFor, lettersOfKind, withLetter } from './state.ts'

/*
 * A ceremony without I/O: a committee generates its key, or a committee shares the one that it has anew. Parties sign what they say
 * and pass on what they hear, so that all come to know the same letters, however many are lost on the way. Whoever finds that a
 * dealer cheated can show it to all; the new committee then agrees on which deals count (agree.ts), and the rest is arithmetic.
 *
 * Letters must be kept durably before anything is sent that came of them: a restarted party is given its seed and its letters, and
 * goes on as if nothing had happened.
 */

export type CeremonyEvent =
  | { readonly kind: 'message'; readonly from: NodeIndex; readonly message: CeremonyMessage }
  | { readonly kind: 'tick' }
  /** The outcome is where it belongs, so that this party needs nothing more. */
  | { readonly kind: 'sealed' }

export type CeremonyEffect =
  /** To be kept before the effects after it are carried out. */
  | { readonly kind: 'keep'; readonly letters: readonly Letter[] }
  | { readonly kind: 'send'; readonly to: NodeIndex; readonly message: CeremonyMessage }
  | { readonly kind: 'outcome'; readonly outcome: Outcome }

export type CeremonyStep = { readonly state: CeremonyState; readonly effects: readonly CeremonyEffect[] }

/** Letters in one message: a hundred members' deals are 25 kB each, and a message is 1.5 MB at most. */
export const LETTERS_MAX = 32
/** Bytes of an id that name a letter in a status. */
const SHORT_ID_DIGITS = 2 + 16

/** Begins a ceremony at one party, or goes on with one whose letters were kept. */
export function startCeremony(options: {
  readonly settings: CeremonySettings
  readonly timing: CeremonyTiming
  readonly secrets: CeremonySecrets
  readonly self: NodeIndex
  readonly kept: readonly Letter[]
  /** Its outcome was sealed before: it only passes letters on, and needs no secrets. */
  readonly finished?: boolean
  readonly now: number
}): CeremonyStep {
  const { kept, now, finished = false, ...rest } = options
  const empty: CeremonyState = {
    ...rest,
    letters: new Map(),
    faults: new Map(),
    shares: new Map(),
    judged: new Set(),
    claims: new Map(),
    startedAt: now,
    view: 0,
    viewAt: now,
    statusAt: now,
    finished,
  }
  const restored = kept.reduce((state, letter) => taken(state, letter) ?? state, empty)
  return advance({ ...restored, view: lastView(restored) }, now, [])
}

export function stepCeremony(state: CeremonyState, event: CeremonyEvent, now: number): CeremonyStep {
  switch (event.kind) {
    case 'message':
      return event.message.ceremony === state.settings.id ? heard(state, event.from, event.message, now) : idle(state)
    case 'tick':
      return ticked(state, now)
    case 'sealed': {
      const finished = { ...state, finished: true }
      return { state: finished, effects: toPeers(finished, statusOf(finished)) }
    }
  }
}

function heard(state: CeremonyState, from: NodeIndex, message: CeremonyMessage, now: number): CeremonyStep {
  if (message.kind === 'ceremony-letters') {
    const fresh: Letter[] = []
    let next = state
    for (const letter of message.letters) {
      const with_ = taken(next, letter)
      if (with_ === undefined) continue
      next = with_
      fresh.push(letter)
    }
    return fresh.length === 0 ? idle(state) : advance(next, now, fresh)
  }
  const { view, done } = message
  const claimed = { ...state, claims: new Map(state.claims).set(from, { view: Math.min(view, VIEWS_MAX), done }) }
  const answer = missingAt(state, new Set(message.has))
  const effects: CeremonyEffect[] =
    answer.length === 0 ? [] : [{ kind: 'send', to: from, message: lettersMessage(state, answer) }]
  // What follows from a claim can wait for the next tick: a hundred of them come between two.
  return { state: timed(claimed, now), effects }
}

/** Letters of ours that a party lacks, as many as go into one message; the next status asks for the rest. */
function missingAt(state: CeremonyState, has: ReadonlySet<Hex>): Letter[] {
  return [...state.letters.values()]
    .flat()
    .filter(({ id }) => !has.has(shortId(id)))
    .slice(0, LETTERS_MAX)
    .map(({ letter }) => letter)
}

function ticked(state: CeremonyState, now: number): CeremonyStep {
  const { timing, view, viewAt, readyAt } = state
  const first = view === 0 ? timing.patienceMs : 0
  const ended = readyAt !== undefined && now >= viewAt + first + timing.viewMs * (1 + view / 2)
  const turned = ended && view < VIEWS_MAX - 1 ? { ...state, view: view + 1, viewAt: now } : state
  const step = advance(turned, now, [])
  if (now < state.statusAt + timing.statusMs) return step
  const effects = [...step.effects, ...toPeers(state, statusOf(step.state))]
  return { state: { ...step.state, statusAt: now }, effects }
}

/** Says everything that this party can say by now, and looks whether it has its outcome. */
function advance(state: CeremonyState, now: number, fresh: readonly Letter[]): CeremonyStep {
  const spoken: Letter[] = []
  let next = timed(state, now)
  for (let body = nextBody(next, now); body !== undefined; body = nextBody(next, now)) {
    const letter = signLetter(state.settings.id, state.self, body, state.secrets.operatorKey)
    const with_ = taken(next, letter)
    invariant(
      with_ !== undefined,
      `a ${body.kind} of one’s own is new, and signed by the operator that the settings name`,
    )
    next = timed(with_, now)
    spoken.push(letter)
  }
  const effects: CeremonyEffect[] = []
  if (fresh.length + spoken.length > 0) effects.push({ kind: 'keep', letters: [...fresh, ...spoken] })
  if (spoken.length > 0) effects.push(...toPeers(state, lettersMessage(state, spoken)))
  const outcome = next.finished ? undefined : outcomeOf(next)
  if (outcome !== undefined) effects.push({ kind: 'outcome', outcome })
  return { state: next, effects }
}

/** Notes since when there are deals enough, and goes to the view that others have reached. */
function timed(state: CeremonyState, now: number): CeremonyState {
  const ready = state.readyAt === undefined && candidatesOf(state).length >= state.settings.dealersMin
  const next = ready ? { ...state, readyAt: now, viewAt: now } : state
  const reached = Math.min(viewReached(next), VIEWS_MAX - 1)
  return reached > next.view ? { ...next, view: reached, viewAt: now } : next
}

/** The next thing to say; each has one place among the letters, so that none is said twice. */
function nextBody(state: CeremonyState, now: number): Body | undefined {
  const { settings, self } = state
  // With its result sealed a party forgets its secrets; it only passes letters on.
  if (state.finished) return undefined
  if (isReceiver(settings, self)) {
    if (letterFor(state, 'hello', self) === undefined) return helloOf(state)
    const complaint = complaintOf(state)
    if (complaint !== undefined) return complaint
  }
  const deal = letterFor(state, 'deal', self)
  const dealing = deal === undefined ? (isTimeToDeal(state, now) ? dealOf(state) : undefined) : moreOf(state, deal)
  return dealing ?? nextVote(state, now)
}

/** Once all receivers have come, or a quorum of them and the others have been waited for. */
function isTimeToDeal(state: CeremonyState, now: number): boolean {
  const { settings, timing, startedAt } = state
  const here = receiversOf(settings).filter((receiver) => lettersFor(state, 'hello', receiver).length > 0).length
  const waited = now >= startedAt + timing.patienceMs
  return here === settings.receivers || (waited && here >= quorum(settings.receivers))
}

function taken(state: CeremonyState, letter: Letter): CeremonyState | undefined {
  const with_ = withLetter(state, letter)
  return with_ && withConsequences(with_.state, with_.kept)
}

/** The last view that this party has said anything in. */
function lastView(state: CeremonyState): number {
  const own = (['proposal', 'prevote', 'precommit'] as const)
    .flatMap((kind) => lettersOfKind(state, kind))
    .filter(({ letter }) => letter.from === state.self)
  return Math.max(0, ...own.map(({ body }) => body.view))
}

function statusOf(state: CeremonyState): CeremonyMessage {
  const has = [...state.letters.values()].flat().map(({ id }) => shortId(id))
  return { kind: 'ceremony-status', ceremony: state.settings.id, view: state.view, done: state.finished, has }
}

function lettersMessage(state: CeremonyState, letters: readonly Letter[]): CeremonyMessage {
  return { kind: 'ceremony-letters', ceremony: state.settings.id, letters }
}

function shortId(id: Hex): Hex {
  return id.slice(0, SHORT_ID_DIGITS) as Hex
}

function toPeers({ settings, self }: CeremonyState, message: CeremonyMessage): CeremonyEffect[] {
  const peers = partiesOf(settings).filter((party) => party !== self)
  return peers.map((to) => ({ kind: 'send', to, message }))
}

function idle(state: CeremonyState): CeremonyStep {
  return { state, effects: [] }
}
