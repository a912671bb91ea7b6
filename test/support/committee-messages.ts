import { toHex } from '../../oracle-node/core/bytes.ts'
import { commit, type SignerCommitment } from '../../oracle-node/core/threshold.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import type { RoundMessage } from '../../oracle-node/protocol/messages.ts'
import type { World } from '../simulation/simulate.ts'
import { nodesOf, observationOf, signedBy } from './committee.ts'
import { seededRandom } from './seeded-random.ts'

/** One commitment a member, as each would promise it in a round. */
export function signersOf(world: World, seed: string): SignerCommitment[] {
  const random = seededRandom(seed)
  return world.members.map(({ secret }) => ({ node: secret.node, ...commit(secret, random.bytes).commitment }))
}

/** A message of each kind, as real members send them. */
export function sampleMessages(world: World, round: number): RoundMessage[] {
  const observations = nodesOf(world).map((node) => signedBy(world, observationOf(node, round)))
  const signers = signersOf(world, 'sample messages').slice(0, 3)
  const [signed] = observations
  const [first] = signers
  if (signed === undefined || first === undefined) throw new Error('a committee has members')
  const { node: _node, ...commitment } = first
  const place = { round, attempt: 1, session: 2 }
  const share = toHex(seededRandom('a share').bytes(32))
  return [
    { kind: 'observation', round, attempt: 0, signed, commitment },
    { kind: 'observation', round, attempt: 1, signed, commitment, locked: observations },
    { kind: 'proposal', ...place, observations, signers },
    { kind: 'share', ...place, share, next: commitment },
    { kind: 'refusal', ...place, reason: 'outside-tolerance', detail: 'price 2, own 1' },
    {
      kind: 'certificate',
      round,
      attempt: 1,
      leader: nodeIndex(3),
      observations,
      signers: [nodeIndex(1), nodeIndex(2), nodeIndex(4)],
      signature: toHex(new Uint8Array(65).fill(9)),
    },
  ]
}
