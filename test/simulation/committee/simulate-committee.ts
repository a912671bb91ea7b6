import { parseRoundMessage, toWire } from '../../../oracle-node/adapters/wire.ts'
import { fromHex } from '../../../oracle-node/core/bytes.ts'
import { type SignedObservation, signObservation } from '../../../oracle-node/core/observation.ts'
import { faultyMax } from '../../../oracle-node/core/quorum.ts'
import { commit, signShare } from '../../../oracle-node/core/threshold.ts'
import { type NodeIndex, nodeIndex, type UnixSeconds, unixSeconds } from '../../../oracle-node/core/units.ts'
import type { RoundMessage } from '../../../oracle-node/protocol/messages.ts'
import { startRound, step } from '../../../oracle-node/protocol/round.ts'
import type { RoundEffect, RoundEvent } from '../../../oracle-node/protocol/round-state.ts'
import { DOMAIN, memberOf, NOW, settingsOf } from '../../support/committee.ts'
import { type SeededRandom, seededRandom } from '../../support/seeded-random.ts'
import { makeWorld, type World } from '../simulate.ts'
import { type Behaviour, twisted } from './behaviours.ts'
import { Checkers, Violation } from './checkers.ts'
import { EventQueue } from './event-queue.ts'
import { type Entry, type Member, newMember } from './member.ts'
import type { Mutant } from './mutants.ts'
import { drawObservation } from './observe.ts'
import { HEALED_ROUNDS, ROUND_MS, type Scenario } from './scenario.ts'

export type Result = {
  readonly violation?: Violation
  /** Rounds with a report before the network healed, and after it the first that has one, counted from 1. */
  readonly certified: number
  readonly healedIn?: number
  readonly events: number
}

/** As the driver's. */
const EARLY_MESSAGES_MAX = 16
const SYNC_MS_MAX = 20
const FORGOTTEN_AFTER_MESSAGES = 200
const TIMING = { collectMs: 1_000, shareMs: 1_500, attemptMs: 5_000 }
const worlds = new Map<number, World>()

function worldOf(size: number): World {
  const world = worlds.get(size) ?? makeWorld(size)
  worlds.set(size, world)
  return world
}

/** Rounds of a whole committee: the production state machine at every member, everything else drawn from the scenario's seed. */
export function simulateCommittee(scenario: Scenario, mutant?: Mutant, trace?: (line: string) => void): Result {
  return new CommitteeSimulation(scenario, mutant, trace).run()
}

class CommitteeSimulation {
  readonly #scenario: Scenario
  readonly #mutant: Mutant | undefined
  readonly #trace: (line: string) => void
  readonly #world: World
  readonly #random: SeededRandom
  readonly #queue = new EventQueue()
  readonly #checkers = new Checkers()
  readonly #members: readonly Member[]
  readonly #liars: ReadonlySet<NodeIndex>
  #events = 0

  constructor(scenario: Scenario, mutant: Mutant | undefined, trace: (line: string) => void = () => undefined) {
    this.#scenario = scenario
    this.#mutant = mutant
    this.#trace = trace
    this.#world = worldOf(scenario.size)
    this.#random = seededRandom(scenario.seed)
    const faulty = new Map(scenario.faulty.map(({ node, behaviour }) => [node, behaviour]))
    if (mutant === 'one-liar-more') {
      for (let node = 1; faulty.size < faultyMax(scenario.size) + 1; node += 1)
        faulty.set(node, 'values-just-inside-tolerance')
    }
    this.#liars = new Set([...faulty.keys()].map((node) => nodeIndex(node)))
    this.#members = this.#world.members.map((_, index) => newMember(nodeIndex(index + 1), faulty.get(index + 1)))
  }

  run(): Result {
    const { rounds, crashes } = this.#scenario
    const healed = rounds - HEALED_ROUNDS + 1
    for (const member of this.#members) for (let round = 1; round <= rounds; round += 1) this.#schedule(member, round)
    for (const { node, atMs, downMs } of crashes)
      this.#queue.push(atMs, () => this.#crash(this.#of(nodeIndex(node)), downMs))
    try {
      while (!this.#checkers.hasReportSince(healed) && this.#queue.next((rounds + 1) * ROUND_MS)) this.#events += 1
      this.#checkers.end(healed)
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      return { violation: error, certified: this.#checkers.certifiedBefore(healed), events: this.#events }
    }
    const healedIn = this.#checkers.lastCertified - healed + 1
    return { certified: this.#checkers.certifiedBefore(healed), healedIn, events: this.#events }
  }

  /** A member begins a round when its own clock says so. */
  #schedule(member: Member, round: number): void {
    const { aheadMs = 0, gainMs = 0 } = this.#scenario.clocks[member.node - 1] ?? {}
    const at = (round * ROUND_MS - aheadMs) / (1 + gainMs / 1_000)
    this.#queue.push(at, () => {
      if (member.isUp) this.#begin(member, round)
    })
  }

  #now(member: Member): UnixSeconds {
    const { aheadMs = 0, gainMs = 0 } = this.#scenario.clocks[member.node - 1] ?? {}
    if (this.#mutant === 'stopped-clocks') return NOW
    return unixSeconds(NOW + Math.floor((this.#queue.now * (1 + gainMs / 1_000) + aheadMs) / 1_000))
  }

  #begin(member: Member, round: number): void {
    member.nonces.clear()
    const resumed = member.state === undefined && member.disk.length > 0
    const signing = member.disk.findLast((entry) => entry.kind === 'signing' && entry.round === round)
    member.state = startRound(round, signing?.kind === 'signing' ? signing : undefined, resumed)
    this.#trace(`${this.#at()}: member ${member.node} begins round ${round}${resumed ? ' anew' : ''}`)
    const waiting = member.early
    member.early = waiting.filter(({ message }) => message.round > round)
    for (const { from, message } of waiting) this.#take(member, from, message)
    const before = member.disk.find((entry) => entry.kind === 'observed' && entry.round === round)
    if (before?.kind === 'observed') {
      this.#dispatch(member, { kind: 'observed', signed: before.signed })
      return
    }
    this.#later(member, 50 + this.#random.below(400), () => {
      const signed = this.#observe(member.node, round, member.behaviour)
      this.#journal(member, { kind: 'observed', round, signed }, () =>
        this.#dispatch(member, { kind: 'observed', signed }),
      )
    })
  }

  /** Something that this life of the member waits for, within the round that it is in. */
  #later(member: Member, afterMs: number, work: () => void): void {
    const { life } = member
    const round = member.state?.round
    this.#queue.push(this.#queue.now + afterMs, () => {
      if (member.isUp && member.life === life && member.state?.round === round) work()
    })
  }

  /** Written, and on the disk some time later: a crash in between keeps it or loses it. */
  #journal(member: Member, entry: Entry, then: () => void): void {
    const { life } = member
    const syncMs = 1 + this.#random.below(SYNC_MS_MAX)
    const survives = this.#random.chance(0.5)
    if (survives) member.disk.push(entry)
    this.#queue.push(this.#queue.now + syncMs, () => {
      if (member.life !== life) return
      if (!survives) member.disk.push(entry)
      if (member.isUp && member.state?.round === entry.round) then()
    })
  }

  #crash(member: Member, downMs: number): void {
    if (!member.isUp) return
    this.#trace(`${this.#at()}: member ${member.node} crashes for ${downMs} ms`)
    member.isUp = false
    member.life += 1
    member.state = undefined
    member.nonces = new Map()
    member.early = []
    if (this.#mutant === 'forgetful-disk') member.disk = []
    this.#queue.push(this.#queue.now + downMs, () => {
      member.isUp = true
      const seconds = this.#now(member) - NOW
      const round =
        this.#mutant === 'stopped-clocks'
          ? Math.floor(this.#queue.now / ROUND_MS)
          : Math.floor((seconds * 1_000) / ROUND_MS)
      if (round >= 1 && round <= this.#scenario.rounds) this.#begin(member, round)
    })
  }

  #dispatch(member: Member, event: RoundEvent): void {
    if (member.state === undefined) return
    const stepped = step(settingsOf(this.#world, member.node, TIMING), member.state, event)
    member.state = stepped.state
    if (this.#mutant === 'unbound' && member.state.locked !== undefined) {
      const { locked: _, ...unbound } = member.state
      member.state = unbound
    }
    for (const effect of stepped.effects) this.#carryOut(member, effect)
  }

  #carryOut(member: Member, effect: RoundEffect): void {
    const round = member.state?.round ?? 0
    switch (effect.kind) {
      case 'send':
        this.#send(member, effect.to, effect.message)
        return
      case 'commit':
        this.#later(member, 1, () =>
          this.#dispatch(member, { kind: 'committed', attempt: effect.attempt, commitment: this.#commit(member) }),
        )
        return
      case 'timer': {
        const { afterMs, ...event } = effect
        this.#later(member, afterMs, () => this.#dispatch(member, event))
        return
      }
      case 'sign':
        this.#sign(member, round, effect)
        return
      case 'certified':
        this.#certified(member, round, effect)
        return
      case 'blame':
        this.#trace(`${this.#at()}: member ${member.node} blames ${effect.node}: ${effect.reason}`)
    }
  }

  #certified(member: Member, round: number, { digest, report }: RoundEffect & { kind: 'certified' }): void {
    if (member.behaviour !== undefined) return
    this.#trace(`${this.#at()}: member ${member.node} has the certificate of round ${round}, ${digest}`)
    this.#checkers.certified(round, digest, report)
  }

  #at(): string {
    return `${this.#queue.now.toFixed(0)} ms`
  }

  #commit(member: Member) {
    const { secret } = memberOf(this.#world, member.node)
    const draws =
      this.#mutant === 'nonces-drawn-twice' ? seededRandom(`nonces of ${member.node}`).bytes : this.#random.bytes
    const made = commit(secret, draws)
    member.nonces.set(made.commitment.hiding, made.nonces)
    return made.commitment
  }

  #sign(member: Member, round: number, effect: RoundEffect & { kind: 'sign' }): void {
    const { hiding } = effect.commitment
    const nonces = member.nonces.get(hiding)
    member.nonces.delete(hiding)
    if (nonces === undefined) return
    const { secret } = memberOf(this.#world, member.node)
    const { attempt, session, digest, observations, signers } = effect
    const release = (): void => {
      if (member.behaviour === undefined) this.#checkers.share(member.node, round, digest, hiding)
      const share = signShare({ secret, keys: this.#world.keys, nonces, signers, digest: fromHex(digest, 32) })
      this.#dispatch(member, { kind: 'share-made', attempt, session, share, next: this.#commit(member) })
    }
    const entry: Entry = { kind: 'signing', round, digest, observations }
    this.#journal(member, entry, release)
  }

  #send(member: Member, to: NodeIndex, message: RoundMessage): void {
    if (member.behaviour === undefined && message.kind === 'observation') this.#checkers.observation(message.signed)
    const { node, behaviour, sent } = member
    if (to === node) {
      this.#later(member, 0, () => this.#take(member, node, message))
      return
    }
    const letters =
      behaviour === undefined ? [{ body: message }] : twisted(behaviour, this.#villain(member), to, message)
    sent.push(message)
    if (sent.length > FORGOTTEN_AFTER_MESSAGES) sent.shift()
    for (const { body, afterMs = 0 } of letters) {
      const copies = this.#scenario.duplicates && this.#random.chance(0.3) ? 2 : 1
      for (let copy = 0; copy < copies; copy += 1)
        this.#deliver(node, to, isMessage(body) ? toWire(body) : body, afterMs)
    }
  }

  #deliver(from: NodeIndex, to: NodeIndex, json: unknown, afterMs: number): void {
    const { now } = this.#queue
    const { rounds, loss, delayMsMax, partitions } = this.#scenario
    const healed = now >= (rounds - HEALED_ROUNDS + 1) * ROUND_MS - 10_000 && this.#mutant !== 'never-heals'
    if (this.#random.chance(healed ? 0 : this.#mutant === 'never-heals' ? 1 : loss)) return
    const isApart = partitions.some(
      ({ fromMs, toMs, apart }) => now >= fromMs && now < toMs && apart.includes(from) !== apart.includes(to),
    )
    if (isApart) return
    this.#queue.push(now + afterMs + 1 + this.#random.below(delayMsMax), () => this.#receive(this.#of(to), from, json))
  }

  #receive(member: Member, from: NodeIndex, json: unknown): void {
    const parsed = parseRoundMessage(json)
    if (!parsed.ok || !member.isUp) return
    const { message } = parsed
    const current = member.state?.round ?? 0
    if (message.round === current) {
      this.#take(member, from, message)
      return
    }
    const before = member.early.filter((each) => each.from === from).length
    if ((current === 0 || message.round === current + 1) && before < EARLY_MESSAGES_MAX)
      member.early.push({ from, message })
  }

  #take(member: Member, from: NodeIndex, message: RoundMessage): void {
    if (member.state?.round === message.round)
      this.#dispatch(member, { kind: 'message', from, message, now: this.#now(member) })
  }

  #villain(member: Member) {
    return {
      node: member.node,
      random: this.#random,
      observe: (round: number) => this.#observe(member.node, round, undefined),
      commitment: () => commit(memberOf(this.#world, member.node).secret, this.#random.bytes).commitment,
      sent: member.sent,
      accomplices: this.#liars,
      size: this.#scenario.size,
    }
  }

  #observe(node: NodeIndex, round: number, behaviour: Behaviour | undefined): SignedObservation {
    const { operatorKey } = memberOf(this.#world, node)
    const observed = {
      node,
      round,
      behaviour,
      now: this.#now(this.#of(node)),
      modelSet: settingsOf(this.#world, node).modelSet,
    }
    return signObservation(DOMAIN, drawObservation(observed, this.#random), operatorKey)
  }

  #of(node: NodeIndex): Member {
    const member = this.#members[node - 1]
    if (member === undefined) throw new Error(`no member ${node} of ${this.#members.length}`)
    return member
  }
}

/** What a liar sends may be anything; what is a message goes the way of messages. */
function isMessage(body: unknown): body is RoundMessage {
  return typeof body === 'object' && body !== null && 'kind' in body && 'attempt' in body
}
