import { secp256k1 } from '@noble/curves/secp256k1.js'
import { type Hex, toBigInt } from '../../oracle-node/core/bytes.ts'
import { addressOf } from '../../oracle-node/core/observation.ts'
import type { SecretShare } from '../../oracle-node/core/threshold.ts'
import { type NodeIndex, nodeIndex } from '../../oracle-node/core/units.ts'
import {
  type CeremonyEffect,
  type CeremonyStep,
  startCeremony,
  stepCeremony,
} from '../../oracle-node/protocol/ceremony/ceremony.ts'
import {
  type Body,
  type CeremonyMessage,
  type Letter,
  signLetter,
} from '../../oracle-node/protocol/ceremony/letters.ts'
import type { Outcome } from '../../oracle-node/protocol/ceremony/outcome.ts'
import { type CeremonySettings, partiesOf } from '../../oracle-node/protocol/ceremony/settings.ts'
import type { CeremonyState } from '../../oracle-node/protocol/ceremony/state.ts'
import type { SeededRandom } from './seeded-random.ts'

export type Operator = { readonly address: Hex; readonly key: Uint8Array }

export function makeOperators(count: number, random: SeededRandom): Operator[] {
  return Array.from({ length: count }, () => {
    const key = secp256k1.utils.randomSecretKey(random.bytes(48))
    return { key, address: addressOf(secp256k1.getPublicKey(key, false)) }
  })
}

/** Signs as a party what that party would never say. */
export type Forge = (body: Body) => Letter

/** What a cheat does to a message of its own before it leaves for one peer; undefined keeps it back. */
export type Cheat = (options: {
  readonly to: NodeIndex
  readonly message: CeremonyMessage
  readonly forge: Forge
  readonly state: CeremonyState
}) => CeremonyMessage | undefined

export type NetworkOptions = {
  readonly settings: CeremonySettings
  readonly operators: readonly Operator[]
  /** Shares of the key that is shared anew, by party. */
  readonly shares?: ReadonlyMap<NodeIndex, SecretShare>
  readonly cheats?: ReadonlyMap<NodeIndex, Cheat>
  readonly absent?: ReadonlySet<NodeIndex>
  /** Of messages. */
  readonly loss?: number
  /** That a party dies and comes back in a step of the network. */
  readonly crashes?: number
  readonly until?: number
}

type Parcel = {
  readonly from: NodeIndex
  readonly to: NodeIndex
  readonly message: CeremonyMessage
  readonly at: number
}
type Machine = {
  state: CeremonyState
  readonly kept: Letter[]
  outcome: Outcome | undefined
  readonly seed: Uint8Array
}

const TIMING = { patienceMs: 3_000, viewMs: 1_000, statusMs: 200 }
const STEP_MS = 20

export type NetworkResult = { readonly machines: ReadonlyMap<NodeIndex, Machine>; readonly elapsedMs: number }

/**
 * Runs a ceremony in virtual time: messages take up to 100 ms, come in any order, are lost and doubled; parties crash between any two
 * steps and come back with what they kept. Ends when every honest party has its outcome, or at `until`.
 */
export function runNetwork(options: NetworkOptions, random: SeededRandom): NetworkResult {
  const { settings, until = 120_000, cheats = new Map<NodeIndex, Cheat>(), absent = new Set() } = options
  const present = partiesOf(settings).filter((party) => !absent.has(party))
  const machines = new Map<NodeIndex, Machine>()
  let post: Parcel[] = []
  let now = 0

  const dispatch = (from: NodeIndex, to: NodeIndex, message: CeremonyMessage): void => {
    const machine = machines.get(from) as Machine
    const forge: Forge = (body) => signLetter(settings.id, from, body, operatorOf(options, from).key)
    const cheat = cheats.get(from)
    const sent = cheat === undefined ? message : cheat({ to, message, forge, state: machine.state })
    if (sent === undefined || random.chance(options.loss ?? 0)) return
    post.push({ from, to, message: sent, at: now + random.below(100) })
    if (random.chance(0.05)) post.push({ from, to, message: sent, at: now + random.below(400) })
  }
  const carryOut = (party: NodeIndex, { state, effects }: CeremonyStep): void => {
    const machine = machines.get(party) as Machine
    machine.state = state
    for (const effect of effects) apply(machine, effect, (to, message) => dispatch(party, to, message))
    if (machine.outcome !== undefined && !machine.state.finished)
      machine.state = stepCeremony(machine.state, { kind: 'sealed' }, now).state
  }
  for (const party of present) {
    const seed = random.bytes(32)
    const step = begin(options, party, seed, [], now, false)
    machines.set(party, { state: step.state, kept: [], outcome: undefined, seed })
    carryOut(party, step)
  }
  const honest = present.filter((party) => !cheats.has(party))
  while (now < until && !honest.every((party) => machines.get(party)?.outcome !== undefined)) {
    now += STEP_MS
    const due = post.filter(({ at }) => at <= now)
    post = post.filter(({ at }) => at > now)
    for (const { from, to, message } of due) {
      const machine = machines.get(to)
      if (machine !== undefined) carryOut(to, stepCeremony(machine.state, { kind: 'message', from, message }, now))
    }
    for (const party of present) {
      const machine = machines.get(party) as Machine
      if (random.chance(options.crashes ?? 0))
        carryOut(party, begin(options, party, machine.seed, machine.kept, now, machine.outcome !== undefined))
      carryOut(party, stepCeremony((machines.get(party) as Machine).state, { kind: 'tick' }, now))
    }
  }
  return { machines, elapsedMs: now }
}

function begin(
  options: NetworkOptions,
  self: NodeIndex,
  seed: Uint8Array,
  kept: readonly Letter[],
  now: number,
  finished: boolean,
): CeremonyStep {
  const share = options.shares?.get(self)
  const secrets = {
    seed,
    operatorKey: operatorOf(options, self).key,
    ...(share && { share: toBigInt(share.share) }),
  }
  return startCeremony({ settings: options.settings, timing: TIMING, secrets, self, kept, finished, now })
}

function apply(
  machine: Machine,
  effect: CeremonyEffect,
  send: (to: NodeIndex, message: CeremonyMessage) => void,
): void {
  if (effect.kind === 'keep') machine.kept.push(...effect.letters)
  else if (effect.kind === 'send') send(effect.to, effect.message)
  else machine.outcome ??= effect.outcome
}

function operatorOf({ operators, settings }: NetworkOptions, party: NodeIndex): Operator {
  const address = settings.parties[party - 1]?.operator
  const found = operators.find((operator) => operator.address === address)
  if (found === undefined) throw new Error(`no operator for party ${party}`)
  return found
}

/** The outcomes of some parties; fails where one has none. */
export function outcomesOf({ machines }: NetworkResult, parties: readonly NodeIndex[]): Outcome[] {
  return parties.map((party) => {
    const outcome = machines.get(party)?.outcome
    if (outcome === undefined) throw new Error(`party ${party} has no outcome`)
    return outcome
  })
}

export function numbers(count: number): NodeIndex[] {
  return Array.from({ length: count }, (_, index) => nodeIndex(index + 1))
}
