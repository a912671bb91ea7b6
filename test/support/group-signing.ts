import {
  combine,
  commit,
  type PublicKeys,
  type SecretShare,
  signShare,
  verifySignature,
} from '../../oracle-node/core/threshold.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Whether these shares sign together, under these public keys. */
export function signsTogether(keys: PublicKeys, secrets: readonly SecretShare[], random: SeededRandom): boolean {
  const digest = random.bytes(32)
  const committed = secrets.map((secret) => ({ secret, ...commit(secret, random.bytes) }))
  const signers = committed.map(({ secret, commitment }) => ({ node: secret.node, ...commitment }))
  const shares = new Map(
    committed.map(({ secret, nonces }) => [secret.node, signShare({ secret, keys, nonces, signers, digest })]),
  )
  return verifySignature(keys.groupKey, digest, combine({ keys, signers, digest, shares }))
}
