import { fromHex, type Hex, toHex } from '../../oracle-node/core/bytes.ts'
import type { SignedObservation } from '../../oracle-node/core/observation.ts'
import { aggregate, type Report, reportDigest } from '../../oracle-node/core/report.ts'
import { signingSession } from '../../oracle-node/core/signing-session.ts'
import {
  commitmentsHash,
  observationsHash,
  type ProposalStatement,
  type ShareStatement,
  signProposal,
  signShareStatement,
} from '../../oracle-node/core/statements.ts'
import { commit, type SignerCommitment, signShare } from '../../oracle-node/core/threshold.ts'
import type { NodeIndex } from '../../oracle-node/core/units.ts'
import { faultyOf, quorumOf } from '../../oracle-node/protocol/committee.ts'
import type { SignedProposal, SignedShare } from '../../oracle-node/protocol/evidence.ts'
import type { World } from '../simulation/simulate.ts'
import { DOMAIN, memberOf, nodesOf, settingsOf } from './committee.ts'
import { groupSignature } from './group-signature.ts'
import { seededRandom } from './seeded-random.ts'

export function signedProposal(
  world: World,
  node: NodeIndex,
  content: { readonly observations: readonly SignedObservation[]; readonly signers: readonly SignerCommitment[] },
  place: Pick<ProposalStatement, 'round' | 'attempt' | 'session'>,
): SignedProposal {
  const statement: ProposalStatement = {
    epoch: 1,
    ...place,
    node,
    observationsHash: toHex(observationsHash(content.observations)),
    commitmentsHash: toHex(commitmentsHash(content.signers)),
  }
  return { statement, signature: signProposal(DOMAIN, statement, memberOf(world, node).operatorKey) }
}

/** A member's right share of a session, as it signs it; what is changed is signed as changed. */
export function signedShare(
  world: World,
  node: NodeIndex,
  options: { readonly digest: Hex; readonly round: number; readonly seed: string },
  changes: Partial<ShareStatement> = {},
): { readonly share: SignedShare; readonly signers: readonly SignerCommitment[] } {
  const random = seededRandom(options.seed)
  const quorum = quorumOf(settingsOf(world, node).committee)
  const others = nodesOf(world).filter((each) => each !== node)
  const chosen = [node, ...others.slice(0, quorum - 1)].sort((a, b) => a - b)
  const made = chosen.map((each) => ({ node: each, ...commit(memberOf(world, each).secret, random.bytes) }))
  const signers = made.map(({ node: each, commitment }) => ({ node: each, ...commitment }))
  const nonces = made.find((each) => each.node === node)?.nonces
  const digest = fromHex(options.digest, 32)
  const session = signingSession({ groupKey: world.keys.groupKey, signers, digest })
  if (nonces === undefined || session === undefined) throw new Error('a session of members')
  const { secret, operatorKey } = memberOf(world, node)
  const statement: ShareStatement = {
    epoch: 1,
    round: options.round,
    attempt: 0,
    session: 0,
    node,
    digest: options.digest,
    commitmentsHash: toHex(commitmentsHash(signers)),
    groupCommitment: session.groupCommitment,
    share: signShare({ secret, keys: world.keys, nonces, signers, digest, session }),
    ...changes,
  }
  return { share: { statement, signature: signShareStatement(DOMAIN, statement, operatorKey) }, signers }
}

/** What the committee certifies of observations. */
export function certifiedReport(
  world: World,
  observations: readonly SignedObservation[],
): { readonly report: Report; readonly signature: Hex } {
  const { committee } = settingsOf(world, nodesOf(world)[0] as NodeIndex)
  const made = aggregate(
    DOMAIN,
    observations.map(({ observation }) => observation),
    faultyOf(committee),
  )
  if (!made.ok) throw new Error(made.detail)
  return { report: made.report, signature: groupSignature(world, reportDigest(DOMAIN, made.report), 'certified') }
}
