import { fromHex } from '../core/bytes.ts'
import { invariant } from '../core/errors.ts'
import type { SignedObservation } from '../core/observation.ts'
import { signingSession } from '../core/signing-session.ts'
import { combine, verifyShare, verifySignature } from '../core/threshold.ts'
import type { NodeIndex } from '../core/units.ts'
import { checkObservation, rebuildReport, reportOf } from './check-proposal.ts'
import { leaderOf, quorumOf } from './committee.ts'
import type { CertificateMessage, ObservationMessage, RefusalMessage, ShareMessage } from './messages.ts'
import {
  finish,
  type Lead,
  type RoundEffect,
  type RoundSettings,
  type RoundState,
  type Session,
  type Step,
  toOthers,
} from './round-state.ts'

const EMPTY: Lead = {
  observations: new Map(),
  open: new Map(),
  locked: [],
  excluded: new Set(),
  late: new Set(),
  collectElapsed: false,
  sessions: [],
}

type From<M> = { readonly from: NodeIndex; readonly message: M }

/** An observation arrives; with all of them, or a quorum when the waiting is over, the leader proposes. */
export function onObservation(settings: RoundSettings, state: RoundState, event: From<ObservationMessage>): Step {
  const { from, message } = event
  const { attempt, signed, commitment, locked } = message
  if (state.resumed || leaderOf(settings.committee, state.round, attempt) !== settings.self)
    return { state, effects: [] }
  // Every attempt kept costs memory and a timer; who is further behind catches up first.
  if (attempt > state.attempt + settings.committee.operators.length) return { state, effects: [] }
  const lead = state.leads.get(attempt) ?? EMPTY
  if (lead.observations.has(from)) return { state, effects: [] }
  const context = { ...settings, round: state.round }
  const fault = signed.observation.node === from ? checkObservation(context, signed) : 'bad-observation'
  if (fault !== undefined) {
    const detail = `observation of round ${signed.observation.round}, model set ${signed.observation.modelSet}`
    return { state, effects: [{ kind: 'blame', node: from, reason: fault, detail }] }
  }
  const grown: Lead = {
    ...lead,
    observations: new Map(lead.observations).set(from, signed),
    open: new Map(lead.open).set(from, commitment),
    locked: locked === undefined ? lead.locked : withLock(context, lead.locked, locked),
  }
  const first: RoundEffect[] =
    lead.observations.size === 0
      ? [{ kind: 'timer', name: 'collect', attempt, session: 0, afterMs: settings.collectMs }]
      : []
  const proposed = propose(settings, state, attempt, grown)
  return { state: proposed.state, effects: [...first, ...proposed.effects] }
}

export function onCollectElapsed(settings: RoundSettings, state: RoundState, attempt: number): Step {
  const lead = state.leads.get(attempt)
  if (lead === undefined) return { state, effects: [] }
  return propose(settings, state, attempt, { ...lead, collectElapsed: true })
}

/** Chooses what to sign once enough has come in, and opens a signing session. */
function propose(settings: RoundSettings, state: RoundState, attempt: number, lead: Lead): Step {
  const everyone = lead.observations.size >= settings.committee.operators.length
  const enough = lead.observations.size >= quorumOf(settings.committee) && (everyone || lead.collectElapsed)
  if (lead.choice !== undefined || !enough) return openSession(settings, state, attempt, lead)
  // Who signed a report in an earlier attempt can sign no other: go on with theirs.
  const observations =
    mostLocked(lead.locked)?.observations ??
    [...lead.observations.values()].sort((a, b) => a.observation.node - b.observation.node)
  // Each was checked when it came, a locked report's with the report.
  const rebuilt = reportOf({ ...settings, round: state.round }, observations)
  if (!rebuilt.ok) return { state: withLead(state, attempt, lead), effects: [] }
  const { report, digest } = rebuilt
  return openSession(settings, state, attempt, { ...lead, choice: { report, digest, observations } })
}

/**
 * Opens the first session, or another when the last can't be counted on, as soon as a quorum of members who owe nothing is
 * there (ROAST, Ruffing et al. 2022). When too few are left, the attempt's timer gives the round to the next leader.
 */
function openSession(settings: RoundSettings, state: RoundState, attempt: number, lead: Lead): Step {
  const kept = { state: withLead(state, attempt, lead), effects: [] }
  const last = lead.sessions.at(-1)
  const unreliable = (node: NodeIndex): boolean => lead.excluded.has(node) || lead.late.has(node)
  const wanted = last === undefined || last.signers.some((signer) => unreliable(signer.node))
  const able = [...lead.open].filter(([node]) => !unreliable(node))
  const needed = quorumOf(settings.committee)
  if (lead.choice === undefined || !wanted || able.length < needed) return kept
  const signers = able.slice(0, needed).map(([node, commitment]) => ({ node, ...commitment }))
  const open = new Map([...lead.open].filter(([node]) => !signers.some((signer) => signer.node === node)))
  const session = lead.sessions.length
  const { observations } = lead.choice
  const message = { kind: 'proposal', round: state.round, attempt, session, signers, observations } as const
  const effects: RoundEffect[] = signers.map(({ node }) => ({ kind: 'send', to: node, message }))
  effects.push({ kind: 'timer', name: 'share', attempt, session, afterMs: settings.shareMs })
  const { groupKey } = settings.keys
  const signing = signingSession({ groupKey, signers, digest: fromHex(lead.choice.digest, 32) })
  const sessions = [...lead.sessions, { signers, signing, shares: new Map() }]
  return { state: withLead(state, attempt, { ...lead, open, sessions }), effects }
}

/** A share arrives: a wrong one names its sender and starts over without it; the last good one ends the round. */
export function onShare(settings: RoundSettings, state: RoundState, event: From<ShareMessage>): Step {
  const { from, message } = event
  const { attempt, session: number, share, next } = message
  const lead = state.leads.get(attempt)
  const session = owing(lead, number, from)
  if (lead?.choice === undefined || session === undefined) return { state, effects: [] }
  const digest = fromHex(lead.choice.digest, 32)
  const { signers, signing } = session
  if (!verifyShare({ keys: settings.keys, signers, digest, node: from, share, session: signing })) {
    return exclude(settings, state, { attempt, lead, node: from }, 'wrong-share', `share of session ${number} is wrong`)
  }
  const answered = { ...session, shares: new Map(session.shares).set(from, share) }
  const grown: Lead = {
    ...lead,
    open: new Map(lead.open).set(from, next),
    late: new Set([...lead.late].filter((node) => node !== from)),
    sessions: lead.sessions.with(number, answered),
  }
  if (answered.shares.size < answered.signers.length) return openSession(settings, state, attempt, grown)
  return certify(settings, withLead(state, attempt, grown), attempt, answered)
}

export function onRefusal(settings: RoundSettings, state: RoundState, event: From<RefusalMessage>): Step {
  const { from, message } = event
  const { attempt, session: number, reason, detail } = message
  const lead = state.leads.get(attempt)
  if (lead === undefined || owing(lead, number, from) === undefined) return { state, effects: [] }
  return exclude(settings, state, { attempt, lead, node: from }, `refused: ${reason}`, detail)
}

export function onShareElapsed(settings: RoundSettings, state: RoundState, attempt: number, number: number): Step {
  const lead = state.leads.get(attempt)
  const session = lead?.sessions[number]
  if (lead === undefined || session === undefined) return { state, effects: [] }
  const silent = session.signers
    .map((signer) => signer.node)
    .filter((node) => !session.shares.has(node) && !lead.excluded.has(node))
  const blames: RoundEffect[] = silent.map((node) => ({
    kind: 'blame',
    node,
    reason: 'silent',
    detail: `no signature share within ${settings.shareMs} ms`,
  }))
  const opened = openSession(settings, state, attempt, { ...lead, late: new Set([...lead.late, ...silent]) })
  return { state: opened.state, effects: [...blames, ...opened.effects] }
}

function certify(settings: RoundSettings, state: RoundState, attempt: number, session: Session): Step {
  const choice = state.leads.get(attempt)?.choice
  invariant(choice !== undefined, 'a session signs a choice')
  const digest = fromHex(choice.digest, 32)
  const { signers, shares, signing } = session
  const signature = combine({ keys: settings.keys, signers, digest, shares, session: signing })
  invariant(verifySignature(settings.keys.groupKey, digest, signature), 'verified shares add up to a valid signature')
  const certificate: CertificateMessage = {
    kind: 'certificate',
    round: state.round,
    attempt,
    leader: settings.self,
    observations: choice.observations,
    signers: session.signers.map((signer) => signer.node).sort((a, b) => a - b),
    signature,
  }
  const done = finish(state, { report: choice.report, digest: choice.digest, certificate })
  return { state: done.state, effects: [...toOthers(settings, certificate), ...done.effects] }
}

/** The session that a member still owes an answer to, if it was asked. */
function owing(lead: Lead | undefined, number: number, node: NodeIndex): Session | undefined {
  const session = lead?.sessions[number]
  const asked = session?.signers.some((signer) => signer.node === node) === true
  return asked && !session.shares.has(node) && !lead?.excluded.has(node) ? session : undefined
}

function exclude(
  settings: RoundSettings,
  state: RoundState,
  { attempt, lead, node }: { readonly attempt: number; readonly lead: Lead; readonly node: NodeIndex },
  reason: string,
  detail: string,
): Step {
  const opened = openSession(settings, state, attempt, { ...lead, excluded: new Set([...lead.excluded, node]) })
  return { state: opened.state, effects: [{ kind: 'blame', node, reason, detail }, ...opened.effects] }
}

/** Counts a member's lock. One that is known is not verified again: after a leader fails, every member sends the same. */
function withLock(
  context: Parameters<typeof rebuildReport>[0],
  known: Lead['locked'],
  observations: readonly SignedObservation[],
): Lead['locked'] {
  const key = (each: readonly SignedObservation[]): string =>
    each
      .map(({ signature }) => signature)
      .sort()
      .join()
  const seen = known.findIndex((each) => key(each.observations) === key(observations))
  const before = known[seen]
  if (before !== undefined) return known.with(seen, { ...before, votes: before.votes + 1 })
  const rebuilt = rebuildReport(context, observations)
  return rebuilt.ok ? [...known, { digest: rebuilt.digest, observations, votes: 1 }] : known
}

/** The report that most members are bound to; its digest breaks a tie, so that the choice is not by arrival. */
function mostLocked(locked: Lead['locked']): Lead['locked'][number] | undefined {
  return locked.toSorted((a, b) => b.votes - a.votes || (a.digest < b.digest ? -1 : 1))[0]
}

function withLead(state: RoundState, attempt: number, lead: Lead): RoundState {
  return { ...state, leads: new Map(state.leads).set(attempt, lead) }
}
