import type { Hex } from '../../oracle-node/core/bytes.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { type Claim, type Evidence, subjectOf } from '../../oracle-node/protocol/evidence.ts'
import type { World } from '../simulation/simulate.ts'
import { nodesOf, observationOf, settingsOf, signedBy } from './committee.ts'
import { signersOf } from './committee-messages.ts'
import { certifiedReport, signedProposal, signedShare } from './evidence.ts'

const ROUND = 21

/** One piece of evidence of each kind against one member, each of which proves what it claims. */
export function sampleEvidence(world: World, node = nodeIndex(3)): Evidence[] {
  const honest = nodesOf(world).map((each) => signedBy(world, observationOf(each, ROUND)))
  const [own] = honest.filter(({ observation }) => observation.node === node)
  const subject = subjectOf(settingsOf(world, node), node)
  if (own === undefined || subject === undefined) throw new Error('a member of the committee')
  const signers = signersOf(world, 'evidence').slice(0, 3)
  const propose = (observations: typeof honest) =>
    signedProposal(world, node, { observations, signers }, { round: ROUND, attempt: 2, session: 0 })
  const digest: Hex = `0x${'5a'.repeat(32)}`
  const wrong = { share: `0x${'01'.repeat(32)}` } as const
  const far = signedBy(world, observationOf(node, ROUND, { priceE8: 1n }))
  const claims: Claim[] = [
    { kind: 'observer-equivocation', first: own, second: far },
    { kind: 'leader-equivocation', first: propose(honest), second: propose(honest.slice(1)) },
    { kind: 'invalid-share', ...signedShare(world, node, { digest, round: ROUND, seed: 'sample' }, wrong) },
    { kind: 'impossible-value', signed: signedBy(world, observationOf(node, ROUND, { priceE8: 0n })) },
    { kind: 'deviation', signed: far, ...certifiedReport(world, honest), feed: feedOf('WETH'), field: 'priceE8' },
  ]
  return claims.map((claim) => ({ subject, claim }))
}
