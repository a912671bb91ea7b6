import { fromHex } from '../core/bytes.ts'
import type { SignedObservation } from '../core/observation.ts'
import { type Commitment, verifySignature } from '../core/threshold.ts'
import type { NodeIndex } from '../core/units.ts'
import { type Checked, rebuildReport, sameObservations } from './check-proposal.ts'
import { faultyOf, isSignerSet, leaderOf } from './committee.ts'
import { onProposal } from './follow.ts'
import { onCollectElapsed, onObservation, onRefusal, onShare, onShareElapsed } from './lead.ts'
import type { CertificateMessage, RoundMessage } from './messages.ts'
import {
  finish,
  type RoundEffect,
  type RoundEvent,
  type RoundSettings,
  type RoundState,
  type Step,
} from './round-state.ts'

/*
 * One round of one committee, without I/O: observation → proposal → shares → certificate (DESIGN §4).
 * Anyone may be silent, late, twice or lying; up to f of them cost time, never a wrong report. A round that can't finish is
 * left, and the next one starts afresh.
 */

/**
 * A round at its start: it waits for this member's observation. Patience with a leader counts from there, since live venues may
 * take longer than a whole attempt.
 * @param locked What the journal says this member signed in it before a restart.
 * @param resumed Whether it may have led in this round before a restart: then it leads none of its attempts.
 */
export function startRound(round: number, locked?: RoundState['locked'], resumed = false): RoundState {
  const none = {
    leads: new Map(),
    promises: new Map(),
    answered: new Map(),
    heard: new Map(),
    served: new Set<NodeIndex>(),
  }
  return { round, attempt: 0, ...none, ...(locked === undefined ? {} : { locked }), ...(resumed && { resumed }) }
}

export function step(settings: RoundSettings, state: RoundState, event: RoundEvent): Step {
  if (state.certificate !== undefined) return afterCertificate(state, event)
  switch (event.kind) {
    case 'observed':
      return {
        state: { ...state, own: event.signed },
        effects: [attemptTimer(settings, state.attempt), { kind: 'commit', attempt: state.attempt }],
      }
    case 'committed':
      return onCommitted(settings, state, event)
    case 'share-made':
      return onShareMade(settings, state, event)
    case 'timer':
      return onTimer(settings, state, event)
    case 'message':
      return onMessage(settings, state, event)
  }
}

function onCommitted(settings: RoundSettings, state: RoundState, event: RoundEvent & { kind: 'committed' }): Step {
  // Nonces made for an attempt that is over are never promised to anyone; the driver forgets them with the round.
  if (state.own === undefined || event.attempt !== state.attempt) return { state, effects: [] }
  const { attempt, commitment } = event
  const message: RoundMessage = {
    kind: 'observation',
    round: state.round,
    attempt,
    signed: state.own,
    commitment,
    ...(state.locked === undefined ? {} : { locked: state.locked.observations }),
  }
  const to = leaderOf(settings.committee, state.round, attempt)
  return { state: withPromise(state, attempt, commitment), effects: [{ kind: 'send', to, message }] }
}

function onShareMade(settings: RoundSettings, state: RoundState, event: RoundEvent & { kind: 'share-made' }): Step {
  const { attempt, session, share, next } = event
  const to = leaderOf(settings.committee, state.round, attempt)
  const message: RoundMessage = { kind: 'share', round: state.round, attempt, session, share, next }
  return { state: withPromise(state, attempt, next), effects: [{ kind: 'send', to, message }] }
}

function onTimer(settings: RoundSettings, state: RoundState, event: RoundEvent & { kind: 'timer' }): Step {
  if (event.name === 'collect') return onCollectElapsed(settings, state, event.attempt)
  if (event.name === 'share') return onShareElapsed(settings, state, event.attempt, event.session)
  if (event.attempt !== state.attempt) return { state, effects: [] }
  const attempt = state.attempt + 1
  const effects: RoundEffect[] = [attemptTimer(settings, attempt)]
  if (state.own !== undefined) effects.push({ kind: 'commit', attempt })
  return { state: { ...state, attempt }, effects }
}

function onMessage(settings: RoundSettings, state: RoundState, event: RoundEvent & { kind: 'message' }): Step {
  const { from, message } = event
  if (message.round !== state.round) return { state, effects: [] }
  switch (message.kind) {
    case 'observation': {
      const kept = keepUp(settings, state, from, message.attempt)
      const next = onObservation(settings, kept.state, { from, message })
      return { state: next.state, effects: [...kept.effects, ...next.effects] }
    }
    case 'proposal':
      return onProposal(settings, state, { from, message, now: event.now })
    case 'share':
      return onShare(settings, state, { from, message })
    case 'refusal':
      return onRefusal(settings, state, { from, message })
    case 'certificate':
      return onCertificate(settings, state, { from, message })
  }
}

/**
 * A member that came late to the round, after a restart for instance, goes to the attempt that f + 1 others have reached: one of
 * them is honest. Counting from its own start it would never meet them.
 */
function keepUp(settings: RoundSettings, state: RoundState, from: NodeIndex, attempt: number): Step {
  if (from === settings.self) return { state, effects: [] }
  const heard = new Map(state.heard).set(from, Math.max(attempt, state.heard.get(from) ?? 0))
  const latest = [...heard.values()].sort((a, b) => b - a)[faultyOf(settings.committee)] ?? 0
  if (latest <= state.attempt) return { state: { ...state, heard }, effects: [] }
  const effects: RoundEffect[] = [attemptTimer(settings, latest)]
  if (state.own !== undefined) effects.push({ kind: 'commit', attempt: latest })
  return { state: { ...state, heard, attempt: latest }, effects }
}

/** A certificate speaks for itself, whoever brings it. */
function onCertificate(
  settings: RoundSettings,
  state: RoundState,
  event: { readonly from: NodeIndex; readonly message: CertificateMessage },
): Step {
  const { leader, attempt, signers, observations, signature } = event.message
  const bad = (detail: string): Step => ({
    state,
    effects: [{ kind: 'blame', node: event.from, reason: 'bad-certificate', detail }],
  })
  // Nobody signs these two; what can be checked of them is checked, so that the record of a round can't be quite made up.
  if (leader !== leaderOf(settings.committee, state.round, attempt)) return bad(`node ${leader} did not lead`)
  if (!isSignerSet(settings.committee, signers)) return bad(`${signers.join(', ')} are no quorum`)
  const checked = known(state, observations) ?? rebuildReport({ ...settings, round: state.round }, observations)
  if (!checked.ok) return bad(checked.detail)
  if (!verifySignature(settings.keys.groupKey, fromHex(checked.digest, 32), signature)) {
    return bad('its signature is not the committee key’s')
  }
  return finish(state, { report: checked.report, digest: checked.digest, certificate: event.message })
}

/** The report that this member signed, if it is of these very observations: it has checked each of them. */
function known({ locked }: RoundState, observations: readonly SignedObservation[]): Checked | undefined {
  if (locked?.report === undefined || !sameObservations(locked.observations, observations)) return undefined
  return { ok: true, report: locked.report, digest: locked.digest }
}

/** A member that asks for a round that is over gets its certificate, so that one who missed it catches up. */
function afterCertificate(state: RoundState, event: RoundEvent): Step {
  const asks = event.kind === 'message' && event.message.kind === 'observation' && event.message.round === state.round
  if (!asks || state.certificate === undefined || state.served.has(event.from)) return { state, effects: [] }
  const served = new Set([...state.served, event.from])
  return { state: { ...state, served }, effects: [{ kind: 'send', to: event.from, message: state.certificate }] }
}

/** Attempts whose promises are kept: with more between two members, the next round is nearer. */
const PROMISES_MAX = 8

function withPromise(state: RoundState, attempt: number, commitment: Commitment): RoundState {
  const promises = new Map(state.promises).set(attempt, commitment)
  const oldest = Math.min(...promises.keys())
  if (promises.size > PROMISES_MAX) promises.delete(oldest)
  return { ...state, promises }
}

function attemptTimer(settings: RoundSettings, attempt: number): RoundEffect {
  return { kind: 'timer', name: 'attempt', attempt, session: 0, afterMs: settings.attemptMs }
}
