import { parseSealedMessage, sealedToWire } from '../adapters/sealed-wire.ts'
import { fromHex, type Hex } from '../core/bytes.ts'
import { signObservation } from '../core/observation.ts'
import { DEVIATION_TOLERANCE } from '../core/out-of-range.ts'
import type { Report } from '../core/report.ts'
import { signingSession } from '../core/signing-session.ts'
import {
  type Commitment,
  commit,
  type Nonces,
  type RandomBytes,
  type SecretShare,
  signShare,
} from '../core/threshold.ts'
import type { NodeIndex, UnixSeconds } from '../core/units.ts'
import type { Clock } from '../ports/clock.ts'
import type { Journal } from '../ports/journal.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import type { Transport } from '../ports/transport.ts'
import type { Evidence, SignedProposal } from '../protocol/evidence.ts'
import type { CertificateMessage, RoundMessage } from '../protocol/messages.ts'
import { startRound, step } from '../protocol/round.ts'
import type { RoundEffect, RoundEvent, RoundSettings, RoundState, Session } from '../protocol/round-state.ts'
import { lockOf, openProposal, type SealedMessage } from '../protocol/seal.ts'
import { EvidenceWatch } from './evidence-watch.ts'
import { MessageAllowances } from './message-allowances.ts'
import { MessageSeals } from './message-seals.ts'
import type { Observer } from './observe-round.ts'

export type Certified = { readonly report: Report; readonly digest: Hex; readonly certificate: CertificateMessage }

/** A member whose clock runs ahead may speak of the next round before it begins here: that much of each is kept for it. */
const EARLY_MESSAGES_MAX = 16

export type DriverOptions = {
  readonly settings: RoundSettings
  readonly secret: SecretShare
  readonly operatorKey: Uint8Array
  readonly transport: Transport
  readonly journal: Journal
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly random: RandomBytes
  readonly observe: Observer
  /** A peer's clock, whichever round it speaks of. */
  readonly onHeard?: (from: NodeIndex, sentAt: UnixSeconds) => void
  readonly onCertified: (certified: Certified) => void
  /** A proof that a member broke the protocol: one of each kind a member and round. */
  readonly onEvidence: (evidence: Evidence) => void
}

/** A message that its sender's connection vouches for, and what a leader stated in it under its signature. */
type Incoming = {
  readonly from: NodeIndex
  readonly sealed: SealedMessage
  readonly stated: SignedProposal | undefined
}

/** Carries out what the round's state machine asks for: the only place that waits, sends, draws and writes for it. */
export class RoundDriver {
  readonly #options: DriverOptions
  #state: RoundState | undefined
  #startedMs = 0
  #early: Incoming[] = []
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Secret nonces by their public commitment: in memory only, gone before they are used. */
  readonly #nonces = new Map<Hex, Nonces>()
  #abstainedIn = 0
  #seals: MessageSeals
  readonly #evidence: EvidenceWatch
  readonly #allowances = new MessageAllowances()

  constructor(options: DriverOptions) {
    this.#options = options
    const { settings, operatorKey, onEvidence } = options
    this.#seals = new MessageSeals(settings, operatorKey)
    this.#evidence = new EvidenceWatch({ ...settings, deviation: DEVIATION_TOLERANCE }, onEvidence)
    options.transport.onMessage((from, json) => this.#receive(from, json))
  }

  /** Ends the round before, if it is still open, and starts this one. */
  begin(round: number): void {
    const { journal, clock, telemetry } = this.#options
    this.stop()
    this.#startedMs = performance.now()
    const signing = journal.entries().findLast((entry) => entry.kind === 'signing' && entry.round === round)
    // The first round of a process whose journal knows earlier ones may be one that it led before it was restarted.
    const resumed = this.#state === undefined && journal.entries().length > 0
    this.#state = startRound(round, signing?.kind === 'signing' ? signing : undefined, resumed)
    this.#seals = new MessageSeals(this.#options.settings, this.#options.operatorKey)
    const waiting = this.#early
    this.#early = waiting.filter(({ sealed }) => sealed.message.round > round)
    for (const each of waiting) this.#take(round, each)
    this.#observe(round, clock.now()).catch((error: unknown) =>
      telemetry.log('error', 'observing-failed', { round, error: String(error) }),
    )
  }

  /** The newest round in which this node judged no asset, 0 for none. */
  get abstainedIn(): number {
    return this.#abstainedIn
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#nonces.clear()
  }

  #dispatch(round: number, event: RoundEvent): void {
    if (this.#state?.round !== round) return
    const next = step(this.#options.settings, this.#state, event)
    this.#state = next.state
    for (const effect of this.#broadcast(round, next.effects)) this.#carryOut(round, effect)
  }

  /** A certificate for all goes out at once where the transport has such a way. @returns What is left to be carried out. */
  #broadcast(round: number, effects: readonly RoundEffect[]): readonly RoundEffect[] {
    const { transport, settings, telemetry, clock } = this.#options
    const isForOthers = (effect: RoundEffect): effect is RoundEffect & { kind: 'send' } =>
      effect.kind === 'send' && effect.message.kind === 'certificate' && effect.to !== settings.self
    const [first, ...more] = effects.filter(isForOthers)
    if (transport.broadcast === undefined || first === undefined) return effects
    // A member that asks for what it missed is answered alone.
    if (more.length + 2 < settings.committee.operators.length) return effects
    transport
      .broadcast(sealedToWire({ message: first.message, sentAt: clock.now() }))
      .catch((error: unknown) => telemetry.log('warn', 'broadcast-failed', { round, error: String(error) }))
    return effects.filter((effect) => !isForOthers(effect))
  }

  #carryOut(round: number, effect: RoundEffect): void {
    const { telemetry } = this.#options
    switch (effect.kind) {
      case 'send':
        this.#send(round, effect.to, effect.message)
        return
      case 'commit':
        this.#dispatch(round, { kind: 'committed', attempt: effect.attempt, commitment: this.#commit() })
        return
      case 'sign':
        this.#sign(round, effect).catch((error: unknown) =>
          telemetry.log('error', 'signing-failed', { round, error: String(error) }),
        )
        return
      case 'timer':
        this.#setTimer(round, effect)
        return
      case 'blame': {
        const { node, reason, detail } = effect
        telemetry.count('plimsoll_blames_total', { node: String(node), reason })
        telemetry.log('warn', 'member-at-fault', { round, member: node, reason, detail })
        return
      }
      case 'certified':
        this.#certified(round, effect)
        return
    }
  }

  #commit(): Commitment {
    const { secret, random } = this.#options
    const made = commit(secret, random)
    this.#nonces.set(made.commitment.hiding, made.nonces)
    return made.commitment
  }

  #send(round: number, to: NodeIndex, message: RoundMessage): void {
    const { settings, clock, transport, telemetry } = this.#options
    if (to === settings.self) {
      queueMicrotask(() => this.#dispatch(round, { kind: 'message', from: to, message, now: clock.now() }))
      return
    }
    void transport
      .send(to, sealedToWire({ message, seal: this.#seals.sealOf(message), sentAt: clock.now() }))
      .then((taken) => {
        if (!taken) telemetry.log('debug', 'message-not-taken', { round, member: to, message: message.kind })
      })
  }

  #setTimer(round: number, { name, attempt, session, afterMs }: RoundEffect & { kind: 'timer' }): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#dispatch(round, { kind: 'timer', name, attempt, session })
    }, afterMs)
    this.#timers.add(timer)
  }

  async #sign(round: number, effect: RoundEffect & { kind: 'sign' }): Promise<void> {
    const { secret, settings, journal } = this.#options
    const { attempt, session, digest, observations, commitment, signers } = effect
    const nonces = this.#nonces.get(commitment.hiding)
    this.#nonces.delete(commitment.hiding)
    if (nonces === undefined) throw new Error('the nonces of this commitment are spent')
    // On the disk before a share can leave: after a crash this member signs the same report of the round, or none.
    await journal.append({ kind: 'signing', round, digest, observations, commitment })
    const { keys } = settings
    const signing = { keys, signers, digest: fromHex(digest, 32) }
    const made = signingSession({ ...signing, groupKey: keys.groupKey })
    const share = signShare({ ...signing, secret, nonces, session: made })
    const { groupCommitment } = made ?? {}
    if (groupCommitment !== undefined) this.#seals.shareMade(attempt, session, { digest, signers, groupCommitment })
    this.#dispatch(round, { kind: 'share-made', attempt, session, share, next: this.#commit() })
  }

  #certified(round: number, { report, digest, certificate }: Certified): void {
    const { telemetry, journal, onCertified } = this.#options
    telemetry.count('plimsoll_rounds_certified_total')
    telemetry.gauge('plimsoll_round', round)
    telemetry.gauge('plimsoll_certificate_seconds', (performance.now() - this.#startedMs) / 1000)
    journal
      .append({ kind: 'certified', round, digest, certificate })
      .catch((error: unknown) => telemetry.log('error', 'journal-failed', { round, error: String(error) }))
    onCertified({ report, digest, certificate })
    setImmediate(() => this.#evidence.certified(report, certificate.signature))
  }

  /** The observation that the journal has of this round, or a new one, written down before anyone sees it. */
  async #observe(round: number, now: UnixSeconds): Promise<void> {
    const { settings, journal, observe, operatorKey, telemetry } = this.#options
    const before = journal.entries().find((entry) => entry.kind === 'observed' && entry.round === round)
    if (before?.kind === 'observed') return this.#dispatch(round, { kind: 'observed', signed: before.signed })
    const observation = await observe(round, now)
    telemetry.gauge('plimsoll_observe_seconds', (performance.now() - this.#startedMs) / 1000)
    if (observation === undefined) {
      this.#abstainedIn = round
      telemetry.log('warn', 'round-abstained', { round })
      return
    }
    const signed = signObservation(settings.domain, observation, operatorKey)
    await journal.append({ kind: 'observed', round, signed })
    this.#dispatch(round, { kind: 'observed', signed })
  }

  #receive(from: NodeIndex, json: unknown): void {
    const { telemetry } = this.#options
    if (!this.#allowances.take(from, performance.now())) {
      telemetry.count('plimsoll_messages_rejected_total', { node: String(from) })
      return
    }
    const parsed = parseSealedMessage(json)
    const stated = parsed.ok ? openProposal(this.#options.settings, from, parsed.message) : undefined
    // Whoever answered a proposal that its leader did not sign could not show later what it was asked. Of the others, what can do harm
    // is signed in itself, or found wrong by its receiver.
    const unsigned = parsed.ok && parsed.message.message.kind === 'proposal' && stated === undefined
    if (!parsed.ok || unsigned) {
      const detail = parsed.ok ? 'a proposal that its sender’s operator did not sign' : parsed.detail
      telemetry.count('plimsoll_messages_rejected_total', { node: String(from) })
      telemetry.log('warn', 'message-rejected', { member: from, detail })
      return
    }
    if (parsed.message.sentAt !== undefined) this.#options.onHeard?.(from, parsed.message.sentAt)
    const incoming: Incoming = { from, sealed: parsed.message, stated }
    const { round } = parsed.message.message
    const current = this.#state?.round ?? 0
    if (round === current) this.#take(current, incoming)
    // A limit for each, so that who floods pushes out nobody else.
    const before = this.#early.filter((each) => each.from === from).length
    // Before its first round a node does not know which is the next.
    const next = current === 0 || round === current + 1
    if (next && before < EARLY_MESSAGES_MAX) this.#early.push(incoming)
  }

  /** The round goes first: evidence can wait for what is under way. */
  #take(round: number, { from, sealed, stated }: Incoming): void {
    const { message } = sealed
    if (this.#state?.round !== round || message.round !== round) return
    const wasLocked = this.#state.locked !== undefined
    this.#dispatch(round, { kind: 'message', from, message, now: this.#options.clock.now() })
    const state = this.#state
    if (stated !== undefined && !wasLocked && state.locked !== undefined) this.#seals.locked(lockOf(stated))
    const wrong = wrongShareOf(state, from, message)
    const observations = isChecked(state, from, message)
    setImmediate(() => {
      if (wrong !== undefined) this.#evidence.wrongShare(from, sealed, wrong.signers)
      else this.#evidence.received(sealed, { observations, stated })
    })
  }
}

/** The session whose share from this member its leader has just found wrong, if it has. */
function wrongShareOf({ leads }: RoundState, from: NodeIndex, message: RoundMessage): Session | undefined {
  if (message.kind !== 'share') return undefined
  const lead = leads.get(message.attempt)
  return lead?.excluded.has(from) === true ? lead.sessions[message.session] : undefined
}

/** Whether the round has taken over a message's observations, which it does once it has verified each. */
function isChecked({ leads, locked, certificate }: RoundState, from: NodeIndex, message: RoundMessage): boolean {
  if (message.kind === 'observation') return leads.get(message.attempt)?.observations.get(from) === message.signed
  if (message.kind === 'proposal') return locked?.observations === message.observations
  return message.kind === 'certificate' && certificate === message
}
