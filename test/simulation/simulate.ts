import { secp256k1 } from '@noble/curves/secp256k1.js'
import { fromHex, type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import {
  addressOf,
  type Observation,
  type SignedObservation,
  signObservation,
} from '../../oracle-node/core/observation.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import type { Report } from '../../oracle-node/core/report.ts'
import { commit, type Nonces, type PublicKeys, type SecretShare, signShare } from '../../oracle-node/core/threshold.ts'
import { bps, type NodeIndex, nodeIndex, unixSeconds } from '../../oracle-node/core/units.ts'
import type { RoundMessage } from '../../oracle-node/protocol/messages.ts'
import { startRound, step } from '../../oracle-node/protocol/round.ts'
import type { RoundEffect, RoundEvent, RoundSettings, RoundState } from '../../oracle-node/protocol/round-state.ts'
import { dealtKeys } from '../support/dealt-keys.ts'
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts'

/** How a member misbehaves in a round. `crash-while-signing` comes back with its journal and nothing else. */
export type Vice =
  | 'silent'
  | 'extreme-values'
  | 'wrong-share'
  | 'forged-proposal'
  | 'split-proposal'
  | 'crash-while-signing'
  | 'replays-messages'
  | 'false-lock'
export const VICES: readonly Vice[] = [
  'silent',
  'extreme-values',
  'wrong-share',
  'forged-proposal',
  'split-proposal',
  'crash-while-signing',
  'replays-messages',
  'false-lock',
]

export type World = {
  readonly keys: PublicKeys
  readonly members: ReadonlyArray<{
    readonly secret: SecretShare
    readonly operatorKey: Uint8Array
    readonly operator: Hex
  }>
}

/** A committee's keys; made once, since key generation has tests of its own. */
export function makeWorld(size: number): World {
  const random = seededRandom(`world ${size}`)
  const { keys, secrets } = dealtKeys(size, random)
  const members = secrets.map((secret) => {
    const operatorKey = random.bytes(32)
    return { secret, operatorKey, operator: addressOf(secp256k1.getPublicKey(operatorKey, false)) }
  })
  return { keys, members }
}

export type Faults = {
  readonly vices: ReadonlyMap<NodeIndex, Vice>
  /** Share of messages that never arrive, between any two members. */
  readonly loss: number
  readonly delayMsMax: number
  /** Honest messages arrive twice, as a transport may deliver them. */
  readonly twice?: boolean
  /** When the last honest member begins, long after the others. */
  readonly lateMs?: number
  /** How far apart members begin the round. */
  readonly gapMs?: number
}

export type Outcome = {
  readonly reports: ReadonlyMap<NodeIndex, { readonly digest: Hex; readonly report: Report }>
  /** What honest members observed. */
  readonly honest: readonly Observation[]
  readonly blames: ReadonlyArray<{ readonly by: NodeIndex; readonly node: NodeIndex; readonly reason: string }>
  /** Commitments under which an honest member made a share, in order. */
  readonly spent: readonly string[]
  readonly milliseconds: number
}

const DOMAIN = { chainId: 31_337n, oracle: `0x${'ab'.repeat(20)}` as Hex }
const MODEL_SET = `0x${'77'.repeat(32)}` as Hex
const NOW = unixSeconds(1_700_000_000)
/** Long enough for every member to have led more than once. */
const HORIZON_MS = 120_000

type Queued = { readonly at: number; readonly order: number; readonly node: NodeIndex; readonly event: RoundEvent }

/** One round of a whole committee under a seed: every delay, loss and value is drawn from it, and nothing else. */
export function simulateRound(world: World, seed: string, faults: Faults): Outcome {
  const random = seededRandom(seed)
  return new Simulation(world, random, faults).run()
}

class Simulation {
  readonly #world: World
  readonly #random: SeededRandom
  readonly #faults: Faults
  readonly #queue: Queued[] = []
  readonly #states = new Map<NodeIndex, RoundState>()
  readonly #nonces = new Map<string, Nonces>()
  readonly #journal = new Map<NodeIndex, RoundState['locked']>()
  readonly #signed = new Map<NodeIndex, SignedObservation>()
  readonly #reports = new Map<NodeIndex, { digest: Hex; report: Report }>()
  readonly #blames: Array<{ by: NodeIndex; node: NodeIndex; reason: string }> = []
  readonly #spent: string[] = []
  #clock = 0
  #order = 0
  #crashed = false

  constructor(world: World, random: SeededRandom, faults: Faults) {
    this.#world = world
    this.#random = random
    this.#faults = faults
  }

  run(): Outcome {
    const round = 1 + this.#random.below(1_000)
    for (const node of this.#nodes()) {
      this.#states.set(node, startRound(round))
      const signed = this.#observe(node, round)
      this.#signed.set(node, signed)
      const late = node === this.#nodes().findLast((each) => this.#vice(each) === undefined) ? this.#faults.lateMs : 0
      const begins = (this.#faults.gapMs ?? 0) * (node - 1) + (late ?? 0) + this.#random.below(400)
      this.#push(begins, node, { kind: 'observed', signed })
    }
    while (this.#queue.length > 0 && this.#clock < HORIZON_MS && !this.#finished()) this.#next()
    const honest = this.#nodes().filter((node) => this.#isHonest(node))
    return {
      reports: new Map([...this.#reports].filter(([node]) => this.#isHonest(node))),
      honest: honest.flatMap((node) => this.#signed.get(node)?.observation ?? []),
      blames: this.#blames.filter(({ by }) => this.#isHonest(by)),
      spent: this.#spent,
      milliseconds: this.#clock,
    }
  }

  #finished(): boolean {
    return this.#nodes().every((node) => !this.#isHonest(node) || this.#reports.has(node))
  }

  #next(): void {
    this.#queue.sort((a, b) => a.at - b.at || a.order - b.order)
    const { at, node, event } = this.#queue.shift() as Queued
    this.#clock = at
    const state = this.#states.get(node) as RoundState
    const stepped = step(this.#settings(node), state, event)
    this.#states.set(node, stepped.state)
    this.#carryOut(node, stepped.effects)
  }

  #carryOut(node: NodeIndex, effects: readonly RoundEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send') this.#send(node, effect.to, effect.message)
      if (effect.kind === 'commit')
        this.#push(1, node, { kind: 'committed', attempt: effect.attempt, commitment: this.#commit(node) })
      if (effect.kind === 'timer') {
        const { name, attempt, session, afterMs } = effect
        this.#push(afterMs, node, { kind: 'timer', name, attempt, session })
      }
      if (effect.kind === 'sign') this.#sign(node, effect)
      if (effect.kind === 'blame') this.#blames.push({ by: node, node: effect.node, reason: effect.reason })
      if (effect.kind === 'certified') this.#reports.set(node, { digest: effect.digest, report: effect.report })
    }
  }

  #commit(node: NodeIndex) {
    const { secret } = this.#member(node)
    const made = commit(secret, this.#random.bytes)
    this.#nonces.set(made.commitment.hiding, made.nonces)
    return made.commitment
  }

  /** As the driver does it: the journal first, then the share; a crash between the two leaves the journal. */
  #sign(node: NodeIndex, effect: RoundEffect & { kind: 'sign' }): void {
    const nonces = this.#nonces.get(effect.commitment.hiding)
    this.#nonces.delete(effect.commitment.hiding)
    if (nonces === undefined) throw new Error(`node ${node} was asked to use a nonce twice`)
    this.#journal.set(node, { digest: effect.digest, observations: effect.observations })
    if (this.#isHonest(node)) this.#spent.push(effect.commitment.hiding)
    if (this.#vice(node) === 'crash-while-signing' && !this.#crashed) {
      this.#crashed = true
      this.#restart(node)
      return
    }
    const { secret } = this.#member(node)
    const digest = fromHex(effect.digest, 32)
    const share = signShare({ secret, keys: this.#world.keys, nonces, signers: effect.signers, digest })
    const { attempt, session } = effect
    this.#push(5, node, { kind: 'share-made', attempt, session, share, next: this.#commit(node) })
  }

  #restart(node: NodeIndex): void {
    const round = this.#states.get(node)?.round ?? 0
    for (let index = this.#queue.length - 1; index >= 0; index -= 1) {
      if (this.#queue[index]?.node === node) this.#queue.splice(index, 1)
    }
    this.#states.set(node, startRound(round, this.#journal.get(node)))
    const signed = this.#signed.get(node) as SignedObservation
    this.#push(500, node, { kind: 'observed', signed })
  }

  #send(from: NodeIndex, to: NodeIndex, message: RoundMessage): void {
    const sent = this.#twisted(from, to, message)
    if (sent === undefined) return
    if (from !== to && this.#random.chance(this.#faults.loss)) return
    const copies = this.#vice(from) === 'replays-messages' ? 3 : this.#faults.twice === true ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      const delay = from === to ? 0 : 1 + this.#random.below(this.#faults.delayMsMax)
      this.#push(delay, to, { kind: 'message', from, message: sent, now: NOW })
    }
  }

  /** What a faulty member sends in place of what the protocol asks it to. */
  #twisted(from: NodeIndex, to: NodeIndex, message: RoundMessage): RoundMessage | undefined {
    const vice = this.#vice(from)
    if (vice === 'silent') return undefined
    if (vice === 'wrong-share' && message.kind === 'share') return { ...message, share: toHex(this.#scalar()) }
    if (vice === 'false-lock' && message.kind === 'observation') return { ...message, locked: this.#falseLock(from) }
    if (message.kind !== 'proposal') return message
    const [first, ...rest] = message.observations
    if (vice === 'forged-proposal' && first !== undefined) {
      const values = first.observation.values.map(({ feed, record }) => ({ feed, record: { ...record, priceE8: 1n } }))
      return { ...message, observations: [...rest, { ...first, observation: { ...first.observation, values } }] }
    }
    if (vice === 'split-proposal' && message.observations.length > 3 && to % 2 === 0)
      return { ...message, observations: rest }
    return message
  }

  /** Valid observations of a report that nobody signed: the liar's own is another than it sent. */
  #falseLock(liar: NodeIndex): SignedObservation[] {
    const honest = this.#nodes()
      .filter((node) => node !== liar)
      .slice(0, 2)
    const observed = this.#signed.get(liar) as SignedObservation
    const observation = { ...observed.observation, featuresHash: `0x${'99'.repeat(32)}` as Hex }
    const other = signObservation(DOMAIN, observation, this.#member(liar).operatorKey)
    return [...honest.map((node) => this.#signed.get(node) as SignedObservation), other]
  }

  #scalar(): Uint8Array {
    const bytes = this.#random.bytes(32)
    bytes[0] = 1
    return bytes
  }

  #observe(node: NodeIndex, round: number): SignedObservation {
    const extreme = this.#vice(node) === 'extreme-values'
    const record: RiskRecord = {
      priceE8: extreme ? 2n ** 63n : 150_000_000_000n + BigInt(this.#random.below(100_000_000)),
      volatilityBps: bps(extreme ? 0 : 7_000 + this.#random.below(50)),
      valueAtRisk99Bps: bps(extreme ? 65_535 : 900 + this.#random.below(20)),
      expectedShortfall99Bps: bps(extreme ? 65_535 : 1_200 + this.#random.below(20)),
      depthUsd: extreme ? 2 ** 40 - 1 : 5_000_000 + this.#random.below(10_000),
      liquidityScoreBps: bps(extreme ? 0 : 6_600),
      riskScoreBps: bps(extreme ? 0 : 7_000),
      confidenceBps: bps(extreme ? 65_535 : this.#random.below(5)),
      observedAt: extreme ? unixSeconds(4_000_000_000) : unixSeconds(NOW + this.#random.below(2)),
      validForSeconds: extreme ? 65_535 : 1_860,
    }
    const observation: Observation = {
      epoch: 1,
      round,
      node,
      observedAt: record.observedAt,
      modelSet: MODEL_SET,
      featuresHash: toHex(this.#random.bytes(32)),
      fallbacks: 0n,
      values: [{ feed: feedOf('WETH'), record }],
    }
    return signObservation(DOMAIN, observation, this.#member(node).operatorKey)
  }

  #settings(self: NodeIndex): RoundSettings {
    return {
      committee: { epoch: 1, operators: this.#world.members.map((member) => member.operator) },
      self,
      keys: this.#world.keys,
      domain: DOMAIN,
      modelSet: MODEL_SET,
      tolerance: { priceBps: 300, riskBps: 500, clockSeconds: 120 },
      collectMs: 1_000,
      shareMs: 1_500,
      attemptMs: 5_000,
    }
  }

  #push(delay: number, node: NodeIndex, event: RoundEvent): void {
    this.#order += 1
    this.#queue.push({ at: this.#clock + delay, order: this.#order, node, event })
  }

  #nodes(): NodeIndex[] {
    return this.#world.members.map((_, index) => nodeIndex(index + 1))
  }

  #member(node: NodeIndex) {
    return this.#world.members[node - 1] as World['members'][number]
  }

  #vice(node: NodeIndex): Vice | undefined {
    return this.#faults.vices.get(node)
  }

  /** A member that crashed and came back is honest: it must end like the others, and never sign twice. */
  #isHonest(node: NodeIndex): boolean {
    const vice = this.#vice(node)
    return vice === undefined || vice === 'crash-while-signing'
  }
}
