import { type Hex, toHex } from '../../core/bytes.ts'
import { isPoint } from '../../core/group.ts'
import type { NodeIndex } from '../../core/units.ts'
import { type Body, type Letter, letterDigest, signerOf, slotOf } from './letters.ts'
import {
  type CeremonySettings,
  type CeremonyTiming,
  dealerNumber,
  isReceiver,
  leaderOf,
  VIEWS_MAX,
} from './settings.ts'

/** A letter whose signature was checked, under the hash of what was signed. */
export type Kept<B extends Body = Body> = { readonly id: Hex; readonly letter: Letter; readonly body: B }

/** What a party can be shown to have done, by letters that it signed itself. */
export type Fault = {
  readonly party: NodeIndex
  readonly kind: 'bad-deal' | 'two-versions' | 'bad-share' | 'false-complaint'
  readonly detail: string
}

/** What a party knows that others don't. */
export type CeremonySecrets = {
  /** 32 random bytes from which polynomial and keys follow, so that a restarted party says the same again. */
  readonly seed: Uint8Array
  readonly operatorKey: Uint8Array
  /** Its share of the key that is shared anew, where it holds one. */
  readonly share?: bigint
}

/** What a party last said of itself: unsigned, so worth nothing but patience. */
export type Claim = { readonly view: number; readonly done: boolean }

/** All of it but times and claims follows from settings, secrets and letters: that is what a restart needs. */
export type CeremonyState = {
  readonly settings: CeremonySettings
  readonly timing: CeremonyTiming
  readonly secrets: CeremonySecrets
  readonly self: NodeIndex
  /** By slot: the first letter for it and, if there was one, another that contradicts it. */
  readonly letters: ReadonlyMap<string, readonly Kept[]>
  readonly faults: ReadonlyMap<NodeIndex, Fault>
  /** By the id of the letter they came in: what was sealed for this party, or that it does not fit. */
  readonly shares: ReadonlyMap<Hex, bigint | 'bad'>
  /** Complaints that have been decided. */
  readonly judged: ReadonlySet<Hex>
  readonly claims: ReadonlyMap<NodeIndex, Claim>
  readonly startedAt: number
  /** Since when there have been deals enough. */
  readonly readyAt?: number
  readonly view: number
  readonly viewAt: number
  readonly statusAt: number
  readonly finished: boolean
}

/** The letters for a slot: one, two that contradict each other, or none. */
export function lettersFor<K extends Body['kind']>(
  state: CeremonyState,
  kind: K,
  ...rest: readonly number[]
): ReadonlyArray<Kept<Extract<Body, { kind: K }>>> {
  return (state.letters.get([kind, ...rest].join('/')) ?? []) as ReadonlyArray<Kept<Extract<Body, { kind: K }>>>
}

/** The first letter for a slot, which is the one that counts here. */
export function letterFor<K extends Body['kind']>(
  state: CeremonyState,
  kind: K,
  ...rest: readonly number[]
): Kept<Extract<Body, { kind: K }>> | undefined {
  return lettersFor(state, kind, ...rest)[0]
}

/** All letters of a kind, whosoever they are. */
export function lettersOfKind<K extends Body['kind']>(
  state: CeremonyState,
  kind: K,
): Array<Kept<Extract<Body, { kind: K }>>> {
  return [...state.letters].flatMap(([slot, letters]) =>
    slot.startsWith(`${kind}/`) ? (letters as ReadonlyArray<Kept<Extract<Body, { kind: K }>>>) : [],
  )
}

/** Whether a party may say such a thing at all. */
function isEntitled(settings: CeremonySettings, { from, body }: Letter): boolean {
  const isDealer = (party: NodeIndex): boolean => dealerNumber(settings, party) !== undefined
  switch (body.kind) {
    case 'hello':
      return isReceiver(settings, from) && isPoint(body.key)
    case 'deal':
      return isDealer(from) && body.shares.every(({ to }) => isReceiver(settings, to))
    case 'more':
      return isDealer(from) && isReceiver(settings, body.share.to)
    case 'complaint':
      return isReceiver(settings, from) && isDealer(body.against)
    case 'proposal':
      return body.view < VIEWS_MAX && from === leaderOf(settings, body.view)
    case 'prevote':
    case 'precommit':
      return body.view < VIEWS_MAX && isReceiver(settings, from)
  }
}

/** Takes a letter up: undefined when it is known, is not its sender's to write, or has another's signature. */
export function withLetter(state: CeremonyState, letter: Letter): { state: CeremonyState; kept: Kept } | undefined {
  const { settings } = state
  const party = settings.parties[letter.from - 1]
  if (party === undefined || !isEntitled(settings, letter)) return undefined
  const slot = slotOf(letter.from, letter.body)
  const known = state.letters.get(slot) ?? []
  const digest = letterDigest(settings.id, letter.from, letter.body)
  const id = toHex(digest)
  // Two contradict each other; a third proves nothing more.
  if (known.length > 1 || known.some((each) => each.id === id)) return undefined
  if (signerOf(digest, letter.signature) !== party.operator) return undefined
  const kept = { id, letter, body: letter.body }
  const letters = new Map(state.letters).set(slot, [...known, kept])
  const added = { ...state, letters }
  if (known.length === 0) return { state: added, kept }
  const detail = `signed two different letters of kind ${letter.body.kind}`
  return { state: withFault(added, { party: letter.from, kind: 'two-versions', detail }), kept }
}

/** Notes what a party did; the first thing known of it is kept. */
export function withFault(state: CeremonyState, fault: Fault): CeremonyState {
  return state.faults.has(fault.party) ? state : { ...state, faults: new Map(state.faults).set(fault.party, fault) }
}
