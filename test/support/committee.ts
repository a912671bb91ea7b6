import { toHex } from '../../oracle-node/core/bytes.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { type Observation, type SignedObservation, signObservation } from '../../oracle-node/core/observation.ts'
import type { RiskRecord } from '../../oracle-node/core/record.ts'
import { type NodeIndex, nodeIndex, unixSeconds } from '../../oracle-node/core/units.ts'
import type { RoundSettings } from '../../oracle-node/protocol/round-state.ts'
import { MODEL_SET, sampleRecord } from '../contracts/samples.ts'
import type { World } from '../simulation/simulate.ts'

export const DOMAIN: RoundSettings['domain'] = { chainId: 31_337n, oracle: `0x${'ab'.repeat(20)}` }
export const NOW = unixSeconds(1_700_000_000)

export function nodesOf(world: World): NodeIndex[] {
  return world.members.map((_, index) => nodeIndex(index + 1))
}

export function memberOf(world: World, node: NodeIndex): World['members'][number] {
  const member = world.members[node - 1]
  if (member === undefined) throw new Error(`no member ${node}`)
  return member
}

/** A member's settings, with waits that are long enough for real cryptography and short enough for a test. */
export function settingsOf(world: World, self: NodeIndex, changes: Partial<RoundSettings> = {}): RoundSettings {
  return {
    committee: { epoch: 1, operators: world.members.map((member) => member.operator) },
    self,
    keys: world.keys,
    domain: DOMAIN,
    modelSet: MODEL_SET,
    tolerance: { priceBps: 300, riskBps: 500, clockSeconds: 120 },
    collectMs: 300,
    shareMs: 1_000,
    attemptMs: 3_000,
    ...changes,
  }
}

export function observationOf(
  node: NodeIndex,
  round: number,
  record: Partial<RiskRecord> = {},
  changes: Partial<Observation> = {},
): Observation {
  return {
    epoch: 1,
    round,
    node,
    observedAt: NOW,
    modelSet: MODEL_SET,
    featuresHash: toHex(new Uint8Array(32).fill(node)),
    fallbacks: 0n,
    values: [{ feed: feedOf('WETH'), record: sampleRecord({ observedAt: NOW, ...record }) }],
    ...changes,
  }
}

export function signedBy(world: World, observation: Observation): SignedObservation {
  return signObservation(DOMAIN, observation, memberOf(world, observation.node).operatorKey)
}
