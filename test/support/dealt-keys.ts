import { word } from '../../oracle-node/core/bytes.ts'
import { quorum } from '../../oracle-node/core/quorum.ts'
import { commitmentOf, evaluate, publicKeysOf, scalarOf } from '../../oracle-node/core/sharing.ts'
import type { PublicKeys, SecretShare } from '../../oracle-node/core/threshold.ts'
import { numbers } from './ceremony-network.ts'
import type { SeededRandom } from './seeded-random.ts'

/** A committee's key from a dealer, where key generation is not what is tested. */
export function dealtKeys(
  members: number,
  random: SeededRandom,
): { readonly keys: PublicKeys; readonly secrets: readonly SecretShare[] } {
  const seed = random.bytes(32)
  const polynomial = Array.from({ length: quorum(members) }, (_, index) => scalarOf('test', seed, word(index)))
  const keys = publicKeysOf(commitmentOf(polynomial), members)
  if (keys === undefined) throw new Error('a polynomial drawn at random makes a key')
  return { keys, secrets: numbers(members).map((node) => ({ node, share: word(evaluate(polynomial, node)) })) }
}
