import { onTestFinished } from 'vitest'
import { sealedToWire } from '../../oracle-node/adapters/sealed-wire.ts'
import type { NodeIndex } from '../../oracle-node/core/units.ts'
import { leaderOf } from '../../oracle-node/protocol/committee.ts'
import type { ProposalMessage, RoundMessage } from '../../oracle-node/protocol/messages.ts'
import { sealProposal } from '../../oracle-node/protocol/seal.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { memberOf, nodesOf, settingsOf } from './committee.ts'
import { memoryNetwork, type Tamper } from './memory-transport.ts'
import { type MemberOptions, type RunningMember, startMember } from './running-round.ts'

export const world = makeWorld(4)
export const nodes = nodesOf(world)

type Network = ReturnType<typeof memoryNetwork>
export type Differences = Omit<MemberOptions, 'world' | 'node' | 'transport'>

export function start(network: Network, node: NodeIndex, differences: Differences = {}): RunningMember {
  const member = startMember({ world, node, transport: network.join(node), ...differences })
  onTestFinished(() => member.driver.stop())
  return member
}

/** A round in which each node of the list leads. */
export function roundLedBy(node: NodeIndex, from = 1): number {
  for (let round = from; ; round += 1) {
    if (leaderOf(settingsOf(world, node).committee, round, 0) === node) return round
  }
}

export const isKind = <K extends RoundMessage['kind']>(
  message: unknown,
  kind: K,
): message is RoundMessage & { kind: K } => (message as RoundMessage).kind === kind

/** Records what passes, so that a test can say what left a member. */
export function watched(tamper: Tamper = ({ message }) => message) {
  const letters: Array<{ from: NodeIndex; to: NodeIndex; message: unknown }> = []
  const network = memoryNetwork((letter) => {
    letters.push(letter)
    return tamper(letter)
  })
  const sent = (from: NodeIndex, kind: RoundMessage['kind']) =>
    letters.filter((letter) => letter.from === from && isKind(letter.message, kind))
  return { network, letters, sent }
}

/** A proposal as its leader sends it. */
export function sealed(leader: NodeIndex, message: ProposalMessage): unknown {
  const seal = sealProposal(settingsOf(world, leader), leader, message, memberOf(world, leader).operatorKey)
  return sealedToWire({ message, seal })
}
