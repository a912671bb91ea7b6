import { toHex } from '../../oracle-node/core/bytes.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import type { JournalEntry } from '../../oracle-node/ports/journal.ts'
import { makeWorld, type World } from '../simulation/simulate.ts'
import { nodesOf, observationOf, signedBy } from './committee.ts'

let world: World | undefined
const POINT = toHex(Uint8Array.from([2, ...new Uint8Array(32).fill(0x11)]))

/** One entry of each kind, of one round. */
export function sampleEntries(round: number): JournalEntry[] {
  world ??= makeWorld(4)
  const committee = world
  const observations = nodesOf(committee).map((node) => signedBy(committee, observationOf(node, round)))
  const [signed] = observations
  if (signed === undefined) throw new Error('a committee has members')
  const digest = toHex(new Uint8Array(32).fill(round % 256))
  return [
    { kind: 'observed', round, signed },
    { kind: 'signing', round, digest, observations, commitment: { hiding: POINT, binding: POINT } },
    {
      kind: 'certified',
      round,
      digest,
      certificate: {
        kind: 'certificate',
        round,
        attempt: 0,
        leader: nodeIndex(1),
        observations,
        signers: nodesOf(committee).slice(0, 3),
        signature: toHex(new Uint8Array(65).fill(3)),
      },
    },
  ]
}

/** An entry that is small and quick to make. */
export function sampleObserved(round: number): JournalEntry {
  const observation = observationOf(nodeIndex(1), round)
  return { kind: 'observed', round, signed: { observation, signature: toHex(new Uint8Array(65).fill(27)) } }
}
