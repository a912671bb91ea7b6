import { secp256k1_FROST as FROST, secp256k1 } from '@noble/curves/secp256k1.js'
import { toHex } from '../../../oracle-node/core/bytes.ts'
import { invariant } from '../../../oracle-node/core/errors.ts'
import { addressOf } from '../../../oracle-node/core/observation.ts'
import { quorum } from '../../../oracle-node/core/quorum.ts'
import { identifierOf } from '../../../oracle-node/core/threshold.ts'
import { nodeIndex } from '../../../oracle-node/core/units.ts'
import type { World } from '../../simulation/simulate.ts'
import { seededRandom } from '../../support/seeded-random.ts'

/** A committee's keys from a dealer: key generation is not what is measured, and every process makes the same ones. */
export function dealtWorld(size: number): World {
  const random = seededRandom(`consensus bench ${size}`)
  const dealt = FROST.trustedDealer({ min: quorum(size), max: size }, undefined, undefined, random.bytes)
  const nodes = Array.from({ length: size }, (_, index) => nodeIndex(index + 1))
  const commitments = dealt.public.commitments.map((each) => toHex(each))
  const [groupKey] = commitments
  invariant(groupKey !== undefined, 'a key has a first commitment')
  const members = nodes.map((node) => {
    const secret = dealt.secretShares[identifierOf(node)]
    const verifying = dealt.public.verifyingShares[identifierOf(node)]
    invariant(secret !== undefined && verifying !== undefined, `a share was dealt to node ${node}`)
    const operatorKey = random.bytes(32)
    const operator = addressOf(secp256k1.getPublicKey(operatorKey, false))
    return { verifying: toHex(verifying), secret: { node, share: secret.signingShare }, operatorKey, operator }
  })
  const verifyingShares = members.map(({ verifying }) => verifying)
  return { keys: { threshold: quorum(size), members: size, groupKey, commitments, verifyingShares }, members }
}
