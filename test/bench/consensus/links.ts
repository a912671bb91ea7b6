import { parseRoundMessage, toWire } from '../../../oracle-node/adapters/wire.ts'
import { osRandom } from '../../../oracle-node/app/keys.ts'
import { fromHex } from '../../../oracle-node/core/bytes.ts'
import { type Commitment, commit, type Nonces, signShare } from '../../../oracle-node/core/threshold.ts'
import type { NodeIndex } from '../../../oracle-node/core/units.ts'
import { leaderOf } from '../../../oracle-node/protocol/committee.ts'
import type { RoundMessage } from '../../../oracle-node/protocol/messages.ts'
import { startRound, step } from '../../../oracle-node/protocol/round.ts'
import type { RoundEffect, RoundEvent, RoundState } from '../../../oracle-node/protocol/round-state.ts'
import { memberOf, NOW, nodesOf, observationOf, settingsOf, signedBy } from '../../support/committee.ts'
import { dealtWorld } from './world.ts'

/*
 * One round with links of a fixed delay, in virtual time: every member has a core of its own, and an event occupies it for as long as
 * the production code really took here to parse the message, step the state machine, sign, and write the answers.
 */

type Queued = { at: number; readonly order: number; readonly node: NodeIndex; readonly work: () => RoundEvent }

export type LinkRound = {
  /** From the observations to the leader's certificate, and to the last member's. */
  readonly leaderMs: number
  readonly lastMs: number
  readonly bytesANode: number
  readonly leaderCpuMs: number
  readonly followerCpuMs: number
}

export function simulateLinks(size: number, linkMs: number, round: number): LinkRound {
  const world = dealtWorld(size)
  const nodes = nodesOf(world)
  const states = new Map<NodeIndex, RoundState>(nodes.map((node) => [node, startRound(round)]))
  const nonces = new Map<string, Nonces>()
  const busyUntil = new Map<NodeIndex, number>()
  const cpu = new Map<NodeIndex, number>()
  const certified = new Map<NodeIndex, number>()
  const queue: Queued[] = []
  let bytes = 0
  let order = 0
  const push = (at: number, node: NodeIndex, work: () => RoundEvent): void => {
    order += 1
    queue.push({ at, order, node, work })
  }
  const committed = (node: NodeIndex): Commitment => {
    const made = commit(memberOf(world, node).secret, osRandom)
    nonces.set(made.commitment.hiding, made.nonces)
    return made.commitment
  }
  const send = (at: number, from: NodeIndex, to: NodeIndex, message: RoundMessage): void => {
    const text = JSON.stringify(toWire(message))
    if (from !== to) bytes += text.length
    push(at + (from === to ? 0 : linkMs), to, () => {
      const parsed = parseRoundMessage(JSON.parse(text))
      if (!parsed.ok) throw new Error(parsed.detail)
      return { kind: 'message', from, message: parsed.message, now: NOW }
    })
  }
  const share = (node: NodeIndex, effect: RoundEffect & { kind: 'sign' }): RoundEvent => {
    const { attempt, session, digest, commitment, signers } = effect
    const own = nonces.get(commitment.hiding)
    if (own === undefined) throw new Error('the nonces of this commitment are spent')
    const { secret } = memberOf(world, node)
    const made = signShare({ secret, keys: world.keys, nonces: own, signers, digest: fromHex(digest, 32) })
    return { kind: 'share-made', attempt, session, share: made, next: committed(node) }
  }
  /** What an event asks for, done at once where the driver does it at once. */
  const handle = (node: NodeIndex, event: RoundEvent, elapsed: () => number): void => {
    const stepped = step(settingsOf(world, node, TIMING), states.get(node) ?? startRound(round), event)
    states.set(node, stepped.state)
    for (const effect of stepped.effects) carryOut(node, effect, elapsed)
  }
  const carryOut = (node: NodeIndex, effect: RoundEffect, elapsed: () => number): void => {
    switch (effect.kind) {
      case 'send':
        send(elapsed(), node, effect.to, effect.message)
        break
      case 'commit':
        handle(node, { kind: 'committed', attempt: effect.attempt, commitment: committed(node) }, elapsed)
        break
      case 'sign':
        handle(node, share(node, effect), elapsed)
        break
      case 'certified':
        certified.set(node, elapsed())
        break
      case 'blame':
        throw new Error(`node ${effect.node} was blamed: ${effect.reason}`)
      case 'timer':
    }
  }
  for (const node of nodes) {
    push(0, node, () => ({ kind: 'observed', signed: signedBy(world, observationOf(node, round)) }))
  }
  while (queue.length > 0) {
    queue.sort((a, b) => a.at - b.at || a.order - b.order)
    const next = queue.shift() as Queued
    const begins = Math.max(next.at, busyUntil.get(next.node) ?? 0)
    if (begins > next.at) {
      queue.push({ ...next, at: begins })
      continue
    }
    const began = performance.now()
    handle(next.node, next.work(), () => begins + performance.now() - began)
    const took = performance.now() - began
    busyUntil.set(next.node, begins + took)
    cpu.set(next.node, (cpu.get(next.node) ?? 0) + took)
  }
  if (certified.size !== size) throw new Error(`only ${certified.size} of ${size} members have a certificate`)
  const leader = leaderOf(settingsOf(world, nodes[0] as NodeIndex).committee, round, 0)
  const followers = [...cpu].filter(([node]) => node !== leader).map(([, each]) => each)
  return {
    leaderMs: certified.get(leader) ?? Number.NaN,
    lastMs: Math.max(...certified.values()),
    bytesANode: bytes / size,
    leaderCpuMs: cpu.get(leader) ?? 0,
    followerCpuMs: followers.reduce((sum, each) => sum + each, 0) / followers.length,
  }
}

/** The timers are not simulated: in the good case that is measured, none runs out. */
const TIMING = { collectMs: 1_000, shareMs: 1_500, attemptMs: 5_000 }
