import type { Certified } from '../../oracle-node/app/round-driver.ts'
import { fromHex } from '../../oracle-node/core/bytes.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import { type AuditRecord, auditRecordOf, type Signatories } from '../../oracle-node/protocol/audit-record.ts'
import { rebuildReport } from '../../oracle-node/protocol/check-proposal.ts'
import { leaderOf } from '../../oracle-node/protocol/committee.ts'
import { sampleRecord } from '../contracts/samples.ts'
import type { World } from '../simulation/simulate.ts'
import { NOW, nodesOf, observationOf, settingsOf, signedBy } from './committee.ts'
import { groupSignature } from './group-signature.ts'

export const MODEL_IDS = ['mean(risk-1, risk-2)', 'depth-1']

export function signatoriesOf(world: World): Signatories {
  const { domain, committee, keys } = settingsOf(world, nodesOf(world)[0] ?? (1 as never))
  return { domain, committee, groupKey: keys.groupKey }
}

/** A round that the committee really signed, with three assets of which each node saw its own prices. */
export function certifiedRound(world: World, round: number): Certified {
  const { domain, committee } = signatoriesOf(world)
  const observations = nodesOf(world).map((node) =>
    signedBy(
      world,
      observationOf(
        node,
        round,
        {},
        {
          values: ['USDC', 'WBTC', 'WETH'].map((asset, place) => ({
            feed: feedOf(asset),
            record: sampleRecord({ priceE8: 10n ** BigInt(8 + place) + BigInt(1_000 * node + round), observedAt: NOW }),
          })),
        },
      ),
    ),
  )
  const context = { domain, committee, round, modelSet: observations[0]?.observation.modelSet ?? '0x' }
  const rebuilt = rebuildReport(context, observations)
  if (!rebuilt.ok) throw new Error(rebuilt.detail)
  const { report, digest } = rebuilt
  const certificate = {
    kind: 'certificate',
    round,
    attempt: 1,
    leader: leaderOf(committee, round, 1),
    observations: observations.toReversed(),
    signers: nodesOf(world).slice(0, world.keys.threshold).reverse(),
    signature: groupSignature(world, fromHex(digest), String(round)),
  } as const
  return { report, digest, certificate }
}

export function auditRecord(world: World, round: number): AuditRecord {
  return auditRecordOf(signatoriesOf(world), MODEL_IDS, certifiedRound(world, round))
}
