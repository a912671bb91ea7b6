import type { Hex } from '../../oracle-node/core/bytes.ts'
import { combine, commit, signShare } from '../../oracle-node/core/threshold.ts'
import type { World } from '../simulation/simulate.ts'
import { seededRandom } from './seeded-random.ts'

/** The signature of the first members that are enough of them. */
export function groupSignature(world: World, digest: Uint8Array, seed: string): Hex {
  const random = seededRandom(`group signature ${seed}`)
  const { keys } = world
  const committed = world.members
    .slice(0, keys.threshold)
    .map(({ secret }) => ({ secret, ...commit(secret, random.bytes) }))
  const signers = committed.map(({ secret, commitment }) => ({ node: secret.node, ...commitment }))
  const shares = new Map(
    committed.map(({ secret, nonces }) => [secret.node, signShare({ secret, keys, nonces, signers, digest })]),
  )
  return combine({ keys, signers, digest, shares })
}
