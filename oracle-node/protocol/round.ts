import { fromHex } from '../core/bytes.ts'
import { verifySignature } from '../core/threshold.ts'
import type { NodeIndex } from '../core/units.ts'
import { rebuildReport } from './check-proposal.ts'
import { leaderOf } from './committee.ts'
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
 */
export function startRound(round: number, locked?: RoundState['locked']): RoundState {
  return { round, attempt: 0, leads: new Map(), ...(locked === undefined ? {} : { locked }) }
}

export function step(settings: RoundSettings, state: RoundState, event: RoundEvent): Step {
  if (state.certificate !== undefined) return afterCertificate(state, event)
  switch (event.kind) {
    case 'observed':
      return {
        state: { ...state, own: event.signed },
        effects: [attemptTimer(settings, 0), { kind: 'commit', attempt: 0 }],
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
  return { state: { ...state, promised: { attempt, commitment } }, effects: [{ kind: 'send', to, message }] }
}

function onShareMade(settings: RoundSettings, state: RoundState, event: RoundEvent & { kind: 'share-made' }): Step {
  const { attempt, session, share, next } = event
  const to = leaderOf(settings.committee, state.round, attempt)
  const message: RoundMessage = { kind: 'share', round: state.round, attempt, session, share, next }
  const promised = attempt === state.attempt ? { promised: { attempt, commitment: next } } : {}
  return { state: { ...state, ...promised }, effects: [{ kind: 'send', to, message }] }
}

function onTimer(settings: RoundSettings, state: RoundState, event: RoundEvent & { kind: 'timer' }): Step {
  if (event.name === 'collect') return onCollectElapsed(settings, state, event.attempt)
  if (event.name === 'share') return onShareElapsed(settings, state, event.attempt, event.session)
  if (event.attempt !== state.attempt) return { state, effects: [] }
  const attempt = state.attempt + 1
  const { promised: _forgotten, ...rest } = state
  const effects: RoundEffect[] = [attemptTimer(settings, attempt)]
  if (state.own !== undefined) effects.push({ kind: 'commit', attempt })
  return { state: { ...rest, attempt }, effects }
}

function onMessage(settings: RoundSettings, state: RoundState, event: RoundEvent & { kind: 'message' }): Step {
  const { from, message } = event
  if (message.round !== state.round) return { state, effects: [] }
  switch (message.kind) {
    case 'observation':
      return onObservation(settings, state, { from, message })
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

/** A certificate speaks for itself, whoever brings it. */
function onCertificate(
  settings: RoundSettings,
  state: RoundState,
  event: { readonly from: NodeIndex; readonly message: CertificateMessage },
): Step {
  const checked = rebuildReport({ ...settings, round: state.round }, event.message.observations)
  const valid =
    checked.ok && verifySignature(settings.keys.groupKey, fromHex(checked.digest, 32), event.message.signature)
  if (!checked.ok || !valid) {
    const detail = checked.ok ? 'its signature is not the committee key’s' : checked.detail
    return { state, effects: [{ kind: 'blame', node: event.from, reason: 'bad-certificate', detail }] }
  }
  return finish(state, { report: checked.report, digest: checked.digest, certificate: event.message })
}

/** A member that asks for a round that is over gets its certificate, so that one who missed it catches up. */
function afterCertificate(state: RoundState, event: RoundEvent): Step {
  const asks = event.kind === 'message' && event.message.kind === 'observation' && event.message.round === state.round
  if (!asks || state.certificate === undefined) return { state, effects: [] }
  return { state, effects: [{ kind: 'send', to: event.from, message: state.certificate }] }
}

function attemptTimer(settings: RoundSettings, attempt: number): RoundEffect {
  return { kind: 'timer', name: 'attempt', attempt, session: 0, afterMs: settings.attemptMs }
}
